#!/usr/bin/python3
"""Runs CPython's regression tests inside cells and compares with expected.txt.

    tests/cpython/run.py                     all modules
    tests/cpython/run.py test_json test_re   these
    tests/cpython/run.py --outside MODULE…   the same without a cell, to tell the cell's walls from the host's ways
    tests/cpython/run.py --record FILE       also writes what was seen, for an entry in expected.txt
"""

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

from suite import (  # noqa: E402
    LIMIT, SCRIPT, SERVER_FLAGS, SLOW, all_modules, differences, expectations, outcome_of, run_in_cell,
)
from support import Server  # noqa: E402


def run_outside(name: str):
    space: dict = {}
    exec(SCRIPT, space)
    return outcome_of(space["main"](name, SLOW.get(name, LIMIT)))


def recorded(name: str, seen) -> str:
    return "\n".join([f"{name} {seen.word}", *(f"    {test} {why}" for test, why in seen.failing.items())])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*")
    parser.add_argument("--outside", action="store_true")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--record", type=Path)
    options = parser.parse_args()
    expected = expectations()
    server = None if options.outside else Server(*SERVER_FLAGS, "--max-executions", str(options.jobs))
    found, record = [], options.record.open("w") if options.record else None

    def run(name: str):
        return name, run_outside(name) if options.outside else run_in_cell(server, name)

    try:
        with ThreadPoolExecutor(options.jobs) as pool:
            for name, seen in pool.map(run, options.modules or all_modules()):
                if name not in expected:
                    different = [f"{name} {seen.word}, and is not in the list: {seen.failing or seen.output[-300:]}"]
                else:
                    different = differences(name, expected[name], seen)
                print("\n".join(different) if different else f"{name} {seen.word}, as expected", flush=True)
                if record:
                    print(recorded(name, seen), file=record, flush=True)
                found += different
    finally:
        if server:
            server.process.terminate()
            server.process.wait(60)
    print(f"{len(found)} differences from {Path(__file__).with_name('expected.txt').name}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
