import time

import pytest

pytest.register_assert_rewrite("support", "hostile", "wire")

from support import TIME_FACTOR, Server, cell_processes, eventually, stray_processes  # noqa: E402


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
        before, count, after = server.pool(), len(cell_processes(server)), server.pool()
        resting = before == after and after["running"] == 0 and after["ready"] > 0
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
