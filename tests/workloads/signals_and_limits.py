import ctypes
import fcntl
import os
import pty
import resource
import select
import selectors
import signal
import socket
import subprocess
import termios
import time

EXPECTED = {"alarm": ["SIGALRM"], "interval": True, "wait": "SIGUSR1", "timed wait": None,
            "mask": ["SIGUSR2"], "child": [3, -9], "wakeup": True, "limits": [True, True, "ValueError"],
            "usage": True, "nice": 5, "affinity": True,
            "selectors": ["DefaultSelector", "EpollSelector", "PollSelector", "SelectSelector"],
            "pty": "OSError", "terminal": "FileNotFoundError", "isatty": [False, False, False],
            "passed descriptor": "passed", "datagram": "datagram", "credentials": [True, 1000, 1000],
            "pidfd": True, "timerfd": 8, "options": True, "waiting bytes": 8, "named": ["helper", True],
            "names": ["script", "/tmp", "cell"], "processors": True, "load": "no error", "groups": [],
            "session": True}


# What libraries set on a socket without a look at its family.
OPTIONS = {socket.SO_REUSEADDR: 1, socket.SO_SNDBUF: 65536, socket.SO_RCVBUF: 65536, socket.SO_KEEPALIVE: 1,
           socket.SO_LINGER: bytes(8), socket.SO_PASSCRED: 1, socket.SO_RCVTIMEO: bytes(16),
           socket.SO_SNDTIMEO: bytes(16)}


def caught(number, start):
    seen = []
    before = signal.signal(number, lambda got, _: seen.append(signal.Signals(got).name))
    start()
    deadline = time.monotonic() + 5
    while not seen and time.monotonic() < deadline:
        time.sleep(0.001)
    signal.signal(number, before)
    return seen


def signals():
    interval = caught(signal.SIGPROF, lambda: (signal.setitimer(signal.ITIMER_PROF, 0.001),
                                               sum(range(2_000_000)), signal.setitimer(signal.ITIMER_PROF, 0)))
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1, signal.SIGUSR2})
    os.kill(os.getpid(), signal.SIGUSR2)
    mask = sorted(number.name for number in signal.sigpending())
    signal.sigwait({signal.SIGUSR2})
    os.kill(os.getpid(), signal.SIGUSR1)
    waited = signal.sigwaitinfo({signal.SIGUSR1})
    nothing = signal.sigtimedwait({signal.SIGUSR1}, 0.001)
    reader, writer = os.pipe2(os.O_NONBLOCK)
    signal.set_wakeup_fd(writer)
    caught(signal.SIGHUP, lambda: signal.raise_signal(signal.SIGHUP))
    signal.set_wakeup_fd(-1)
    ends = []
    for end in (lambda: os._exit(3), lambda: signal.pause()):
        child = os.fork()
        if child == 0:
            end()
        if ends:
            os.kill(child, signal.SIGKILL)
        ends.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    return {"alarm": caught(signal.SIGALRM, lambda: signal.setitimer(signal.ITIMER_REAL, 0.001)),
            "interval": "SIGPROF" in interval, "mask": mask, "wait": signal.Signals(waited.si_signo).name,
            "timed wait": nothing, "wakeup": os.read(reader, 9) == bytes([signal.SIGHUP]), "child": ends}


def limits():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft - 1, hard))
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard + 1))
    except ValueError as error:
        raised = type(error).__name__
    os.sched_setaffinity(0, os.sched_getaffinity(0))
    return {"limits": [soft == hard, resource.getrlimit(resource.RLIMIT_CORE) == (1, 1), raised],
            "usage": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > 0, "nice": -os.nice(0) + os.nice(5),
            "affinity": len(os.sched_getaffinity(0)) == os.cpu_count() or os.cpu_count() >= 1,
            "processors": os.sysconf("SC_NPROCESSORS_ONLN") >= 1, "groups": os.getgroups()}


def error_of(call, *arguments):
    try:
        call(*arguments)
    except OSError as error:
        return type(error).__name__
    return "no error"


def sockets():
    kinds = []
    for kind in (selectors.DefaultSelector, selectors.EpollSelector, selectors.PollSelector, selectors.SelectSelector):
        left, right = socket.socketpair()
        with kind() as selector:
            selector.register(right, selectors.EVENT_READ)
            assert selector.select(0) == []
            left.send(b"x")
            assert len(selector.select(5)) == 1
        kinds.append(kind.__name__.replace("DefaultSelector", "EpollSelector"))
    kinds[0] = "DefaultSelector"
    left, right = socket.socketpair()
    with open("passed", "w+") as file:
        file.write("passed")
        file.flush()
        socket.send_fds(left, [b"x"], [file.fileno()])
    received = socket.recv_fds(right, 1, 1)[1][0]
    for option, value in OPTIONS.items():
        left.setsockopt(socket.SOL_SOCKET, option, value)
        assert left.getsockopt(socket.SOL_SOCKET, option, 16) != b"", option
    assert left.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
    waiting = bytearray(4)
    right.send(b"8 bytes!")
    fcntl.ioctl(left, termios.FIONREAD, waiting)
    server, client = (socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(2))
    server.bind("datagrams")
    client.sendto(b"datagram", "datagrams")
    pid, uid, gid = __import__("struct").unpack("3i", left.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    assert socket.socket(fileno=os.dup(left.fileno())).family == socket.AF_UNIX
    return {"selectors": kinds, "options": True, "waiting bytes": int.from_bytes(waiting, "little"),
            "passed descriptor": os.pread(received, 9, 0).decode(),
            "datagram": server.recv(99).decode(), "credentials": [pid == os.getpid(), uid, gid]}


def descriptors():
    child = os.fork()
    if child == 0:
        os._exit(0)
    ended = select.select([os.pidfd_open(child)], [], [], 5)[0] != []
    libc = ctypes.CDLL(None, use_errno=True)
    timer = libc.timerfd_create(time.CLOCK_MONOTONIC, 0)
    libc.timerfd_settime(timer, 0, (ctypes.c_long * 4)(0, 0, 0, 1_000_000), None)
    name = ctypes.create_string_buffer(16)
    libc.prctl(15, b"helper")  # PR_SET_NAME
    libc.prctl(16, name)  # PR_GET_NAME
    # PR_SET_PDEATHSIG, so that a helper does not outlive its parent.
    helper = subprocess.run(["true"], preexec_fn=lambda: libc.prctl(1, signal.SIGKILL))
    return {"named": [name.value.decode(), helper.returncode == 0], "pidfd": ended, "timerfd": len(os.read(timer, 8))}


def main():
    return {**signals(), **limits(), **sockets(), **descriptors(), "pty": error_of(pty.openpty),
            "terminal": error_of(os.open, "/dev/tty", os.O_RDWR), "load": error_of(os.getloadavg),
            "isatty": [os.isatty(fd) for fd in range(3)], "session": os.getsid(0) > 0,
            "names": [__import__("pwd").getpwuid(os.getuid()).pw_name, os.getcwd(), os.uname().nodename]}
