"""The service's log: what is refused has its line, and no byte of a client is in it unescaped."""

import json

import pytest
from support import BINARY, Server, eventually
from wire import Wire


@pytest.fixture(scope="module")
def logged(tmp_path_factory):
    path = tmp_path_factory.mktemp("log") / "log"
    with path.open("wb") as file:
        running = Server("--pool-size", "2", program=("sh", "-c", 'exec "$0" "$@" 2>"$LOG"', BINARY),
                         ENVIRONMENT="production", LOG=str(path))
    running.log = path
    yield running
    running.stop()


def lines(server, event) -> list[dict]:
    return [line for line in map(json.loads, server.log.read_text().splitlines()) if line["event"] == event]


def test_a_refused_request_has_one_line(logged):
    before = len(lines(logged, "refused"))
    refused = logged.client.post("/execute", json={"script": 1}, headers={"x-request-id": "asked-17"})
    assert refused.status_code == 400
    eventually(lambda: len(lines(logged, "refused")) > before, 5, "the line is written")
    line = lines(logged, "refused")[-1]
    assert len(lines(logged, "refused")) == before + 1
    assert (line["request_id"], line["route"], line["code"], line["reason"]) == \
        ("asked-17", "/execute", 400, "invalid_request")
    assert line["id"] == refused.json()["id"]
    assert line["client"].startswith("127.0.0.1:") and line["level"] == "info"


def test_what_ran_has_the_other_line(logged):
    refused = len(lines(logged, "refused"))
    answer = logged.run("def main(): return 1 / 0")
    line = eventually(lambda: [one for one in lines(logged, "execution") if one["id"] == answer.body["id"]], 5, "its line")
    assert (len(line), line[0]["status"]) == (1, "exception")
    assert len(lines(logged, "refused")) == refused


SIZES = """
import os, sys
def main(length):
    print("out" * 10)
    print("error", file=sys.stderr)
    os.mkdir("output")
    for name in ("a", "b"):
        with open(f"output/{name}", "wb") as file:
            file.write(b"x" * 1000)
    return "r" * length
"""


def ask(server, request_id, **fields):
    return server.client.post("/execute", json=fields, headers={"x-request-id": request_id})


def of_request(server, event, request_id, count=1) -> list[dict]:
    def found():
        named = [line for line in lines(server, event) if line["request_id"] == request_id]
        return named if len(named) == count else None

    return eventually(found, 5, f"{count} {event} for {request_id}")


def test_an_execution_is_found_by_the_id_of_its_request(logged):
    answer = ask(logged, "asked-18", script=SIZES, args=[98])
    line, = of_request(logged, "execution", "asked-18")
    assert line["id"] == answer.json()["id"] and line["client"].startswith("127.0.0.1:")
    sizes = {"script_bytes": len(SIZES), "result_bytes": 100, "stdout_bytes": 31, "stderr_bytes": 6, "files": 2,
             "files_bytes": 2000}
    assert {name: line[name] for name in sizes} == sizes
    assert all(isinstance(line[name], (int, float)) for name in line if name.endswith(("_ms", "_kb", "_bytes")))


def test_every_entry_of_a_batch_is_found_by_the_id_of_the_request(logged):
    requests = [{"script": "def main(): return 1"}, {"script": 1}, {"script": "def main(): return 2"}]
    answer = logged.client.post("/batch", json={"requests": requests}, headers={"x-request-id": "asked-19"})
    ids = [json.loads(line)["answer"]["id"] for line in answer.text.splitlines()]
    ran = of_request(logged, "execution", "asked-19", 2)
    refused, = of_request(logged, "refused", "asked-19")
    assert {line["id"] for line in ran} == {ids[0], ids[2]}
    assert (refused["id"], refused["route"], refused["code"]) == (ids[1], "/batch", 400)


def test_a_script_without_a_result_has_none(logged):
    ask(logged, "asked-20", script="def main(): return 1 / 0")
    ask(logged, "asked-21", script="def main(): return None")
    assert of_request(logged, "execution", "asked-20")[0]["result_bytes"] == 0
    assert of_request(logged, "execution", "asked-21")[0]["result_bytes"] == len("null")


def test_an_answer_that_is_given_again_has_a_line(logged):
    def keyed(request_id):
        return logged.client.post("/execute", json={"script": "def main(): return 5"},
                                  headers={"x-request-id": request_id, "idempotency-key": "of-the-log"})

    first, again = keyed("asked-22"), keyed("asked-23")
    line, = of_request(logged, "replayed", "asked-23")
    assert (line["id"], line["code"]) == (first.json()["id"], 200) and again.json() == first.json()
    assert not [one for one in lines(logged, "execution") if one["request_id"] == "asked-23"]


def test_numbers_are_numbers(logged):
    started, = lines(logged, "started")
    assert started["pool_size"] == 2 and started["max_executions"] >= 64


@pytest.fixture(scope="module")
def verbose(tmp_path_factory):
    path = tmp_path_factory.mktemp("log") / "log"
    with path.open("wb"):
        running = Server("--pool-size", "2", "--log-level", "debug",
                         program=("sh", "-c", 'exec "$0" "$@" 2>"$LOG"', BINARY), ENVIRONMENT="production", LOG=str(path))
    running.log = path
    yield running
    running.stop()


def test_at_level_debug_every_request_has_its_line(verbose):
    answer = ask(verbose, "asked-30", script="def main(): return 'x' * 1000")
    verbose.client.get("/healthz?token=not-for-the-log", headers={"x-request-id": "asked-31"})
    verbose.client.get("/no%0awhere\\x1b", headers={"x-request-id": "asked-32"})
    with verbose.client.stream("POST", "/execute", json={"script": "def main(): return 1"},
                               headers={"x-request-id": "asked-33", "accept": "application/x-ndjson"}) as stream:
        stream.read()
    run, probe, lost, streamed = (of_request(verbose, "request", f"asked-{number}")[0] for number in range(30, 34))
    assert run["level"] == "debug" and (run["method"], run["path"], run["code"]) == ("POST", "/execute", 200)
    assert run["bytes_in"] > 30 and run["bytes_out"] > len(answer.content) and run["ms"] > 0
    assert run["client"].startswith("127.0.0.1:")
    assert (probe["method"], probe["path"], lost["code"]) == ("GET", "/healthz", 404)
    assert "not-for-the-log" not in verbose.log.read_text() and "\x1b" not in verbose.log.read_text()
    assert streamed["code"] == 200 and streamed["bytes_out"] > 100


def test_at_level_info_there_is_none(logged):
    ask(logged, "asked-34", script="def main(): return 1")
    of_request(logged, "execution", "asked-34")
    assert not lines(logged, "request")


def test_no_byte_of_a_client_makes_a_line_of_its_own(logged):
    for target in ("/%0aevent=forged", "/\x1b[31m", '/"}', "/\x0b"):
        with Wire(logged) as wire:
            wire.send(f"GET {target} HTTP/1.1", "Host: x", 'X-Request-Id: a"b')
            wire.read()
    text = logged.log.read_text()
    assert "forged" not in text and "\x1b" not in text
    assert all(json.loads(line) for line in text.splitlines())
