"""Policy `strict` by a table of scripts: the check itself for each, and the service for some of each kind."""

import ast
import importlib.util
import re

import pytest
from strict_table import ALLOWED, REFUSED
from support import REPO


def load_policy():
    spec = importlib.util.spec_from_file_location("strict_policy", REPO / "src/runner/strict_policy.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.load((REPO / "policies/strict.json").read_text())
    return module


POLICY = load_policy()


def test_the_table_is_large_enough():
    assert len(set(REFUSED)) == len(REFUSED) >= 60
    assert len(set(ALLOWED)) == len(ALLOWED) >= 60


@pytest.mark.parametrize(("name", "script"), REFUSED, ids=[script for _, script in REFUSED])
def test_is_refused(name, script):
    violation = POLICY.first_violation(ast.parse(script))
    assert violation is not None and violation[0] == name, violation
    assert 1 <= violation[1] <= script.count("\n") + 1


@pytest.mark.parametrize("script", ALLOWED, ids=ALLOWED)
def test_passes(script):
    assert POLICY.first_violation(ast.parse(script)) is None


def with_main(script):
    return script if "def main" in script else script + "\ndef main(): return 'ran'"


def test_the_service_refuses_the_same(server):
    for name, script in REFUSED[::6]:
        answer = server.post(script=with_main(script), policy="strict")
        assert (answer.http, answer.status) == (400, "policy_violation"), (script, answer)
        assert re.match(f"Script uses '{re.escape(name)}', which policy 'strict' does not allow", answer.error), answer


def test_the_service_runs_the_same(server):
    for script in ALLOWED[::3]:
        answer = server.post(script=with_main(script), policy="strict")
        assert (answer.http, answer.status) == (200, "ok"), (script, answer)
