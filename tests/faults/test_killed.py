"""SIGKILL to one part of the service after the other, at rest and under load."""

import os
import random
import signal
import time

import httpx
import pytest
import service
from crowd import Client, ask
from support import TIME_FACTOR, cgroup_directories, eventually

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="kills processes of other users, which needs root")
SLEEP = "import time\ndef main(n): time.sleep(0.05); return n"


def under_load(server, clients=6):
    """Clients that ask without a pause; each answer is right, or says that it was lost or refused."""

    def one(number):
        answer = ask(server, script=SLEEP, args=[number])
        fate = (answer.http, answer.status, answer.error)
        right = answer.result == number if answer.http == 200 else fate in ALLOWED or answer.status == "overloaded"
        assert right, answer
        return answer.http

    return [Client(one, number) for number in range(clients)]


ALLOWED = {(500, None, "Internal error"), (400, "killed", "Script was killed by signal 9 (SIGKILL)")}


@pytest.mark.parametrize("times", [1, 3])
def test_zygote_that_dies_at_rest_is_replaced(small_server, times):
    server = small_server()
    before = service.picture(server)
    for _ in range(times):
        zygote = eventually(lambda: service.zygote_of(server), 10, "there is a zygote")
        service.kill(zygote)
        eventually(lambda: service.zygote_of(server) not in (None, zygote), 10, "another zygote")
    service.assert_recovers(server, before)


def test_zygote_that_dies_under_load_costs_the_running_executions_only(small_server):
    server = small_server()
    before = service.picture(server)
    clients = under_load(server)
    for _ in range(3):
        eventually(lambda: server.pool()["running"] > 0, 10, "something runs")
        service.kill(service.zygote_of(server))
        eventually(lambda: service.answers(server), 10, "a new zygote answers")
    codes = [code for client in clients for code in client.finish()]
    assert codes.count(200) > 0
    service.assert_recovers(server, before)


def test_zygote_that_dies_while_it_starts_is_started_again(small_server):
    server = small_server()
    before = service.picture(server)
    killed = set()
    while len(killed) < 4:
        zygote = eventually(lambda: service.zygote_of(server), 15, "there is a zygote")
        service.kill(zygote)
        killed.add(zygote)
    service.assert_recovers(server, before, within=20)


LEAVES_NAMES = """
import os
def main():
    for number in range(60_000): os.access(f"/usr/bin/{os.getpid()}{'x' * 200}{number}", 0)
    return True"""


def test_sweeper_that_dies_costs_nothing(small_server):
    """What cells leave in the kernel's caches is then the kernel's to take back."""
    server = small_server()
    sweepers = service.named(server, "cellblock-sweep")
    if not sweepers:
        pytest.skip("cgroup version 2 has none")

    def left():
        return [path for top in server.cgroups() for path in os.listdir(top) if path.startswith("left-")]

    for _ in range(2):
        assert ask(server, script=LEAVES_NAMES).result is True
        eventually(lambda: not left(), 20, "what was left is emptied or removed")
        for sweeper in sweepers:
            service.kill(sweeper)
        sweepers = set()
    assert service.answers(server)


@pytest.mark.parametrize("name", ["cellblock-cell", "cellblock-init"])
def test_processes_of_cells_that_die_are_replaced(small_server, name):
    server = small_server()
    before = service.picture(server)
    clients = under_load(server)
    for pid in service.named(server, name):
        service.kill(pid)
    for _ in range(30):
        found = sorted(service.named(server, name))
        if found:
            service.kill(random.choice(found))
        time.sleep(0.02)
    codes = [code for client in clients for code in client.finish()]
    assert codes.count(200) > len(codes) // 2, codes
    service.assert_recovers(server, before)


@pytest.mark.parametrize("name", ["cellblock-cell", "cellblock-init"])
def test_running_execution_whose_process_is_killed_is_told_so(small_server, name):
    server = small_server()
    idle = service.named(server, name)
    waiting = Client(lambda _: ask(server, script="import time\ndef main(): time.sleep(20)"), 0, times=1)
    eventually(lambda: server.pool()["running"] == 1, 5, "it runs")
    for pid in idle:
        service.kill(pid)
    (answer,) = waiting.finish()
    assert (answer.http, answer.status) in ((400, "killed"), (500, None)), answer
    service.assert_at_once(server)


def test_server_ends_with_its_jailer(small_server):
    server = small_server()
    family = service.family(server)
    waiting = Client(lambda _: post_and_be_cut_off(server), 0, times=1)
    eventually(lambda: server.pool()["running"] == 1, 5, "it runs")
    service.kill(service.jailer_of(server))
    assert server.process.wait(timeout=10 * TIME_FACTOR) == 3
    (answer,) = waiting.finish()
    assert answer is None or answer.http in (500, 503), answer
    service.assert_processes_are_gone(family)
    successor = small_server()
    service.assert_at_once(successor)
    eventually(lambda: not server.cgroups(), 5, "the next service removes the cgroups of the dead")


def post_and_be_cut_off(server):
    try:
        return ask(server, script="import time\ndef main(): time.sleep(20)")
    except httpx.TransportError:
        return None


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGABRT, signal.SIGQUIT, signal.SIGSEGV])
def test_all_ends_with_the_server(small_server, number):
    server = small_server()
    clients = [Client(lambda _: post_and_be_cut_off(server), n, times=1) for n in range(6)]
    eventually(lambda: server.pool()["running"] == 6, 5, "they run")
    family = service.family(server)
    service.kill(server.process.pid, number)
    assert server.process.wait(timeout=10 * TIME_FACTOR) in (-number, 0)
    assert [client.finish() for client in clients] == [[None]] * 6
    service.assert_all_gone(server, family)


def test_next_service_clears_up_after_one_that_was_killed_with_its_jailer(small_server):
    server = small_server()
    family, jailer = service.family(server), service.jailer_of(server)
    for pid in (jailer, server.process.pid):
        os.kill(pid, signal.SIGSTOP)
    for pid in (server.process.pid, jailer):
        os.kill(pid, signal.SIGKILL)
    server.process.wait()
    service.assert_processes_are_gone(family)
    assert server.cgroups(), "nobody was left to remove them"
    successor = small_server()
    service.assert_at_once(successor)
    eventually(lambda: not server.cgroups(), 5, "removed by the next")
    assert successor.cgroups() <= cgroup_directories()
