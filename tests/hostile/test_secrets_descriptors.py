"""Promise 2, descriptors: a script has its own three and one channel, and nothing comes or goes through them."""

import pytest
from hostile import NEEDS_ROOT
from programs import Program, named

pytestmark = NEEDS_ROOT

DESCRIPTORS = """
    KINDS = {1: "pipe", 2: "/dev/null", 12: "socket"}
    def descriptors():
        if not os.path.exists("/proc/self"):  # of a cell without /proc
            return {fd: KINDS.get(os.fstat(fd).st_mode >> 12, "?") for fd in reached(os.fstat, range(2048))}
        found = {}
        for fd in os.listdir("/proc/self/fd"):
            try: found[int(fd)] = os.readlink(f"/proc/self/fd/{fd}").partition(":")[0]
            except OSError: pass  # that of the listing itself
        return found
    CHANNEL = next((fd for fd, kind in descriptors().items() if kind == "socket"), None)
    """

SENT_OVER = """
    import array, socket
    def send(line, fds): line.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))])
    """

PROGRAMS = [
    Program("counts what it has inherited", """
        def main(): return [sorted(descriptors().values()), CHANNEL > 128]
        """, [["/dev/null", "pipe", "pipe", "socket"], True], given=DESCRIPTORS),
    Program("looks behind its descriptors with what /proc says of them", """
        def main():
            numbers = [fd for fd in range(2048) if os.path.exists(f"/proc/self/fdinfo/{fd}")]
            return [numbers == sorted(descriptors()),
                    [fd for fd in numbers if b"Pid:" in read(f"/proc/self/fdinfo/{fd}")]]
        """, [True, []], given=DESCRIPTORS),
    Program("starts a program that counts what it has inherited", """
        import subprocess
        def main():
            shell = "for fd in /proc/self/fd/*; do echo $(readlink $fd); done | cut -d: -f1 | sort -u"
            inherited = subprocess.run(["sh", "-c", shell], stdout=subprocess.PIPE, close_fds=False, text=True).stdout
            return inherited.split()""", ["/dev/null", "pipe"]),
    Program("opens its descriptors anew with other rights", """
        def main():
            flags = (os.O_RDONLY, os.O_WRONLY, os.O_RDWR)
            return [sorted({attempt(os.open, f"/proc/self/fd/{fd}", flag | os.O_NONBLOCK) for flag in flags
                            for fd, kind in descriptors().items() if kind == wanted}) for wanted in ("pipe", "socket")]
        """, [["EACCES"], ["ENXIO"]], given=DESCRIPTORS),
    Program("changes what is behind its descriptors", """
        def main():
            ways = [lambda fd: os.fchmod(fd, 0o777), lambda fd: os.fchown(fd, 1000, 1000), os.utime,
                    lambda fd: os.ftruncate(fd, 0), lambda fd: os.setxattr(fd, "user.mark", b"x")]
            return [[number, fd] for number, way in enumerate(ways) for fd in reached(way, [0, 1, 2])]""", []),
    Program("moves through its descriptors as if they were directories", """
        def main():
            return [sorted({attempt(os.fchdir, fd) for fd in descriptors()}),
                    reached(lambda fd: os.open("..", os.O_PATH, dir_fd=fd), descriptors())]
        """, [["ENOTDIR"], []], given=DESCRIPTORS),
    Program("asks who is at the other end", """
        import socket, struct
        def main():
            line = socket.socket(fileno=os.dup(CHANNEL))
            SO_PEERSEC, SO_PEERGROUPS, SO_PEERPIDFD, SO_COOKIE, SO_NETNS_COOKIE = 31, 59, 77, 57, 71
            return [struct.unpack("3i", line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)),
                    line.getpeername(),
                    *(attempt(line.getsockopt, socket.SOL_SOCKET, option, 16)
                      for option in (SO_PEERSEC, SO_PEERGROUPS, SO_PEERPIDFD, SO_COOKIE, SO_NETNS_COOKIE))]
        """, [[0, 65534, 65534], "", *["EPERM"] * 5], given=DESCRIPTORS),
    Program("reads what waits in the channel", """
        import socket
        def main():
            line = socket.socket(fileno=os.dup(CHANNEL))
            MSG_PEEK_NOWAIT = socket.MSG_PEEK | socket.MSG_DONTWAIT
            return [attempt(line.recv, 1, MSG_PEEK_NOWAIT), attempt(line.recvmsg, 1, 4096, MSG_PEEK_NOWAIT),
                    attempt(line.recv, 1, socket.MSG_OOB | socket.MSG_DONTWAIT)]
        """, ["EAGAIN", "EAGAIN", "ENOTSUP"], given=DESCRIPTORS),
    Program("sends the server hundreds of descriptors", """
        import time
        def main():
            line = socket.socket(fileno=os.dup(CHANNEL))
            for _ in range(3): send(line, [os.open("/dev/null", os.O_RDONLY)] * 100)
            time.sleep(0.5)""", status="killed", given=DESCRIPTORS + SENT_OVER),
    Program("sends the server its own ends of the pipes", """
        import time
        def main():
            line = socket.socket(fileno=os.dup(CHANNEL))
            send(line, [1, 2, CHANNEL])
            os.closerange(0, 3)
            time.sleep(0.5)""", status="killed", given=DESCRIPTORS + SENT_OVER),
    Program("hides its pipes in a ring of sockets", """
        def main():
            for _ in range(8):
                left, right = socket.socketpair()
                send(left, [right.fileno(), 1, 2])
                send(right, [left.fileno(), 1, 2])
                left.detach(), right.detach()
            os.closerange(3, 100)
            return "done" """, "done", given=SENT_OVER),
    Program("takes descriptors of another process", """
        def main():
            pid = os.fork()
            if pid == 0: os.read(os.pipe()[0], 1)
            return [call(438, os.pidfd_open(target), fd, 0) for target in (1, pid, os.getpid()) for fd in (0, 1, 3)]
        """, ["EPERM"] * 9),
    # The pipes are the server's: what they hold counts for its user, and new ones get less where that is much.
    Program("makes its output pipes larger", """
        import fcntl
        def main():
            sizes = [1 << 17, 1 << 20, 1 << 24, 1 << 31]
            return [[attempt(fcntl.fcntl, fd, fcntl.F_SETPIPE_SZ, size) for size in sizes] for fd in (1, 2)]
        """, [[1 << 17, 1 << 20, "EPERM", "EPERM"]] * 2),  # as much as the kernel gives any user
    Program("starts and reads the service's program", """
        def main():
            return [attempt(os.execv, "/proc/self/exe", ["cellblock-zygote"]), attempt(os.open, "/proc/self/exe", 0),
                    attempt(os.open, "/proc/self/exe", os.O_RDWR)]
        """, ["EACCES"] * 3),
]


@pytest.mark.parametrize("program", PROGRAMS, ids=named)
def test_descriptors_lead_nowhere(withstands, program):
    withstands(program)
