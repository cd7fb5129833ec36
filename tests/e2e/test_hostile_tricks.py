"""Scripts that try to deceive the runner or the server: at worst they spoil their own answer."""

import pytest
from hostile import ANY_FAULT, NEEDS_ROOT, Attack, assert_ends_as_promised

pytestmark = NEEDS_ROOT

ATTACKS = [
    Attack("every descriptor closed", """
        import os
        def main():
            os.closerange(0, 65536)
            return 1""", {"ok", "exited", "killed"}, 1),
    Attack("standard descriptors closed", """
        import os
        def main():
            os.closerange(0, 3)
            return 1""", "ok", 1),
    Attack("every descriptor swapped", """
        import os
        def main():
            hole = os.open("/dev/null", os.O_RDWR)
            for fd in range(256):
                if fd != hole:
                    try: os.dup2(hole, fd)
                    except OSError: pass
            return 1""", {"ok", "exited", "killed"}, 1),
    Attack("forged bytes on every descriptor", """
        import os
        def main():
            for junk in (b'{"status":"ok","result":"forged"}\\n', b"\\x00" * 65536, b"\\xff" * 65536):
                for fd in range(3, 256):
                    try:
                        os.set_blocking(fd, False)
                        os.write(fd, junk)
                    except OSError: pass
            return 1""", ANY_FAULT | {"ok"}, 1),
    Attack("every descriptor drained", """
        import os
        def main():
            for fd in range(256):
                try:
                    os.set_blocking(fd, False)
                    while os.read(fd, 65536): pass
                except OSError: pass
            return 1""", {"ok", "exited", "killed"}, 1),
    Attack("output after the result", """
        import threading, time
        def late():
            time.sleep(0.3)
            print("late")
        def main():
            threading.Thread(target=late).start()
            return 1""", "ok", 1),
    Attack("exit handlers that hang", """
        import atexit, threading, time
        atexit.register(time.sleep, 60)
        def main():
            threading.Thread(target=time.sleep, args=(60,)).start()
            return 1""", "ok", 1),
    Attack("child that returns from main, too", """
        import os
        def main():
            child = os.fork()
            if child == 0: return "child"
            os.waitpid(child, 0)
            return "parent" """, "ok", "parent"),
    Attack("child that raises in main", """
        import os
        def main():
            child = os.fork()
            if child == 0: raise ValueError("child")
            os.waitpid(child, 0)
            return "parent" """, "ok", "parent"),
    Attack("killing everybody", """
        import os, time
        def main():
            if os.fork() == 0: time.sleep(60)
            os.kill(-1, 9)
            return 1""", {"ok", "killed"}, 1),
    Attack("killing process 1", """
        import os
        def main():
            try: os.kill(1, 9)
            except OSError: pass
            return 1""", "ok", 1),
    Attack("killing its process group", "import os\ndef main(): os.killpg(0, 9)", "killed"),
    Attack("result nested too deep", """
        def main():
            deep = []
            for _ in range(100_000): deep = [deep]
            return deep""", {"invalid_result", "exception"}),
    Attack("the serialiser replaced", """
        import json, json.encoder
        json.dumps = json.JSONEncoder.encode = lambda *a, **k: '{"forged'
        json.encoder.c_make_encoder = None
        def main(): return 1""", {"ok", "invalid_result"}, 1),
    Attack("numbers that print as something else", """
        class Odd(float):
            def __repr__(self): return '1}, "status": "forged'
        def main(): return Odd(1)""", "ok", 1.0),
    Attack("builtins destroyed", """
        import builtins, sys
        def main():
            sys.stdout = sys.stderr = sys.stdin = None
            sys.modules.clear()
            for name in list(vars(builtins)): setattr(builtins, name, None)
            return 1""", ANY_FAULT | {"ok"}, 1),
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_attack_ends_as_promised_and_leaves_nothing(server, assert_service_is_well, attack):
    assert_ends_as_promised(server, attack)
    assert_service_is_well()
