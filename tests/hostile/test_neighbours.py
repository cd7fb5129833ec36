"""Promises 1, 4 and 7 between scripts: two that run at the same time don't see, hear or hinder each other."""

import pytest
from hostile import NEEDS_ROOT, assert_ends_as_promised
from programs import Program
from residents import resident

pytestmark = NEEDS_ROOT

ONLY_STAYS = """
    def prepare(): pass
    def finish(_): return True
    """

# What the victim does before and after; what the attacker does meanwhile, and what comes of it.
PAIRS = {
    "kills everything": ("""
        def prepare():
            pid = os.fork()
            while pid == 0: signal.pause()
            return pid
        def finish(pid): return os.waitpid(pid, os.WNOHANG) == (0, 0)""", """
        import signal
        def main(victim):
            others = [pid for pid in range(2, 70_000) if pid != os.getpid()]
            attempt(os.kill, -1, signal.SIGKILL)
            return reached(lambda pid: os.kill(pid, signal.SIGKILL), [*others, victim, -victim])""", []),
    "looks for files": ("""
        def prepare():
            for path in ("/tmp/neighbour", "/dev/shm/neighbour", "/dev/shm/sem.neighbour"): open(path, "w").write("x")
        def finish(_): return [read(path) for path in ("/tmp/neighbour", "/dev/shm/neighbour")] == [b"x", b"x"]""", """
        def main(victim):
            return [reached(os.remove, ["/tmp/neighbour", "/dev/shm/neighbour", "/dev/shm/sem.neighbour"]),
                    os.listdir("/tmp"), os.listdir("/dev/shm"), reached(os.listdir, [f"/proc/{victim}/root/tmp"])]
        """, [[], [], [], []]),
    "opens its shared memory": ("""
        from multiprocessing import shared_memory
        def prepare():
            block = shared_memory.SharedMemory("neighbour", create=True, size=16)
            block.buf[:1] = b"x"
            return block
        def finish(block): return bytes(block.buf[:1]) == b"x" """, """
        from multiprocessing import shared_memory
        def main(victim): return attempt(shared_memory.SharedMemory, "neighbour")""", "ENOENT"),
    "connects to its sockets": ("""
        import socket
        def prepare():
            lines = [socket.socket(socket.AF_UNIX) for _ in range(2)]
            for line, name in zip(lines, ("\\0neighbour", "/tmp/neighbour")):
                line.bind(name)
                line.listen()
                line.settimeout(0)
            return lines
        def finish(lines): return [attempt(line.accept) for line in lines] == ["EAGAIN"] * 2""", """
        import socket
        def main(victim):
            def connect(name): socket.socket(socket.AF_UNIX).connect(name)
            return [attempt(connect, name) for name in ("\\0neighbour", "/tmp/neighbour")]
        """, ["ECONNREFUSED", "ENOENT"]),
    "makes everybody of its uid nicer": ("""
        import resource
        def prepare(): return os.getpriority(os.PRIO_PROCESS, 0)
        def finish(before):
            return os.getpriority(os.PRIO_PROCESS, 0) == before and len(os.sched_getaffinity(0)) == os.cpu_count()""", """
        def main(victim):
            for uid in (0, 1000, os.getuid()): attempt(os.setpriority, os.PRIO_USER, uid, 19)
            os.sched_setaffinity(0, {0})
            return reached(lambda pid: os.sched_setaffinity(pid, {0}), [victim])""", []),
    "uses up what is counted by uid": ("""
        import subprocess
        def prepare(): pass
        def finish(_):
            timers = [call(222, 0, 0, ctypes.create_string_buffer(8)) for _ in range(100)]
            return [child(lambda: 7) for _ in range(5)] + sorted(set(timers)) == [7] * 5 + [0]""", """
        import signal, time
        def main(victim):
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGRTMIN])
            timers = sum(call(222, 0, 0, ctypes.create_string_buffer(8)) == 0 for _ in range(400))
            info = ctypes.create_string_buffer(bytes([34, *[0] * 7, *[255] * 4]), 128)
            for _ in range(400): call(129, os.getpid(), 34, info)
            made = 0
            try:
                while made < 500:
                    if os.fork() == 0: time.sleep(20)
                    made += 1
            except OSError: pass
            return [timers <= 256, made < 128]""", [True, True]),
    "locks the files that both can read": ("""
        import fcntl
        def prepare():
            held = [open("/dev/null", "r+b", 0), open("/usr/bin/env", "rb"), open("/etc/passwd", "rb")]
            fcntl.lockf(held[0], fcntl.LOCK_EX | fcntl.LOCK_NB)
            for file in held[1:]: fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            fcntl.lockf(0, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return held
        def finish(held): return True""", """
        import fcntl, struct
        def main(victim):
            def holder(path):
                F_WRLCK = 1
                with open(path, "rb") as file:
                    asked = fcntl.fcntl(file, fcntl.F_GETLK, struct.pack("hhqqi4x", F_WRLCK, 0, 0, 0, 0))
                return struct.unpack("hhqqi4x", asked)[0]
            F_UNLCK = 2
            with open("/dev/null", "r+b", 0) as null:
                got = [attempt(fcntl.lockf, file, fcntl.LOCK_EX | fcntl.LOCK_NB) for file in (null, 0)]
            return [got, [path for path in ("/usr/bin/env", "/etc/passwd", "/dev/null") if holder(path) != F_UNLCK]]
        """, [[None, None], []]),
    "wakes it through shared memory of the same name": ("""
        import mmap, threading
        def prepare():
            woken = []
            with open("/dev/shm/neighbour", "w+b") as file:
                file.truncate(4096)
                page = ctypes.c_uint32.from_buffer(mmap.mmap(file.fileno(), 4096))
            FUTEX_WAIT = 0
            wait = lambda: woken.append(call(202, ctypes.addressof(page), FUTEX_WAIT, 0))
            threading.Thread(target=wait, daemon=True).start()
            return woken, page
        def finish(prepared):
            woken, page = prepared
            FUTEX_WAKE = 1
            return woken == [] and call(202, ctypes.addressof(page), FUTEX_WAKE, 1000) == 1""", """
        import mmap
        def main(victim):
            with open("/dev/shm/neighbour", "w+b") as file:
                file.truncate(4096)
                page = ctypes.c_uint32.from_buffer(mmap.mmap(file.fileno(), 4096))
            FUTEX_WAKE = 1
            return call(202, ctypes.addressof(page), FUTEX_WAKE, 1000)""", 0),
    "opens, traces and reads it by its number on the host": (ONLY_STAYS, """
        def main(victim):
            return [attempt(os.pidfd_open, victim), call(101, 0x4206, victim, 0, 0), call(310, victim, 0, 1, 0, 1),
                    call(312, victim, victim, 0, 0), reached(os.listdir, [f"/proc/{victim}", f"/proc/{victim}/fd"]),
                    attempt(os.getpgid, victim)]""", ["ESRCH", "EPERM", "EPERM", "EPERM", [], "ESRCH"]),
}


@pytest.mark.parametrize("name", PAIRS)
def test_neighbour(server, assert_service_is_well, name):
    victim, attacker, result = PAIRS[name]
    with resident(server, victim) as pid:
        assert_ends_as_promised(server, Program(name, attacker, result, args=[pid]))
    assert_service_is_well()
