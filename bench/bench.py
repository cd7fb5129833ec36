"""Measures cellblock beside what users would otherwise run, in interleaved rounds, and prints the table.

Absolute times depend on the machine and on the minute; the ratios of one run are what counts. Each figure is
the median over the rounds.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time

from scripts import SCRIPTS
from services import Client, cellblock, flask_bwrap


def in_process_ms(script):
    """The script in a warm process without any isolation: the least that it can cost here."""
    names = {"__name__": "script"}
    start = time.perf_counter()
    exec(compile(SCRIPTS[script], "<script>", "exec"), names)
    json.dumps(names["main"]())
    return (time.perf_counter() - start) * 1000


def bare_python_ms(script):
    start = time.perf_counter()
    subprocess.run([sys.executable, "-I", "-c", SCRIPTS[script] + "\nmain()"], check=True)
    return (time.perf_counter() - start) * 1000


def burst(client, script, count, pause):
    times = []
    for _ in range(count):
        times.append(client.ask(script))
        time.sleep(pause)
    return times


def throughput(service, script, clients, seconds):
    """Answers per second and the median time, by wrk."""
    body = json.dumps(json.dumps({"script": SCRIPTS[script]}))
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as program:
        program.write(f'wrk.method = "POST"\nwrk.body = {body}\nwrk.headers["Content-Type"] = "application/json"\n'
                      'function done(summary, latency)\n'
                      '  local e = summary.errors\n'
                      '  io.write(string.format("RESULT %d %d %d %d\\n", summary.requests, summary.duration,\n'
                      '    latency:percentile(50), e.connect + e.read + e.write + e.status + e.timeout))\nend\n')
        program.flush()
        done = subprocess.run(["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--timeout", "60s", "-s", program.name,
                               f"http://127.0.0.1:{service.port}/execute"], capture_output=True, text=True, check=True)
    line = next(line for line in done.stdout.splitlines() if line.startswith("RESULT"))
    requests, duration_us, median_us, errors = map(int, line.split()[1:])
    return requests / (duration_us / 1e6), median_us / 1000, errors


def measure(rounds, clients, seconds):
    figures = {}

    def note(name, script, value):
        figures.setdefault((name, script), []).append(value)

    with cellblock() as ours, flask_bwrap() as peer:
        one, other = Client(ours), Client(peer)
        for number in range(rounds):
            print(f"round {number + 1} of {rounds}", file=sys.stderr)
            for script in SCRIPTS:
                in_process_ms(script)
                note("in-process, no isolation", script, statistics.median(in_process_ms(script) for _ in range(30)))
                note("bare python3 per request", script, statistics.median(bare_python_ms(script) for _ in range(3)))
                time.sleep(1)
                times = burst(one, script, 60, 0.01)
                note("cellblock, 1 client", script, statistics.median(times))
                note("cellblock, 1 client, p99", script, sorted(times)[-1])
                note("cellblock, 1 client, no pause", script, statistics.median(burst(one, script, 200, 0)))
                note("Flask + bubblewrap, 1 client", script, statistics.median(burst(other, script, 5, 0)))
                for service, name in ((ours, "cellblock"), (peer, "Flask + bubblewrap")):
                    rate, median, errors = throughput(service, script, clients, seconds)
                    note(f"{name}, {clients} clients, answers/s", script, rate)
                    note(f"{name}, {clients} clients", script, median)
                    if errors and service is ours:
                        raise SystemExit(f"bench: {errors} errors under load")
    return {key: statistics.median(values) for key, values in figures.items()}


def print_table(figures, clients):
    names = list(dict.fromkeys(name for name, _ in figures))
    print(f"{'median of the rounds (ms unless said)':44}" + "".join(f"{script:>16}" for script in SCRIPTS))
    for name in names:
        print(f"{name:44}" + "".join(f"{figures[name, script]:16.2f}" for script in SCRIPTS))
    print()

    def ratio(text, above, below):
        print(f"{text:44}" + "".join(f"{figures[above, s] / figures[below, s]:15.1f}x" for s in SCRIPTS))

    ratio("latency, Flask + bubblewrap / cellblock", "Flask + bubblewrap, 1 client", "cellblock, 1 client")
    ratio("latency, cellblock / in-process", "cellblock, 1 client", "in-process, no isolation")
    ratio("throughput, cellblock / Flask + bubblewrap", f"cellblock, {clients} clients, answers/s",
          f"Flask + bubblewrap, {clients} clients, answers/s")


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--clients", type=int, default=80)
    options.add_argument("--seconds", type=int, default=4)
    given = options.parse_args()
    print_table(measure(given.rounds, given.clients, given.seconds), given.clients)


if __name__ == "__main__":
    main()
