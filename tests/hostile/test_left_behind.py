"""Promise 9: the answer does not wait for what a script leaves running, and nothing of it goes on running."""

import pytest
from exact import Exact, assert_ends_exactly
from hostile import NEEDS_ROOT
from programs import named

pytestmark = NEEDS_ROOT

# Each returns from main; what it leaves behind must not hold up the answer.
LEAVING = [
    Exact(name, script, "done", limits={"wall_s": 10}) for name, script in {
        "a thread that never ends": """
        import threading
        def main():
            threading.Thread(target=threading.Event().wait).start()
            return "done" """,
        "an exit handler that never ends": """
        import atexit, time
        def main():
            atexit.register(time.sleep, 60)
            return "done" """,
        "a finalizer at the end of the interpreter": """
        import time
        class Sticky:
            def __del__(self): time.sleep(60)
        kept = Sticky()
        sys.kept = kept
        def main(): return "done" """,
        "twenty children that compute": """
        def main():
            for _ in range(20):
                if os.fork() == 0:
                    while True: pass
            return "done" """,
        "a hundred stopped children that ignore all signals": """
        import signal
        def main():
            for _ in range(100):
                if os.fork() == 0:
                    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
                    os.setsid()
                    os.kill(os.getpid(), signal.SIGSTOP)
            return "done" """,
        "three hundred children that have ended": """
        def main():
            for _ in range(150):
                if os.fork() == 0:
                    os.fork()
                    os._exit(0)
                os.wait()
            return "done" """,
        "daemons that keep forking": """
        def main():
            for _ in range(5):
                if os.fork() == 0:
                    os.setsid()
                    while True:
                        if attempt(os.fork) == 0: os._exit(0)
            return "done" """,
        "a child that waits in vfork": """
        def main():
            if os.fork() == 0:
                if libc.vfork() == 0: libc.pause()
            return "done" """,
        "a child that holds the output and its memory": """
        def main():
            if os.fork() == 0:
                hoard = bytes(100 << 20).replace(b"\\0", b"x")
                while True: attempt(os.write, 1, b"")
            return "done" """,
        "a signal that is on its way": """
        import signal
        def main():
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            return "done" """,
    }.items()]


@pytest.mark.parametrize("program", LEAVING, ids=named)
def test_answer_does_not_wait_for_what_is_left_behind(server, assert_service_is_well, program):
    assert_ends_exactly(server, program)
    assert_service_is_well()
