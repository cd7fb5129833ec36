"""How latency and CPU time grow: with clients, with the size of script, output and result."""

import statistics
import time

from load import load
from processes import spent
from scripts import HELLO
from services import Client, cellblock

CLIENTS = (1, 8, 80, 500)
SIZES = {
    "script": (("1 KB", 1_000), ("20 KB", 20_000), ("200 KB", 200_000)),
    "output": (("0", 0), ("10 KB", 10_000), ("1 MB", 1_000_000)),
    "result": (("0", 0), ("1 MB", 1_000_000), ("16 MB", 16_000_000)),
}


def script_of(kind, size):
    if kind == "script":
        return HELLO + "\n" + "x = 1  # padding\n" * ((size - len(HELLO)) // 17)
    if kind == "output":
        return f"def main():\n    print('x' * {size}, end='')\n    return 1"
    return f"def main():\n    return 'x' * {max(size - 16, 0)}"


def with_clients(seconds):
    rows = []
    with cellblock("--max-queued", "1000") as service:
        for clients in CLIENTS:
            time.sleep(2)
            cpu, faults = spent(service.process.pid)
            done = load(service, HELLO, clients, seconds)
            cpu_after, faults_after = spent(service.process.pid)
            rows.append((clients, done.rate, done.p50, done.p99, (cpu_after - cpu) * 1000 / done.requests,
                         (faults_after - faults) / done.requests, done.errors))
    return rows


def with_size(repeats):
    rows = []
    with cellblock() as service:
        client = Client(service)
        for kind, sizes in SIZES.items():
            for label, size in sizes:
                times = []
                for _ in range(repeats):
                    time.sleep(0.02)
                    times.append(client.time_of(script_of(kind, size)))
                rows.append((f"{kind} of {label}", statistics.median(times)))
    return rows


def print_tables(seconds=4, repeats=15):
    print(f"{'clients':>8}{'answers/s':>12}{'p50 ms':>10}{'p99 ms':>10}{'CPU ms':>10}{'faults':>10}{'errors':>8}")
    for row in with_clients(seconds):
        print("{:8}{:12.0f}{:10.2f}{:10.2f}{:10.2f}{:10.0f}{:8}".format(*row))
    print()
    for what, median in with_size(repeats):
        print(f"{what:24}{median:12.2f} ms")


if __name__ == "__main__":
    print_tables()
