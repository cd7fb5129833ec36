"""The servers of the end-to-end tests, and a strict look at what an attack has left behind."""

import contextlib
import importlib.util
import sys
import time
from pathlib import Path

import pytest

E2E = Path(__file__).resolve().parents[1] / "e2e"
sys.path.insert(0, str(E2E))
pytest.register_assert_rewrite("support", "hostile", "wire", "programs", "traces")


def fixtures_of_e2e():
    """e2e/conftest.py under a name of its own: pytest knows this file as `conftest`."""
    spec = importlib.util.spec_from_file_location("e2e_fixtures", E2E / "conftest.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


E2E_FIXTURES = fixtures_of_e2e()
start_server = E2E_FIXTURES.start_server

from hostile import assert_ends_as_promised  # noqa: E402
from support import TIME_FACTOR, Server, eventually, inside  # noqa: E402
from traces import Traces, is_at_rest  # noqa: E402


@pytest.fixture(scope="session")
def server():
    """With a stock that is soon full again: only then what the host shows can be compared."""
    running = Server("--pool-size", "16")
    yield running
    running.stop()


def traces_of(running) -> Traces:
    """What the host shows of a service when its stock is full."""
    inside(running, "def main(): pass")
    eventually(lambda: is_at_rest(running), 30, "the stock is full")
    return Traces(running)


def assert_well(before: Traces):
    """An honest question is answered at once, and everything is as it was."""
    left_behind = {}

    def nothing_is_left():
        left_behind.clear()
        left_behind.update(before.difference())
        return not left_behind

    started = time.monotonic()
    honest = before.server.post(script="def main(a, b): print('fine'); return {'sum': a + b}", args=[40, 2])
    assert time.monotonic() - started < 2 * TIME_FACTOR
    assert (honest.http, honest.result, honest.stdout, honest.stderr) == (200, {"sum": 42}, "fine\n", "")
    with contextlib.suppress(AssertionError):  # the one below tells more
        eventually(nothing_is_left, 15, "everything is as it was", pause=0.05)
    assert left_behind == {}, "(before, after)"


@pytest.fixture(scope="session")
def traces_at_rest(server):
    """From before the first attack."""
    return traces_of(server)


@pytest.fixture
def assert_service_is_well(server, traces_at_rest):
    """To be called after an attack: an honest question is answered at once, and nothing of the attack is left."""
    return lambda: assert_well(traces_at_rest)


@pytest.fixture(scope="module")
def one_slot():
    """A server whose executions follow each other in few slots."""
    running = Server("--max-executions", "1", "--pool-size", "1", "--preload-light", "")
    yield running
    running.stop()


@pytest.fixture(scope="module")
def one_slot_at_rest(one_slot):
    return traces_of(one_slot)


@pytest.fixture
def assert_one_slot_is_well(one_slot_at_rest):
    return lambda: assert_well(one_slot_at_rest)


@pytest.fixture
def withstands(server, assert_service_is_well):
    """Runs a hostile program, which must end as promised and leave the service and the host as they were."""

    def run(program):
        assert_ends_as_promised(server, program.prepared(server))
        assert_service_is_well()

    return run
