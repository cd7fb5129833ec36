"""API keys, limits of one client, names of the service and pages of other origins."""

import os
import re
import subprocess

import pytest
from support import BINARY, Server
from wire import Wire

GOOD = {"script": "def main(): return 1"}


def keys(*arguments):
    return subprocess.run([BINARY, "keys", *map(str, arguments)], capture_output=True, text=True, timeout=30)


@pytest.fixture(scope="module")
def keyed(tmp_path_factory):
    """A server with two keys, one of them revoked, and tight limits; it has no name but harmless ones."""
    file = tmp_path_factory.mktemp("keys") / "keys"
    ann, old = (keys("add", name, "--file", file).stdout.strip() for name in ("ann", "old"))
    file.write_text(re.sub(r"^(old:.*)$", r"\1:revoked", file.read_text(), flags=re.MULTILINE))
    log = file.with_name("log")
    with log.open("w") as stream:
        running = Server("--keys-file", str(file), "--metrics-key", "--client-rate", "0.01", "--client-burst", "8",
                         "--client-executions", "2", "--pool-size", "4", "--cors-origins", "https://app.example.org",
                         program=("sh", "-c", f'exec "$0" "$@" 2>{stream.name}', BINARY))
        running.ann, running.old, running.file, running.log = ann, old, file, log
        yield running
        running.stop()


def ask(server, body=GOOD, path="/execute", **headers):
    return server.client.post(path, json=body, headers={name.replace("_", "-"): value for name, value in headers.items()})


def test_key_is_shown_once_and_only_its_digest_is_kept(keyed):
    assert re.fullmatch(r"cb_[0-9a-f]{64}", keyed.ann)
    assert keyed.ann not in keyed.file.read_text()
    held = keyed.file.stat()
    # Root's is readable to the group that the service is in when it reloads.
    assert (held.st_mode & 0o777, held.st_gid) == ((0o640, 1_899_999_999) if os.geteuid() == 0 else (0o600, os.getegid()))
    assert keys("list", "--file", keyed.file).stdout.split("\n") == ["ann", "old (revoked)", ""]


@pytest.mark.parametrize("name", ["ann", "", "a b", "a:b", "x" * 65])
def test_name_that_is_taken_or_wrong_is_refused(keyed, name):
    before = keyed.file.read_text()
    done = keys("add", name, "--file", keyed.file)
    assert done.returncode == 2 and done.stderr and not done.stdout
    assert keyed.file.read_text() == before


def test_known_key_is_served_and_named_in_the_log(keyed):
    answer = ask(keyed, Authorization=f"Bearer {keyed.ann}")
    assert answer.status_code == 200
    assert re.search(rf'id={answer.json()["id"]} .* key=ann ', keyed.log.read_text())
    assert keyed.ann not in keyed.log.read_text()


def test_others_are_refused_before_anything_runs(keyed):
    for headers in ({}, {"Authorization": "Bearer nonsense"}, {"X_API_Key": keyed.ann[:-1]}, {"X_API_Key": "ann"}):
        for path in ("/execute", "/api/v1/execute", "/batch"):
            refused = ask(keyed, path=path, **headers)
            assert (refused.status_code, refused.json()["status"]) == (401, "unauthorized")
            assert refused.headers["www-authenticate"].startswith("Bearer ")
    assert ask(keyed, X_API_Key=keyed.old).status_code == 403
    assert keyed.client.get("/metrics").status_code == 401
    assert keyed.client.get("/metrics", headers={"X-API-Key": keyed.ann}).status_code == 200
    for path in ("/health", "/healthz", "/readyz", "/version", "/docs"):
        assert keyed.client.get(path).status_code == 200


def test_rate_is_limited_in_a_batch_and_alone(keyed):
    lines = [line for line in ask(keyed, {"requests": [GOOD] * 10}, "/batch", X_API_Key=keyed.ann).text.split("\n") if line]
    assert len(lines) == 10
    assert '"http":200' in lines[0] and '"http":429' in lines[-1] and '"retry_after":' in lines[-1]
    limited = ask(keyed, X_API_Key=keyed.ann)
    assert (limited.status_code, limited.json()["status"]) == (429, "rate_limited")
    assert 1 <= int(limited.headers["retry-after"]) <= 100


def test_host_of_a_stranger_is_misdirected(keyed):
    for host, code in (("evil.example", 421), ("evil.example:80", 421), ("x", 200), ("localhost", 200), ("[::1]", 200)):
        with Wire(keyed) as wire:
            wire.send("GET /version HTTP/1.1", f"Host: {host}")
            assert wire.read()[0] == code, host
    with Wire(keyed) as wire:
        wire.send("GET /healthz HTTP/1.1", "Host: evil.example")
        assert wire.read()[0] == 200


def test_pages_of_other_origins(keyed, server):
    wanted = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type,x-api-key"}
    allowed = keyed.client.options("/execute", headers={"Origin": "https://app.example.org", **wanted})
    assert allowed.status_code == 204
    assert allowed.headers["access-control-allow-origin"] == "https://app.example.org"
    assert "access-control-allow-credentials" not in allowed.headers
    evil = {"Origin": "https://evil.example"}
    assert keyed.client.options("/execute", headers={**evil, **wanted}).status_code == 403
    assert "access-control-allow-origin" not in keyed.client.get("/version", headers=evil).headers
    # By default there is no CORS at all.
    default = server.client.options("/execute", headers={**evil, **wanted})
    assert default.status_code == 405
    assert not [name for name in default.headers if name.startswith("access-control")]


@pytest.mark.parametrize("mode, text, told", [
    (0o644, None, "others can read or change it"), (0o660, None, "others can read or change it"),
    (0o600, "ann:secret\n", "line 1"), (0o600, "", "it has no key"), (None, None, "No such file"),
], ids=["readable", "writable", "broken", "empty", "missing"])
def test_service_does_not_start_with_such_a_file(tmp_path, mode, text, told):
    file = tmp_path / "keys"
    if mode is not None:
        assert keys("add", "ann", "--file", file).returncode == 0
        if text is not None:
            file.write_text(text)
        file.chmod(mode)
    done = subprocess.run([BINARY, "serve", "--port", "0", "--keys-file", str(file)], capture_output=True, text=True, timeout=30)
    assert done.returncode == 2
    assert told in done.stderr and str(file) in done.stderr
