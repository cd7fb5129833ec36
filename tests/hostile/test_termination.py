"""Promise 9: over by the limit and a second, whatever the script waits for, ignores, stops or leaves running."""

import pytest
from exact import Exact, assert_ends_exactly
from hostile import NEEDS_ROOT
from programs import named

pytestmark = NEEDS_ROOT
SHORT = {"wall_s": 0.5}


def endless(name, script, **limits):
    return Exact(name, script, None, "timeout", limits={**SHORT, **limits})


WAITING = [
    endless("in a pause", "def main(): libc.pause()"),
    endless("in a pause that keeps the interpreter's lock", "def main(): ctypes.PyDLL(None).pause()"),
    endless("in a sleep of ages", "import time\ndef main(): time.sleep(10**9)"),
    endless("on a FIFO that nobody opens", """
        def main():
            os.mkfifo("fifo")
            open("fifo")"""),
    endless("on a pipe that nobody writes to", "def main(): os.read(os.pipe()[0], 1)"),
    endless("on a full pipe that nobody reads", "def main(): os.write(os.pipe()[1], bytes(10**7))"),
    endless("on standard output that is its own pipe", """
        def main():
            os.dup2(os.pipe()[1], 1)
            while True: print("x" * 1000)"""),
    endless("on a socket", """
        import socket
        def main():
            listener = socket.socket(socket.AF_UNIX)
            listener.bind("socket")
            listener.listen()
            listener.accept()"""),
    endless("on no event at all", "import select\ndef main(): select.epoll().poll()"),
    endless("for a signal that is blocked", """
        import signal
        def main():
            signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
            signal.sigwait([signal.SIGUSR1])"""),
    endless("on a futex", """
        def main():
            FUTEX_WAIT = 0
            libc.syscall(202, ctypes.create_string_buffer(8), FUTEX_WAIT, 0, 0, 0, 0)"""),
    endless("on a lock of its own", """
        import threading
        def main():
            lock = threading.Lock()
            lock.acquire()
            lock.acquire()"""),
    endless("on a lock of a child that is stopped", """
        import fcntl, signal
        def main():
            file = open("locked", "w")
            readable, writable = os.pipe()
            if os.fork() == 0:
                fcntl.lockf(file, fcntl.LOCK_EX)
                os.write(writable, b"1")
                os.kill(os.getpid(), signal.SIGSTOP)
            os.read(readable, 1)
            fcntl.lockf(file, fcntl.LOCK_EX)"""),
    endless("for a child of vfork", """
        def main():
            if libc.vfork() == 0:
                while True: libc.pause()"""),
    endless("for a child that stopped itself", """
        import signal
        def main():
            pid = os.fork()
            if pid == 0: os.kill(os.getpid(), signal.SIGSTOP)
            os.waitpid(pid, 0)"""),
    endless("for threads that wait for each other", """
        import threading
        def main():
            barrier = threading.Barrier(41)
            threads = [threading.Thread(target=barrier.wait) for _ in range(40)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()"""),
    endless("in an import", "import time\ntime.sleep(60)\ndef main(): pass"),
    endless("in a finalizer", """
        import gc, time
        class Sticky:
            def __del__(self): time.sleep(60)
        def main(): Sticky()"""),
    endless("in a trace function", """
        import time
        def main():
            sys.settrace(lambda *_: time.sleep(60))
            (lambda: 1)()"""),
    endless("in a callback of the collector, after main", """
        import gc, time
        def main():
            gc.set_threshold(1)
            gc.callbacks.append(lambda *_: time.sleep(60))
            return [[[number]] for number in range(1000)]"""),
]

REFUSING = [
    endless("stops itself and all others", """
        import signal, time
        def main():
            for _ in range(10):
                if os.fork() == 0: time.sleep(60)
            os.kill(-1, signal.SIGSTOP)
            os.kill(os.getpid(), signal.SIGSTOP)"""),
    endless("catches every exception", """
        import time
        def main():
            while True:
                try: time.sleep(60)
                except BaseException: pass"""),
    endless("ignores and blocks every signal, in fifty processes", """
        import signal, time
        def main():
            for number in range(1, 65):
                try: signal.signal(number, signal.SIG_IGN)
                except (OSError, ValueError): pass
            signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
            for _ in range(50): os.fork() or time.sleep(60)
            time.sleep(60)"""),
    endless("answers every signal with another child", """
        import signal, time
        def main():
            signal.signal(signal.SIGALRM, lambda *_: attempt(os.fork))
            signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
            while True: attempt(time.sleep, 60)"""),
    endless("starts itself again and again", """
        def main():
            os.execv("/bin/sh", ["sh", "-c", 'exec /bin/sh -c "$0" "$0"', 'exec /bin/sh -c "$0" "$0"'])"""),
    endless("becomes another program that sleeps", "def main(): os.execv('/usr/bin/sleep', ['sleep', '60'])"),
    endless("prints for ever, slowly", """
        import time
        def main():
            while True:
                print("x", flush=True)
                time.sleep(0.001)"""),
    endless("touches as many page tables as it may", """
        import mmap
        def main():
            sparse = mmap.mmap(-1, 1 << 40, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000)
            for number in range(100_000): sparse[number << 21]
            libc.pause()""", wall_s=2),
    endless("fills its files with all that fits", """
        def main():
            for number in range(4000): os.close(os.open(str(number), 65))
            for number in range(6): os.write(os.open(f"/dev/shm/{number}", 65), bytes(10 << 20))
            libc.pause()""", wall_s=2),
]


@pytest.mark.parametrize("program", WAITING, ids=named)
def test_program_that_waits_for_ever_is_ended(server, assert_service_is_well, program):
    assert_ends_exactly(server, program)
    assert_service_is_well()


@pytest.mark.parametrize("program", REFUSING, ids=named)
def test_program_that_will_not_end_is_ended(server, assert_service_is_well, program):
    assert_ends_exactly(server, program)
    assert_service_is_well()
