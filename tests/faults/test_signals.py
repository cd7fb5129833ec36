"""Signals to the service itself, at bad moments."""

import os
import signal
import subprocess
import time

import pytest
import service
from crowd import Client, ask
from support import BINARY, TIME_FACTOR, descendants, eventually, free_port, start_time

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="looks at processes of other users, which needs root")
SLEEP = "import time\ndef main(seconds): time.sleep(seconds); return 'slept'"


def running(server, seconds):
    client = Client(lambda _: ask(server, script=SLEEP, args=[seconds]), 0, times=1)
    eventually(lambda: server.pool()["running"] == 1, 5, "it runs")
    return client


@pytest.mark.parametrize("first, second", [(signal.SIGTERM, signal.SIGTERM), (signal.SIGINT, signal.SIGINT),
                                           (signal.SIGTERM, signal.SIGINT)])
def test_second_signal_while_draining_breaks_nothing(small_server, first, second):
    """The execution that runs may finish or be refused as in a shutdown; the end is clean in any case."""
    server = small_server()
    family = service.family(server)
    client = running(server, 1.5)
    for number in (first, second, second):
        server.process.send_signal(number)
        time.sleep(0.1)
    (answer,) = client.finish()
    assert answer.result == "slept" or (answer.http, answer.status) == (503, "overloaded"), answer
    assert server.process.wait(timeout=10 * TIME_FACTOR) == 0
    service.assert_all_gone(server, family)


def test_drain_ends_at_its_limit_whatever_runs(small_server):
    server = small_server("--drain-limit", "1")
    family = service.family(server)
    client = running(server, 25)
    started = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    (answer,) = client.finish()
    assert (answer.http, answer.status, answer.error) == (503, "overloaded", "The service is shutting down"), answer
    assert server.process.wait(timeout=10 * TIME_FACTOR) == 0
    assert time.monotonic() - started < 1 + 3 * TIME_FACTOR
    service.assert_all_gone(server, family)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGQUIT, signal.SIGINT, signal.SIGTERM, signal.SIGUSR2])
def test_signals_to_the_jailer_do_not_make_it_leave_anything(small_server, number):
    """The group of a terminal gets some of them. Either it goes on as before, or all of the service ends."""
    server = small_server()
    before, family = service.picture(server), service.family(server)
    os.kill(service.jailer_of(server), number)
    time.sleep(0.3)
    if server.process.poll() is None and start_time(service.jailer_of(server)):
        service.assert_recovers(server, before)
    else:
        assert server.process.wait(timeout=10 * TIME_FACTOR) == 3
        service.assert_processes_are_gone(family)


@pytest.mark.parametrize("delay", [0, 0.02, 0.1, 0.3])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_service_that_is_ended_while_it_starts_leaves_nothing(number, delay):
    environment = {**os.environ, "PORT": str(free_port())}
    process = subprocess.Popen([BINARY, "serve"], env=environment, stderr=subprocess.DEVNULL)
    time.sleep(delay)
    family = {(pid, start_time(pid)) for pid in {process.pid} | descendants(process.pid)}
    process.send_signal(number)
    process.wait(timeout=15 * TIME_FACTOR)
    service.assert_processes_are_gone({member for member in family if member[1]})
    eventually(lambda: not service.cgroups_of(process.pid), 5, "no cgroup is left")
