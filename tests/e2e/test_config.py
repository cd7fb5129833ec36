"""The configuration: what `config show` prints, and everything that is wrong with one at once."""

import json
import os
import subprocess

import pytest
from support import BINARY, CANARY, TIME_FACTOR


def cellblock(*arguments, **environment):
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(("CELLBLOCK_", "PYEXEC_")) and name not in ("PORT", "TIME_LIMIT", "ENVIRONMENT")}
    return subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True, timeout=40 * TIME_FACTOR,
                          env={**kept, "CELLBLOCK_TEST_SECRET": CANARY, **environment})


def shown(*arguments, **environment) -> dict:
    done = cellblock("config", "show", "--json", *arguments, **environment)
    assert done.returncode == 0, done
    return {row["name"]: row for row in json.loads(done.stdout)["options"]}


@pytest.fixture
def file(tmp_path):
    def write(text):
        (tmp_path / "cellblock.toml").write_text(text)
        return tmp_path / "cellblock.toml"

    return write


def test_every_value_comes_with_its_origin(file):
    path = file("memory-mb = 300\ntime-limit = 8\nport = 9001\n")
    rows = shown("--config", path, "--port", "9003", TIME_LIMIT="9", PORT="9002")
    assert (rows["port"]["value"], rows["port"]["place"]) == ("9003", "flag --port")
    assert (rows["time-limit"]["value"], rows["time-limit"]["place"]) == ("9 s", "environment variable TIME_LIMIT")
    assert (rows["memory-mb"]["value"], rows["memory-mb"]["place"]) == ("300 MB", f"file {path}")
    assert (rows["policy"]["value"], rows["policy"]["source"], rows["policy"]["place"]) == ("sandbox", "default", None)
    assert rows["max-executions"]["automatic"] and int(rows["max-executions"]["value"]) >= 64


def test_older_variables_are_told_by_name():
    rows = shown(PYEXEC_TIMEOUT="7", PYEXEC_MAX_SCRIPT_CHARS="51200", ENVIRONMENT="production")
    assert rows["time-limit"]["place"] == "environment variable PYEXEC_TIMEOUT"
    assert (rows["max-script-bytes"]["value"], rows["environment"]["value"]) == ("51200", "production")


def test_what_it_prints_is_a_configuration_file(file):
    first = cellblock("config", "show", "--memory-mb", "300", "--preload", "numpy", TIME_LIMIT="1.5")
    assert first.returncode == 0 and "# environment variable TIME_LIMIT" in first.stdout
    rows, again = shown("--memory-mb", "300", "--preload", "numpy", TIME_LIMIT="1.5"), shown("--config", file(first.stdout))
    assert {name: row["value"] for name, row in again.items() if name != "config"} == \
        {name: row["value"] for name, row in rows.items() if name != "config"}


def test_everything_that_is_wrong_is_told_at_once(file):
    path = file("memroy-mb = 300\ntime-limit = -1\n[limits]\ncpus = 1\n")
    done = cellblock("config", "show", "--config", path, "--polcy", "strict", PORT="70000", CELLBLOCK_CPUS="many")
    assert (done.returncode, done.stdout) == (2, "")
    for words in ("'memroy-mb', did you mean 'memory-mb'?", "time-limit = '-1'", "section [limits]",
                  "'--polcy', did you mean '--policy'?", "port = '70000' (environment variable PORT)",
                  "cpus = 'many' (environment variable CELLBLOCK_CPUS)"):
        assert words in done.stderr, done.stderr
    assert len(done.stderr.splitlines()) >= 6


def test_nothing_else_of_the_environment_is_shown():
    assert CANARY not in cellblock("config", "show").stdout + cellblock("config", "show", "--json").stdout
