"""What every hostile case has in common: how it is written, posted and judged.

What must hold afterwards is the fixture assert_service_is_well in conftest.py.
"""

import os
import textwrap
import time

import pytest
from support import TIME_FACTOR

NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="finds a cell's processes by uid: needs root")
# Ends that are right where the kernel's scheduling decides which limit strikes first.
ANY_FAULT = {"exception", "timeout", "memory_limit", "cpu_limit", "output_limit", "exited", "killed",
             "invalid_result", "syntax_error", "result_too_large"}
SHORT = {"wall_s": 2}


class Attack:
    """A hostile script and how it must end: a status, or a set of them; `result` only when it is ok."""

    def __init__(self, name, script, status, result=None, **fields):
        self.name = name
        self.script = textwrap.dedent(script)
        self.statuses = {status} if isinstance(status, str) else status
        self.result = result
        self.fields = {"limits": SHORT, **fields}


def assert_ends_as_promised(server, attack):
    started = time.monotonic()
    answer = server.post(script=attack.script, **attack.fields)
    took = time.monotonic() - started
    assert answer.status in attack.statuses, answer
    assert answer.http == (200 if answer.status == "ok" else 400), answer
    assert answer.result == (attack.result if answer.status == "ok" else None), answer
    assert took < (attack.fields["limits"]["wall_s"] + 1) * TIME_FACTOR, "over by the limit and a second"
