import time

import pytest

pytest.register_assert_rewrite("support", "hostile", "wire", "older_services", "weaker_service")

from support import TIME_FACTOR, Server, cell_processes, eventually, stray_processes  # noqa: E402
from weaker_service import public_binary, weaker  # noqa: E402, F401


@pytest.fixture(scope="session")
def server():
    """The server with default settings that most tests share."""
    running = Server()
    yield running
    running.stop()


@pytest.fixture
def start_server():
    """Starts servers with other settings: start_server("--max-queued", "1", TIME_LIMIT="2")."""
    started = []

    def start(*flags, **environment):
        started.append(Server(*flags, **environment))
        return started[-1]

    yield start
    for running in started:
        if running.process.poll() is None:  # a test may have stopped it already
            running.stop()


@pytest.fixture(scope="session")
def processes_per_cell(server):
    """How many processes an idle cell has, counted on the host while the pool rests."""

    def at_rest():
        before, count = server.pool(), len(cell_processes(server))
        time.sleep(0.5)  # a stock that is being filled has processes of cells that are not ready yet
        after, still = server.pool(), len(cell_processes(server))
        resting = (before, count) == (after, still) and after["running"] == 0 and after["ready"] > 0
        return resting and count > 0 and count % after["ready"] == 0 and count // after["ready"]

    return eventually(at_rest, 10, "the pool rests with the same number of processes in every cell")


@pytest.fixture
def assert_service_is_well(server, processes_per_cell):
    """To be called after an attack: an honest question is answered, and nothing of the attack is left."""
    strays_before = stray_processes()

    def nothing_is_left():
        pool = server.pool()
        return (
            pool["running"] == 0
            and len(cell_processes(server)) == pool["ready"] * processes_per_cell
            and stray_processes() <= strays_before
        )

    def check():
        started = time.monotonic()
        honest = server.post(script="def main(a, b): print('fine'); return {'sum': a + b}", args=[40, 2])
        assert time.monotonic() - started < 2 * TIME_FACTOR
        assert (honest.http, honest.result, honest.stdout, honest.stderr) == (200, {"sum": 42}, "fine\n", "")
        eventually(nothing_is_left, 5, "only the idle cells of the pool have processes", pause=0.1)

    return check


@pytest.fixture(scope="session")
def edge():
    """A server with little time, few places and little memory for its clients."""
    running = Server("--header-timeout", "1", "--stall-timeout", "1", "--idle-timeout", "2",
                     "--max-connections", "100", "--max-body-mb", "4", "--result-mb", "4",
                     "--request-memory-mb", "72", "--files-mb", "1", "--display-kb", "1024",
                     # Floods on one connection meet the other bounds.
                     "--drain-limit", "5", "--keepalive-requests", "0")
    eventually(lambda: running.post(script="def main(): return 1").http == 200, 10, "it answers")
    running.at_rest = None
    yield running
    running.stop()


@pytest.fixture
def assert_edge_is_well(edge):
    """To be called after an abuse: an honest request is answered, memory and descriptors are given back."""

    def stocked():
        before = edge.pool()["ready"]
        time.sleep(0.1)
        return before if before and before == edge.pool()["ready"] else None

    def at_rest():
        pool, held = edge.pool(), (edge.memory(), edge.descriptors())
        if pool["running"] or pool["queued"]:
            return False
        per_cell = pool["ready"] - edge.at_rest[2]
        return held[0] < edge.at_rest[0] + (24 << 20) and held[1] <= edge.at_rest[1] + 8 * max(per_cell, 0)

    if edge.at_rest is None:
        eventually(stocked, 20, "the stock is full")
        edge.at_rest = (edge.memory(), edge.descriptors(), edge.pool()["ready"])

    def check():
        began = time.monotonic()
        honest = edge.post(script="def main(a, b): return a + b", args=[40, 2])
        assert (honest.http, honest.result) == (200, 42), honest
        assert time.monotonic() - began < 2 * TIME_FACTOR
        eventually(at_rest, 10, "memory and descriptors are given back", pause=0.05)

    return check
