"""What is captured, and that nothing captured is lost when a script ends badly."""

import pytest

ENDINGS = [
    ("timeout", "while True: pass", {"limits": {"wall_s": 1}}),
    ("exited", "sys.exit(3)", {}),
    ("exited", "os._exit(3)", {}),
    ("killed", "os.kill(os.getpid(), 9)", {}),
    ("exception", "1 / 0", {}),
    ("invalid_result", "return set()", {}),
]


@pytest.mark.parametrize("status, ending, fields", ENDINGS, ids=[case[1] for case in ENDINGS])
def test_output_before_a_bad_end_is_kept(server, status, ending, fields):
    answer = server.run(f"""
        import os, sys
        print("while importing")
        def main():
            print("in main")
            print("to stderr", file=sys.stderr)
            {ending}
        """, **fields)
    assert (answer.http, answer.status) == (400, status), answer
    assert answer.stdout == "while importing\nin main\n"
    assert answer.stderr == "to stderr\n"


@pytest.mark.parametrize("write", ["print('so far', end='')", "sys.stdout.write('so far')",
                                   "print('so', 'far', sep=' ', end='', flush=False)"])
@pytest.mark.parametrize("status, ending, fields", ENDINGS[:4], ids=[case[1] for case in ENDINGS[:4]])
def test_a_line_without_its_end_is_kept_too(server, write, status, ending, fields):
    answer = server.run(f"""
        import os, sys
        def main():
            {write}
            print("oh", end="", file=sys.stderr)
            {ending}
        """, **fields)
    assert (answer.status, answer.stdout, answer.stderr) == (status, "so far", "oh"), answer


def test_a_print_makes_one_system_call(server):
    """Not one for the text and another for its line end."""
    answer = server.run("""
        import os, socket
        def main():
            here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
            kept = os.dup(1)
            os.dup2(there.fileno(), 1)
            parts = []
            for n in range(3):
                print("line", n)
                parts.append(here.recv(100).decode())
            print("part", end="")
            parts.append(here.recv(100).decode())
            os.dup2(kept, 1)
            return parts""")
    assert answer.result == ["line 0\n", "line 1\n", "line 2\n", "part"], answer


def test_parts_come_in_the_order_in_which_they_were_written(server):
    answer = server.run("""
        import os, sys
        def main():
            for n in range(3):
                print(n, end=" ")
                os.write(1, b"| ")
            print("end")""")
    assert answer.stdout == "0 | 1 | 2 | end\n", answer


def test_message_of_sys_exit_goes_to_stderr(server):
    answer = server.post(script="import sys\ndef main(): sys.exit('went wrong')")
    assert answer.error == "Script exited with code 1 before main() returned"
    assert answer.stderr == "went wrong\n"


def test_output_of_c_code_and_of_children_is_captured_in_order(server):
    answer = server.run("""
        import ctypes, os, subprocess, sys
        def main():
            print("python", flush=True)
            os.write(1, b"descriptor\\n")
            libc = ctypes.CDLL(None)
            libc.puts(b"libc")
            libc.fflush(None)
            subprocess.run(["sh", "-c", "echo child; echo complaint >&2"])
            return "result"
        """)
    assert (answer.http, answer.result) == (200, "result"), answer
    assert answer.stdout == "python\ndescriptor\nlibc\nchild\n"
    assert answer.stderr == "complaint\n"


def test_bytes_that_are_not_utf8_are_replaced(server):
    answer = server.post(script="import os\ndef main(): os.write(1, b'a\\xff\\xfeb\\xc3\\xa9\\xe2\\x82\\n')")
    assert answer.http == 200
    assert answer.stdout.replace("\ufffd", "?").replace("??", "?") == "a?bé?\n"


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_output_up_to_the_cap_is_whole_and_beyond_it_is_cut(server, stream):
    script = "import sys\ndef main(n):\n    sys.{}.write('x' * n)\n    return n".format(stream)
    other = "stderr" if stream == "stdout" else "stdout"

    whole = server.post(script=script, args=[1 << 20])
    assert whole.body[stream] == "x" * (1 << 20)
    assert whole.body["truncated"] == {stream: False, other: False}

    cut = server.post(script=script, args=[(1 << 20) + 1])
    assert cut.body[stream] == "x" * (1 << 20)
    assert cut.body["truncated"] == {stream: True, other: False}


def test_cap_can_be_lowered_by_the_request(server):
    answer = server.post(script="def main(): print('x' * 5000)", limits={"output_kb": 1})
    assert (answer.http, answer.stdout) == (200, "x" * 1024), answer
    assert answer.body["truncated"]["stdout"] is True


def test_usage_is_measured(server):
    answer = server.run("""
        import time
        def main():
            time.sleep(0.2)
            end = time.process_time() + 0.2
            while time.process_time() < end: pass
            return len(bytearray(b"x") * 50_000_000)
        """)
    usage = answer.body["usage"]
    assert 395 <= usage["wall_ms"] < 5000, usage
    assert 190 <= usage["cpu_ms"] <= usage["wall_ms"], usage
    assert 48_000 <= usage["memory_peak_kb"] < 512_000, usage


def test_empty_stdin_is_at_its_end(server):
    answer = server.post(script="import sys\ndef main(): return sys.stdin.read()")
    assert (answer.http, answer.result) == (200, ""), answer


def test_large_stdin_arrives_whole_and_may_also_be_ignored(server):
    text = "línea\n" * 100_000
    assert server.post(script="import sys\ndef main(): return sys.stdin.read()", stdin=text).result == text
    assert server.post(script="def main(): return 1", stdin=text).result == 1
