#!/usr/bin/python3
"""Finds out which entries of policies/seccomp.policy real programs use, by tracing cells from outside.

    tests/tools/policy_usage.py                      every program of tests/workloads and examples
    tests/tools/policy_usage.py json_example …       those whose name has one of these words in it
    tests/tools/policy_usage.py --cpython test_os …  modules of CPython's own tests

Prints each entry with the programs that use it, the entries that none uses, and the calls that were refused.
"""

import argparse
import errno
import json
import sys
from collections import defaultdict
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "e2e"), str(TESTS / "cpython"), str(TESTS / "tools")]

from policy_rules import entries, name_of  # noqa: E402
from suite import SCRIPT, SERVER_FLAGS  # noqa: E402
from support import REPO, Server, cell_processes, eventually  # noqa: E402
from syscall_trace import SyscallTrace  # noqa: E402


def programs() -> dict[str, dict]:
    """name → fields of the request"""
    found = {f"workloads/{path.stem}": {"script": path.read_text()}
             for path in sorted((TESTS / "workloads").glob("*.py"))}
    for path in sorted((REPO / "examples").glob("*.py")):
        found[f"examples/{path.stem}"] = {"script": path.read_text(),
                                          **json.loads(path.with_suffix(".json").read_text())["request"]}
    return found


def cpython_programs(modules) -> dict[str, dict]:
    return {f"cpython/{name}": {"script": SCRIPT, "args": [name, 150]} for name in modules}


def traced(server: Server, trace: SyscallTrace, plain: set[int], fields: dict) -> tuple[set, set]:
    """What one program calls. The only ready cell is sealed already, so its set-up is not in it."""
    eventually(lambda: server.pool()["ready"] == 1 and server.pool()["running"] == 0, 10, "one cell is ready")
    return trace.calls_during(cell_processes(server), lambda: server.post(**fields), plain)


def usage_of(chosen: dict[str, dict]) -> tuple[dict, dict]:
    """entry → programs that use it, and refused call → programs that tried it"""
    rules = entries()
    allowed = {rule.number for rule in rules if not rule.error}
    plain = allowed - {rule.number for rule in rules if rule.tests}
    used, refused = defaultdict(list), defaultdict(list)
    server = Server(*SERVER_FLAGS, "--max-executions", "1", "--pool-size", "1", "--preload-light", "")
    try:
        with SyscallTrace() as trace:
            for program, fields in chosen.items():
                entered, failed = traced(server, trace, plain, fields)
                for rule in rules:
                    if rule.is_used(entered, failed):
                        used[rule.text].append(program)
                for number, code in failed:
                    # Of a plainly allowed call, it is the kernel's own answer.
                    if number not in plain:
                        refused[f"{name_of(number)} {errno.errorcode[code]}"].append(program)
                print(f"{program}: {len(entered)} different calls", file=sys.stderr, flush=True)
    finally:
        server.process.terminate()
        server.process.wait(60)
    return used, refused


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*")
    parser.add_argument("--cpython", action="store_true")
    options = parser.parse_args()
    chosen = cpython_programs(options.words) if options.cpython else {
        name: fields for name, fields in programs().items()
        if not options.words or any(word in name for word in options.words)}
    used, refused = usage_of(chosen)
    for rule in entries():
        print(f"{rule.text}: {', '.join(used[rule.text]) or 'NOT USED'}")
    for call, tried in sorted(refused.items()):
        print(f"refused {call}: {', '.join(tried)}")


if __name__ == "__main__":
    main()
