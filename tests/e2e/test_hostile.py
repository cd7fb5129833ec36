"""Scripts that take more than their share: each ends by its limit, and nothing of it stays behind."""

import pytest
from hostile import NEEDS_ROOT, Attack, assert_ends_as_promised

pytestmark = NEEDS_ROOT

ATTACKS = [
    Attack("recursion without end", "def main(): return main()", "exception"),
    Attack("recursion without a limit", """
        import sys
        sys.setrecursionlimit(2**31 - 1)
        def main(): return [main()]""", {"killed", "exception", "memory_limit", "timeout"}),
    Attack("recursion in C", """
        def main():
            deep = ()
            for _ in range(10**6): deep = (deep,)
            return hash(deep)""", {"killed", "exception", "memory_limit"}),
    Attack("loop that catches everything", """
        def main():
            while True:
                try:
                    while True: pass
                except BaseException: pass""", "timeout"),
    Attack("one endless call in C", "def main(): return len(str(9 ** 9 ** 9))", "timeout"),
    Attack("signals ignored", """
        import signal, time
        def main():
            for number in range(1, 65):
                try: signal.signal(number, signal.SIG_IGN)
                except (OSError, ValueError): pass
            while True: time.sleep(1)""", "timeout"),
    Attack("every signal blocked", """
        import signal, time
        def main():
            signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
            while True: time.sleep(1)""", "timeout"),
    Attack("stopping itself", """
        import os, signal
        def main():
            os.kill(os.getpid(), signal.SIGSTOP)
            return 1""", "timeout"),
    Attack("memory bomb", """
        def main():
            hoard = []
            while True: hoard.append(bytearray(b"x") * (1 << 20))""", "memory_limit", limits={"wall_s": 10}),
    Attack("memory bomb in one piece", "def main(): return len(bytearray(1 << 45))", "memory_limit"),
    Attack("memory bomb in children", """
        import os
        def main():
            for _ in range(8):
                if os.fork() == 0:
                    hoard = []
                    while True: hoard.append(bytearray(b"x") * (1 << 20))
            for _ in range(8): os.wait()
            return 1""", {"memory_limit", "ok"}, 1, limits={"wall_s": 10}),
    Attack("fork bomb", """
        import os
        def main():
            while True:
                try: os.fork()
                except OSError: pass""", {"timeout", "memory_limit"}),
    Attack("fork until it is refused", """
        import os, time
        def main():
            made = 0
            try:
                while True:
                    if os.fork() == 0: time.sleep(60)
                    made += 1
            except BlockingIOError:
                return 10 <= made <= 128""", "ok", True, limits={"wall_s": 10}),
    Attack("shell fork bomb", """
        import subprocess
        def main():
            subprocess.run(["bash", "-c", ":(){ :|:& };:"], stderr=subprocess.DEVNULL)
            while True: pass""", {"timeout", "memory_limit", "exception"}),
    Attack("thread bomb", """
        import threading, time
        def main():
            made = 0
            try:
                while True:
                    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
                    made += 1
            except RuntimeError:
                return 10 <= made <= 128""", "ok", True, limits={"wall_s": 10}),
    Attack("descriptors without end", """
        import os
        def main():
            taken = []
            try:
                while True: taken.append(os.dup(0))
            except OSError as error:
                for fd in taken: os.close(fd)
                return [error.errno, 64 < len(taken) < 128]""", "ok", [24, True]),
    Attack("daemonised grandchildren", """
        import os, time
        def main():
            for _ in range(5):
                if os.fork() == 0:
                    os.setsid()
                    if os.fork() == 0:
                        os.closerange(0, 256)
                        while True: time.sleep(1)
                    os._exit(0)
            return 1""", "ok", 1),
    Attack("grandchild that keeps the output open and writes", """
        import os
        def main():
            if os.fork() == 0:
                os.setsid()
                while True: os.write(1, b"still here\\n")
            return 1""", "ok", 1),
    Attack("nested brackets", "def main(): return " + "(" * 100_000 + ")" * 100_000, "syntax_error"),
    Attack("nested operators", "def main(): return " + "-" * 150_000 + "1",
           {"syntax_error", "exception", "memory_limit", "killed"}),
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_attack_ends_as_promised_and_leaves_nothing(server, assert_service_is_well, attack):
    assert_ends_as_promised(server, attack)
    assert_service_is_well()


def test_fifty_megabytes_of_prints_are_cut_and_not_an_error(server, assert_service_is_well):
    answer = server.run("""
        def main():
            for _ in range(50): print("x" * 999_999)
            return "done"
        """)
    assert (answer.http, answer.result) == (200, "done"), answer.status
    assert answer.body["truncated"] == {"stdout": True, "stderr": False}
    assert answer.stdout == (("x" * 999_999 + "\n") * 2)[: 1 << 20]
    assert_service_is_well()


@pytest.mark.parametrize("loop", ["print('x' * 65536)", "os.system('yes')", "os.write(2, b'y' * 65536)"])
def test_endless_output_is_an_output_limit(server, assert_service_is_well, loop):
    answer = server.run(f"""
        import os
        def main():
            while True: {loop}
        """, limits={"wall_s": 20})
    assert (answer.http, answer.status) == (400, "output_limit"), (answer.http, answer.error)
    assert answer.error == "Script exceeded the output limit (64 MB)"
    assert max(len(answer.stdout), len(answer.stderr)) == 1 << 20
    assert_service_is_well()
