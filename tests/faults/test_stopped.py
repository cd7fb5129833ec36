"""SIGSTOP to the zygote and to the jailer: a part that hangs must not take the service with it for ever."""

import os
import signal
import time

import httpx
import pytest
import service
from crowd import Client, ask_in_time
from support import TIME_FACTOR, Answer, eventually

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="stops processes of other users, which needs root")
ENDLESS = "def main():\n    while True: pass"
HONEST = {"script": service.HONEST, "args": [40, 2]}


@pytest.fixture(params=["zygote", "jailer"])
def hung(request, small_server):
    """A service one part of which has been stopped while the stock was full; and the picture before."""
    server = small_server()
    server.before = service.picture(server)
    eventually(lambda: server.pool()["ready"] == 8, 10, "the stock is full")
    server.part = request.param
    server.stopped = {"zygote": service.zygote_of, "jailer": service.jailer_of}[request.param](server)
    os.kill(server.stopped, signal.SIGSTOP)
    yield server
    service.kill(server.stopped, signal.SIGCONT)


def answer_of(server, within=20, **fields) -> Answer | None:
    """None when there is none in time, or when the service has ended."""
    try:
        return Answer(httpx.post(f"{server.url}/execute", json=fields, timeout=within * TIME_FACTOR, trust_env=False))
    except httpx.TransportError:
        return None


def test_nothing_waits_for_ever_and_the_service_recovers_by_itself(hung):
    answer, took = ask_in_time(hung, script=ENDLESS, limits={"wall_s": 1})
    assert (answer.http, answer.status) == (400, "timeout"), answer
    assert took < 1 + 2.5 * TIME_FACTOR, "the limit, and what the service waits for the word of its jailer"

    clients = [Client(lambda _: answer_of(hung, **HONEST), number, times=1) for number in range(20)]
    answers = [client.finish()[0] for client in clients]
    for answer in answers:
        assert answer is not None, "neither answered nor refused"
        assert answer.result == 42 or (answer.http, answer.status) == (503, "overloaded") and answer.error, answer

    if hung.part == "zygote":
        eventually(lambda: service.zygote_of(hung) not in (None, hung.stopped), 20, "another zygote")
        service.assert_recovers(hung, hung.before, within=20)
    else:
        health = hung.client.get("/health")
        assert (health.status_code, health.json()["status"]) == (503, "unhealthy"), "told, for a supervisor to act on"


def test_readiness_tells_that_no_cell_is_ready(hung):
    """Whoever asks before it sends work must learn that this work would wait."""
    for _ in range(8):
        answer_of(hung, **HONEST)
    assert hung.pool()["ready"] == 0
    eventually(lambda: hung.client.get("/readyz").status_code == 503, 12, "cells are not made any more")


def test_all_is_well_once_it_goes_on(hung):
    family = service.family(hung)
    clients = [Client(lambda _: answer_of(hung, **HONEST), number, times=1) for number in range(20)]
    time.sleep(1)
    service.kill(hung.stopped, signal.SIGCONT)
    assert {client.finish()[0].http for client in clients} <= {200, 500, 503}
    service.assert_recovers(hung, hung.before, within=15)
    hung.stop()
    service.assert_processes_are_gone(family)


def test_service_can_be_stopped_while_a_part_hangs(hung, small_server):
    family = service.family(hung)
    hung.process.send_signal(signal.SIGTERM)
    hung.process.wait(timeout=15 * TIME_FACTOR)
    service.kill(hung.stopped, signal.SIGCONT)
    service.assert_processes_are_gone(family, within=10)
    if hung.part == "jailer":  # which could not clean up; the next service does
        small_server().stop()
    eventually(lambda: not hung.cgroups(), 10, "its cgroups are removed")
