"""Programs on limits: how each ends is known down to the words of the error and the second."""

import time

from programs import Program
from support import TIME_FACTOR

DEFAULT_LIMITS = {"wall_s": 10, "cpu_s": 30, "memory_mb": 512}


class Exact(Program):
    """A program whose error is compared too: given as `error`, or the sentence that belongs to its status."""

    def __init__(self, name, script, result=None, status="ok", error=None, **fields):
        super().__init__(name, script, result, status, **fields)
        self.status = status
        self.error = error or sentence(status, {**DEFAULT_LIMITS, **self.fields["limits"]})


class Limit:
    """One program that passes with the arguments `below` and ends with `status` with those `above`."""

    def __init__(self, name, script, below, above, status="ok", result=None, too_much=None, error=None, **fields):
        self.name = name
        self.sides = [Exact(name, script, result, args=below, **fields),
                      Exact(name, script, too_much, status, error, args=above, **fields)]


def sentence(status, limits):
    """What docs/statuses.md promises where a limit was reached; None where nothing is wrong."""
    return {
        "ok": None,
        "timeout": f"Script execution timed out ({limits['wall_s']}s limit)",
        "cpu_limit": f"Script exceeded the CPU time limit ({limits['cpu_s']}s)",
        "memory_limit": f"Script exceeded the memory limit ({limits['memory_mb']} MB)",
        "output_limit": "Script exceeded the output limit (64 MB)",
        "result_too_large": "Result is too large (limit 16 MB)",
    }.get(status)


def assert_ends_exactly(server, program):
    started = time.monotonic()
    answer = server.post(script=program.script, **program.fields)
    took = time.monotonic() - started
    expected = (200 if program.status == "ok" else 400, program.status, program.error, program.result)
    assert (answer.http, answer.status, answer.error, answer.result) == expected, answer
    wall = program.fields["limits"].get("wall_s", DEFAULT_LIMITS["wall_s"])
    assert took < wall + 1 * TIME_FACTOR, "over by the limit and a second"
    return answer
