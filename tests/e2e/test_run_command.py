"""The command line: run, doctor, version and the help pages."""

import json
import os
import subprocess

import pytest
from support import BINARY, CANARY, ENVELOPE, TIME_FACTOR

HELLO = "def main(*args, **kwargs):\n    print('said')\n    return {'args': args, 'kwargs': kwargs}\n"


def cellblock(*arguments, stdin="", **environment):
    return subprocess.run([BINARY, *map(str, arguments)], input=stdin, capture_output=True, text=True,
                          timeout=40 * TIME_FACTOR,
                          env={**os.environ, "CELLBLOCK_TEST_SECRET": CANARY, **environment})


@pytest.fixture
def script(tmp_path):
    def write(text):
        (tmp_path / "script.py").write_text(text)
        return tmp_path / "script.py"

    return write


def test_result_goes_to_stdout_and_output_to_stderr(script):
    done = cellblock("run", script(HELLO), "--arg", "1", "--arg", '{"a": [null]}', "--kwarg", 'name="é"')
    assert done.returncode == 0, done
    assert json.loads(done.stdout) == {"args": [1, {"a": [None]}], "kwargs": {"name": "é"}}
    assert done.stderr == "said\n"


def test_script_is_read_from_standard_input(script):
    done = cellblock("run", "-", "--arg", '"x=y"', stdin=HELLO)
    assert (done.returncode, json.loads(done.stdout)["args"]) == (0, ["x=y"]), done


def test_stdin_comes_from_a_file(script, tmp_path):
    (tmp_path / "input.txt").write_text("one\ntwo\n")
    path = script("import sys\ndef main(): return sys.stdin.read().split()")
    done = cellblock("run", path, "--stdin", tmp_path / "input.txt")
    assert (done.returncode, json.loads(done.stdout)) == (0, ["one", "two"]), done


def test_json_prints_the_whole_envelope(script):
    done = cellblock("run", "--json", script(HELLO))
    envelope = json.loads(done.stdout)
    assert done.returncode == 0
    assert ENVELOPE <= envelope.keys()
    assert (envelope["status"], envelope["stdout"], envelope["error"]) == ("ok", "said\n", None)
    assert done.stderr == ""


@pytest.mark.parametrize("text, error", [
    ("def main():\n    return 1 / 0", "ZeroDivisionError: division by zero"),
    ("x = 1", "Script must define a main() function"),
    ("def main(:", "SyntaxError: "),
    ("def main(): return {1}", "Returned value is not valid JSON: Object of type set is not JSON"),
    ("import os\ndef main(): os._exit(0)", "Script exited with code 0 before main() returned"),
])
def test_script_at_fault_is_exit_code_1_with_the_error(script, text, error):
    done = cellblock("run", script(text))
    assert (done.returncode, done.stdout) == (1, ""), done
    assert error in done.stderr

    as_json = cellblock("run", "--json", script(text))
    assert as_json.returncode == 1
    assert json.loads(as_json.stdout)["error"].startswith(error)


def test_time_limit_holds_without_a_server(script):
    done = cellblock("run", script("def main():\n    while True: pass"), TIME_LIMIT="1")
    assert done.returncode == 1
    assert "Script execution timed out (1s limit)" in done.stderr


@pytest.mark.parametrize("arguments", [
    [], ["run"], ["run", "/nothing/here.py"], ["run", "SCRIPT", "--arg", "{"],
    ["run", "SCRIPT", "--kwarg", "x"], ["run", "SCRIPT", "--kwarg", "x={"],
    ["run", "SCRIPT", "--kwarg", "=1"], ["run", "SCRIPT", "--stdin", "/nothing/here"],
    ["run", "SCRIPT", "--no-such-flag"],
    ["serve", "--no-such-flag"], ["serve", "--memory-mb", "much"], ["serve", "--max-executions", "-1"],
    ["no-such-command"],
], ids=" ".join)
def test_wrong_usage_is_exit_code_2_with_a_reason(script, arguments):
    path = script(HELLO)
    done = cellblock(*[path if argument == "SCRIPT" else argument for argument in arguments])
    assert (done.returncode, done.stdout) == (2, ""), done
    assert done.stderr.strip()


def test_run_leaves_no_secret_and_no_process(script):
    done = cellblock("run", script("import os\ndef main(): return [dict(os.environ), os.listdir('/tmp')]"))
    assert CANARY not in done.stdout
    assert json.loads(done.stdout)[1] == []


def test_doctor_has_a_line_for_every_wall_and_the_versions(server):
    done = cellblock("doctor")
    assert done.returncode == 0, done
    lines = done.stdout.splitlines()
    for wall in server.client.get("/health").json()["isolation"]["walls"]:
        assert [line for line in lines if wall in line], f"no line for {wall}"
    assert [line for line in lines if "level" in line.lower() and "full" in line]
    assert "3.11" in done.stdout
    for library in ("numpy", "pandas"):
        version = subprocess.check_output(
            ["/usr/bin/python3", "-c", f"import {library}; print({library}.__version__)"], text=True)
        assert [line for line in lines if library in line and version.strip() in line], library


def test_version_matches_the_service(server):
    done = cellblock("version")
    assert done.returncode == 0
    assert server.client.get("/version").json()["version"] in done.stdout
    assert len(done.stdout.splitlines()) == 1


@pytest.mark.parametrize("command", [[], ["serve"], ["run"], ["doctor"], ["version"]], ids=" ".join)
def test_help_explains_with_an_example(command):
    done = cellblock(*command, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "example" in done.stdout.lower()
    assert " ".join(["cellblock", *command]) in done.stdout
