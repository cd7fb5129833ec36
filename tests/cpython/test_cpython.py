"""CPython's own regression tests inside cells: a fast choice of them. `make test-cpython` runs all."""

import pytest
from suite import all_modules, differences, expectations, run_in_cell

# Run by the warm interpreter of the cell itself, which has numpy and pandas loaded and was forked.
WARM = """
test_grammar test_dict test_list test_re test_math test_random test_struct test_array test_collections
test_functools test_dataclasses test_contextlib test_typing test_zoneinfo test_uuid test_mmap test_tempfile
test_fractions test_pathlib test_generators test_csv test_secrets test_locale
""".split()
# Run as `python3 -m test` in a new interpreter in the cell, where the walls are felt most.
FRESH = ["test_os", "test_posix", "test_fcntl", "test_resource", "test_pty"]

WARM_SCRIPT = """
import io, unittest
def main(name):
    loaded = unittest.defaultTestLoader.loadTestsFromName("test." + name)
    done = unittest.TextTestRunner(io.StringIO()).run(loaded)
    failed = [f"{test.id()}: {why[-300:]}" for test, why in done.failures + done.errors]
    return {"some": done.testsRun > 5, "failed": failed}
"""


@pytest.mark.parametrize("name", WARM)
def test_module_passes_in_the_warm_interpreter(server, name):
    answer = server.post(script=WARM_SCRIPT, args=[name])
    assert (answer.status, answer.result) == ("ok", {"some": True, "failed": []}), answer


@pytest.mark.parametrize("name", FRESH)
def test_module_does_as_the_list_says(roomy_server, name):
    assert differences(name, expectations()[name], run_in_cell(roomy_server, name)) == []


def test_each_module_is_in_the_list_once_and_each_fault_has_a_reason():
    listed = expectations()
    assert sorted(listed) == all_modules()
    assert {expected.word for expected in listed.values()} <= {"passes", "skips", "fails", "hangs"}
    assert [name for name, e in listed.items() if e.word != "passes" and not (e.reason or e.failing)] == []
    assert sum(expected.word == "passes" for expected in listed.values()) > 330
