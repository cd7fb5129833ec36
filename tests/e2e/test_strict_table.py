"""Policy `strict` by a table of scripts: the check itself for each, and the service for some of each kind."""

import ast
import importlib.util
import re
import sys
import time

import pytest
from strict_table import ALLOWED, REFUSED
from support import REPO, TIME_FACTOR


def load_policy():
    """The checker, with its parts under the names that they have in a cell."""
    for part in ("text", "lists", "sure", "scopes", "values", "policy"):
        name = f"_cellblock_strict_{part}"
        spec = importlib.util.spec_from_file_location(name, REPO / f"src/runner/strict_{part}.py")
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
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


CHAIN = "".join(f"a{number} = a{number - 1}\n" for number in range(1, 5000))
LARGE = {
    "a sum of 600": ("x = " + "+".join(["1"] * 600), None),
    "900 branches": ("x = 1\nif x: pass\n" + "".join(f"elif x == {number}: pass\n" for number in range(900)), None),
    "300 calls in a row": ("class A:\n    def f(self): return self\nx = A()" + ".f()" * 300, None),
    "900 attributes in a row": ("def f(a): return a" + ".b" * 900, None),
    "5,000 second names": ("import os\na0 = os\n" + CHAIN + "a4999.system", "os.system"),
    "the same backwards": ("import os\n" + "".join(reversed(CHAIN.splitlines(True))) + "a0 = os\na4999.system",
                           "os.system"),
    "a name of 600 pieces": ("import os\ngetattr(os, " + "+".join(["'a'"] * 600) + ", 1)", None),
    "180 KB": ("def f(x):\n    return x.a.b(x['k']) + g(x)[1:2]\n" * 3600, None),
}


@pytest.mark.parametrize("name", LARGE)
def test_large_and_deep_scripts_are_checked_in_little_time(name):
    script, what = LARGE[name]
    tree = ast.parse(script)
    began = time.process_time()
    violation = POLICY.first_violation(tree)
    assert (violation and violation[0]) == what
    assert time.process_time() - began < 2 * TIME_FACTOR


def test_the_first_violation_is_told_with_its_place_and_reason():
    what, line, node, reason = POLICY.first_violation(ast.parse("import os\nx = 1; os.popen('a'); eval('1')\nexec('')"))
    assert (what, line, node.col_offset, reason) == ("os.popen", 2, 7, "starts other programs")


def with_main(script):
    return script if "def main" in script else script + "\ndef main(): return 'ran'"


def test_the_service_refuses_the_same(server):
    for name, script in REFUSED[::6]:
        answer = server.post(script=with_main(script), policy="strict")
        assert (answer.http, answer.status) == (400, "policy_violation"), (script, answer)
        assert re.match(f"Script uses '{re.escape(name)}', which policy 'strict' does not allow", answer.error), answer


def test_the_service_takes_large_and_deep_scripts(server):
    for name, (script, what) in LARGE.items():
        answer = server.post(script=with_main(script), policy="strict")
        assert answer.status == ("policy_violation" if what else "ok"), (name, answer)


def test_a_script_beyond_the_compilers_depth_is_told_so(server):
    answer = server.post(script="x = " + "+".join(["1"] * 20000) + "\ndef main(): return 1", policy="strict")
    assert (answer.http, answer.status) == (400, "syntax_error"), answer
    assert answer.error == "RecursionError: the script is nested too deeply for Python's compiler", answer


def test_the_service_runs_the_same(server):
    for script in ALLOWED[::3]:
        answer = server.post(script=with_main(script), policy="strict")
        assert (answer.http, answer.status) == (200, "ok"), (script, answer)
