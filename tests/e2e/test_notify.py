"""What systemd is told: a socket in its place listens to one life of the service."""

import os
import re
import signal
import socket
import subprocess
import threading
import time

import httpx
import pytest
from support import BINARY, TIME_FACTOR, Server, eventually, process_table


class Supervisor:
    """The socket that systemd would have, in the abstract name space, and what came through it."""

    def __init__(self):
        self.name = f"@cellblock-test-{os.getpid()}-{time.monotonic_ns()}"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + self.name[1:])
        self.heard = []
        self.asked = None  # what /readyz says as soon as READY=1 has come
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        while True:
            text = self.socket.recv(4096).decode()
            if self.asked is None and (port := re.search(r"READY=1\nSTATUS=Listens on \S+:(\d+),", text)):
                self.asked = httpx.get(f"http://127.0.0.1:{port[1]}/readyz", timeout=10).status_code
            self.heard.append((time.monotonic(), text))

    def messages(self) -> list[str]:
        return [text for _, text in self.heard]

    def times(self, word) -> list[float]:
        return [when for when, text in self.heard if word in text.splitlines()]


@pytest.fixture(scope="module")
def supervised():
    supervisor = Supervisor()
    server = Server("--pool-size", "2", NOTIFY_SOCKET=supervisor.name, WATCHDOG_USEC=str(400_000))
    server.supervisor = supervisor
    yield server
    if server.process.poll() is None:
        server.stop()


def test_ready_is_told_once_it_answers(supervised):
    first = eventually(supervised.supervisor.messages, 5, "something is told")[0]
    assert first.startswith("READY=1\nSTATUS=")
    assert f":{supervised.port}, isolation level " in first


def test_ready_is_who_has_a_cell(supervised):
    assert eventually(lambda: supervised.supervisor.asked, 5, "it is ready") == 200


def test_signs_of_life_come_twice_in_an_interval(supervised):
    before = len(supervised.supervisor.times("WATCHDOG=1"))
    began = time.monotonic()
    eventually(lambda: len(supervised.supervisor.times("WATCHDOG=1")) >= before + 5, 10, "signs of life")
    assert time.monotonic() - began > 0.5


def test_a_reload_is_told_from_begin_to_end(supervised):
    before = len(supervised.supervisor.times("READY=1"))
    supervised.process.send_signal(signal.SIGHUP)
    eventually(lambda: len(supervised.supervisor.times("READY=1")) == before + 1, 5, "it is ready again")
    told = [text for text in supervised.supervisor.messages() if not text.startswith("WATCHDOG")]
    assert re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=\d+", told[-2])
    assert abs(int(told[-2].rpartition("=")[2]) / 1e6 - time.monotonic()) < 60


def test_no_cell_is_told_of_the_socket(supervised):
    seen = supervised.run("import os\ndef main(): return dict(os.environ)").result
    assert not {"NOTIFY_SOCKET", "WATCHDOG_USEC"} & seen.keys()


def test_without_cells_there_is_no_sign_of_life(supervised):
    """The jailer hangs: nothing can be made, and the supervisor hears nothing until it can again."""
    jailer = next(pid for pid, (parent, _) in process_table().items() if parent == supervised.process.pid)
    os.kill(jailer, signal.SIGSTOP)
    try:
        # A cell that was used is replaced, which is what shows that none can be made.
        assert supervised.run("def main(): return 42").result == 42
        eventually(lambda: supervised.client.get("/health").status_code == 503, 30, "it says that it is unhealthy")
        time.sleep(0.5)
        silent = len(supervised.supervisor.times("WATCHDOG=1"))
        time.sleep(1)
        assert len(supervised.supervisor.times("WATCHDOG=1")) == silent
    finally:
        os.kill(jailer, signal.SIGCONT)
    eventually(lambda: len(supervised.supervisor.times("WATCHDOG=1")) > silent, 30, "it lives again")


def test_stopping_is_told_last(supervised):
    supervised.stop()
    told = [text for text in supervised.supervisor.messages() if not text.startswith("WATCHDOG")]
    assert told[-1].startswith("STOPPING=1\n")


def test_a_supervisor_that_is_gone_does_no_harm():
    done = subprocess.run([BINARY, "serve", "--port", "0", "--pool-size", "nonsense"], capture_output=True, text=True,
                          env={**os.environ, "NOTIFY_SOCKET": "/nowhere/at/all"}, timeout=30 * TIME_FACTOR)
    assert done.returncode == 2
    server = Server("--pool-size", "1", NOTIFY_SOCKET="/nowhere/at/all", WATCHDOG_USEC="nonsense")
    try:
        assert server.run("def main(): return 42").result == 42
    finally:
        server.stop()
