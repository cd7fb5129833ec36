"""Starting, stopping, losing a client, losing the zygote, and too much work at once."""

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import httpx
import pytest
from support import BINARY, TIME_FACTOR, Answer, cell_processes, descendants, eventually, process_table
from wire import Wire, post

SLEEP = "import time\ndef main(seconds): time.sleep(seconds); return 'slept'"


class Posted(threading.Thread):
    """Posts in the background; join() gives the answer, or None when the connection was cut."""

    def __init__(self, server, seconds):
        super().__init__(daemon=True)
        self.server, self.seconds, self.response = server, seconds, None
        self.start()

    def run(self):
        try:
            self.response = httpx.post(
                self.server.url + "/execute", json={"script": SLEEP, "args": [self.seconds]}, timeout=40,
                trust_env=False)
        except httpx.TransportError:
            pass

    def answer(self) -> Answer | None:
        self.join(timeout=40)
        assert not self.is_alive(), "no answer within 40 s"
        return Answer(self.response) if self.response is not None else None


def post_and_hang_up(server, seconds, when):
    """Posts, waits until `when` is true of the pool, closes the connection."""
    body = json.dumps({"script": SLEEP, "args": [seconds]}).encode()
    with Wire(server) as wire:
        wire.send(*post(body), body=body)
        eventually(lambda: when(server.pool()), 2, "the execution is seen in the pool")


def zygote_of(server) -> int:
    """The topmost process below the server that calls itself zygote in its name or arguments."""
    family = descendants(server.process.pid)
    table = process_table()

    def is_zygote(pid):
        try:
            names = Path(f"/proc/{pid}/comm").read_bytes() + Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return False
        return pid in family and b"zygote" in names

    found = [pid for pid in family & table.keys() if is_zygote(pid) and not is_zygote(table[pid][0])]
    assert len(found) == 1, found
    return found[0]


def test_who_goes_first_when_memory_runs_out(server):
    scores = {}
    server.run("def main(): pass")
    for pid in descendants(server.process.pid):
        try:
            name = Path(f"/proc/{pid}/comm").read_text().strip()
            scores.setdefault(name, set()).add(int(Path(f"/proc/{pid}/oom_score_adj").read_text()))
        except OSError:
            pass  # a cell that has ended
    assert scores["cellblock-cell"] == {1000}
    assert scores["cellblock-zygot"] == {500}
    assert max(scores["cellblock-jaile"]) < 500
    assert int(Path(f"/proc/{server.process.pid}/oom_score_adj").read_text()) < 500


def test_client_that_hangs_up_cancels_its_execution(start_server):
    server = start_server()
    post_and_hang_up(server, 25, when=lambda pool: pool["running"] == 1)
    eventually(lambda: server.pool()["running"] == 0, 1, "the execution is cancelled")
    assert server.run("def main(): return 42").result == 42


def test_client_that_hangs_up_leaves_the_queue(start_server):
    server = start_server("--max-executions", "1")
    first = Posted(server, 3)
    eventually(lambda: server.pool()["running"] == 1, 2, "the first runs")
    post_and_hang_up(server, 25, when=lambda pool: pool["queued"] == 1)
    eventually(lambda: server.pool()["queued"] == 0, 1, "the second is no longer waiting")
    assert first.answer().result == "slept"
    assert server.run("def main(): return 42").result == 42


def test_full_queue_is_503_with_retry_after(start_server):
    server = start_server("--max-executions", "1", "--max-queued", "1")
    running = Posted(server, 2)
    eventually(lambda: server.pool()["running"] == 1, 2, "one runs")
    waiting = Posted(server, 0)
    eventually(lambda: server.pool()["queued"] == 1, 2, "one waits")

    started = time.monotonic()
    refused = server.post(script=SLEEP, args=[0])
    assert time.monotonic() - started < 1 * TIME_FACTOR
    assert (refused.http, refused.status) == (503, "overloaded"), refused
    assert refused.error
    assert 1 <= int(refused.headers["retry-after"]) <= 120

    assert running.answer().result == "slept"
    assert waiting.answer().result == "slept"
    assert server.post(script=SLEEP, args=[0]).http == 200


