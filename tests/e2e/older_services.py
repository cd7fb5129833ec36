"""What the documents of the older services show. Each has a file of its own, test_older_*.py, with its variables and limits."""

import textwrap
from dataclasses import dataclass, field

import pytest
from support import TIME_FACTOR, Server, eventually

SMALL = ("--pool-size", "2", "--max-executions", "4", "--preload-light", "")


@dataclass(frozen=True)
class Service:
    seconds: int
    script_bytes: int
    flags: tuple = ()
    environment: dict = field(default_factory=dict)


def running(service):
    """For the fixture `older` of a service's own file, which has what its documents set."""
    server = Server(*SMALL, *service.flags, **service.environment)
    server.service = service
    server.strict = "strict" in (*service.flags, *service.environment.values())
    yield server
    server.stop()


def body_of(server, script, **fields):
    """Exactly what those clients send, and the two or three fields that they read."""
    answer = server.client.post("/execute", json={"script": textwrap.dedent(script), **fields})
    return answer.status_code, answer.json()


def test_hello(older):
    code, body = body_of(older, """
        def main():
            return {"message": "Hello, World!"}""")
    assert (code, body["result"], body["stdout"], body["error"]) == (200, {"message": "Hello, World!"}, "", None)


def test_numpy_mean_and_deviation(older):
    code, body = body_of(older, """
        import numpy as np
        def main():
            data = np.array([1, 2, 3, 4, 5])
            return {"mean": float(np.mean(data)), "std": float(np.std(data))}""")
    assert code == 200, body
    assert body["result"] == {"mean": 3.0, "std": pytest.approx(1.4142135623730951)}


def test_pandas_shape_mean_and_dictionary(older):
    code, body = body_of(older, """
        import pandas as pd
        def main():
            df = pd.DataFrame({"a": [1, 2, 3], "b": [4, 5, 6]})
            return {"shape": list(df.shape), "mean": df.mean().to_dict(), "data": df.to_dict()}""")
    assert code == 200, body
    assert body["result"] == {"shape": [3, 2], "mean": {"a": 2.0, "b": 5.0},
                              "data": {"a": {"0": 1, "1": 2, "2": 3}, "b": {"0": 4, "1": 5, "2": 6}}}


def test_printed_output_is_apart_from_the_result(older):
    code, body = body_of(older, """
        print("at import")
        def main():
            print("in main")
            return [1, 2]""")
    assert (code, body["result"], body["stdout"]) == (200, [1, 2], "at import\nin main\n")


def test_missing_main(older):
    code, body = body_of(older, "x = 1")
    assert (code, body["error"]) == (400, "Script must define a main() function")


def test_exception(older):
    code, body = body_of(older, "def main(): return 1 / 0")
    assert (code, body["result"], body["error"]) == (400, None, "ZeroDivisionError: division by zero")


def test_set_is_not_json(older):
    code, body = body_of(older, "def main(): return {1, 2}")
    words = "Returned value is not valid JSON: Object of type set is not JSON serializable"
    assert code == 400 and body["error"].startswith(words), body


@pytest.mark.parametrize("name", ["eval", "exec"])
def test_eval_and_exec(older, name):
    code, body = body_of(older, f"def main(): return {name}('1')", policy="strict")
    words = f"Script uses '{name}', which policy 'strict' does not allow (line 1)"
    assert (code, body["status"], body["error"]) == (400, "policy_violation", words)
    # Without the field the service's own choice holds.
    code, body = body_of(older, f"def main(): return {name}('1')")
    assert (code, body["status"]) == ((400, "policy_violation") if older.strict else (200, "ok")), body


def test_script_of_the_largest_size_and_one_byte_more(older):
    script = "def main(): return 1\n"
    script += "#" * (older.service.script_bytes - len(script))
    assert body_of(older, script)[0] == 200
    code, body = body_of(older, script + "#")
    assert code == 400 and "size" in body["error"] and str(older.service.script_bytes) in body["error"], body


def test_51_kb_and_more_than_200_kb(older):
    small = "def main(): return 1\n" + "#" * (51 << 10)
    code, body = body_of(older, small)
    if older.service.script_bytes < len(small):
        assert code == 400 and "size" in body["error"], body
    else:
        assert (code, body["result"]) == (200, 1), body
    code, body = body_of(older, "def main(): return 1\n" + "#" * (200 << 10))
    assert (code, body["status"]) == (400, "script_too_large") and "size" in body["error"], body


def test_removing_everything_removes_nothing(older):
    script = """
        import os
        def main():
            return os.system("rm -rf / 2>/dev/null") == 0"""
    code, body = body_of(older, script)
    if older.strict:
        words = "Script uses 'os.system', which policy 'strict' does not allow (line 4)"
        assert (code, body["error"]) == (400, words), body
    else:
        assert (code, body["result"]) == (200, False), body
    code, body = body_of(older, "import json, numpy\ndef main(): return json.loads('[1]')")
    assert (code, body["result"]) == (200, [1]), body


def test_infinite_loop_ends_with_the_limit(older):
    # The longer limits are not waited for; that they hold is told by what they are called when they are passed.
    seconds = older.service.seconds
    if seconds > 5:
        code, body = body_of(older, "def main(): return 1", limits={"wall_s": seconds + 1})
        assert code == 400 and "wall_s" in body["error"] and str(seconds) in body["error"], body
        seconds = 1
    code, body = body_of(older, "def main():\n    while True: pass", limits={"wall_s": seconds})
    assert (code, body["status"]) == (400, "timeout"), body
    assert body["error"] == f"Script execution timed out ({seconds}s limit)"
    assert body["usage"]["wall_ms"] < (seconds + 1) * 1000 * TIME_FACTOR


def test_health(older):
    answer = eventually(lambda: older.client.get("/health"), 5, "an answer")
    assert (answer.status_code, answer.json()["status"]) == (200, "healthy")
