"""Promise 8, CPU time: programs that compute for ever, in ways that the interpreter itself can not interrupt."""

import pytest
from exact import Exact, assert_ends_exactly
from hostile import NEEDS_ROOT
from programs import named

pytestmark = NEEDS_ROOT
LIMITS = {"cpu_s": 0.6, "wall_s": 30}

ENDLESS = [
    Exact("one endless call in C that keeps the interpreter's lock", """
        import itertools
        def main(): return sum(itertools.repeat(1))""", None, "cpu_limit", limits=LIMITS),
    Exact("a jump to itself in machine code", """
        def main(): return machine_code("ebfe")()""", None, "cpu_limit", limits=LIMITS),
    Exact("a fork bomb", """
        def main():
            while True: attempt(os.fork)""", None, "cpu_limit", limits={**LIMITS, "processes": 40}),
    Exact("a chain of children of which each outlives its parent", """
        def main():
            if os.fork() == 0:
                while True:
                    if os.fork(): os._exit(0)
            while True: os.sched_yield()""", None, "cpu_limit", limits=LIMITS),
    Exact("threads that fight for the interpreter's lock", """
        import sys, threading
        def main():
            sys.setswitchinterval(1e-6)
            def spin():
                while True: pass
            for _ in range(60): threading.Thread(target=spin, daemon=True).start()
            spin()""", None, "cpu_limit", limits=LIMITS),
    Exact("a regular expression that tries everything", """
        import re
        def main(): return re.match("(a+)+$", "a" * 60 + "b")""", None, "cpu_limit", limits=LIMITS),
    Exact("keys that all have one hash", """
        def main(): return len({number * ((1 << 61) - 1): None for number in range(1, 200_000)})""",
          None, "cpu_limit", limits=LIMITS),
    Exact("a logarithm of a million digits", """
        import decimal
        def main(): return str(decimal.Decimal(2).ln(decimal.Context(prec=1_000_000)))""",
          None, "cpu_limit", limits=LIMITS),
    Exact("a list that is sorted by a random order", """
        import random
        def main():
            while True: sorted(range(10_000), key=lambda _: random.random())""", None, "cpu_limit", limits=LIMITS),
]


@pytest.mark.parametrize("program", ENDLESS, ids=named)
def test_program_that_computes_for_ever_is_ended(server, assert_service_is_well, program):
    assert_ends_exactly(server, program)
    assert_service_is_well()
