"""Promises 8, 9, 12: what a script makes the kernel remember is charged to it, and giving it back holds nobody up."""

import re
import time

from crowd import Client, ask_in_time
from hostile import NEEDS_ROOT
from programs import TOOLS
from support import TIME_FACTOR, eventually
from traces import read

pytestmark = NEEDS_ROOT
ATTACKERS = 8
# Asks the tree's own file system, which remembers names that it does not have (/tmp does not), and stays until it is
# ended, so that all end at once.
ASKS_FOR_NAMES = TOOLS + """
def main(names):
    prefix = f"/usr/bin/{os.urandom(8).hex()}{'x' * 200}"
    for number in range(names): os.access(f"{prefix}{number}", 0)
    libc.pause()"""
NAMES, BYTES = 200_000, 40 << 20
LIMITS = {"wall_s": 25, "memory_mb": 512}


def charged(server) -> int:
    """To all cells together; 0 on version 2, where a group that is removed takes what it owes with it."""
    tops = [path for path in server.cgroups() if re.search(r"/cellblock-[^/]*$", path)]
    return sum(int(read(f"{top}/memory.usage_in_bytes") or 0) for top in tops)


def assert_at_once(server):
    """An honest question, and a script that has to be stopped in time."""
    answer, took = ask_in_time(server, script="def main(): return 42")
    assert (answer.result, took < 2 * TIME_FACTOR) == (42, True), took
    answer, took = ask_in_time(server, script="def main():\n    while True: pass", limits={"wall_s": 0.3})
    assert (answer.status, took < 0.3 + 1 * TIME_FACTOR) == ("timeout", True), took


def test_names_that_do_not_exist_hold_nobody_up(server, assert_service_is_well):
    before = charged(server)
    request = {"script": ASKS_FOR_NAMES, "args": [NAMES], "limits": LIMITS}
    attackers = [Client(lambda _: ask_in_time(server, **request), number, times=1) for number in range(ATTACKERS)]
    most = 0
    while any(attacker.is_alive() for attacker in attackers):
        assert_at_once(server)
        most = max(most, charged(server))
    for attacker in attackers:
        [(answer, took)] = attacker.finish()
        assert (answer.status, took < LIMITS["wall_s"] + 1 * TIME_FACTOR) == ("timeout", True), (answer, took)
    until = time.monotonic() + 5
    while time.monotonic() < until:
        assert_at_once(server)
    if before:
        assert most > before + ATTACKERS * BYTES, "the names were remembered"
        eventually(lambda: charged(server) < before + BYTES, 20, "the names are forgotten", pause=0.2)
    assert_service_is_well()
