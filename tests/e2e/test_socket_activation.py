"""The listening socket comes from systemd, and outlives the service: connections wait for the next one."""

import os
import signal
import socket
import subprocess

import httpx
import pytest
from support import BINARY, REPO, TIME_FACTOR, eventually

WITH_OWN_PID = 'LISTEN_PID=$$ exec "$@"'


@pytest.fixture
def listening():
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        opened.listen(64)
        yield opened


def start(opened, count=1) -> subprocess.Popen:
    """As systemd starts a service that has a socket: it is descriptor 3, and further ones follow."""

    def hand_over():
        for place in range(3, 3 + count):
            os.dup2(opened.fileno(), place)

    return subprocess.Popen(["sh", "-c", WITH_OWN_PID, "sh", BINARY, "serve", "--host", "192.0.2.1", "--port", "1", "--pool-size", "2"],
                            env={**os.environ, "LISTEN_FDS": str(count)}, preexec_fn=hand_over, close_fds=False,
                            stderr=subprocess.PIPE, text=True)


def client_of(opened) -> httpx.Client:
    return httpx.Client(base_url=f"http://127.0.0.1:{opened.getsockname()[1]}", trust_env=False, timeout=60 * TIME_FACTOR)


def test_a_restart_refuses_no_connection(listening):
    with client_of(listening) as client:
        for _ in range(2):
            service = start(listening)
            # Sent before anybody accepts; the second time when the first service has ended.
            answer = client.post("/execute", json={"script": "def main(): return 42"}, headers={"Connection": "close"})
            assert answer.json()["result"] == 42
            service.send_signal(signal.SIGTERM)
            log = service.communicate(timeout=60 * TIME_FACTOR)[1]
            assert service.returncode == 0
            assert f"address=127.0.0.1:{listening.getsockname()[1]}" in log, "the socket's, not that of the options"


def test_helpers_and_cells_have_nothing_of_it(listening):
    service = start(listening)
    try:
        with client_of(listening) as client:
            seen = client.post("/execute", json={"script": "import os\ndef main(): return [n for n in os.environ if 'LISTEN' in n]"})
            assert seen.json()["result"] == []
        inode = os.readlink(f"/proc/self/fd/{listening.fileno()}")
        family = eventually(lambda: children_of(service.pid), 5, "there is a jailer")
        holders = [pid for pid in family for fd in descriptors(pid) if fd == inode]
        assert holders == []
        assert descriptors(service.pid).count(inode) == 1
    finally:
        service.terminate()
        service.communicate(timeout=60 * TIME_FACTOR)


@pytest.mark.parametrize(("kind", "count", "told"), [
    (socket.SOCK_DGRAM, 1, "it is none for TCP, or does not listen"),
    (socket.SOCK_STREAM, 2, "one ListenStream= is served"),
])
def test_what_can_not_be_served_stops_the_start(kind, count, told):
    with socket.socket(type=kind) as opened:
        service = start(opened, count)
        log = service.communicate(timeout=60 * TIME_FACTOR)[1]
        assert service.returncode == 2 and told in log, log


def children_of(pid: int) -> list[int]:
    return [int(child) for task in os.listdir(f"/proc/{pid}/task")
            for child in open(f"/proc/{pid}/task/{task}/children", encoding="ascii").read().split()]


def descriptors(pid: int) -> list[str]:
    found = []
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            found.append(os.readlink(f"/proc/{pid}/fd/{fd}"))
        except OSError:
            continue
    return found


def test_the_socket_unit_listens_where_the_service_does():
    unit = (REPO / "packaging/systemd/cellblock.socket").read_text()
    assert "\nListenStream=127.0.0.1:8080\n" in unit and unit.count("ListenStream=") == 1
