"""SIGHUP: the configuration file is read again while the service runs."""

import json
import os
import signal

import pytest
from support import BINARY, Server, eventually, folders_of_the_test
from test_monitoring import samples

GOOD = "time-limit = 20\nmemory-mb = 256\n"


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reload")
    for parent in folders_of_the_test(folder):
        parent.chmod(0o755)  # the service reads it as an unprivileged user
    file, log = folder / "cellblock.toml", folder / "log"
    file.write_text(GOOD)
    server = Server("--pool-size", "2", "--config", str(file), "--max-script-bytes", "5000",
                    program=("sh", "-c", 'exec "$0" "$@" 2>"$LOG"', BINARY), ENVIRONMENT="production", LOG=str(log))
    server.file, server.log = file, log
    yield server
    server.stop()


def lines(server, *events) -> list[dict]:
    return [line for line in map(json.loads, server.log.read_text().splitlines()) if line["event"] in events]


def reload(server, text) -> dict:
    """The log line that closes it."""
    ends = ("reloaded", "reload refused")
    before = len(lines(server, *ends))
    server.file.write_text(text)
    server.process.send_signal(signal.SIGHUP)
    eventually(lambda: len(lines(server, *ends)) > before, 10, "the reload is logged")
    return lines(server, *ends)[-1]


def wall_limit(server) -> float:
    """What the service allows, as it tells who asks for more."""
    refused = server.post(script="def main(): return 1", limits={"wall_s": 1e5})
    assert refused.status == "invalid_request"
    return refused.error


@pytest.fixture(autouse=True)
def as_before(running):
    yield
    reload(running, GOOD)


def test_what_needs_no_restart_is_in_force_for_the_next_request(running):
    told = reload(running, "time-limit = 0.5\nmemory-mb = 256\n")
    assert (told["changed"], told["needs_restart"]) == ("time-limit: 20 s -> 0.5 s", "")
    assert told["level"] == "info"
    answer = running.run("import time\ndef main(): time.sleep(5)")
    assert answer.error == "Script execution timed out (0.5s limit)", answer


def test_the_policy_is_taken_over(running):
    assert running.run("def main(): return eval('1')").result == 1
    told = reload(running, GOOD + "policy = 'strict'\n")
    assert told["changed"] == "policy: sandbox -> strict"
    assert running.run("def main(): return eval('1')").status == "policy_violation"


def test_what_needs_a_restart_is_named_and_left(running):
    told = reload(running, "time-limit = 19\nmemory-mb = 64\nmax-queued = 7\n")
    assert told["changed"] == "time-limit: 20 s -> 19 s; max-queued: 1000 -> 7"
    assert told["needs_restart"] == "memory-mb: 256 MB -> 64 MB"
    assert samples(running)["cellblock_queued_executions_limit", ()] == 7
    assert running.run("def main(): return len(bytearray(b'x') * 100_000_000)").result == 100_000_000


def test_a_flag_still_wins(running):
    told = reload(running, GOOD + "max-script-bytes = 100\n")
    assert told["changed"] == ""
    assert running.run("def main(): return 1" + "#" * 1000).result == 1


@pytest.mark.parametrize("broken", ["time-limit = -1\nmemory-mb = 256\n", "time-limt = 3\n", "time-limit = [\n", None])
def test_a_broken_file_changes_nothing(running, broken):
    failed = samples(running)["cellblock_config_reloads_total", (("result", "failed"),)]
    allowed = wall_limit(running)
    if broken is None:
        running.file.chmod(0)
    told = reload(running, broken or "time-limit = 1\n")
    running.file.chmod(0o644)
    assert told["event"] == "reload refused" and told["means"] == "the configuration stays as it was"
    assert str(running.file) in lines(running, "reload")[-1]["problem"] or "time-limit" in lines(running, "reload")[-1]["problem"]
    assert wall_limit(running) == allowed
    assert samples(running)["cellblock_config_reloads_total", (("result", "failed"),)] == failed + 1
    assert running.run("def main(): return 42").result == 42


def test_running_executions_keep_what_they_began_with(running):
    import threading
    answers = []
    thread = threading.Thread(target=lambda: answers.append(
        running.run("import time\ndef main(): time.sleep(1.5); return 'whole'")))
    thread.start()
    eventually(lambda: running.pool()["running"] == 1, 5, "it runs")
    reload(running, "time-limit = 0.2\nmemory-mb = 256\n")
    thread.join()
    assert answers[0].result == "whole", answers


def test_the_log_level_is_taken_over(running):
    reload(running, GOOD + "log-level = 'warn'\n")
    answer = running.run("def main(): return 1")
    reload(running, GOOD)
    assert answer.body["id"] not in running.log.read_text()
    seen = running.run("def main(): return 1").body["id"]
    eventually(lambda: seen in running.log.read_text(), 5, "it is logged again")


def test_many_signals_do_no_harm(running):
    for _ in range(50):
        os.kill(running.process.pid, signal.SIGHUP)
    assert running.run("def main(): return 42").result == 42
