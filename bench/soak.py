"""Many executions one after the other: nothing may grow. python3 bench/soak.py [EXECUTIONS]"""

import os
import sys
import time
from pathlib import Path

from load import load
from processes import family, resident_bytes
from scripts import GROUPBY, HELLO
from services import cellblock


def dying_cgroups():
    """Memory cgroups that the kernel still holds; None where it does not say."""
    try:
        lines = Path("/proc/cgroups").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("memory")).split()[2])
    except (OSError, StopIteration):
        return None


def state(service):
    pids = family(service.process.pid)
    fixed = [pid for pid in pids if (Path(f"/proc/{pid}/comm").read_text().strip() in
                                     ("cellblock", "cellblock-jaile", "cellblock-zygot"))]
    return {"processes": len(pids), "memory of the server, MB": resident_bytes(service.process.pid) / (1 << 20),
            "memory of its helpers, MB": sum(map(resident_bytes, fixed)) / (1 << 20),
            "descriptors of the server": len(os.listdir(f"/proc/{service.process.pid}/fd")),
            "mounts of the host": len(Path("/proc/self/mounts").read_text().splitlines()),
            "memory cgroups": dying_cgroups()}


def main():
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    with cellblock() as service:
        done = errors = turn = 0
        header = False
        while done < wanted:
            rest = load(service, HELLO if turn % 4 else GROUPBY, 16, 20)
            done, errors, turn = done + rest.requests, errors + rest.errors, turn + 1
            time.sleep(3)  # the stock fills up again
            row = {"executions": done, "errors": errors, "p50, ms": rest.p50, **state(service)}
            if not header:
                print(", ".join(row))
                header = True
            print(", ".join(f"{value:.2f}" if isinstance(value, float) else str(value) for value in row.values()),
                  flush=True)


if __name__ == "__main__":
    main()
