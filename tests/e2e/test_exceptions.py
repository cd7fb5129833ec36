"""What the answer tells of a fault: place, text and hint, in the script and in modules that came along."""

import os
import sys
from pathlib import Path

import pytest
from strict_table import REFUSED
from support import BINARY, Server


def fault(server, script, **fields):
    answer = server.post(script=script, **fields)
    assert answer.http == 400 and answer.exception, answer
    return answer.exception


@pytest.mark.parametrize("script, hint", [
    ("foo_bar = 1\ndef main(): return foo_bra", "Did you mean: 'foo_bar'?"),
    ("def main():\n    value = 1\n    return valeu", "Did you mean: 'value'?"),
    ("import math\ndef main(): return math.sqr(2)", "Did you mean: 'sqrt'?"),
    ("def main(): return [].apend(1)", "Did you mean: 'append'?"),
    ("from math import sqr\ndef main(): pass", "Did you mean: 'sqrt'?"),
])
def test_pythons_own_hint_is_there(server, script, hint):
    answer = server.post(script=script)
    told = answer.exception
    assert told["hint"] == hint, answer
    assert told["traceback"].rstrip().endswith(f". {hint}")
    assert answer.error == f"{told['type']}: {told['message']}" and "Did you mean" not in answer.error
    assert answer.stderr == ""


@pytest.mark.parametrize("script, words", [
    ("def main(): return json.dumps(1)", "Did you forget to import 'json'?"),
    ("def main(): return np.arange(3)", "import numpy as np"),
    ("import no_such_library\ndef main(): pass", "/version"),
    ("def main(a): return a", "'args' and 'kwargs' of the request"),
    ("def main():\n    open('big', 'wb').write(bytes(11 << 20))", "'file_mb'"),
    ("def main():\n    for n in range(7):\n        open(f'{n}', 'wb').write(bytes(10 << 20))", "working directory"),
    ("def main(): return [open('/dev/null') for n in range(200)]", "open at once"),
    ("import threading, time\ndef main():\n    for n in range(200):\n"
     "        threading.Thread(target=time.sleep, args=(9,), daemon=True).start()", "'processes'"),
    ("import os, time\ndef main():\n    for n in range(200):\n        if not os.fork(): time.sleep(9)", "'processes'"),
])
def test_a_limit_or_a_habit_has_a_hint(server, script, words):
    exception = fault(server, script)
    assert words in exception.get("hint", ""), exception


def test_an_exception_of_the_scripts_own_has_no_hint(server):
    assert "hint" not in fault(server, "def main(): raise ValueError('x')")
    assert "hint" not in fault(server, "def main(): raise NameError('qqqq')")
    assert "hint" not in fault(server, "import socket\ndef main():\n    a, b = socket.socketpair()\n"
                                       "    a.setblocking(False)\n    a.recv(1)")


@pytest.mark.parametrize("script, place, marked", [
    ("def main():\n    return 1 / 0", (2, 12, 2, 17), "1 / 0"),
    ("def main():\n    é = (1 +\n        {}['ü'])", (3, 9, 3, 16), "{}['ü']"),
    ("def f(x): return x.y\ndef main():\n    return f(1)", (1, 18, 1, 21), "x.y"),
    ("import json\ndef main():\n    return json.loads('{')", (3, 12, 3, 27), "json.loads('{')"),
    ("def main():\n    return len(\n        1)", (2, 12, 3, 11), None),
    ("x = = 1", (1, 5, 1, 6), "="),
    ("def main():\n    return (1", (2, 12, None, None), None),
    ("import math\ndef main(a): return a", (2, 1, 2, 9), "def main"),
    ("import functools\n@functools.cache\ndef main(a): return a", (3, 1, 3, 9), "def main"),
])
def test_the_place_is_told_with_column_and_text(server, script, place, marked):
    exception = fault(server, script)
    names = ("line", "column", "end_line", "end_column")
    assert tuple(exception.get(name) for name in names) == place, exception
    assert exception["text"] == script.splitlines()[place[0] - 1] and exception["file"] == "<script>"
    if marked:
        assert exception["text"][place[1] - 1:place[3] - 1] == marked


@pytest.mark.parametrize("script, column", [
    ("x = 1\ndef main(): return eval('1')", 20), ("import json\nimport json, subprocess\n", 14),
    ("import os\nx = 'é', os.system('ls')", 10)])
def test_a_violation_has_its_place_and_reason(server, script, column):
    answer = server.post(script=script, policy="strict")
    exception = answer.exception
    assert (exception["type"], exception["message"]) == ("PolicyViolation", answer.error)
    assert (exception["line"], exception["column"], exception["traceback"]) == (2, column, ""), answer
    assert exception["text"] == script.splitlines()[1]
    assert "starts other programs" in exception["hint"] or "runs text as code" in exception["hint"]


