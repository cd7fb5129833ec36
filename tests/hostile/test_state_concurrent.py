"""Promise 10, side by side: what one cell holds, a cell that runs at the same time and the host do not notice."""

import fcntl
import os
import struct

import pytest
from crowd import Client, ask
from hostile import NEEDS_ROOT
from programs import TOOLS
from support import TIME_FACTOR, eventually, inside

pytestmark = NEEDS_ROOT

HEAD = TOOLS + """
import fcntl, multiprocessing.shared_memory, signal, socket, struct, time
# Where no cgroup counts memory, /dev/zero can only be read.
WRITABLE = [p for p in ("/dev/null", "/dev/zero", "/dev/full") if attempt(lambda: os.close(os.open(p, os.O_RDWR))) is None]
READABLE = ["/", "/usr", "/usr/bin", "/etc", "/dev", "/proc", "/usr/bin/env", "/usr/bin/python3.11", "/etc/passwd",
            "/etc/ld.so.cache", "/dev/random", "/dev/urandom", os.__file__]
if attempt(os.listdir, "/") == "EACCES":  # as at level restricted
    READABLE = reached(lambda p: os.close(os.open(p, os.O_RDONLY)), READABLE)
FILES = [(os.open(p, os.O_RDWR if p in WRITABLE else os.O_RDONLY), p in WRITABLE) for p in READABLE + WRITABLE]
def record(kind, start=0, length=0): return struct.pack("hhqqi4x", kind, 0, start, length, 0)
def is_locked(fd, command, start=0, length=0):
    return struct.unpack("hhqqi4x", fcntl.fcntl(fd, command, record(fcntl.F_WRLCK, start, length)))[0] != fcntl.F_UNLCK
timer = (ctypes.c_int * 2)()
NICE = os.nice(0)  # the service's own, or the lowest
def pipe():
    ends = os.pipe()
    size = fcntl.fcntl(ends[1], fcntl.F_SETPIPE_SZ, 1 << 20)
    os.closerange(ends[0], ends[1] + 1)
    return [size] * (size != 1 << 20)
GETLK, SETLK, OFD_GETLK, OFD_SETLK = 5, 6, 36, 37
"""

# What one cell takes and keeps; what the other looks for all the time, and must not find.
HELD = {
    "locks of processes": (
        "[fcntl.fcntl(fd, SETLK, record(1 if writes else 0)) for fd, writes in FILES]",
        "[fd for fd, _ in FILES if is_locked(fd, GETLK) or is_locked(fd, OFD_GETLK)]"),
    "locks of open files": (
        "[fcntl.fcntl(fd, OFD_SETLK, record(1 if writes else 0)) for fd, writes in FILES]",
        "[fd for fd, _ in FILES if is_locked(fd, GETLK) or is_locked(fd, OFD_GETLK)]"),
    "locks of single bytes far away": (
        "[fcntl.fcntl(fd, SETLK, record(1 if writes else 0, 1 << 40, 1)) for fd, writes in FILES]",
        "[fd for fd, _ in FILES if is_locked(fd, GETLK, 1 << 40, 1)]"),
    "locks of whole files": (
        "[attempt(fcntl.flock, fd, fcntl.LOCK_EX | fcntl.LOCK_NB) for fd, _ in FILES]",
        "[fd for fd, _ in FILES if attempt(fcntl.flock, fd, fcntl.LOCK_EX | fcntl.LOCK_NB) == 'EAGAIN']"),
    "leases": (
        "[attempt(fcntl.fcntl, fd, 1024, fcntl.F_RDLCK) for fd, _ in FILES]",
        "[p for p in WRITABLE if attempt(lambda: os.close(os.open(p, os.O_NONBLOCK | os.O_WRONLY))) is not None]"),
    "files": ("[open(f'{d}/of-a-neighbour', 'w') for d in ('/tmp', '/dev/shm')]",
              "[p for p in os.listdir('/tmp') + os.listdir('/dev/shm') if 'neighbour' in p]"),
    "abstract sockets": ("(s := socket.socket(1), s.bind(chr(0) + 'neighbour'), s.listen())",
                         "[0] * (attempt(socket.socket(1).connect, chr(0) + 'neighbour') != 'ECONNREFUSED')"),
    "sockets in the file system": ("(s := socket.socket(1), s.bind('/tmp/neighbour'), s.listen())",
                                   "[0] * (attempt(socket.socket(1).connect, '/tmp/neighbour') != 'ENOENT')"),
    "shared memory": ("multiprocessing.shared_memory.SharedMemory('neighbour', True, 4096)",
                      "[0] * (attempt(multiprocessing.shared_memory.SharedMemory, 'neighbour') != 'ENOENT')"),
    "processes": ("[os.fork() or time.sleep(60) for _ in range(30)]",
                  "[pid for pid in range(1, 300) if attempt(os.kill, pid, 0) is None and pid not in (1, os.getpid())]"),
    "all that a user may have": (
        "([call(222, 0, 0, ctypes.create_string_buffer(8)) for _ in range(300)], "
        "[attempt(os.fork) or time.sleep(60) for _ in range(60)])",
        "[0] * (call(222, 0, 0, timer) != 0 or call(226, timer[0]) != 0) + [0] * child(lambda: 0) + pipe()"),
    "memory at its limit": ("b'x' * (100 << 20)", "[0] * (len(b'x' * (60 << 20)) != 60 << 20)"),
    "changes of its own settings": (
        "(os.umask(0), os.nice(10), os.chdir('/usr'))",
        "[0] * ([os.umask(0o22), os.nice(0) - NICE, os.getcwd() == '/usr'] != [0o22, 0, False])"),
}
HOST_FILES = ["/", "/usr", "/usr/bin/env", "/usr/bin/python3.11", "/etc/passwd", "/dev/null", "/dev/zero"]


def locked_on_the_host(start=0, length=0):
    seen = []
    for path in HOST_FILES:
        fd = os.open(path, os.O_RDONLY)
        try:
            answer = fcntl.fcntl(fd, fcntl.F_OFD_GETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, start, length, 0))
            seen += [path] if struct.unpack("hhqqi4x", answer)[0] != fcntl.F_UNLCK else []
        finally:
            os.close(fd)
    return seen


@pytest.mark.parametrize("take, look", HELD.values(), ids=HELD)
def test_cell_does_not_notice_its_neighbour(server, assert_service_is_well, take, look):
    """Both tell when they did it by the clock that they share: the look must have come after the taking."""
    hold = f"{HEAD}\ndef main():\n    kept = {take}\n    print(time.monotonic(), flush=True)\n    time.sleep(1.5)"
    watch = f"""{HEAD}
def main():
    found, end = [], time.monotonic() + 0.8
    while time.monotonic() < end:
        last, found = time.monotonic(), found or {look}
    return found, last"""
    before = locked_on_the_host()
    holder = Client(lambda _: ask(server, script=hold, limits={"memory_mb": 128, "processes": 50}), 0, times=1)
    eventually(lambda: server.pool()["running"] == 1, 5, "the holder runs")
    found, looked = inside(server, watch, limits={"memory_mb": 128})
    assert locked_on_the_host() == before
    (held,) = holder.finish()
    assert held.status == "ok" and float(held.stdout.split()[0]) < looked + 1 * TIME_FACTOR, held
    assert found == []
    assert_service_is_well()
