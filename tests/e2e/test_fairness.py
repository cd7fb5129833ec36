"""One client's flood makes the others wait for a round, not for the flood."""

import contextlib
import json

import pytest
from support import Server, eventually
from wire import Wire, post

SLEEP = "import time\ndef main(seconds): time.sleep(seconds); return seconds"


def ask(stack, server, seconds, address="127.0.0.1") -> Wire:
    """A request of this client's that is under way."""
    body = json.dumps({"script": SLEEP, "args": [seconds]}).encode()
    wire = stack.enter_context(Wire(server, address))
    wire.send(*post(body), body=body)
    return wire


@pytest.fixture(scope="module")
def narrow():
    running = Server("--max-executions", "2", "--pool-size", "4", "--max-queued", "1000")
    yield running
    running.stop()


def test_a_single_request_is_served_among_the_first_of_a_flood(narrow):
    with contextlib.ExitStack() as stack:
        flood = [ask(stack, narrow, 0.1) for _ in range(200)]
        eventually(lambda: narrow.pool()["queued"] > 150, 20, "the flood waits")
        waiting = narrow.pool()["queued"]
        other = ask(stack, narrow, 0, "127.0.0.2")
        assert other.read()[0] == 200
        assert narrow.pool()["queued"] >= waiting - 30, "it did not wait for the flood"
        # Who floods loses nothing either.
        assert {wire.read()[0] for wire in flood} == {200}


def test_a_full_queue_takes_from_who_has_the_most(start_server):
    server = start_server("--max-executions", "1", "--pool-size", "2", "--max-queued", "10")
    with contextlib.ExitStack() as stack:
        first = ask(stack, server, 3)
        eventually(lambda: server.pool()["running"] == 1, 5, "it runs")
        flood = [ask(stack, server, 0) for _ in range(10)]
        eventually(lambda: server.pool()["queued"] == 10, 5, "the queue is full")
        assert ask(stack, server, 0).read()[0] == 503, "the flood itself gets no more places"
        other = ask(stack, server, 0, "127.0.0.2")
        assert (other.read()[0], first.read()[0]) == (200, 200)
        assert [wire.read()[0] for wire in flood] == [200] * 9 + [503]
