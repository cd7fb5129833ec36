"""What the kernel says of a service's processes."""

import os
import re
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def _stat(pid):
    text = Path(f"/proc/{pid}/stat").read_text()
    return text[text.rindex(")") + 2:].split()


def family(root):
    """The process and all below it."""
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                parents[int(entry)] = int(_stat(entry)[1])
            except OSError:
                continue
    found = {root}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def name(pid):
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def spent(root):
    """CPU seconds and page faults of the processes that live through a run, with those of their children that have
    ended: the server, the jailer and the zygotes, who reap all others."""
    seconds = faults = 0
    for pid in family(root):
        if not name(pid).startswith(("cellblock-jaile", "cellblock-zygot")) and pid != root:
            continue
        try:
            fields = _stat(pid)
        except OSError:
            continue
        faults += int(fields[7]) + int(fields[8])
        seconds += sum(int(field) for field in fields[11:15]) / TICKS
    return seconds, faults


def private_bytes(pid):
    """Memory that goes when the process does."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(int(kilobytes) << 10 for kilobytes in re.findall(r"^Private_\w+:\s+(\d+) kB", text, re.M))


def resident_bytes(pid):
    return int(re.search(r"^VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.M)[1]) << 10


def available_bytes():
    return int(re.search(r"^MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text(), re.M)[1]) << 10
