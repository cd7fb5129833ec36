"""A key that is added, revoked or removed counts from the next SIGHUP on, and not for what runs already."""

import os
import re
import signal
import subprocess
import tempfile
import threading
from pathlib import Path

import pytest
from support import BINARY, Server, eventually
from test_monitoring import samples

GOOD = {"script": "def main(): return 1"}
SERVICE_GID = 1_899_999_999


def keys(command, name, file) -> str:
    done = subprocess.run([BINARY, "keys", command, *([name] if name else []), "--file", str(file)], capture_output=True,
                          text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def folder():
    """One that the service's own user may look into, which pytest's are not."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="module")
def keyed(folder):
    file = folder / "keys"
    # The documented way, as root: the service can read the file again when it has given root up.
    ann = keys("add", "ann", file)
    running = Server("--keys-file", str(file), "--pool-size", "2")
    running.file, running.ann = file, ann
    yield running
    running.stop()


def code(server, key, body=GOOD) -> int:
    return server.client.post("/execute", json=body, headers={"X-API-Key": key}).status_code


def reload(server, result="ok") -> None:
    def done():
        return samples(server)["cellblock_config_reloads_total", (("result", result),)]

    before = done()
    server.process.send_signal(signal.SIGHUP)
    eventually(lambda: done() > before, 10, f"a reload that is {result}")


def test_a_key_that_is_added_counts_from_the_reload_on(keyed):
    bob = keys("add", "bob", keyed.file)
    assert code(keyed, bob) == 401
    reload(keyed)
    assert (code(keyed, bob), code(keyed, keyed.ann)) == (200, 200)


def test_a_key_that_is_revoked_is_refused_and_what_runs_ends_normally(keyed):
    eve = keys("add", "eve", keyed.file)
    reload(keyed)
    answers = []
    slow = {"script": "import time\ndef main(): time.sleep(2); return 'whole'"}
    runs = threading.Thread(target=lambda: answers.append(
        keyed.client.post("/execute", json=slow, headers={"X-API-Key": eve})))
    runs.start()
    eventually(lambda: keyed.pool()["running"] == 1, 5, "it runs")
    held = keyed.file.stat()
    keys("revoke", "eve", keyed.file)
    after = keyed.file.stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (held.st_mode, held.st_uid, held.st_gid)
    assert code(keyed, eve) == 200, "until the reload"
    reload(keyed)
    assert code(keyed, eve) == 403
    runs.join()
    assert answers[0].json()["result"] == "whole"
    assert "eve (revoked)" in keys("list", None, keyed.file).splitlines()
    assert sorted(os.listdir(keyed.file.parent)) == ["keys"], "nothing is left beside it"


def test_a_key_that_is_removed_is_not_known(keyed):
    zoe = keys("add", "zoe", keyed.file)
    reload(keyed)
    assert code(keyed, zoe) == 200
    keyed.file.write_text("".join(line for line in keyed.file.read_text().splitlines(True) if not line.startswith("zoe:")))
    reload(keyed)
    assert (code(keyed, zoe), code(keyed, keyed.ann)) == (401, 200)


@pytest.mark.parametrize("broken", ["no key\n", "", None])
def test_a_file_that_is_wrong_changes_nothing(keyed, broken):
    text = keyed.file.read_text()
    if broken is None:
        keyed.file.chmod(0o600)  # the service's user can't read it
    else:
        keyed.file.write_text(broken)
    reload(keyed, "failed")
    keyed.file.write_text(text)
    keyed.file.chmod(0o640)
    assert (code(keyed, keyed.ann), code(keyed, "cb_wrong")) == (200, 401)
    reload(keyed)


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user's service reads what it has written")
@pytest.mark.parametrize("command", ["add", "revoke"])
def test_a_file_that_the_next_reload_could_not_read_is_told_of_loudly(folder, command):
    file = folder / f"private-{command}"
    done = subprocess.run([BINARY, "keys", "add", "ann", "--file", str(file)], capture_output=True, text=True)
    assert done.returncode == 0 and "WARNING" not in done.stderr
    os.chown(file, 0, 0)
    name = "bob" if command == "add" else "ann"
    done = subprocess.run([BINARY, "keys", command, name, "--file", str(file)], capture_output=True, text=True)
    assert done.returncode == 0
    told, = re.findall(r"^cellblock:   (chgrp .*)$", done.stderr, re.MULTILINE)
    assert told == f"chgrp {SERVICE_GID} {file} && chmod 640 {file}"
    subprocess.run(["sh", "-c", told], check=True)
    done = subprocess.run([BINARY, "keys", "add", "eve", "--file", str(file)], capture_output=True, text=True)
    assert done.returncode == 0 and "WARNING" not in done.stderr, done.stderr
    file.unlink()


@pytest.mark.skipif(os.geteuid() != 0, reason="gives files away, which root alone can")
def test_another_uid_base_has_another_group(folder):
    file = folder / "other"
    subprocess.run([BINARY, "keys", "add", "ann", "--file", str(file), "--uid-base", "1800000000"], check=True,
                   capture_output=True)
    assert (file.stat().st_gid, file.stat().st_mode & 0o777) == (1_799_999_999, 0o640)
    file.unlink()


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user's service reads what it has read before")
def test_a_service_that_could_not_reload_says_so_at_its_start(folder):
    file, log = folder / "closed", folder / "log"
    keys("add", "ann", file)
    os.chown(file, 0, 0)
    running = Server("--keys-file", str(file), "--pool-size", "2",
                     program=("sh", "-c", f'exec "$0" "$@" 2>{log}', BINARY))
    running.stop()
    line, = [line for line in log.read_text().splitlines() if 'event="reload would fail"' in line]
    assert "level=warn" in line and str(file) in line and f"chgrp {SERVICE_GID}" in line
    file.unlink()
    log.unlink()


def test_revoking_what_is_not_there_is_a_mistake(keyed):
    before = keyed.file.read_text()
    done = subprocess.run([BINARY, "keys", "revoke", "nobody", "--file", str(keyed.file)], capture_output=True, text=True)
    assert done.returncode == 2 and "nobody" in done.stderr
    assert keyed.file.read_text() == before
