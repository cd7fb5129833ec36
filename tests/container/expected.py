"""A plugin of pytest for scripts/test-container and test-ordinary-user: the suites look at a service in a container, or of an
ordinary user ("nobody"), from the host.

What a way of running (CELLBLOCK_WAY) can't pass has a line in CELLBLOCK_EXPECTED: WAY,... | TEST | REASON | SYMPTOM. Such a test counts as
skipped, with the reason, if it fails and its report has the symptom, a regular expression. Any other failure is one, and a test
that passes is welcome. With the symptom `never` it does not run at all, and a line that fits no test is then an error.

The profile of a container answers calls that it does not know with ENOSYS, before a cell's own filter has its turn. So where a
program of tests/hostile is promised the name of an error, under a profile ENOSYS is as good: the call is refused. All else
of its result must be as promised.

Without user ids of their own, cells and service can't be told apart by uid, as tests/hostile/traces.py does. What has to be as
it was after an attack is then the number of all processes in the container, and what could be left on the host.
"""

import copy
import errno
import fnmatch
import os
import re
import sys
import time
from pathlib import Path

import pytest

pytest.register_assert_rewrite("support", "traces", "hostile", "exact")
TESTS = Path(__file__).resolve().parents[1]
WAY = os.environ["CELLBLOCK_WAY"].partition("-")[0]
sys.path += [str(TESTS / "hostile"), str(TESTS / "e2e")]

import exact  # noqa: E402
import hostile  # noqa: E402
import support  # noqa: E402
import traces  # noqa: E402


def lines() -> list[tuple[str, str, str]]:
    """Pattern, reason and symptom of each line for this way."""
    found = []
    for line in Path(os.environ["CELLBLOCK_EXPECTED"]).read_text().splitlines():
        if line and not line.startswith("#"):
            ways, pattern, reason, symptom = (part.strip() for part in line.split(" | ", 3))
            if WAY in ways.split(","):
                found.append((pattern.replace("[", "[[]"), reason, symptom))
    return found


def name_of(item) -> str:
    return f"{item.path.relative_to(TESTS)}::{item.name}"


def pytest_collection_modifyitems(items):
    names = {item: name_of(item) for item in items}
    files = {name.partition("::")[0] for name in names.values()}
    for pattern, reason, symptom in lines():
        if symptom == "never":
            fitting = [item for item, name in names.items() if fnmatch.fnmatchcase(name, pattern)]
            if not fitting and any(fnmatch.fnmatchcase(file, pattern.partition("::")[0]) for file in files):
                raise pytest.UsageError(f"expected.txt: no test is called {pattern}")
            for item in fitting:
                item.add_marker(pytest.mark.skip(reason=f"{WAY}: {reason}"))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.outcome != "failed":
        return
    text = str(report.longrepr)
    for pattern, reason, symptom in lines():
        if symptom != "never" and fnmatch.fnmatchcase(name_of(item), pattern) and re.search(symptom, text):
            report.outcome = "skipped"
            report.longrepr = (str(item.path), item.location[1] or 0, f"Skipped: {WAY}: {reason}")
            return


def is_error(name) -> bool:
    return name in errno.errorcode.values()


def agrees(seen, promised) -> bool:
    """Whether a result is the promised one, but for refusals as unknown."""
    if seen == promised or (seen == "ENOSYS" and is_error(promised)):
        return True
    if isinstance(seen, list) and isinstance(promised, list):
        # What a set of refusals has become, sorted.
        refusals = promised and all(map(is_error, promised)) and set(seen) <= {*promised, "ENOSYS"}
        return refusals or (len(seen) == len(promised) and all(map(agrees, seen, promised)))
    if isinstance(seen, dict) and promised == {}:
        # What differs, call by call.
        return all(error == "ENOSYS" for error in seen.values())
    if isinstance(seen, dict) and isinstance(promised, dict):
        return seen.keys() == promised.keys() and all(agrees(seen[key], promised[key]) for key in seen)
    return False


class Promised:
    def __init__(self, result):
        self.result = result

    def __eq__(self, seen):
        return agrees(seen, self.result)

    def __repr__(self):
        return f"{self.result} or ENOSYS in an error's place"


def leniently(strictly):
    def assert_ends(server, attack):
        lenient = copy.copy(attack)
        lenient.result = Promised(attack.result)
        return strictly(server, lenient)

    return assert_ends


def same_uid(pid: int) -> list[int]:
    """Without namespaces of its own a cell is what runs as the user of its slot."""
    table = support.process_table()
    return sorted(other for other, (_, uid) in table.items() if uid == table[pid][1])


def descendants_of(server) -> list[int]:
    return [pid for pid in support.descendants(server.process.pid) if support.start_time(pid)]


def depth(pid: int) -> int:
    """In how many process id namespaces it is; cells are in one more than the service."""
    numbers = re.search(r"^NSpid:(.*)$", traces.read(f"/proc/{pid}/status"), re.MULTILINE)
    return len(numbers[1].split()) if numbers else 0


def processes(server) -> tuple[list[int], set[int]]:
    """The service's own and those of cells, as traces.processes."""
    everyone = {pid: depth(pid) for pid in descendants_of(server)}
    outside = depth(server.process.pid)
    service = outside if WAY == "nobody" else min((count for count in everyone.values() if count > outside), default=0)
    cells = {pid for pid, count in everyone.items() if count > service > 0}
    return sorted(set(everyone) - cells), cells


class TracesOfContainer:
    def __init__(self, server):
        self.server = server
        self.seen = {
            "ready cells and their processes": (server.pool()["ready"], len(descendants_of(server))),
            "mounts on the host": {line for line in support.mounts() if traces.OWN_MOUNT.search(line)},
            "files on the host": traces.files_of_cells(),
            "System V objects": traces.sysv_objects_of_cells(),
        }

    def difference(self):
        seen = TracesOfContainer(self.server).seen
        return {name: (was, seen[name]) for name, was in self.seen.items() if seen[name] != was}


def is_at_rest(server) -> bool:
    before = server.pool(), len(descendants_of(server))
    time.sleep(0.5 * support.TIME_FACTOR)
    after = server.pool(), len(descendants_of(server))
    return before == after and after[0]["running"] == 0 and after[0]["ready"] > 0


# Before conftest.py takes the names over.
traces.Traces, traces.is_at_rest = TracesOfContainer, is_at_rest
if WAY != "nobody":
    hostile.assert_ends_as_promised = leniently(hostile.assert_ends_as_promised)
    exact.assert_ends_exactly = leniently(exact.assert_ends_exactly)
if WAY == "plain":
    # Services that see each other's processes each need user ids of their own. The first has those that traces.py knows.
    start, started = support.Server.__init__, []

    def start_with_own_ids(server, *flags, **environment):
        started.append(server)
        if len(started) > 1:
            environment.setdefault("CELLBLOCK_UID_BASE", str(support.FIRST_CELL_UID + 70_000 * len(started)))
        start(server, *flags, **environment)

    support.Server.__init__ = start_with_own_ids
    import residents  # takes names of traces over

    residents.cell_of = same_uid
if WAY != "plain":
    traces.processes = processes
    support.cell_processes = lambda server: processes(server)[1]
