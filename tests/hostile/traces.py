"""What a service shows of itself on the host, and what of it must be the same before and after an attack."""

import os
import re
import time
from pathlib import Path

from support import (
    FIRST_CELL_UID,
    TIME_FACTOR,
    ancestors,
    cgroup_directories,
    is_cellblock,
    mounts,
    process_table,
    start_time,
)

CELL_UIDS = range(FIRST_CELL_UID, FIRST_CELL_UID + 65_536)
# Where a file of a cell would show up if it left the cell's own mounts.
SHARED_FOLDERS = ("/", "/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/run", "/var/crash", "/var/lib/systemd/coredump")
# Mounts as cells and the jailer make them.
OWN_MOUNT = re.compile(r"^(cellblock|tmp|shm) |subset=pid")
STRAYS = "cells without a service"
# Descriptors that the jailer holds for each slot that it has ever needed.
OF_A_SLOT = re.compile(r"/slot-\d+(/|$)|^mnt:")


class Traces:
    """A comparable picture of the host; everything in it is about this service or about the uids of cells."""

    def __init__(self, server):
        self.server = server
        family, cells = processes(server)
        self.seen = {
            "ready cells and their processes": (server.pool()["ready"], len(cells)),
            STRAYS: strays(),
            "server, jailer, zygote": {pid: start_time(pid) for pid in family},
            "their descriptors": {pid: descriptors(pid) for pid in family},
            "mounts of their own": {pid: read(f"/proc/{pid}/mounts") for pid in family if has_own_mounts(pid)},
            "mounts on the host": {line for line in mounts() if OWN_MOUNT.search(line)},
            "control groups": stray_cgroups(server, cells),
            "files on the host": files_of_cells(),
            "System V objects": sysv_objects_of_cells(),
            "locks": locks_of(cells),
        }

    def difference(self):
        """What is not as it was: name → (then, at this moment)."""
        seen = Traces(self.server).seen
        # Those that were there are another's, whose service has just been killed, and may end at any time.
        seen[STRAYS] = [pid for pid in seen[STRAYS] if pid not in self.seen[STRAYS]] + self.seen[STRAYS]
        return {name: (was, seen[name]) for name, was in self.seen.items() if seen[name] != was}


def processes(server) -> tuple[list[int], set[int]]:
    """The service's own, which outlive executions, and those of cells."""
    table, root = process_table(), server.process.pid
    everyone = {pid for pid in table if pid == root or root in ancestors(pid, table)}
    cells = {pid for pid in everyone if table[pid][1] in CELL_UIDS}
    return sorted(everyone - cells), cells


def is_at_rest(server) -> bool:
    """Whether the stock has stopped growing; a cell in the making has other processes than an idle one."""
    before = server.pool()
    time.sleep(0.5 * TIME_FACTOR)
    (_, cells), after = processes(server), server.pool()
    return before == after and after["running"] == 0 and after["ready"] > 0 and len(cells) % after["ready"] == 0


def strays() -> list[int]:
    """Processes of cells that no service is the parent of any more."""
    table = process_table()
    cells = [pid for pid in table if table[pid][1] in CELL_UIDS]
    return [pid for pid in cells if not any(is_cellblock(parent) for parent in ancestors(pid, table))]


def read(path) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""


def has_own_mounts(pid: int) -> bool:
    return os.readlink(f"/proc/{pid}/ns/mnt") != os.readlink("/proc/self/ns/mnt")


def descriptors(pid: int) -> int:
    """How many; those that come with a slot are left out, since slots are made when they are needed."""
    count = 0
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            count += not OF_A_SLOT.search(os.readlink(f"/proc/{pid}/fd/{fd}"))
        except OSError:
            continue
    return count


def stray_cgroups(server, cells) -> list[str]:
    """What slots have left, slots' groups with groups below, and processes in a slot's group that belong to no cell."""
    own = re.compile(rf"/cellblock-{server.process.pid}-[^/]*$")
    tops = sorted(filter(own.search, cgroup_directories()))
    slots = [slot for top in tops for slot in os.scandir(top) if slot.name.startswith("slot-")]
    # A directory has a link for itself, its name, and each directory in it. One may just get another name.
    found = [slot.path for slot in slots if os.path.exists(slot.path) and os.stat(slot.path).st_nlink > 2]
    found += [left.path for top in tops for left in os.scandir(top) if left.name.startswith("left-")]
    # A cell is in the same slot's group of every hierarchy.
    for slot in (slot for slot in slots if slot.path.startswith(tops[0] + "/")):
        pids = map(int, read(f"{slot.path}/cgroup.procs").split())
        found += [f"{slot.path}: {pid}" for pid in pids if pid not in cells and start_time(pid)]
    return found


def files_of_cells() -> list[str]:
    found = []
    for folder in filter(os.path.isdir, SHARED_FOLDERS):
        for entry in os.scandir(folder):
            try:
                found += [entry.path] if entry.stat(follow_symlinks=False).st_uid in CELL_UIDS else []
            except OSError:
                continue
    return sorted(found)


def sysv_objects_of_cells() -> list[str]:
    found = []
    for kind in ("shm", "sem", "msg"):
        header, *objects = read(f"/proc/sysvipc/{kind}").splitlines() or [""]
        for line in objects:
            owner = dict(zip(header.split(), line.split()))
            found += [line] if any(int(owner[key]) in CELL_UIDS for key in ("uid", "cuid")) else []
    return found


def locks_of(cells) -> list[str]:
    holders = {f" {pid} " for pid in cells}
    return [line for line in read("/proc/locks").splitlines() if any(holder in line for holder in holders)]
