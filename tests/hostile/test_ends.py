"""Promise 9, the other ways to end: what a script does to its own process is told, and nothing of it stays."""

import pytest
from exact import Exact, assert_ends_exactly
from hostile import NEEDS_ROOT
from programs import named

pytestmark = NEEDS_ROOT


def killed(name, script, number, signal):
    words = f"signal {number} ({signal})" if signal else f"signal {number}"
    return Exact(name, script, None, "killed", f"Script was killed by {words}")


def exited(name, script, code):
    return Exact(name, script, None, "exited", f"Script exited with code {code} before main() returned")


SUICIDES = [
    killed("abort in a thread", """
        import threading
        def main():
            threading.Thread(target=os.abort).start()
            libc.pause()""", 6, "SIGABRT"),
    killed("SIGKILL from its child", """
        def main():
            if os.fork() == 0: os.kill(os.getppid(), 9)
            libc.pause()""", 9, "SIGKILL"),
    killed("an illegal instruction", "def main(): machine_code('0f0b')()", 4, "SIGILL"),
    killed("a division in machine code", "def main(): machine_code('31c9f7f1')()", 8, "SIGFPE"),
    killed("a breakpoint", "def main(): machine_code('cc')()", 5, "SIGTRAP"),
    killed("a stack that overflows in C", """
        def main():
            deep = ()
            for _ in range(10**6): deep = (deep,)
            return hash(deep)""", 11, "SIGSEGV"),
    killed("memory of the interpreter that is overwritten", """
        def main(): ctypes.memset(id(None) - 4096, 255, 1 << 16)""", 11, "SIGSEGV"),
    killed("its code unmapped", """
        def main():
            start = int(next(line for line in open("/proc/self/maps") if "r-xp" in line).split("-")[0], 16)
            libc.munmap(ctypes.c_void_p(start), ctypes.c_long(1 << 30))""", 11, "SIGSEGV"),
    killed("a file that shrinks under its mapping", """
        import mmap
        def main():
            fd = os.open("file", os.O_RDWR | os.O_CREAT)
            os.truncate(fd, 8192)
            mapped = mmap.mmap(fd, 8192)
            os.truncate(fd, 0)
            return mapped[5000]""", 7, "SIGBUS"),
    killed("a signal of no name", "def main(): os.kill(os.getpid(), 50)", 50, None),
    killed("a timer's signal", """
        import signal
        def main():
            signal.setitimer(signal.ITIMER_REAL, 0.01)
            libc.pause()""", 14, "SIGALRM"),
    exited("exit in a thread", """
        import threading
        def main():
            threading.Thread(target=os._exit, args=(9,)).start()
            libc.pause()""", 9),
    exited("exit of C", "def main(): libc.exit(4)", 4),
    exited("an exit from a handler of a signal", """
        import signal
        def main():
            signal.signal(signal.SIGUSR1, lambda *_: os._exit(6))
            os.kill(os.getpid(), signal.SIGUSR1)
            libc.pause()""", 6),
    exited("the watchdog of faulthandler", """
        import faulthandler
        def main():
            faulthandler.dump_traceback_later(0.1, exit=True, file=open("trace", "w"))
            libc.pause()""", 1),
    exited("another program in its place", "def main(): os.execv('/bin/sh', ['sh', '-c', 'exit 8'])", 8),
    exited("the raw call", "def main(): libc.syscall(231, 12)", 12),
]


@pytest.mark.parametrize("program", SUICIDES, ids=named)
def test_end_of_the_process_is_told(server, assert_service_is_well, program):
    assert_ends_exactly(server, program)
    assert_service_is_well()
