"""Measures cellblock beside what users would otherwise run, in interleaved rounds, and prints the table.

Absolute times depend on the machine and on the minute; the ratios of one run are what counts. Each figure is
the median over the rounds.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time

import growth
import memory
import start
from load import load
from processes import spent
from scripts import SCRIPTS
from services import Client, cellblock, flask_bwrap

OURS, PEER = "cellblock", "Flask + bubblewrap"
# Between two requests of a client that pauses.
PAUSE_MS = 10
# What one client's request may take: so many times the bare script, and so many milliseconds besides.
LIMITS = {"hello": (3, 0.3), "numpy+pandas": (1.5, 0)}
# What the project wants of each ratio.
AIMS = {
    "time, 1 client / its limit": {"hello": "<= 1", "numpy+pandas": "<= 1"},
    "p99 / p50, 1 client": {"hello": "<= 4", "numpy+pandas": "<= 4"},
    "answers/s, cellblock / Flask + bubblewrap": {"hello": ">= 15", "numpy+pandas": ">= 40"},
    "p99 / p50, many clients": {"hello": "<= 2", "numpy+pandas": "<= 2"},
}


def in_process_ms(script):
    """The script in a warm process without any isolation: the least that it can cost here."""
    names = {"__name__": "script"}
    began = time.perf_counter()
    exec(compile(SCRIPTS[script], "<script>", "exec"), names)
    json.dumps(names["main"]())
    return (time.perf_counter() - began) * 1000


def in_process_median(script, pause_ms=0):
    """Under the same pauses as the requests that it is compared with: they cool the CPU's caches down, which
    makes a short script several times as slow, whoever runs it."""
    times = []
    for _ in range(100):
        times.append(in_process_ms(script))
        time.sleep(pause_ms / 1000)
    return statistics.median(times)


def bare_python_ms(script):
    began = time.perf_counter()
    subprocess.run([sys.executable, "-I", "-c", SCRIPTS[script] + "\nmain()"], check=True)
    return (time.perf_counter() - began) * 1000


class Figures:
    def __init__(self):
        self.values = {}

    def note(self, name, script, value):
        self.values.setdefault(name, {}).setdefault(script, []).append(value)

    def median(self):
        return {name: {script: statistics.median(values) for script, values in row.items()}
                for name, row in self.values.items()}


def one_round(figures, ours, peer, script, options):
    in_process_ms(script)
    figures.note("in-process, no isolation", script, in_process_median(script, PAUSE_MS))
    figures.note("in-process, no isolation, no pause", script, in_process_median(script))
    figures.note("bare python3 per request", script, statistics.median(bare_python_ms(script) for _ in range(3)))
    Client(ours).ask(script)
    Client(peer).ask(script)
    time.sleep(1.5)
    paced = load(ours, SCRIPTS[script], 1, options.seconds, PAUSE_MS)
    figures.note(f"{OURS}, 1 client", script, paced.p50)
    figures.note(f"{OURS}, 1 client, p99", script, paced.p99)
    # More requests than there are ready cells: half of the time is the making of the next ones.
    figures.note(f"{OURS}, 1 client, no pause", script, load(ours, SCRIPTS[script], 1, 1).p50)
    figures.note(f"{PEER}, 1 client", script, load(peer, SCRIPTS[script], 1, 2).p50)
    for service, name in ((ours, OURS), (peer, PEER)):
        cpu, faults = spent(service.process.pid)
        done = load(service, SCRIPTS[script], options.clients, options.seconds)
        figures.note(f"{name}, {options.clients} clients, answers/s", script, done.rate)
        figures.note(f"{name}, {options.clients} clients", script, done.p50)
        figures.note(f"{name}, {options.clients} clients, p99", script, done.p99)
        if service is not ours:
            continue
        if done.errors:
            raise SystemExit(f"bench: {done.errors} errors under load")
        cpu_after, faults_after = spent(service.process.pid)
        figures.note("CPU ms for each execution", script, (cpu_after - cpu) * 1000 / done.requests)
        figures.note("page faults for each execution", script, (faults_after - faults) / done.requests)


def measure(options):
    figures = Figures()
    with cellblock() as ours, flask_bwrap() as peer:
        for number in range(options.rounds):
            print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
            for script in SCRIPTS:
                one_round(figures, ours, peer, script, options)
    return with_limits(figures.median())


def limit_ms(script, in_process):
    times, besides = LIMITS[script]
    return times * in_process + besides


def with_limits(median):
    """The figures, and what the bare script's time allows one client's to be."""
    for pause in ("", ", no pause"):
        bare = median[f"in-process, no isolation{pause}"]
        median[f"limit for 1 client{pause}"] = {script: limit_ms(script, bare[script]) for script in SCRIPTS}
    return median


def ratios(median, clients):
    many = f"{OURS}, {clients} clients"
    of = {"time, Flask + bubblewrap / cellblock": (f"{PEER}, 1 client", f"{OURS}, 1 client"),
          "time, cellblock / in-process": (f"{OURS}, 1 client", "in-process, no isolation"),
          "time, 1 client / its limit": (f"{OURS}, 1 client", "limit for 1 client"),
          "time, 1 client, no pause / its limit": (f"{OURS}, 1 client, no pause", "limit for 1 client, no pause"),
          "p99 / p50, 1 client": (f"{OURS}, 1 client, p99", f"{OURS}, 1 client"),
          "answers/s, cellblock / Flask + bubblewrap": (f"{many}, answers/s", f"{PEER}, {clients} clients, answers/s"),
          "p99 / p50, many clients": (f"{many}, p99", many)}
    return {what: {script: median[above][script] / median[below][script] for script in SCRIPTS}
            for what, (above, below) in of.items()}


def print_table(median, clients):
    print(f"{'median of the rounds (ms unless said)':46}" + "".join(f"{script:>16}" for script in SCRIPTS))
    for name, row in median.items():
        print(f"{name:46}" + "".join(f"{row[script]:16.2f}" for script in SCRIPTS))
    print()
    for what, row in ratios(median, clients).items():
        aims = AIMS.get(what, {})
        print(f"{what:46}" + "".join(f"{row[script]:15.1f}x" for script in SCRIPTS)
              + ("   aim " + ", ".join(aims.values()) if aims else ""))


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--clients", type=int, default=80)
    options.add_argument("--seconds", type=int, default=4)
    options.add_argument("--sleepers", type=int, default=1000, help="executions at once for the memory figures")
    options.add_argument("--table-only", action="store_true", help="without memory, start and growth")
    options.add_argument("--figures", help="also write the figures to this file, for picture.py")
    given = options.parse_args()
    median = measure(given)
    print_table(median, given.clients)
    if given.figures:
        with open(given.figures, "w") as target:
            json.dump({"scripts": list(SCRIPTS), "clients": given.clients, "rounds": given.rounds, "median": median},
                      target, indent=1)
            target.write("\n")
    if given.table_only:
        return
    print()
    for what, figure in {**start.measure(), **memory.measure(given.sleepers)}.items():
        print(f"{what:46}{figure:16.2f}")
    print()
    growth.print_tables()


if __name__ == "__main__":
    main()
