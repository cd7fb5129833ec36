"""Promise 8, memory of the kernel: what a cell makes the kernel keep is charged to the cell or refused."""

import pytest
from exact import Exact, Limit, assert_ends_exactly
from hostile import NEEDS_ROOT
from programs import named
from support import TIME_FACTOR

pytestmark = NEEDS_ROOT
LIMITS = {"memory_mb": 24, "wall_s": 15}

# Each takes how much of it to make; 24 MB lie between the two numbers.
CHARGED = [
    Limit("page tables", """
        import mmap
        def main(tables):
            NORESERVE = 0x4000
            sparse = mmap.mmap(-1, 1 << 39, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | NORESERVE)
            for number in range(tables): sparse[number << 21]
            return "made" """, [2000], [10_000], "memory_limit", "made", limits=LIMITS),
    Limit("full pipes", """
        import fcntl
        def main(pipes):
            for _ in range(pipes):
                fd = os.pipe()[1]
                fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, 1 << 20)
                os.write(fd, b"x" * (1 << 20))
            return "made" """, [8], [40], "memory_limit", "made", limits=LIMITS),
    Limit("full sockets", """
        import socket
        def main(pairs):
            kept = [socket.socketpair() for _ in range(pairs)]
            for end in (end for pair in kept for end in pair):
                end.setblocking(False)
                end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 200_000)
                try:
                    while True: end.send(b"x" * 16_384)
                except BlockingIOError: pass
            return "made" """, [6], [60], "memory_limit", "made", limits=LIMITS),
    Limit("sockets full of tiny datagrams", """
        import socket
        def main(pairs):
            kept = [socket.socketpair(type=socket.SOCK_SEQPACKET) for _ in range(pairs)]
            for end in (end for pair in kept for end in pair):
                end.setblocking(False)
                end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 200_000)
                try:
                    while True: end.send(b"x")
                except BlockingIOError: pass
            return "made" """, [6], [60], "memory_limit", "made", limits=LIMITS),
    Limit("long symbolic links", """
        def main(links):
            for number in range(links): os.symlink("x" * 4000, f"{('/tmp', '/dev/shm')[number % 2]}/{number}")
            return "made" """, [1000], [8000], "memory_limit", "made", limits={**LIMITS, "memory_mb": 16}),
]

REFUSED = [
    Exact("POSIX timers", """
        def main():
            made = 0
            while call(222, 0, 0, ctypes.create_string_buffer(8)) == 0: made += 1
            return [0 < made <= 256, call(222, 0, 0, ctypes.create_string_buffer(8))]""", [True, "EAGAIN"]),
    Exact("POSIX timers in twenty children", """
        def main():
            def fill():
                made = 0
                while call(222, 0, 0, ctypes.create_string_buffer(8)) == 0: made += 1
                os.write(writable, made.to_bytes(4, "little"))
                os.read(os.pipe()[0], 1)
            readable, writable = os.pipe()
            for _ in range(20):
                if os.fork() == 0: fill()
            return sum(int.from_bytes(os.read(readable, 4), "little") for _ in range(20)) <= 256""", True),
    Exact("queued signals", """
        import signal
        def main():
            signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
            info = (ctypes.c_int * 32)(40, 0, -1)
            sent = 0
            while call(129, os.getpid(), 40, info) == 0: sent += 1
            return [0 < sent <= 256, call(129, os.getpid(), 40, info)]""", [True, "EAGAIN"]),
    Exact("descriptors in flight", """
        import socket
        def main():
            left, right = socket.socketpair(type=socket.SOCK_SEQPACKET)
            left.setblocking(False)
            sent = 0
            try:
                while sent < 100_000:
                    socket.send_fds(left, [b"x"], [right.fileno()] * 100)
                    sent += 100
            except OSError as error: return [errno.errorcode[error.errno], sent <= 256]""", ["ETOOMANYREFS", True]),
    Exact("sockets in flight that hold each other", """
        import socket
        def main():
            for _ in range(5000):
                left, right = socket.socketpair()
                for end in (left, right): attempt(socket.send_fds, end, [b"x"], [left.fileno(), right.fileno()])
                left.close()
                right.close()
            return "done" """, "done", limits={**LIMITS, "wall_s": 30}),
    Exact("queues, watches, attributes, keys", """
        def main():
            return [call(240, b"/queue", 0o102, 0o600), call(68, 0, 0o1600), call(64, 0, 1, 0o1600),
                    call(29, 0, 4096, 0o1600), call(253), call(294, 0), call(188, b"/tmp", b"user.a", b"x", 1, 0),
                    call(248, b"user", b"k", b"v", 1, -3)]""", ["EPERM"] * 6 + ["ENOTSUP", "EPERM"]),
]


@pytest.mark.parametrize("program", CHARGED, ids=named)
def test_memory_of_the_kernel_counts(server, assert_service_is_well, program):
    for side in program.sides:
        assert_ends_exactly(server, side)
    assert_service_is_well()


@pytest.mark.parametrize("program", REFUSED, ids=named)
def test_what_is_not_charged_is_refused_at_a_limit(server, assert_service_is_well, program):
    assert_ends_exactly(server, program)
    assert_service_is_well()


def test_records_of_locks_are_few(server, assert_service_is_well):
    """The kernel keeps some 200 bytes for each and charges them to nobody, so that their number must have a bound."""
    answer = server.run("""
        import fcntl, os, struct, time
        def main():
            held, end = 0, time.monotonic() + 2
            files = [os.open(str(number), os.O_RDWR | os.O_CREAT) for number in range(100)]
            for start in range(2000, 0, -2):
                record = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, start, 1, 0)
                for fd in files:
                    try: fcntl.fcntl(fd, fcntl.F_SETLK, record)
                    except OSError: return held
                    held += 1
                if time.monotonic() > end: break
            return held""", limits={"memory_mb": 16})
    assert answer.status == "memory_limit" or answer.result < 32_768, answer
    assert_service_is_well()


def test_names_that_do_not_exist_cost_nothing(server, assert_service_is_well):
    answer = assert_ends_exactly(server, Exact("asks for 300,000 long names", """
        def main():
            for number in range(300_000):
                try: os.stat(f"/tmp/{'x' * 200}{number}")
                except OSError: pass
            return "done" """, "done", limits={**LIMITS, "wall_s": 30}))
    assert answer.body["usage"]["memory_peak_kb"] < 24 << 10
    assert_service_is_well()
