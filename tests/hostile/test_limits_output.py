"""Promise 8, what comes out of a cell: output, result, and the account of an error, on both sides of each limit."""

import pytest
from exact import Exact, Limit, assert_ends_exactly
from hostile import NEEDS_ROOT
from programs import named
from support import inside

pytestmark = NEEDS_ROOT
MB = 1 << 20

RESULTS = [
    Limit(name, f"def main(size): return {value}", [16 * MB], [16 * MB + 1], "result_too_large", result=result)
    for name, value, result in [
        ("a string as JSON", "'x' * (size - 2)", "x" * (16 * MB - 2)),
        ("characters of four bytes", "chr(0x1F600) * ((size - 2) // 4) + 'x' * ((size - 2) % 4)",
         chr(0x1F600) * (4 * MB - 1) + "xx"),
    ]]

# How it is printed, and where it comes out. The script has its result in any case.
OUTPUT = [("print(end='x' * size)", "stdout"), ("print(end='x' * size, file=sys.stderr)", "stderr"),
          ("os.write(1, b'x' * size)", "stdout"), ("libc.printf(b'%s', b'x' * size)", "stdout"),
          ("os.system(f'head -c {size} /dev/zero | tr \\\\\\\\0 x >&2')", "stderr"),
          ("[print(end='x', flush=True) for _ in range(size)]", "stdout")]

FLOODS = [
    Exact("of a child that outlives main", """
        import time
        def main():
            if os.fork() == 0:
                while True: os.write(1, b"x" * 65_536)
            time.sleep(20)""", None, "output_limit", limits={"wall_s": 25}),
    Exact("of twenty children on both streams", """
        import time
        def main():
            for number in range(20):
                if os.fork() == 0:
                    while True: os.write(1 + number % 2, b"x" * 4096)
            time.sleep(20)""", None, "output_limit", limits={"wall_s": 25}),
    Exact("of another program in a session of its own", """
        import subprocess
        def main(): subprocess.run(["yes"], start_new_session=True)""", None, "output_limit", limits={"wall_s": 25}),
    Exact("through a pipe of a megabyte", """
        import fcntl
        def main():
            fcntl.fcntl(1, fcntl.F_SETPIPE_SZ, 1 << 20)
            while True: os.write(1, b"x" * (1 << 20))""", None, "output_limit", limits={"wall_s": 25}),
    Exact("by threads while main waits", """
        import threading
        def flood():
            while True: print("x" * 60_000)
        def main():
            for _ in range(10): threading.Thread(target=flood).start()
            threading.Event().wait()""", None, "output_limit", limits={"wall_s": 25}),
    Exact("that stays just below", """
        def main():
            for _ in range(63): os.write(1, b"x" * (1 << 20))
            return "done" """, "done", limits={"wall_s": 25}),
]


@pytest.mark.parametrize("program", RESULTS, ids=named)
def test_result_ends_at_its_size(server, assert_service_is_well, program):
    for side in program.sides:
        assert_ends_exactly(server, side)
    assert_service_is_well()


@pytest.mark.parametrize("action, stream", OUTPUT, ids=[action for action, _ in OUTPUT])
def test_output_is_kept_up_to_its_limit(server, assert_service_is_well, action, stream):
    for size, cut in ((2048, False), (2049, True)):
        answer = assert_ends_exactly(server, Exact(action, f"""
            def main(size):
                {action}
                return "done" """, "done", args=[size], limits={"output_kb": 2, "wall_s": 10}))
        assert getattr(answer, stream) == "x" * 2048
        assert answer.body["truncated"] == {"stdout": False, "stderr": False, stream: cut}
    assert_service_is_well()


@pytest.mark.parametrize("program", FLOODS, ids=named)
def test_flood_is_ended(server, assert_service_is_well, program):
    answer = assert_ends_exactly(server, program)
    assert len(answer.stdout) <= MB and len(answer.stderr) <= MB
    assert_service_is_well()


def test_output_that_is_no_text_is_replaced_and_not_an_error(server, assert_service_is_well):
    answer = server.run("""
        import os
        def main():
            os.write(1, b"a\\xff\\xfe\\x00\\xed\\xa0\\x80\\xf4\\x90\\x80\\x80z")
            os.write(2, b"\\xc3")
            return 1""")
    assert (answer.http, answer.result) == (200, 1), answer
    assert (answer.stdout[0], answer.stdout[-1], answer.stderr) == ("a", "z", "\ufffd")
    assert "\0" in answer.stdout and set(answer.stdout) == {"a", "z", "\0", "\ufffd"}
    assert_service_is_well()


@pytest.mark.parametrize("depth, status", [(900, "ok"), (1200, "invalid_result"), (5000, "invalid_result")])
def test_nesting_of_a_result_is_limited(server, assert_service_is_well, depth, status):
    """Also for a script that has lifted the interpreter's own limit; the words must not speak of forgery."""
    answer = server.client.post("/execute", json={"args": [depth], "script": """
import sys
def main(depth):
    sys.setrecursionlimit(20_000)
    deep = []
    for _ in range(depth - 1): deep = [deep]
    return deep"""})
    assert f'"status":"{status}"' in answer.text.replace(": ", ":"), answer.text[:300]
    assert answer.text.count("[" * depth + "]" * depth) == (status == "ok")
    assert_service_is_well()


def test_number_of_a_million_digits_is_handed_on(server, assert_service_is_well):
    answer = server.client.post("/execute", json={"script": """
import sys
def main():
    sys.set_int_max_str_digits(0)
    return 10 ** 100_000"""})
    assert answer.status_code == 200
    assert "1" + "0" * 100_000 in answer.text
    assert inside(server, "def main(): return 10 ** 4000") == 10 ** 4000
    assert_service_is_well()