def test_no_queue_at_all_refuses_the_second(start_server):
    server = start_server("--max-executions", "1", "--max-queued", "0")
    running = Posted(server, 1.5)
    eventually(lambda: server.pool()["running"] == 1, 2, "one runs")
    assert server.post(script=SLEEP, args=[0]).http == 503
    assert running.answer().result == "slept"


def test_sigterm_lets_a_running_execution_finish(start_server):
    server = start_server()
    running = Posted(server, 2)
    eventually(lambda: server.pool()["running"] == 1, 2, "it runs")
    server.stop()
    answer = running.answer()
    assert answer is not None, "the running execution lost its connection"
    assert (answer.http, answer.result) == (200, "slept"), answer
    with pytest.raises(httpx.ConnectError):
        httpx.get(server.url + "/healthz", trust_env=False)


def test_sigint_ends_the_server_like_sigterm(start_server):
    server = start_server()
    family = descendants(server.process.pid)
    server.process.send_signal(signal.SIGINT)
    assert server.process.wait(timeout=15 * TIME_FACTOR) == 0
    eventually(lambda: not family & process_table().keys(), 2, "its processes end")


def test_cells_die_with_a_killed_server(start_server):
    server = start_server()
    Posted(server, 25)
    eventually(lambda: server.pool()["running"] == 1, 2, "it runs")
    family = descendants(server.process.pid)
    assert family
    server.process.kill()
    server.process.wait()
    eventually(lambda: not family & process_table().keys(), 3, "zygote and cells die with the server")


def test_killed_zygote_is_replaced(start_server):
    server = start_server("--preload-light", "")
    zygote = zygote_of(server)
    running = Posted(server, 20)
    eventually(lambda: server.pool()["running"] == 1, 2, "it runs")
    os.kill(zygote, signal.SIGKILL)

    lost = running.answer()
    assert lost is not None, "the execution was not answered"
    assert (lost.http, lost.error) == (500, "Internal error"), lost
    assert server.client.get("/healthz").status_code == 200
    eventually(lambda: server.run("def main(): return 42").result == 42, 15, "a new zygote answers")
    assert zygote_of(server) != zygote


@pytest.mark.skipif(os.geteuid() != 0, reason="finds a cell's processes by their uid, which needs root")
def test_killed_idle_cell_is_replaced(start_server):
    server = start_server()
    ready = eventually(lambda: server.pool()["ready"], 10, "there are ready cells")
    for pid in cell_processes(server):
        with contextlib.suppress(ProcessLookupError):  # its cell's first process took it along
            os.kill(pid, signal.SIGKILL)
    eventually(lambda: server.run("def main(): return 42").result == 42, 5, "a new cell answers")
    eventually(lambda: server.pool()["ready"] >= ready, 10, "the stock is filled again")


def test_time_limit_from_the_environment(start_server):
    server = start_server(TIME_LIMIT="2")
    answer = server.post(script=SLEEP, args=[10])
    assert answer.error == "Script execution timed out (2s limit)"
    assert server.post(script=SLEEP, args=[0], limits={"wall_s": 3}).status == "invalid_request"


def test_memory_limit_from_a_flag(start_server):
    server = start_server("--memory-mb", "64")
    answer = server.run("def main(): return len(bytearray(b'x') * 200_000_000)")
    assert (answer.status, answer.error) == ("memory_limit", "Script exceeded the memory limit (64 MB)")


@pytest.mark.parametrize("environment", [{"PORT": "none"}, {"PORT": "70000"}, {"TIME_LIMIT": "-1"},
                                         {"CELLBLOCK_MEMORY_MB": "much"}, {"CELLBLOCK_POLICY": "lax"}])
def test_setting_that_makes_no_sense_stops_the_start(environment):
    done = subprocess.run([BINARY, "serve"], env={**os.environ, **environment}, capture_output=True,
                          text=True, timeout=20 * TIME_FACTOR)
    assert done.returncode == 2, done
    name, value = next(iter(environment.items()))
    assert name in done.stderr or value in done.stderr


def test_port_in_use_stops_the_start_with_a_reason(server):
    done = subprocess.run([BINARY, "serve"], env={**os.environ, "PORT": str(server.port)},
                          capture_output=True, text=True, timeout=20 * TIME_FACTOR)
    assert done.returncode not in (0, -signal.SIGSEGV, -signal.SIGABRT)
    assert str(server.port) in done.stderr
