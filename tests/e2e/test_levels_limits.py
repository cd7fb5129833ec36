"""The bounds of the weaker levels, where no cgroup keeps them."""

import errno
import os
import subprocess
import sys
import textwrap

import pytest
from support import eventually, inside
from weaker_service import NOBODY, cells_of

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="takes rights away, which root alone can")


KEYS = """
    import ctypes, select, sys
    libc = ctypes.CDLL(None)
    ADD_KEY, SESSION = 248, -3
    count = 0
    # Those too that ended cells give back.
    while not select.select([sys.stdin], [], [], 0.001)[0]:
        before = count
        while libc.syscall(ADD_KEY, b"user", b"cellblock-%d" % count, b"x", 1, SESSION) >= 0: count += 1
        if before == 0: print(count, flush=True)
    """


def test_cells_are_made_when_their_user_has_no_keys_left(weaker):
    """Each would take a session keyring, and all users of a number on the host share 200 keys."""
    with subprocess.Popen([*NOBODY, sys.executable, "-c", textwrap.dedent(KEYS)], text=True,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as taking:
        assert int(taking.stdout.readline()) > 0
        # Many more than are in stock.
        for number in range(40):
            assert inside(weaker, f"def main(): return {number}") == number
        eventually(lambda: weaker.client.get("/health").status_code == 200, 5, "cells can be made")
        taking.stdin.close()


FORK_BOMB = """
    import os
    def main():
        while True:
            try: os.fork()
            except OSError: pass
    """
DAEMON = """
    import os, signal, time
    def main():
        for _ in range(5):
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    for number in range(1, 32):
                        try: signal.signal(number, signal.SIG_IGN)
                        except OSError: pass
                    time.sleep(1000)
                os._exit(0)
        return "left"
    """


@pytest.mark.parametrize("script, status", [(FORK_BOMB, {"timeout", "cpu_limit"}), (DAEMON, {"ok"})], ids=["fork bomb", "daemons"])
def test_nothing_of_an_attack_is_left(weaker, script, status):
    answer = weaker.run(script, limits={"wall_s": 2})
    assert answer.status in status, answer
    assert inside(weaker, "def main(): return 40 + 2") == 42
    eventually(lambda: len(cells_of(weaker)) == weaker.pool()["ready"], 10, "only ready cells have processes")


def test_limits_hold_without_cgroups(weaker):
    bomb = "def main():\n    held = []\n    while True: held.append(b'x' * 10_000_000)"
    assert weaker.run(bomb).status == "memory_limit"
    assert weaker.run("def main(): return len(b'x' * 100_000_000)").status == "ok"
    assert weaker.run("def main():\n    while True: pass", limits={"cpu_s": 1}).status == "cpu_limit"


def test_threads_fit_into_the_memory_without_cgroups(weaker):
    """A thread's stack counts with its whole size, not with what it has touched."""
    assert inside(weaker, """
        import threading
        def deep(levels): return levels and deep(levels - 1)
        def main(count):
            go, ends = threading.Event(), []
            def wait():
                go.wait()
                ends.append(deep(900))
            threads = [threading.Thread(target=wait) for _ in range(count)]
            for thread in threads: thread.start()
            go.set()
            for thread in threads: thread.join()
            return len(ends)
        """, args=[70]) == 70


CHILDREN = """
    import os, time
    def main(count, megabytes):
        for _ in range(count):
            if os.fork() == 0:
                held = b"x" * (megabytes << 20)
                time.sleep(5)
                os._exit(len(held) & 0)
        time.sleep(4)
        return "held"
    """
SPINNERS = """
    import os, time
    def main():
        for _ in range(4):
            if os.fork() == 0:
                while True: pass
        time.sleep(5)
    """
FILES = """
    def main(count, megabytes):
        for number in range(count):
            with open(str(number), "wb") as file:
                for _ in range(megabytes): file.write(b"x" * (1 << 20))
        import time
        time.sleep(1)
        return count
    """


def test_sums_over_processes_and_files_are_bounded_without_cgroups(weaker):
    assert weaker.run(CHILDREN, args=[3, 40], limits={"wall_s": 8}).result == "held"
    assert weaker.run(CHILDREN, args=[6, 60], limits={"wall_s": 8}).status == "memory_limit"
    assert weaker.run(SPINNERS, limits={"cpu_s": 1, "wall_s": 8}).status == "cpu_limit"
    assert inside(weaker, FILES, args=[5, 9]) == 5
    too_much = weaker.run(FILES, args=[60, 9])
    assert too_much.status == ("exception" if weaker.level == "full" else "memory_limit"), too_much
    too_many = weaker.run(FILES, args=[5000, 0])
    assert too_many.status == ("exception" if weaker.level == "full" else "memory_limit"), too_many


# Memory that no process has mapped, that is only read, and that is measured by a process with the script's user.
BLIND = """
import resource
def blind():
    try: resource.prlimit(1, resource.RLIMIT_NOFILE, (0, 0))
    except OSError as error: return error.errno
"""
TABLES = """
    import ctypes, mmap, time
    def main(tables):
        STEP, MADV_NOHUGEPAGE = 1 << 21, 15
        sparse = mmap.mmap(-1, tables * STEP, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, mmap.PROT_READ)
        sparse.madvise(MADV_NOHUGEPAGE)
        read = sum(sparse[number * STEP] for number in range(tables))
        time.sleep(4)
        return read
    """
UNMAPPED = """
    import ctypes, mmap, os, time
    def main(megabytes):
        MADV_DONTNEED, SHARED = 4, 1
        libc = ctypes.CDLL(None, use_errno=True)
        libc.mmap.restype = ctypes.c_void_p
        libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
        refused = []
        for path, kind in ((None, SHARED | 0x20), ("/dev/zero", SHARED)):
            try: fd = os.open(path, os.O_RDWR) if path else -1
            except OSError as error:
                refused.append(error.errno)
                continue
            for _ in range(megabytes // 8):
                at = libc.mmap(None, 8 << 20, 3, kind, fd, 0)
                if at == ctypes.c_void_p(-1).value:
                    refused.append(ctypes.get_errno())
                    break
                ctypes.memset(at, 1, 8 << 20)
                libc.madvise(ctypes.c_void_p(at), ctypes.c_size_t(8 << 20), MADV_DONTNEED)
        time.sleep(4)
        return refused
    """


def test_memory_that_no_process_seems_to_hold_is_bounded_without_cgroups(weaker):
    assert weaker.run(TABLES, args=[5000]).status == "ok"
    assert weaker.run(TABLES, args=[100_000]).status == "memory_limit"
    assert inside(weaker, UNMAPPED, args=[600]) == [errno.EPERM, errno.EACCES]
    private = "import mmap\ndef main(): return len(mmap.mmap(-1, 1 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))"
    assert inside(weaker, private) == 1 << 20


def test_who_measures_can_not_be_blinded(weaker):
    assert inside(weaker, BLIND + "def main(): return blind()") == errno.EPERM
    blinding = BLIND + textwrap.dedent(CHILDREN).replace("for _ in", "blind()\n    for _ in")
    assert weaker.run(blinding, args=[6, 60], limits={"wall_s": 8}).status == "memory_limit"