def test_every_refusal_has_a_place(server):
    for _, script in REFUSED[::9]:
        exception = fault(server, script + "\ndef main(): pass", policy="strict")
        assert exception["line"] and exception["column"] and exception["hint"], exception


HELPER = "def half(x):\n    return x / 0\n"
FILES = [{"path": "helper.py", "content": HELPER}, {"path": "tools/__init__.py", "content": ""},
         {"path": "tools/deep.py", "content": "import helper\ndef call(f): return f()\n"},
         {"path": "broken.py", "content": "x = 1\ny = = 2\n"}, {"path": "json.py", "content": "1 / 0"},
         {"path": "colorsys.py", "content": "1 / 0"}]


def modules_of_the_request(server):
    def run(script):
        return server.post(script=script, files=FILES)

    answer = run("import json, colorsys, helper, tools.deep\n"
                 "def main(): return [tools.deep.call(lambda: 1), json.dumps(2), colorsys.rgb_to_hsv(1, 1, 1)[2]]")
    assert (answer.http, answer.result) == (200, [1, "2", 1]), answer

    answer = run("import helper\ndef main():\n    return helper.half(1)")
    told = {"line": 2, "column": 12, "file": "helper.py", "text": "    return x / 0"}
    assert answer.exception | told == answer.exception
    assert '  File "<script>", line 3, in main\n' in answer.exception["traceback"]
    assert '  File "helper.py", line 2, in half\n    return x / 0\n           ~~^~~\n' in answer.exception["traceback"]

    answer = run("import os, tools.deep\ndef main():\n    os.chdir('/')\n    tools.deep.call(lambda: {}['a'])")
    assert answer.exception | {"line": 4, "file": "<script>"} == answer.exception
    assert 'File "tools/deep.py", line 2, in call' in answer.exception["traceback"], answer

    answer = run("def main():\n    import broken")
    assert answer.status == "exception"
    assert answer.exception | {"line": 2, "column": 5, "file": "broken.py", "text": "y = = 2"} == answer.exception
    assert 'File "broken.py", line 2' in answer.exception["traceback"]


def test_modules_of_the_request_can_be_imported_and_have_frames(server):
    modules_of_the_request(server)


def test_spawned_processes_find_modules_of_the_request(server):
    answer = server.run("""
        import multiprocessing, work
        def main():
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                return pool.map(work.double, [1, 2])""", files=[{"path": "work.py", "content":
                                                                 "def double(x): return 2 * x\n"}])
    assert answer.result == [2, 4], answer


@pytest.mark.skipif(os.getuid() != 0, reason="takes namespaces away, as root")
def test_the_same_at_level_restricted():
    program = (sys.executable, str(Path(__file__).with_name("like_docker.py")), "root", BINARY)
    weaker = Server("--isolation", "restricted", "--uid-base", "1960000000", "--policy", "sandbox", "--pool-size", "2",
                    program=program)
    try:
        assert weaker.client.get("/health").json()["isolation"]["level"] == "restricted"
        modules_of_the_request(weaker)
    finally:
        weaker.stop()


def test_a_forked_child_tells_its_users_frames_only(server):
    answer = server.run("""
        import os
        def main():
            child = os.fork()
            if child == 0:
                raise ValueError("in the child")
            os.waitpid(child, 0)
            return 1""")
    assert answer.result == 1
    assert answer.stderr.endswith("ValueError: in the child\n") and 'File "<script>"' in answer.stderr
    assert "cellblock" not in answer.stderr


def test_the_stack_that_a_script_sees_begins_with_its_own_frames(server):
    answer = server.run("""
        import inspect, sys, traceback
        top = [frame.function for frame in inspect.stack()]
        def main():
            traceback.print_stack(file=sys.stdout)
            return [top, [frame.function for frame in inspect.stack()], sys._getframe().f_back is None]""")
    assert answer.result == [["<module>"], ["main"], True], answer
    assert "cellblock" not in answer.stdout and answer.stdout.count("File") == 1, answer


@pytest.mark.parametrize("policy", ["sandbox", "strict"])
def test_a_byte_order_mark_is_no_part_of_the_script(server, policy):
    """Editors of Windows begin files with it, and Python skips it in a file."""
    assert server.run("\ufeffdef main(): return 5", policy=policy).result == 5
    answer = server.run("\ufeffdef main(): return 1 / 0", policy=policy)
    assert (answer.exception["line"], answer.exception["column"], answer.exception["text"]) == (1, 20, "def main(): return 1 / 0")


def test_a_message_of_megabytes_is_cut(server):
    answer = server.post(script="def main(): raise ValueError('x' * 10_000_000)")
    assert answer.status == "exception" and 8_000 < len(answer.error) < 9_000
    assert answer.error.endswith("…")
