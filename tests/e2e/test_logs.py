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
        ("asked-17", "/execute", "400", "invalid_request")
    assert line["client"].startswith("127.0.0.1:") and line["level"] == "info"


def test_what_ran_has_the_other_line(logged):
    refused = len(lines(logged, "refused"))
    answer = logged.run("def main(): return 1 / 0")
    line = eventually(lambda: [one for one in lines(logged, "execution") if one["id"] == answer.body["id"]], 5, "its line")
    assert (len(line), line[0]["status"]) == (1, "exception")
    assert len(lines(logged, "refused")) == refused


def test_no_byte_of_a_client_makes_a_line_of_its_own(logged):
    for target in ("/%0aevent=forged", "/\x1b[31m", '/"}', "/\x0b"):
        with Wire(logged) as wire:
            wire.send(f"GET {target} HTTP/1.1", "Host: x", 'X-Request-Id: a"b')
            wire.read()
    text = logged.log.read_text()
    assert "forged" not in text and "\x1b" not in text
    assert all(json.loads(line) for line in text.splitlines())
