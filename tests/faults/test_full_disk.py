"""A full disk, and logs that go nowhere: neither stops or slows the service."""

import json
import os
import subprocess
import time

import pytest
import service
from support import BINARY, TIME_FACTOR, inside

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small file system, which needs root")


@pytest.fixture
def full_folder(tmp_path):
    """A file system of a few pages on which nothing more can be written."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k,nr_inodes=4", "full", str(tmp_path)], check=True)
    (tmp_path / "log").touch()
    with pytest.raises(OSError):
        (tmp_path / "filler").write_bytes(bytes(1 << 20))
    yield tmp_path
    subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)


def in_shell(line, *arguments):
    """What stands before `serve`: a shell that prepares the ground, in which $0 is the program."""
    return ("sh", "-c", line + ' && exec "$0" "$@"', BINARY, *arguments)


def assert_works(server):
    before = service.picture(server)
    service.kill(service.zygote_of(server))
    service.assert_recovers(server, before)
    assert inside(server, """
        import os, tempfile
        def main():
            with tempfile.NamedTemporaryFile() as file: return file.write(b"x" * 5_000_000)""") == 5_000_000


def test_service_needs_no_disk(small_server, full_folder):
    """Its working directory and its place for temporary files are full; so is the file of its log."""
    prepare = f"cd {full_folder} && export TMPDIR={full_folder} HOME={full_folder} && exec 2>>{full_folder}/log >&2"
    assert_works(small_server("--log-level", "debug", program=in_shell(prepare)))


def test_working_directory_may_be_removed(small_server, tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    assert_works(small_server(program=in_shell(f"cd {gone} && rmdir {gone}")))


@pytest.mark.parametrize("prepare", ["exec 2>&- >&- <&-", "exec 2>/dev/full >/dev/full </dev/null",
                                     "exec 2>/dev/null"], ids=["closed", "full", "dropped"])
@pytest.mark.parametrize("format_", ["development", "production"])
def test_log_that_can_not_be_written_is_no_reason_to_stop(small_server, prepare, format_):
    flags = ("--log-level", "debug", "--environment", format_)
    assert_works(small_server(*flags, program=in_shell(prepare)))


def test_reader_of_the_log_that_goes_away_is_no_reason_to_stop(small_server, tmp_path):
    prepare = f"mkfifo {tmp_path}/log && (head -c 10 {tmp_path}/log >/dev/null &) && exec 2>{tmp_path}/log"
    assert_works(small_server("--log-level", "debug", program=in_shell(prepare)))


def test_reader_of_the_log_that_does_not_read_holds_up_no_answer(small_server, tmp_path):
    """A pipe holds 64 KB, some hundred lines; after them the log may lose lines, the clients may not wait."""
    os.mkfifo(tmp_path / "log")
    reader = os.open(tmp_path / "log", os.O_RDWR)
    server = small_server("--log-level", "debug", program=in_shell(f"exec 2>{tmp_path}/log"))
    try:
        for number in range(600):
            started = time.monotonic()
            assert server.client.post("/execute", timeout=5 * TIME_FACTOR, json={
                "script": "def main(n): return n", "args": [number]}).json()["result"] == number
            assert time.monotonic() - started < 2 * TIME_FACTOR
    finally:
        os.set_blocking(reader, False)
        drained = drain(reader)
    assert b"event=started" in drained
    server.stop()
    os.close(reader)


def drain(fd):
    chunks = []
    for _ in range(200):
        try:
            chunks.append(os.read(fd, 65536))
        except BlockingIOError:
            time.sleep(0.005)
    return b"".join(chunks)


def test_log_is_one_line_for_each_event_whatever_a_client_sends(small_server, tmp_path):
    """Nothing of a request can forge a line: neither a header nor a script nor its output."""
    log = tmp_path / "log"
    server = small_server("--log-level", "debug", "--environment", "production",
                          program=in_shell(f"exec 2>{log}"))
    evil = 'x\n{"level":"info","event":"forged"}\n'
    for headers in ({}, {"X-Request-Id": 'forged"}{"event":"forged"'}, {"User-Agent": "a" * 8000}):
        server.client.post("/execute", headers=headers, json={"script": f"raise ValueError({evil!r})\n", "stdin": evil})
        server.client.get("/" + "%0a%7b%22event%22:%22forged%22%7d", headers=headers)
    server.stop()
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert lines and not [line for line in lines if line.get("event") == "forged"]
