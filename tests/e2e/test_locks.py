"""A lock of one cell is invisible to another that runs at the same time, and to the host."""

import fcntl
import os
import struct
import threading

from support import eventually, inside

READABLE = ["/", "/usr", "/usr/lib", "/usr/bin/env", "/usr/lib/python3.11/os.py", "/etc", "/etc/passwd", "/dev", "/proc",
            "/tmp", "/dev/shm", "/dev/random", "/dev/urandom"]
WRITABLE = ["/dev/null", "/dev/zero", "/dev/full"]
HOLD = """
    import fcntl, os, struct, time
    def main(readable, writable):
        held = 0
        for path in readable + writable:
            file = os.open(path, os.O_RDWR if path in writable else os.O_RDONLY)
            kind = fcntl.F_WRLCK if path in writable else fcntl.F_RDLCK
            fcntl.fcntl(file, fcntl.F_SETLK, struct.pack("hhqqi", kind, 0, 0, 0, 0))
            fcntl.flock(file, fcntl.LOCK_EX)
            held += 1
        time.sleep(2)
        return held
    """
LOOK = """
    import fcntl, os, struct
    def main(paths):
        seen = []
        for path in paths:
            file = os.open(path, os.O_RDONLY)
            question = struct.pack("hhqqi", fcntl.F_WRLCK, 0, 0, 0, 0)
            if struct.unpack("hhqqi", fcntl.fcntl(file, fcntl.F_GETLK, question))[0] != fcntl.F_UNLCK: seen.append(path)
            try: fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError: seen.append(path + " by flock")
        return seen
    """


def locks_seen_on_the_host() -> list[str]:
    seen = []
    for path in READABLE[:7] + WRITABLE:
        file = os.open(path, os.O_RDONLY)
        try:
            question = struct.pack("hhqqi", fcntl.F_WRLCK, 0, 0, 0, 0)
            if struct.unpack("hhqqi", fcntl.fcntl(file, fcntl.F_GETLK, question))[0] != fcntl.F_UNLCK:
                seen.append(path)
        finally:
            os.close(file)
    return seen


def test_locks_reach_neither_another_cell_nor_the_host(server):
    held = []
    holder = threading.Thread(target=lambda: held.append(inside(server, HOLD, args=[READABLE, WRITABLE])))
    before = locks_seen_on_the_host()
    holder.start()
    eventually(lambda: server.pool()["running"] == 1, 5, "the holder runs")
    for _ in range(3):
        assert inside(server, LOOK, args=[READABLE + WRITABLE]) == []
        assert locks_seen_on_the_host() == before
    holder.join()
    assert held == [len(READABLE) + len(WRITABLE)]
