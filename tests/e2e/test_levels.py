"""The isolation levels: what is chosen and said on hosts that allow less than this one, and as an ordinary user."""

import glob
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from support import BINARY, Server, descendants, eventually, inside, process_table
from weaker_service import EVERYWHERE, NOBODY, cells_of, like_docker, restricted, run_script

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="takes rights away, which root alone can")


@pytest.mark.parametrize(("flags", "who", "level", "policy"), [
    (restricted(), "root", "restricted", "strict"),
    (("--dangerously-run-without-isolation", "--pool-size", "2"), "user", "none", "strict")])
def test_a_level_below_full_is_said_loudly(tmp_path, public_binary, flags, who, level, policy):
    log = tmp_path / "log"
    log.touch()
    log.chmod(0o666)
    program = like_docker(who, public_binary)
    running = Server(*flags, "--log-level", "warn", program=("sh", "-c", f'exec "$0" "$@" 2>{log}', *program),
                     ENVIRONMENT="production")
    walls = running.client.get("/health").json()["isolation"]["walls"]
    running.stop()
    line, = [line for line in map(json.loads, log.read_text().splitlines()) if line["event"] == "weak isolation"]
    assert (line["level"], line["isolation"], line["policy"]) == ("warn", level, policy)
    assert line["missing"].split(",") == [name for name, wall in walls.items() if not wall["stands"]]
    assert "doctor" in line["fix"] and ("NO ISOLATION" in line["means"]) == (level == "none")


def test_health_names_level_walls_and_limits(weaker):
    isolation = weaker.client.get("/health").json()["isolation"]
    walls = isolation["walls"]
    assert isolation["level"] == weaker.level
    assert walls["pid_namespace"]["stands"] == (weaker.level == "full")
    assert [walls[name]["stands"] for name in ("seccomp", "capabilities", "landlock")] == [True] * 3
    assert "RLIMIT_DATA" in walls["memory_limit"]["means"]
    assert not walls["cgroup"]["stands"] and not walls["cpu_share"]["stands"]


def test_below_the_accepted_level_nothing_starts():
    refused = subprocess.run([*like_docker("root"), "serve", "--port", "0"], capture_output=True, text=True, timeout=60)
    assert refused.returncode == 3
    for word in ("'full'", "'restricted'", "user_namespace", "fix:", "--isolation restricted"):
        assert word in refused.stderr, refused.stderr


def test_a_named_cgroup_that_cannot_be_used_is_no_matter_of_chance():
    refused = subprocess.run([BINARY, "serve", "--port", "0", "--cgroup-root", "/nonexistent"], capture_output=True,
                             text=True, timeout=60)
    assert refused.returncode == 3 and "/nonexistent" in refused.stderr, refused.stderr


def test_without_root_and_namespaces_only_the_alarming_flag_starts(public_binary):
    program = like_docker("user", public_binary)
    refused = subprocess.run([*program, "serve", "--port", "0", "--isolation", "restricted"], capture_output=True,
                             text=True, timeout=60)
    assert refused.returncode == 3 and "'none'" in refused.stderr and "own_uid" in refused.stderr
    bare = Server("--dangerously-run-without-isolation", "--pool-size", "2", program=program)
    try:
        assert bare.client.get("/health").json()["isolation"]["level"] == "none"
        assert inside(bare, "def main(): return 42") == 42
    finally:
        bare.stop()


def test_root_of_a_container_that_allows_namespaces_reaches_full():
    """With Docker's default capabilities and no others: what packaging/docker/seccomp.json is for."""
    server = Server("--pool-size", "2", program=like_docker("profile"))
    try:
        walls = server.client.get("/health").json()["isolation"]
        assert walls["level"] == "full" and not walls["walls"]["host_admin"]["stands"]
        assert inside(server, "import os\ndef main(): return os.getpid()") < 10
        assert server.run("def main(): return open('/etc/shadow').read()").status == "exception"
        assert inside(server, "import pandas as pd\ndef main(): return int(pd.Series([1, 2]).sum())") == 3
    finally:
        server.stop()


def test_a_service_without_namespaces_leaves_one_in_a_container_alone():
    """It ends a cell by killing what it sees under the slot's uid; the host sees the processes of containers."""
    contained = Server("--pool-size", "2", "--uid-base", restricted()[3], program=like_docker("profile"))
    weak = Server(*restricted(), "--policy", "sandbox", program=like_docker("root"))
    try:
        for number in range(10):
            assert inside(weak, f"def main(): return {number}") == number
        assert inside(contained, "def main(): return 42") == 42
    finally:
        weak.stop()
        contained.stop()


