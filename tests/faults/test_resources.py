"""Out of descriptors, out of processes, out of memory: the service says so, keeps what it has, and recovers."""

import contextlib
import os
import resource
import socket
import subprocess
from pathlib import Path

import httpx
import pytest
import service
from crowd import Client, ask
from support import BINARY, eventually, inside

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="makes control groups, which needs root")
TOP = Path("/sys/fs/cgroup")
VERSION_2 = (TOP / "cgroup.controllers").exists()
MEMORY_LIMIT = "memory.max" if VERSION_2 else "memory.limit_in_bytes"

# Open files below which the service does not start.
LEAST = 2048


class Group:
    """A control group around a service; the service makes its own below it."""

    def __init__(self, controller, name):
        self.path = self.place(controller) / f"{name}-{os.getpid()}"
        self.path.mkdir()

    @staticmethod
    def place(controller):
        if VERSION_2:
            (TOP / "cgroup.subtree_control").write_text(f"+{controller}")
            return TOP
        current = next(line.split(":")[2].strip() for line in open("/proc/self/cgroup") if f":{controller}:" in line)
        return TOP / controller / current.lstrip("/")

    def set(self, file, value):
        (self.path / file).write_text(str(value))

    def program(self):
        """What stands before `serve`: a shell that joins the group."""
        return "sh", "-c", f'echo $$ > {self.path}/cgroup.procs && exec "$0" "$@"', BINARY

    def remove(self):
        def removed():
            with contextlib.suppress(OSError):
                for folder, _, _ in os.walk(self.path, topdown=False):
                    os.rmdir(folder)
            return not self.path.exists()

        eventually(removed, 5, "nothing of the service is in its group any more")


@pytest.fixture
def group(request):
    """To be named before small_server, so that it goes after what was started in it."""
    made = Group(request.param, "around")
    yield made
    made.remove()


def with_descriptors(count):
    return ("prlimit", f"--nofile={count}:{count}", BINARY)


@pytest.mark.parametrize("count", [16, 256, LEAST - 1])
def test_far_too_few_descriptors_are_a_reason_not_to_start(count):
    done = service.start_that_fails(*with_descriptors(count))
    assert done.returncode == 3, done
    assert f"use {count} descriptors" in done.stderr and "ulimit -Hn" in done.stderr, "what is wrong and what to change"


@pytest.fixture
def descriptors_for_clients():
    """More than the service has, and those of the test itself."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(before[0], LEAST + 1000), before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_connections_that_take_all_descriptors_do_not_end_the_service(small_server, descriptors_for_clients):
    """None of the clients sends anything; those that find no place are served as soon as others leave."""
    server = small_server("--max-connections", "100000", program=with_descriptors(LEAST))
    before = service.picture(server)
    with contextlib.ExitStack() as held:
        for _ in range(LEAST + 200):
            try:
                held.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=5))
            except OSError:
                break  # refused: as good as accepted and closed
        used = cpu_seconds(server.process.pid)
        with pytest.raises(subprocess.TimeoutExpired):  # it lives
            server.process.wait(timeout=1)
        assert cpu_seconds(server.process.pid) - used < 0.5, "does not spin while it can accept nobody"
    service.assert_recovers(server, before)


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_many_executions_with_few_descriptors_are_answered_or_refused(small_server):
    server = small_server("--max-executions", "300", program=with_descriptors(LEAST))
    before = service.picture(server)
    clients = [Client(lambda _: service.answers(server), number, times=3) for number in range(100)]
    seen = [right for client in clients for right in client.finish()]
    assert any(seen)
    service.assert_recovers(server, before)


@pytest.mark.parametrize("group", ["pids"], indirect=True)
def test_service_that_runs_out_of_processes_recovers(group, small_server):
    server = small_server(program=group.program())
    before = service.picture(server)
    group.set("pids.max", (group.path / "pids.current").read_text())
    bomb = "import os\ndef main():\n    while True:\n        try: os.fork()\n        except OSError: pass"
    clients = [Client(lambda n: ask(server, script=bomb if n % 2 else service.HONEST, args=[[], [40, 2]][n % 2 == 0],
                                    limits={"wall_s": 2}), number, times=2) for number in range(12)]
    for client in clients:
        for answer in client.finish():
            assert answer.result in (None, 42) and answer.http in (200, 400, 500, 503), answer
    group.set("pids.max", "max")
    service.assert_recovers(server, before, within=15)


@pytest.mark.parametrize("group", ["pids"], indirect=True)
@pytest.mark.parametrize("most", [1, 2, 3])
def test_too_few_processes_are_a_reason_not_to_start(group, most):
    group.set("pids.max", most)
    done = service.start_that_fails(*group.program())
    assert done.returncode == 3, done
    assert "cellblock: " in done.stderr, done.stderr


@pytest.mark.parametrize("group", ["memory"], indirect=True)
def test_too_little_memory_for_the_zygote_is_a_reason_not_to_start(group):
    group.set(MEMORY_LIMIT, 40 << 20)  # the server fits in
    done = service.start_that_fails(*group.program())
    assert done.returncode == 3, done
    assert "zygote" in done.stderr, done.stderr


@pytest.mark.parametrize("group", ["memory"], indirect=True)
def test_service_whose_memory_is_taken_by_its_cells_recovers(group, small_server):
    """The limit of the whole service is below the sum of what its cells may have: the kernel ends cells, not it."""
    server = small_server("--memory-mb", "256", program=group.program())
    before = service.picture(server)
    group.set(MEMORY_LIMIT, 400 << 20)
    hoard = "def main():\n    kept = b'x' * (200 << 20)\n    import time\n    time.sleep(1)\n    return 'kept'"
    clients = [Client(lambda _: ask(server, script=hoard), number, times=2) for number in range(6)]
    for answer in (answer for client in clients for answer in client.finish()):
        assert answer.result == "kept" or answer.status in ("memory_limit", "killed", "overloaded", None), answer
    service.assert_recovers(server, before, within=20)
    assert inside(server, "def main(): return len(b'x' * (100 << 20)) >> 20") == 100
