"""zygote-lifetime: the process that cells are forked from is replaced under load, and nobody notices."""

import os
import signal
import statistics
import threading
import time

import pytest
from support import TIME_FACTOR, Server, descendants, eventually, start_time, stray_processes
from test_monitoring import samples
from test_pools import zygotes_of

HELLO = "def main(n): return n + 1"
PANDAS = "import pandas as pd\ndef main(n): return int(pd.Series([n, 1]).sum())"
POOLS = 2


def renewals(server, result="ok") -> float:
    return samples(server)["cellblock_zygote_renewals_total", (("result", result),)]


def settled(server) -> int | None:
    """How many processes the service has when nothing is going on; None while something is."""
    before, zygotes = len(descendants(server.process.pid)), zygotes_of(server)
    time.sleep(0.3)
    after = len(descendants(server.process.pid))
    return after if before == after and zygotes == zygotes_of(server) and len(zygotes) == POOLS else None


def nices(pids) -> set[int]:
    return {os.getpriority(os.PRIO_PROCESS, pid) for pid in pids if start_time(pid)}


def load(server, until: threading.Event, times: list, wrong: list, script: str) -> None:
    number = 0
    while not until.is_set():
        number += 1
        began = time.monotonic()
        answer = server.post(script=script, args=[number])
        times.append(time.monotonic() - began)
        if (answer.http, answer.result) != (200, number + 1):
            wrong.append(answer)
        time.sleep(0.01)


@pytest.fixture
def renewing(start_server):
    return start_server("--zygote-lifetime", "2", "--pool-size", "4", TIME_LIMIT="20")


def test_requests_do_not_notice(renewing):
    strays = stray_processes()
    first = zygotes_of(renewing)
    assert len(first) == POOLS
    stop, times, wrong = threading.Event(), {HELLO: [], PANDAS: []}, []
    clients = [threading.Thread(target=load, args=(renewing, stop, times[script], wrong, script))
               for script in (HELLO, PANDAS)]
    for client in clients:
        client.start()
    fewest = []

    def renewed():
        fewest.append(renewing.pool()["ready"])
        return renewals(renewing) >= 3 * POOLS

    try:
        eventually(renewed, 60, "each zygote is replaced three times", pause=0.1)
    finally:
        stop.set()
        for client in clients:
            client.join()
    assert not wrong, wrong[:3]
    assert min(fewest) > 0 and renewals(renewing, "failed") == 0
    for script, took in times.items():
        # A dip would be the second that a zygote takes to start.
        assert max(took) < 0.8 * TIME_FACTOR, (script, sorted(took)[-5:], statistics.median(took))
    assert not first & zygotes_of(renewing)
    assert samples(renewing)["cellblock_zygote_restarts_total", ()] == 0
    assert stray_processes() <= strays


def test_what_runs_is_not_ended_by_it_and_the_old_one_goes_then(renewing):
    before = zygotes_of(renewing)
    answers = []
    runs = threading.Thread(target=lambda: answers.append(
        renewing.run("import time\ndef main(): time.sleep(6); return 'whole'")))
    runs.start()
    eventually(lambda: len(before & zygotes_of(renewing)) == 1 and renewals(renewing) >= POOLS, 30,
               "one of the old ones is there for the execution, the other is gone")
    assert renewing.post(script=PANDAS, args=[4]).result == 5
    runs.join()
    assert answers[0].result == "whole", answers
    eventually(lambda: not before & zygotes_of(renewing), 10, "it goes when its last cell is gone")


def test_nothing_is_left_when_it_rests(start_server):
    server = start_server("--zygote-lifetime", "1", "--pool-size", "3")
    eventually(lambda: renewals(server) >= 4 * POOLS, 60, "several rounds without a request", pause=0.1)
    held = eventually(lambda: server.descriptors(), 1, "descriptors")
    counts = {eventually(lambda: settled(server), 20, "between two renewals all is as it was") for _ in range(3)}
    assert len(counts) == 1, counts
    assert server.descriptors() <= held + 16
    # A successor starts with less of the CPUs, and its cells must not inherit that.
    eventually(lambda: nices(zygotes_of(server)) == {0}, 20, "zygotes that serve have what the jailer has", pause=0.1)
    assert server.run("import os\ndef main(): return os.getpriority(os.PRIO_PROCESS, 0)").result == 0


def test_whatever_dies_while_another_starts_is_replaced(start_server):
    server = start_server("--zygote-lifetime", "0.5", "--pool-size", "4")

    def while_one_starts():
        found = sorted(zygotes_of(server))  # the oldest is the one that is to be replaced
        return len(found) > POOLS and 10 in nices(found) and found

    for turn in range(10):
        found = eventually(while_one_starts, 10, "one starts")
        os.kill(found[-(turn % 2)], signal.SIGKILL)
    eventually(lambda: server.post(script=HELLO, args=[1]).result == 2, 20, "it answers")
    eventually(lambda: server.post(script=PANDAS, args=[1]).result == 2, 20, "the other pool too")
    done = renewals(server)
    eventually(lambda: renewals(server) >= done + POOLS, 30, "renewals go on")
    # More than one that starts, or leaves, beside those that serve is one that was forgotten.
    counts = [time.sleep(0.05) or len(zygotes_of(server)) for _ in range(60)]
    assert min(counts) == POOLS and max(counts) <= 2 * POOLS, counts
