"""Pools of cells: which one a script runs in, and that the choice is about time only."""

import os
import signal
import sys
import textwrap
import time
from pathlib import Path

import pytest

from support import REPO, TIME_FACTOR, descendants, eventually, process_table

# What was there before the script's first statement.
SEEN = "import sys\nbefore = set(sys.modules)\n"
ASK = "def main(): return sorted({'numpy', 'pandas', 'scipy'} & before)"

HIDDEN = ASK.replace("numpy", "num' 'py").replace("pandas", "pan' 'das")  # names nothing that the choice sees


def zygotes_of(server) -> set[int]:
    """Children of the jailer, which is the server's child, that still have the zygote's name."""
    table = process_table()

    def name(pid):
        try:
            return Path(f"/proc/{pid}/comm").read_text().strip()
        except OSError:
            return ""

    family = {pid for pid in descendants(server.process.pid) if pid in table}
    jailers = {pid for pid in family if table[pid][0] == server.process.pid}
    return {pid for pid in family if table[pid][0] in jailers and name(pid) == "cellblock-zygot"}


@pytest.mark.parametrize(
    ("script", "there"),
    [
        (SEEN + HIDDEN, []),
        (SEEN + "import json, math\n" + HIDDEN, []),
        (SEEN + "import numpy\n" + ASK, ["numpy", "pandas"]),
        (SEEN + "from pandas import DataFrame\n" + ASK, ["numpy", "pandas"]),
        (SEEN + "try: import unknown_library\nexcept ImportError: pass\n" + ASK, ["numpy", "pandas"]),
    ],
    ids=["names nothing", "names the standard library", "numpy", "from pandas", "an unknown library"],
)
def test_cells_have_what_the_script_names(server, script, there):
    answer = server.run(script)
    assert answer.result == there, answer


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="this kernel does not share the CPUs by sessions")
def test_who_makes_cells_goes_before_them(server):
    def nice(pid):
        return Path(f"/proc/{pid}/autogroup").read_text().split()[-1]

    zygotes = zygotes_of(server)
    table = process_table()
    assert len(zygotes) == 2
    assert {nice(pid) for pid in zygotes} | {nice(table[pid][0]) for pid in zygotes} == {"-10"}
    cells = [pid for pid in descendants(server.process.pid)
             if Path(f"/proc/{pid}/comm").read_text().strip() == "cellblock-cell"]
    assert cells
    assert {nice(pid) for pid in cells} == {"0"}, "or a script would go before the service"


def test_wrong_choice_costs_an_import_and_nothing_else(server):
    answer = server.run("""
        import importlib
        def main():
            np = importlib.import_module("num" + "py")
            return [int(np.arange(5).sum()), np.random.rand() != np.random.rand()]""")
    assert answer.result == [10, True], answer


def test_random_state_of_a_library_that_is_imported_late_is_a_cells_own(server):
    script = """
        import importlib
        def main(): return importlib.import_module("num" + "py").random.rand(4).tolist()"""
    seen = [tuple(server.run(script).result) for _ in range(5)]
    assert len(set(seen)) == 5, seen


def test_pools_wait_for_each_other_in_nothing(start_server):
    server = start_server("--pool-size", "2", "--max-executions", "4")
    scripts = ["def main(): return 'light'", "import numpy\ndef main(): return 'numpy'"] * 10
    assert [server.run(script).result for script in scripts] == ["light", "numpy"] * 10


def test_extended_pool_has_its_modules_imported(start_server):
    server = start_server("--pool-size", "2", "--preload-extended", "scipy.stats")
    assert len(zygotes_of(server)) == 3
    script = SEEN + "import scipy.stats\n" + ASK
    eventually(lambda: server.run(script).result == ["numpy", "pandas", "scipy"], 5, "the extended pool answers")
    started = time.monotonic()
    assert server.run(script).status == "ok"
    assert time.monotonic() - started < 0.5 * TIME_FACTOR, "scipy.stats takes longer than that to import"


def test_without_a_light_pool_there_is_one(start_server):
    server = start_server("--pool-size", "2", "--preload-light", "")
    assert len(zygotes_of(server)) == 1
    assert server.run(SEEN + ASK).result == ["numpy", "pandas"]


@pytest.mark.skipif(os.geteuid() != 0, reason="signals processes of the service, which may run under another uid")
def test_zygote_that_dies_takes_only_its_pool_along(start_server):
    server = start_server("--pool-size", "2")
    light, heavy = sorted(zygotes_of(server), key=lambda pid: len(Path(f"/proc/{pid}/maps").read_text().splitlines()))
    os.kill(heavy, signal.SIGKILL)
    for _ in range(5):
        assert server.run("def main(): return 1").result == 1
    eventually(lambda: server.run("import numpy\ndef main(): return 2").result == 2, 15, "its pool is back")
    assert light in zygotes_of(server) and heavy not in zygotes_of(server)


def test_standard_library_list_is_this_pythons():
    listed = (REPO / "src/service/standard_library.txt").read_text().split()
    assert listed == sorted(sys.stdlib_module_names)


def test_every_light_module_is_one_of_the_standard_library(server):
    names = [line.split('"')[1].rstrip(",").split(",")
             for line in (REPO / "src/config/capacity_options.cpp").read_text().split("kLightModules =")[1].split(";")[0]
             .strip().splitlines()]
    modules = [module for line in names for module in line]
    assert len(modules) > 20
    answer = server.run(textwrap.dedent("""
        import sys
        before = set(sys.modules)
        def main(names): return [name for name in names if name not in before]"""), args=[modules])
    assert answer.result == [], answer
