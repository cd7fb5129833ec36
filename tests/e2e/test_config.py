"""The configuration: what `config show` prints, and everything that is wrong with one at once."""

import json
import os
import subprocess

import pytest
from support import BINARY, CANARY, TIME_FACTOR, Server


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


def test_options_that_need_each_other_and_files_are_told_with_all_else(file):
    flags = ("--metrics-key", "--tls-key", "/nonexistent/key", "--host", "no address", "--port", "70000")
    path = file("memroy-mb = 300\n")
    for command in (("config", "show"), ("serve",)):
        done = cellblock(*command, *flags, "--config", path)
        assert (done.returncode, done.stdout) == (2, ""), command
        for words in ("option metrics-key: there are no keys", "only one of them is there", "option host, address no address",
                      "port = '70000'", "'memroy-mb'"):
            assert words in done.stderr, (command, done.stderr)


def test_files_that_can_not_be_read_are_told(file):
    for flags, words in ((("--keys-file", "/nonexistent/keys"), ("keys file /nonexistent/keys: No such file",)),
                         (("--tls-certificate", "/nonexistent/c", "--tls-key", "/nonexistent/k", "--keys-file", str(file("x\n"))),
                          ("/nonexistent/c", "keys file"))):
        done = cellblock("config", "show", *flags)
        assert done.returncode == 2 and all(word in done.stderr for word in words), done.stderr


def test_an_option_that_is_wrong_itself_is_told_once():
    done = cellblock("config", "show", "--keys-file", "keys", "--metrics-key")
    assert len(done.stderr.splitlines()) == 1 and "metrics-key" not in done.stderr, done.stderr


def test_a_misspelt_variable_is_a_warning():
    done = cellblock("config", "show", CELLBLOCK_TIME_LIMT="3", ENVIRONMENT="prod")
    assert done.returncode == 0 and "time-limit = \"30 s\"" in done.stdout
    assert "CELLBLOCK_TIME_LIMT is not known, did you mean CELLBLOCK_TIME_LIMIT?" in done.stderr
    assert "environment = 'prod' (environment variable ENVIRONMENT)" in done.stderr
    assert cellblock("config", "show", CELLBLOCK_ENVIRONMENT="prod").returncode == 2


def test_warnings_are_in_the_log_of_a_service(tmp_path):
    log = tmp_path / "log"
    running = Server("--pool-size", "2", program=("sh", "-c", 'exec "$0" "$@" 2>"$LOG"', BINARY), LOG=str(log),
                     ENVIRONMENT="prod", CELLBLOCK_TIME_LIMT="3")
    running.stop()
    told = [line for line in log.read_text().splitlines() if "event=configuration" in line]
    assert any("CELLBLOCK_TIME_LIMIT?" in line and "level=warn" in line for line in told)
    assert any("ENVIRONMENT" in line and "'prod'" in line for line in told)


def test_toml_is_read_as_toml(file):
    path = file('port = 9_001\npreload = [\n  "numpy",  # first\n  "scipy",\n]\ntime-limit = 1.5e1\n')
    rows = shown("--config", path)
    assert [rows[name]["value"] for name in ("port", "preload", "time-limit")] == ["9001", "numpy,scipy", "15 s"]
    done = cellblock("config", "show", "--config", file("port = 1\ntime-limit = 30 s\n"))
    assert done.returncode == 2 and "line 2, column" in done.stderr, done.stderr


def test_a_restart_is_named_where_one_is_needed():
    lines = {line.partition(" = ")[0]: line for line in cellblock("config", "show").stdout.splitlines()}
    assert lines["port"].endswith("# default; restart") and lines["time-limit"].endswith("# default")
    help = cellblock("serve", "--help").stdout
    assert "a change needs a restart" in help and "changes on SIGHUP" in help


def test_the_version_has_a_flag_too():
    assert cellblock("--version").stdout == cellblock("version").stdout != ""


@pytest.mark.parametrize(("typed", "meant"), [(("srve",), "serve"), (("config", "shwo"), "show"), (("key",), "keys"),
                                              (("keys", "revok", "ann"), "revoke")])
def test_a_mistyped_command_gets_the_nearest(typed, meant):
    done = cellblock(*typed)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"unknown command '{typed[-1] if len(typed) < 3 else typed[1]}', did you mean '{meant}'?" in done.stderr


def test_nothing_else_of_the_environment_is_shown():
    assert CANARY not in cellblock("config", "show").stdout + cellblock("config", "show", "--json").stdout
