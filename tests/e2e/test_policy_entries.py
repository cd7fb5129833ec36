"""Nothing is allowed that nobody needs: policies/seccomp.uses says of each entry who does, or why it stays."""

import sys

import pytest
from support import REPO

TESTS = REPO / "tests"
sys.path[:0] = [str(TESTS / "tools"), str(TESTS / "cpython")]

from policy_rules import entries  # noqa: E402
from policy_usage import programs, usage_of  # noqa: E402
from suite import expectations  # noqa: E402
from syscall_trace import tracing_is_refused  # noqa: E402

ALLOWED = [entry.text for entry in entries() if not entry.error]


def uses() -> dict[str, str]:
    lines = (REPO / "policies/seccomp.uses").read_text().splitlines()
    return dict(line.split(": ", 1) for line in lines if line and not line.startswith("#"))


def named_programs() -> dict[str, list[str]]:
    return {entry: use.split(", ") for entry, use in uses().items() if not use.startswith("kept, ")}


def test_each_entry_of_the_policy_has_a_use_or_a_reason():
    assert [entry for entry in ALLOWED if entry not in uses()] == [], "tests/tools/policy_usage.py finds who needs them"
    assert [entry for entry in uses() if entry not in ALLOWED] == [], "uses of entries that are not in the policy"
    assert len(ALLOWED) == len(set(ALLOWED))
    assert [entry for entry, use in uses().items() if use.startswith("kept") and len(use) < len("kept, reason")] == []


def test_each_named_program_exists():
    known = {*programs(), *(f"cpython/{module}" for module in expectations())}
    assert {program for names in named_programs().values() for program in names} <= known


@pytest.mark.skipif(tracing_is_refused() is not None, reason=f"sees no system calls: {tracing_is_refused()}")
def test_the_named_workloads_use_what_is_said_of_them():
    """Traced again; not the modules of CPython, which would take minutes."""
    claims = {entry: names for entry, names in named_programs().items() if names[0].startswith("workloads/")}
    chosen = {name: fields for name, fields in programs().items() if any(name in names for names in claims.values())}
    used, _ = usage_of(chosen)
    # Which call a library makes may depend on the machine, so one of the named programs is enough.
    assert [entry for entry in claims if entry not in used] == []
