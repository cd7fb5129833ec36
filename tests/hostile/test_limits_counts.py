"""Promise 8, things that are counted: processes, threads, descriptors, files and their size."""

import pytest
from exact import Exact, Limit, assert_ends_exactly
from hostile import NEEDS_ROOT
from programs import named

pytestmark = NEEDS_ROOT

# Until it is refused: how many there were, and the error.
UNTIL = """
    def until_refused(action, most=100_000):
        for count in range(most):
            try: action()
            except (OSError, RuntimeError) as error:
                return [count, errno.errorcode.get(getattr(error, "errno", None), "RuntimeError")]
        return [most, "never"]
    """

PROCESSES = [
    Exact(f"{name} with a limit of {limit}", UNTIL + script, [limit - 1, error],
          limits={"processes": limit, "wall_s": 10})
    for limit in (2, 20) for name, error, script in [
        ("children that wait", "EAGAIN", """
    import time
    def main(): return until_refused(lambda: os.fork() or time.sleep(60))"""),
        ("children that nobody waits for", "EAGAIN", """
    def main(): return until_refused(lambda: os.fork() or os._exit(0))"""),
        ("threads", "RuntimeError", """
    import threading
    def main():
        ended = threading.Event()
        return until_refused(lambda: threading.Thread(target=ended.wait, daemon=True).start())"""),
    ]]

DESCRIPTORS = [
    Exact(f"descriptors of {name}", UNTIL + f"""
    import os, select, socket, tempfile
    def main():
        kept = []
        count, error = until_refused(lambda: kept.append({action}))
        return [count * {each} >= 120, count * {each} < 128, error]""", [True, True, "EMFILE"])
    for name, each, action in [
        ("copies", 1, "os.dup(0)"), ("files", 1, "os.open('/usr/bin/env', os.O_RDONLY)"), ("pipes", 2, "os.pipe()"),
        ("sockets", 2, "socket.socketpair()"), ("event counters", 1, "os.eventfd(0)"),
        ("timers", 1, "os.close(os.dup(0)) or call(283, 1, 0)"), ("epoll", 1, "select.epoll()"),
        ("memory files", 1, "os.memfd_create('m')"), ("processes", 1, "os.pidfd_open(os.getpid())"),
        ("unnamed files", 1, "tempfile.TemporaryFile()"),
    ]] + [
    Exact("descriptors that come through a socket", """
        import array, socket
        def main():
            left, right = socket.socketpair(type=socket.SOCK_SEQPACKET)
            for _ in range(4):
                socket.send_fds(left, [b"x"], [0] * 50)
                socket.recv_fds(right, 1, 50)
            return [len(reached(os.fstat, range(128))), len(reached(os.fstat, range(128, 1000)))]""", [128, 0]),
    Exact("descriptors beyond the limit", """
        def main():
            return [attempt(os.dup2, 0, number) for number in (127, 128, 999, 1000, 1 << 30)]
        """, [127, "EBADF", "EBADF", "EBADF", "EBADF"]),
]

# Each makes a file of so many bytes; the limit is 1 MB.
FILE_SIZE = [
    Limit(name, f"""
source = os.open("/usr/bin/python3.11", os.O_RDONLY)
def make(size):
    {action}
def main(size):
    try: make(size)
    except OSError as error: return errno.errorcode[error.errno]
    return os.path.getsize("file")""", [1 << 20], [(1 << 20) + 1], result=1 << 20, too_much="EFBIG",
          limits={"file_mb": 1, "wall_s": 10})
    for name, action in [
        ("truncate", "open('file', 'wb').truncate(size)"),
        ("fallocate", "os.posix_fallocate(os.open('file', 65), 0, size)"),
        ("a byte far away", "os.pwrite(os.open('file', 65), b'x', size - 1)"),
        ("append", "[os.write(os.open('file', 1089), b'x' * n) for n in (1 << 20, size - (1 << 20)) if n]"),
        ("vectors", "[os.pwritev(os.open('file', 65), [b'x'], at) for at in (0, size - 1)]"),
        ("sendfile", "fd, sent = os.open('file', 65), 0\n"
                     "    while sent < size: sent += os.sendfile(fd, source, sent, size - sent)"),
    ]]

FILES = [
    Limit(f"{name} in {folder}", f"""
        def main(count):
            for number in range(count):
                try: make(f"{folder}/{{number}}")
                except OSError as error: return errno.errorcode[error.errno]
            return "made"
        def make(name): {action}""", [4000], [4200], result="made", too_much="ENOSPC")
    for folder in ("/tmp", "/dev/shm")
    for name, action in [("files", "os.close(os.open(name, 65))"), ("FIFOs", "os.mkfifo(name)"),
                         ("directories", "os.mkdir(name)"), ("second names", "os.link(*(name, name + 'x')) "
                          "if os.path.exists(name) else os.close(os.open(name, 65))")]]


@pytest.mark.parametrize("program", PROCESSES + DESCRIPTORS, ids=named)
def test_count_ends_at_its_limit(server, assert_service_is_well, program):
    assert_ends_exactly(server, program)
    assert_service_is_well()


@pytest.mark.parametrize("program", FILE_SIZE + FILES, ids=named)
def test_files_end_at_their_limits(server, assert_service_is_well, program):
    for side in program.sides:
        assert_ends_exactly(server, side)
    assert_service_is_well()
