"""A shutdown that is not left alone: asked for twice, or with a helper that does not answer."""

import os
import signal
import time

import pytest
from support import (TIME_FACTOR, Answer, ancestors, descendants, eventually, mounts, process_table,
                     start_time)
from test_lifecycle import Posted


def named(server, name) -> int:
    """The topmost process below the server with this name. All from one look: cells come and go meanwhile."""
    table = process_table()
    found = []
    for pid in table:
        if server.process.pid not in ancestors(pid, table):
            continue
        try:
            with open(f"/proc/{pid}/comm") as comm:
                if comm.read().strip() == name[:15]:
                    found.append(pid)
        except OSError:
            continue
    tops = [pid for pid in found if table[pid][0] not in found]
    assert len(tops) == 1, tops
    return tops[0]


@pytest.mark.parametrize("first, second", [("SIGTERM", "SIGTERM"), ("SIGINT", "SIGINT"), ("SIGTERM", "SIGINT")])
def test_second_signal_ends_the_drain_at_once(start_server, first, second):
    server = start_server("--drain-limit", "60")
    running = Posted(server, 25)
    eventually(lambda: server.pool()["running"] == 1, 3, "it runs")
    server.process.send_signal(getattr(signal, first))
    time.sleep(0.5)
    assert server.process.poll() is None, "waits for what runs"
    began = time.monotonic()
    server.process.send_signal(getattr(signal, second))
    assert server.process.wait(timeout=10 * TIME_FACTOR) == 0
    assert time.monotonic() - began < 3 * TIME_FACTOR
    answer = running.answer()
    assert isinstance(answer, Answer), "the execution was not answered"
    assert (answer.http, answer.error) == (503, "The service is shutting down"), answer


@pytest.mark.skipif(os.geteuid() != 0, reason="stops a process of root")
@pytest.mark.parametrize("helper", ["cellblock-jailer", "cellblock-zygote"])
def test_stopped_helper_does_not_hold_up_the_shutdown(start_server, helper):
    mounted = mounts()
    server = start_server("--drain-limit", "2", "--preload-light", "")
    Posted(server, 25)
    eventually(lambda: server.pool()["running"] == 1, 3, "it runs")
    family = {(pid, start) for pid in descendants(server.process.pid) if (start := start_time(pid))}
    os.kill(named(server, helper), signal.SIGSTOP)
    began = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(timeout=30 * TIME_FACTOR) == 0
    assert time.monotonic() - began < 15 * TIME_FACTOR
    eventually(lambda: not [pid for pid, start in family if start_time(pid) == start], 3, "its processes end")
    assert mounts() <= mounted
    if server.cgroups():  # a killed jailer leaves them behind; the next service finds them
        start_server().stop()
        assert not server.cgroups()
