"""The server program under the thread sanitizer, with everything that threads can meet at: many clients, good and
bad requests, clients that leave, slow ones, a full queue, a drain in the middle. See `make tsan-load`.

The jailer and the zygote are the ordinary ones: they have no threads, and an interpreter inside.
"""

import contextlib
import json
import random
import signal
import socket
import threading
import time

import pytest
from support import TIME_FACTOR, Server, eventually
from wire import Wire, post

CLIENTS, ROUNDS = 20, 20
ECHO = "def main(n):\n    print('x' * 1000)\n    return n"
SLEEP = "import time\ndef main(): time.sleep(20)"


def run(wire, fields):
    body = json.dumps(fields).encode()
    wire.send(*post(body), body=body)
    return wire.read()


def good(server, number):
    with Wire(server) as wire:
        for turn in range(3):
            code, _, body = run(wire, {"script": ECHO, "args": [number + turn]})
            if code == 503:
                return
            assert (code, json.loads(body)["result"]) == (200, number + turn), body


def large(server, number):
    with Wire(server) as wire:
        code, _, body = run(wire, {"script": "def main(n): return 'y' * n", "args": [700_000],
                                   "stdin": "x" * 300_000})
        assert code == 503 or (code, len(json.loads(body)["result"])) == (200, 700_000), body


def bad(server, number):
    for fields, status in (({}, 400), ({"script": "def main(: pass"}, 400), ({"script": "def main(): 1/0"}, 400),
                           ({"script": SLEEP, "limits": {"wall_s": 0.3}}, 400), ({"script": "x", "args": 3}, 400)):
        with Wire(server) as wire:
            code, _, body = run(wire, fields)
            assert code in (status, 503), body
    with Wire(server) as wire:
        wire.socket.sendall(b"GARBAGE\r\n\r\n")
        assert wire.read()[0] == 400


def leaving(server, number):
    body = json.dumps({"script": SLEEP}).encode()
    with Wire(server) as wire:
        wire.send(*post(body), body=body)
        time.sleep(random.random() / 2)
        if number % 2:
            wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def slow(server, number):
    with Wire(server) as wire:
        wire.socket.sendall(b"POST /execute HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n")
        assert wire.read()[0] == 408


def looking(server, number):
    with Wire(server) as wire:
        for path in ("/health", "/readyz", "/version", "/nothing"):
            wire.send(f"GET {path} HTTP/1.1", "Host: x")
            assert wire.read()[0] in (200, 404, 503)


KINDS = [good, good, good, large, bad, leaving, slow, looking]


def test_no_report_under_load_and_drain(tmp_path, monkeypatch):
    # Reports go to files; a program that has made one ends with 66.
    monkeypatch.setenv("TSAN_OPTIONS", f"log_path={tmp_path}/report exitcode=66 die_after_fork=0")
    server = Server("--max-executions", "6", "--max-queued", "6", "--max-connections", "30", "--pool-size", "8",
                    "--stall-timeout", "1", "--threads", "4", "--drain-limit", "3")
    wrong, draining = [], threading.Event()

    def client(number):
        chance = random.Random(number)
        for turn in range(ROUNDS):
            kind = chance.choice(KINDS)
            try:
                kind(server, 1000 * number + turn)
            except (OSError, ValueError) as error:
                if not draining.is_set():  # a refused connection reads as an empty line
                    wrong.append((kind.__name__, repr(error)))
            except AssertionError as error:
                wrong.append((kind.__name__, str(error)[:500]))

    threads = [threading.Thread(target=client, args=(number,), daemon=True) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60 * TIME_FACTOR)
    assert wrong == []

    # The same again, and the service is stopped under it.
    threads = [threading.Thread(target=client, args=(number,), daemon=True) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    time.sleep(2)
    draining.set()
    server.stop(within=30)
    for thread in threads:
        thread.join(timeout=60 * TIME_FACTOR)
    reports = "".join(file.read_text() for file in tmp_path.glob("report*"))
    assert reports == "", reports[:5000]
    assert wrong == []


@pytest.mark.parametrize("signals", [1, 2])
def test_no_report_when_stopped_while_it_rests_or_runs(tmp_path, monkeypatch, signals):
    monkeypatch.setenv("TSAN_OPTIONS", f"log_path={tmp_path}/report exitcode=66 die_after_fork=0")
    server = Server("--pool-size", "4", "--drain-limit", "20")
    body = json.dumps({"script": SLEEP}).encode()
    with contextlib.ExitStack() as stack:
        if signals == 2:
            stack.enter_context(Wire(server)).send(*post(body), body=body)
            eventually(lambda: server.pool()["running"] == 1, 3, "it runs")
            server.process.send_signal(signal.SIGINT)
            time.sleep(0.3)
        server.stop()
    assert "".join(file.read_text() for file in tmp_path.glob("report*")) == ""