def test_two_services_without_namespaces_need_user_ids_of_their_own():
    """Each would end the other's cells with its own."""
    first = Server(*restricted(), program=like_docker("root"))
    try:
        done = run_script(*like_docker("root"), "run", "-", *restricted())
        assert done.returncode == 3 and "take the user ids from uid-base on: Address already in use" in done.stderr, done
        assert "another uid-base" in done.stderr
        assert run_script(*like_docker("root"), "run", "-", *restricted(2), "--policy", "sandbox", *EVERYWHERE).returncode == 0
        assert inside(first, "def main(): return 1") == 1
        # Who looks what is wrong with a running service needs none.
        told = subprocess.run([*like_docker("root"), "doctor", *restricted()], capture_output=True, text=True, timeout=120)
        assert told.returncode == 0, told
    finally:
        first.stop()


def test_strict_is_the_policy_below_full():
    weak = Server(*restricted(), program=like_docker("root"))
    try:
        assert weak.run("def main(): return eval('1')").status == "policy_violation"
        assert inside(weak, "import pandas as pd\ndef main(): return int(pd.Series([1, 2]).sum())") == 3
    finally:
        weak.stop()


def test_a_killed_jailer_leaves_no_process_and_no_file_of_a_cell():
    others = set(glob.glob("/tmp/cellblock-*"))
    server = Server(*restricted(), "--policy", "sandbox", program=like_docker("root"))
    folders = set(glob.glob("/tmp/cellblock-*")) - others
    family = descendants(server.process.pid)
    jailer = next(pid for pid, (parent, _) in process_table().items() if parent == server.process.pid)
    cells = cells_of(server)
    assert cells and folders
    os.kill(jailer, signal.SIGKILL)
    assert server.process.wait(timeout=30) == 3
    eventually(lambda: not [pid for pid in family if os.path.exists(f"/proc/{pid}/exe")], 10, "all are gone")
    time.sleep(0.1)
    assert not set(glob.glob("/tmp/cellblock-*")) - others


def test_doctor_says_what_a_container_lacks():
    told = subprocess.run([*like_docker("root"), "doctor"], capture_output=True, text=True, timeout=120)
    assert told.returncode == 1
    assert "isolation level: restricted" in told.stdout and "refuse to start" in told.stdout
    accepted = subprocess.run([*like_docker("root"), "doctor", "--isolation", "restricted"], capture_output=True,
                              text=True, timeout=120)
    assert accepted.returncode == 0, accepted.stdout


def test_files_come_and_go_at_every_level(weaker):
    """Each level has another working directory."""
    answer = weaker.run("""
        import os
        def main():
            os.mkdir("output")
            with open("in/a") as given, open("output/b", "w") as left:
                left.write(given.read())""", files=[{"path": "in/a", "content": "hi"}])
    assert answer.body["files"] == [{"path": "output/b", "size": 2, "content_base64": "aGk="}], answer


def test_restricted_has_variables_and_refused_calls():
    done = run_script(*like_docker("root"), "run", "-", *restricted(), "--policy", "sandbox", *EVERYWHERE)
    assert done.returncode == 0, done
    assert json.loads(done.stdout)[:3] == ["hello", False, False], done


@pytest.mark.parametrize("flags", [("--hostname", "box"), ("--bind", "/opt:/data"), ("--tmpfs", "/scratch:1")])
def test_restricted_says_what_needs_namespaces(flags):
    done = run_script(*like_docker("root"), "run", "-", *restricted(), *flags)
    assert done.returncode == 3, done
    assert f"use option {flags[0][2:]}" in done.stderr and "namespaces" in done.stderr, done


def test_ordinary_user_shows_files_too(public_binary):
    folder = Path(f"/opt/cellblock-levels-{os.getpid()}")
    folder.mkdir()
    try:
        (folder / "word").write_text("read")
        done = run_script(*NOBODY, public_binary, "run", "-", "--bind", f"{folder}:/data", "--tmpfs", "/scratch:1",
                          "--hostname", "box", *EVERYWHERE)
    finally:
        shutil.rmtree(folder)
    assert done.returncode == 0, done
    assert json.loads(done.stdout) == ["hello", False, "read", "box"], done


def test_ordinary_users_scripts_can_not_change_the_program_that_all_cells_run(public_binary):
    """It belongs to the only user id that there is."""
    script = """
import os
def main():
    def attempt(action, *arguments):
        try:
            return action("/proc/self/exe", *arguments)
        except OSError as error:
            return error.strerror
    owner = os.stat("/proc/self/exe").st_uid == os.getuid()
    return [owner, attempt(os.chmod, 0), attempt(os.chown, os.getuid(), os.getgid()), attempt(os.utime),
            attempt(os.open, os.O_RDONLY)]"""
    done = subprocess.run([*NOBODY, public_binary, "run", "-"], input=script, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done
    assert json.loads(done.stdout) == [True, *["Read-only file system"] * 3, "Permission denied"], done
