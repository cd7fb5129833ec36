"""Every status of the contract's table, with the very words that clients rely on."""

import re

import pytest
from support import ENVELOPE

LIMIT = 204_800  # bytes of script


def padded(size: int) -> str:
    """A script of exactly `size` bytes; the comment's two-byte characters tell bytes from characters."""
    script = "def main():\n    return 'fits'\n#"
    script += "é" * ((size - len(script)) // 2)
    return script + "#" * (size - len(script.encode()))


# name, script, further fields of the request, status, error
FAULTS = [
    ("no main", "x = 1", {}, "missing_main", "Script must define a main() function"),
    ("main is not callable", "main = 3", {}, "missing_main", "Script must define a main() function"),
    ("main is deleted", "def main(): pass\ndel main", {}, "missing_main",
     "Script must define a main() function"),
    ("syntax error", "def main():\n    x = 1\n    return = 2\n", {}, "syntax_error",
     "SyntaxError: invalid syntax (line 3)"),
    ("unclosed bracket", "def main():\n    return (1,\n", {}, "syntax_error",
     "SyntaxError: '(' was never closed (line 2)"),
    ("missing indentation", "def main():\nreturn 1\n", {}, "syntax_error",
     "IndentationError: expected an indented block after function definition on line 1 (line 2)"),
    ("unexpected indentation", "def main():\n    a = 1\n      b = 2\n", {}, "syntax_error",
     "IndentationError: unexpected indent (line 3)"),
    ("return outside a function", "def main(): pass\nreturn 1", {}, "syntax_error",
     "SyntaxError: 'return' outside function (line 2)"),
    ("exception", "def main():\n    return 1 / 0", {}, "exception", "ZeroDivisionError: division by zero"),
    ("exception while importing", "import nothing_of_this_name\ndef main(): pass", {}, "exception",
     "ModuleNotFoundError: No module named 'nothing_of_this_name'"),
    ("exception without message", "def main():\n    assert False", {}, "exception", "AssertionError"),
    ("exception of the script's own", "class Odd(Exception): pass\ndef main(): raise Odd('why', 2)", {},
     "exception", "Odd: ('why', 2)"),
    ("KeyboardInterrupt", "def main(): raise KeyboardInterrupt", {}, "exception", "KeyboardInterrupt"),
    ("too many arguments", "def main(): pass", {"args": [1]}, "exception",
     "TypeError: main() takes 0 positional arguments but 1 was given"),
    ("timeout in a loop", "def main():\n    while True: pass", {"limits": {"wall_s": 1}}, "timeout",
     "Script execution timed out (1s limit)"),
    ("timeout in a sleep", "import time\ndef main(): time.sleep(60)", {"limits": {"wall_s": 1}}, "timeout",
     "Script execution timed out (1s limit)"),
    ("timeout while importing", "import time\ntime.sleep(60)\ndef main(): pass", {"limits": {"wall_s": 1}},
     "timeout", "Script execution timed out (1s limit)"),
    ("CPU time", "def main():\n    while True: pass", {"limits": {"cpu_s": 1, "wall_s": 8}}, "cpu_limit",
     "Script exceeded the CPU time limit (1s)"),
    ("memory", "def main():\n    b = bytearray()\n    while True: b += b'x' * 1_000_000",
     {"limits": {"memory_mb": 64}}, "memory_limit", "Script exceeded the memory limit (64 MB)"),
    ("result too large", "def main(): return 'x' * 20_000_000", {}, "result_too_large",
     "Result is too large (limit 16 MB)"),
    ("sys.exit with code", "import sys\ndef main(): sys.exit(3)", {}, "exited",
     "Script exited with code 3 before main() returned"),
    ("sys.exit with zero", "import sys\ndef main(): sys.exit(0)", {}, "exited",
     "Script exited with code 0 before main() returned"),
    ("sys.exit without code", "import sys\ndef main(): sys.exit()", {}, "exited",
     "Script exited with code 0 before main() returned"),
    ("sys.exit while importing", "import sys\nsys.exit(4)\ndef main(): pass", {}, "exited",
     "Script exited with code 4 before main() returned"),
    ("raised SystemExit", "def main(): raise SystemExit(5)", {}, "exited",
     "Script exited with code 5 before main() returned"),
    ("os._exit", "import os\ndef main(): os._exit(3)", {}, "exited",
     "Script exited with code 3 before main() returned"),
    ("os._exit with zero", "import os\ndef main(): os._exit(0)", {}, "exited",
     "Script exited with code 0 before main() returned"),
    ("segmentation fault", "import ctypes\ndef main(): ctypes.string_at(0)", {}, "killed",
     "Script was killed by signal 11 (SIGSEGV)"),
    ("SIGKILL to itself", "import os\ndef main(): os.kill(os.getpid(), 9)", {}, "killed",
     "Script was killed by signal 9 (SIGKILL)"),
    ("abort", "import os\ndef main(): os.abort()", {}, "killed", "Script was killed by signal 6 (SIGABRT)"),
    ("policy", "def main():\n    return eval('1')", {"policy": "strict"}, "policy_violation",
     "Script uses 'eval', which policy 'strict' does not allow (line 2)"),
    ("script too large", padded(LIMIT + 1), {}, "script_too_large",
     f"Invalid script size: {LIMIT + 1} bytes (limit {LIMIT})"),
]


@pytest.mark.parametrize("script, fields, status, error", [c[1:] for c in FAULTS], ids=[c[0] for c in FAULTS])
def test_fault_is_named_in_the_contracts_words(server, script, fields, status, error):
    answer = server.post(script=script, **fields)
    assert (answer.http, answer.status, answer.error) == (400, status, error), answer
    assert answer.result is None
    assert ENVELOPE <= answer.body.keys()


INVALID = "Returned value is not valid JSON: "
INVALID_RESULTS = [
    ("{1, 2}", "Object of type set is not JSON serializable"),
    ("lambda: 1", "Object of type function is not JSON serializable"),
    ("object()", "Object of type object is not JSON serializable"),
    ("b'bytes'", "Object of type bytes is not JSON serializable"),
    ("1j", "Object of type complex is not JSON serializable"),
    ("(n for n in [1])", "Object of type generator is not JSON serializable"),
    ("float('nan')", "Out of range float values are not JSON compliant: NaN"),
    ("[float('inf')]", "Out of range float values are not JSON compliant: Infinity (at result[0]; use None instead)"),
    ("{'deep': [0, -float('inf')]}",
     "Out of range float values are not JSON compliant: -Infinity (at result['deep'][1]; use None instead)"),
    ("{'a': 1, 'b': [{'c': 1}, {'c': {2}}]}", "Object of type set is not JSON serializable (at result['b'][1]['c']; "
     "convert it with list() or sorted())"),
    ("{(1, 2): 3}",
     "keys must be str, int, float, bool or None, not tuple (at a key of result; convert the key with str())"),
    ("(lambda a: a.append(a) or a)([])", "Circular reference detected (at result[0]; it contains itself)"),
    ("['\\ud800']", "a string contains a lone surrogate (at result[0]; write it with errors='replace')"),
]


@pytest.mark.parametrize("value, reason", INVALID_RESULTS, ids=[c[0] for c in INVALID_RESULTS])
def test_value_that_is_not_json_is_refused_with_the_reason(server, value, reason):
    answer = server.post(script=f"def main():\n    return {value}")
    assert (answer.http, answer.status, answer.error) == (400, "invalid_result", INVALID + reason), answer


@pytest.mark.parametrize("value, kind", [
    ("np.arange(3)", "ndarray"), ("np.int64(3)", "int64"), ("np.bool_(True)", "bool_"),
    ("pd.DataFrame({'a': [1]})", "DataFrame"), ("pd.Series([1])", "Series"),
    ("pd.Timestamp('2024-01-01')", "Timestamp"),
])
def test_numpy_and_pandas_values_are_refused_with_a_hint(server, value, kind):
    answer = server.post(script=f"import numpy as np, pandas as pd\ndef main(): return [{value}]")
    assert (answer.http, answer.status) == (400, "invalid_result"), answer
    reason = f"{INVALID}Object of type {kind} is not JSON serializable"
    assert answer.error.startswith(reason), answer
    hint = answer.error.removeprefix(reason)
    assert re.search(r"\.(tolist|item|to_dict|isoformat)\(\)", hint), "names a method that helps"


@pytest.mark.parametrize("value, hint", [
    ("[np.float64('nan')]", "NaN (at result[0]; use None instead)"),
    ("pd.DataFrame({'a': [1.5, None]}).to_dict()", "NaN (at result['a'][1]; use None instead)"),
    ("{'when': pd.NaT}", "(at result['when']; use None instead)"),
])
def test_missing_values_are_refused_with_their_place(server, value, hint):
    answer = server.post(script=f"import numpy as np, pandas as pd\ndef main(): return {value}")
    assert (answer.http, answer.status) == (400, "invalid_result") and answer.error.endswith(hint), answer


def test_lone_surrogate_in_a_result_is_refused(server):
    answer = server.post(script="def main(): return '\\ud800'")
    assert (answer.http, answer.status) == (400, "invalid_result"), answer


def test_result_below_the_limit_passes(server):
    answer = server.post(script="def main(): return 'x' * 15_000_000")
    assert (answer.http, len(answer.result)) == (200, 15_000_000)


def test_script_of_exactly_the_limit_passes(server):
    answer = server.post(script=padded(LIMIT))
    assert (answer.http, answer.result) == (200, "fits"), answer


def test_memory_and_cpu_below_their_limits_pass(server):
    answer = server.run("""
        def main():
            block = bytearray(b"x") * 40_000_000
            return sum(range(1_000_000)) + len(block)
        """, limits={"memory_mb": 64, "cpu_s": 2, "wall_s": 10})
    assert (answer.http, answer.result) == (200, 500_039_500_000), answer


def test_memory_error_that_is_caught_is_the_scripts_own_business(server):
    answer = server.run("""
        def main():
            try:
                bytearray(1 << 50)
            except MemoryError:
                return "caught"
        """)
    assert (answer.http, answer.result) == (200, "caught"), answer


def test_syntax_error_tells_line_column_and_text(server):
    answer = server.post(script="def main():\n    pass\n    x = = 1\n")
    assert answer.exception["type"] == "SyntaxError"
    assert (answer.exception["line"], answer.exception["column"]) == (3, 9), answer
    assert answer.exception["text"].strip() == "x = = 1"


def test_exception_shows_only_the_users_frames(server):
    answer = server.run("""\
        import json

        class Strange:
            def __iter__(self):
                raise KeyError("inside")

        def main():
            print("before")
            return sorted(Strange())
        """)
    assert (answer.http, answer.status, answer.error) == (400, "exception", "KeyError: 'inside'"), answer
    assert answer.stdout == "before\n"
    assert answer.stderr == ""
    exception = answer.exception
    assert (exception["type"], exception["message"], exception["line"]) == ("KeyError", "'inside'", 5)
    frames = re.findall(r'File "(.*)", line (\d+), in (\S+)', exception["traceback"])
    assert frames == [("<script>", "9", "main"), ("<script>", "5", "__iter__")]
    assert exception["traceback"].startswith("Traceback (most recent call last):\n")
    assert exception["traceback"].rstrip().endswith("KeyError: 'inside'")


# Without a line end at its end, and after what splits lines elsewhere than in Python's source.
@pytest.mark.parametrize("end", ["", "\n"])
@pytest.mark.parametrize("begin", ["", "x = 'a\u2028b\x1cc'\n"])
def test_traceback_marks_the_place_in_its_line(server, begin, end):
    answer = server.post(script=f"{begin}def main():\n    return 1 / 0{end}")
    assert "    return 1 / 0\n           ~~^~~\nZero" in answer.exception["traceback"], answer
