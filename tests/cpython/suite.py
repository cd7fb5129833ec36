"""CPython's own regression tests, one module at a time, each in a cell of its own."""

import re
import subprocess
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

EXPECTED = Path(__file__).with_name("expected.txt")
LIMIT = 120  # seconds for one module
# Those that take minutes of real time anywhere.
SLOW = {"test_concurrent_futures": 900, "test_multiprocessing_fork": 500,
        "test_multiprocessing_forkserver": 500, "test_multiprocessing_spawn": 500}
# Generous, since the tests are about Python and not about the size of a cell.
SERVER_FLAGS = ["--time-limit", "1000", "--cpu-limit", "1000", "--memory-mb", "2048", "--cpus", "2",
                "--file-mb", "4096", "--workdir-mb", "2048", "--workdir-inodes", "100000", "--processes", "512",
                "--open-files", "512", "--pool-size", "2", "--log-level", "error"]

# One package holds as many tests as fifty modules: its parts are run one by one, as newer CPythons do it.
LIST_MODULES = """
import pathlib, test.test_asyncio
from test.libregrtest.runtest import findtests
parts = pathlib.Path(test.test_asyncio.__file__).parent.glob("test_*.py")
print(*sorted(set(findtests()) - {"test_asyncio"} | {"test_asyncio." + part.stem for part in parts}))
"""


def all_modules() -> list[str]:
    return subprocess.run(["/usr/bin/python3", "-c", LIST_MODULES], check=True, capture_output=True,
                          text=True).stdout.split()


# Runs one module as `python3 -m test` does, in a new interpreter inside the cell.
SCRIPT = r'''
import os, re, signal, subprocess, sys

def failures(text):
    """Each failing test with the last line of its traceback."""
    found = {}
    for block in re.split(r"^={70}$", text, flags=re.M)[1:]:
        head = re.match(r"\n(?:ERROR|FAIL): (\S+)(?: \((\S+?)\))?", block)
        if head:
            body = re.split(r"^-{70}$", block, flags=re.M)
            lines = [line for line in body[1].splitlines() if line.strip()] if len(body) > 1 else [""]
            last = [line for line in lines if re.match(r"\w[\w.]*(Error|Exception|Expired|Warning|Failed)\b", line)]
            method, home = head.group(1), head.group(2) or ""
            name = home if home.endswith("." + method) else f"{home}.{method}"
            # The module's name stands in the list already.
            found.setdefault(re.sub(r"^(test\.)?test_\w+\.", "", name), (last or lines)[-1][:160])
    return found

def main(name, seconds):
    # In a session of its own, so that it can be ended with all that it has started.
    run = subprocess.Popen([sys.executable, "-m", "test", "-v", name], stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        output, code = run.communicate(timeout=seconds)[0], run.returncode
    except subprocess.TimeoutExpired:
        os.killpg(run.pid, signal.SIGKILL)
        output, code = run.communicate()[0], "timeout"
    text = output.decode(errors="replace")
    return {"code": code, "failures": failures(text), "skipped": "\n1 test skipped" in text, "output": text[-4000:]}
'''


@dataclass
class Outcome:
    """How a module ended: passes, skips, fails, hangs or dies; the failing tests and why."""

    word: str
    failing: dict[str, str] = field(default_factory=dict)
    output: str = ""


def outcome_of(result: dict) -> Outcome:
    code, failing, output = result["code"], result["failures"], result["output"]
    if code == "timeout":
        return Outcome("hangs", failing, output)
    if code == 0:
        return Outcome("skips" if result["skipped"] else "passes", {}, output)
    # 2: a test failed; 3 and 4: it left something behind, or had nothing to run.
    return Outcome("fails" if code in (2, 3, 4) else "dies", failing, output)


def run_in_cell(server, name: str) -> Outcome:
    server.client.timeout = max(SLOW.values()) + 100
    answer = server.post(script=SCRIPT, args=[name, SLOW.get(name, LIMIT)])
    if answer.status != "ok":
        return Outcome("dies", {}, repr(answer))
    return outcome_of(answer.result)


# What a cell refuses on purpose, and the errors by which a test shows that it ran into it.
WALLS = {
    "network": r"Errno 101\]|Network is unreachable",
    "read-only tree": r"Errno 30\]|Read-only file system",
    "no terminal": r"out of pty devices|/dev/ptmx|/dev/tty",
}


@dataclass
class Expectation:
    word: str
    reason: str = ""
    walls: tuple[str, ...] = ()
    failing: dict[str, str] = field(default_factory=dict)  # pattern of tests → why; "sometimes …": it may pass too

    def explains(self, test: str, error: str) -> bool:
        return (any(fnmatchcase(test, pattern) for pattern in self.failing)
                or any(re.search(WALLS[wall], error) for wall in self.walls))


def expectations() -> dict[str, Expectation]:
    """
    expected.txt by module. Its lines:

        MODULE passes
        MODULE fails WALL, WALL…     only tests that run into these walls fail, and those listed below it
            TEST REASON              * stands for anything
        MODULE skips|fails|hangs|dies REASON
    """
    found: dict[str, Expectation] = {}
    for line in EXPECTED.read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith(" "):
            test, reason = line.split(maxsplit=1)
            last.failing[test] = reason
            continue
        name, word, *rest = line.split(maxsplit=2)
        reason = rest[0] if rest else ""
        walls = tuple(part.strip() for part in reason.split(",") if part.strip() in WALLS)
        last = found[name] = Expectation(word, reason, walls)
    return found


def differences(name: str, expected: Expectation, seen: Outcome) -> list[str]:
    """What is otherwise than the list says; nothing when all is as promised."""
    if seen.word != expected.word:
        return [f"{name} {seen.word}, not {expected.word}: {seen.failing or seen.output[-600:]}"]
    surprising = [f"{name}: {test} fails: {error}" for test, error in seen.failing.items()
                  if seen.word == "fails" and not expected.explains(test, error)]
    steady = [pattern for pattern, why in expected.failing.items() if not why.startswith("sometimes")]
    return surprising + [f"{name}: {pattern} passes; take it off the list" for pattern in steady
                         if not any(fnmatchcase(test, pattern) for test in seen.failing)]
