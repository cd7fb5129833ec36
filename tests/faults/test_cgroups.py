"""The control groups taken from under the running service, or missing from the start."""

import contextlib
import os
from pathlib import Path

import pytest
import service
from support import BINARY, eventually, inside

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="changes control groups, which needs root")
HOARD = "def main(): return len(b'x' * (100 << 20))"


def slots(server):
    """The directories of slots in each hierarchy."""
    return [entry for top in server.cgroups() for entry in Path(top).iterdir() if entry.name.startswith("slot-")]


def test_empty_groups_of_slots_that_are_removed_are_made_anew(small_server):
    server = small_server("--max-executions", "4")
    before = service.picture(server)
    for _ in range(3):
        # Slots without a cell; the others are busy. Under a service in use they all come by.
        for directory in slots(server):
            with contextlib.suppress(OSError):
                directory.rmdir()
        for _ in range(10):
            service.assert_at_once(server)
    service.assert_recovers(server, before)
    answer = server.post(script=HOARD, limits={"memory_mb": 32})
    assert (answer.http, answer.status) == (400, "memory_limit"), "the limit stands in the new groups"


def test_groups_that_vanish_with_their_cells_are_made_anew(small_server):
    """All cells killed and their groups removed before the service can make others."""
    server = small_server()
    before = service.picture(server)
    jailer = service.jailer_of(server)
    os.kill(jailer, 19)
    for pid in service.named(server, "cellblock-init") | service.named(server, "cellblock-cell"):
        service.kill(pid)

    def removed():
        for directory in slots(server):
            with contextlib.suppress(OSError):
                directory.rmdir()
        return not slots(server)

    try:
        eventually(removed, 10, "no slot has a group any more")
    finally:
        os.kill(jailer, 18)
    service.assert_recovers(server, before, within=15)
    answer = server.post(script=HOARD, limits={"memory_mb": 32})
    assert (answer.http, answer.status) == (400, "memory_limit"), answer


def test_service_whose_own_group_is_gone_refuses_or_recovers_and_runs_nothing_without_limits(small_server):
    server = small_server()
    jailer = service.jailer_of(server)
    os.kill(jailer, 19)
    for pid in service.named(server, "cellblock-init") | service.named(server, "cellblock-cell"):
        service.kill(pid)

    def removed():
        for directory in [*slots(server), *map(Path, server.cgroups())]:
            with contextlib.suppress(OSError):
                directory.rmdir()
        return not server.cgroups()

    try:
        eventually(removed, 10, "the service has no group any more")
    finally:
        os.kill(jailer, 18)
    for _ in range(12):  # more than the stock, so that new cells are needed
        answer = server.post(script=HOARD, limits={"memory_mb": 32})
        assert answer.status in ("memory_limit", "overloaded", "killed", None), answer
        if answer.status == "overloaded":
            break
    health = server.client.get("/health")
    recovered = server.post(script=HOARD, limits={"memory_mb": 32}).status == "memory_limit"
    assert recovered or (health.status_code, health.json()["status"]) == (503, "unhealthy"), health.text
    assert server.process.poll() is None or server.process.returncode == 3


@pytest.mark.skipif(not os.path.isdir("/sys/fs/cgroup/pids"),
                    reason="hides hierarchies of version 1; of version 2: tests/vm/test_cgroup_places.py")
@pytest.mark.parametrize("controller", ["memory", "pids", "cpu", "cpuacct"])
def test_missing_controller_is_reported_and_its_limit_kept_by_other_means(small_server, controller):
    hide = f'umount /sys/fs/cgroup/{controller} && exec "$0" "$@"'
    apart = ("unshare", "--mount", "--propagation", "private", "sh", "-c", hide, BINARY)
    server = small_server(program=apart)
    walls = service.isolation(server)["walls"]
    assert not walls["cgroup"]["stands"] and f"'{controller}'" in walls["cgroup"]["means"], walls
    answer = server.post(script=HOARD, limits={"memory_mb": 32})
    assert (answer.http, answer.status) == (400, "memory_limit"), answer
    assert inside(server, """
        import os
        def main():
            for made in range(1000):
                try: os.fork() or os.pipe() and os.read(os.pipe()[0], 1)
                except OSError: return made <= 16""", limits={"processes": 16}) is True
