"""W3C Trace Context and Server-Timing: which trace an execution belongs to, and how long it took."""

import json
import re
import time

import httpx
import pytest
import yaml
from support import BINARY, REPO, Server, eventually
from wire import Wire

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
GOOD = f"00-{TRACE}-{PARENT}-01"
HELLO = {"script": "def main(): return 42"}


@pytest.fixture(scope="module", params=["production", "development"])
def logged(tmp_path_factory, request):
    path = tmp_path_factory.mktemp("log") / "log"
    running = Server("--pool-size", "2", program=("sh", "-c", 'exec "$0" "$@" 2>"$LOG"', BINARY),
                     ENVIRONMENT=request.param, LOG=str(path))
    running.log, running.json = path, request.param == "production"
    yield running
    running.stop()


def line_of(server, id: str) -> dict:
    """The one log line of an execution."""
    def found():
        lines = [line for line in server.log.read_text().splitlines() if id in line and "execution" in line]
        return lines if lines and lines[-1].endswith("}" if server.json else '"') else None

    lines = eventually(found, 5, "the execution is logged")
    assert len(lines) == 1, lines
    if server.json:
        return json.loads(lines[0])
    return {name: value.strip('"') for name, value in re.findall(r'(\w+)=("[^"]*"|\S+)', lines[0])}


def execute(server, **headers) -> httpx.Response:
    return server.client.post("/execute", json=HELLO, headers=headers)


def test_the_trace_of_the_client_is_logged_and_answered(logged):
    answer = execute(logged, traceparent=GOOD, tracestate="vendor=secret-of-theirs")
    id = answer.json()["id"]
    line = line_of(logged, id)
    assert (line["trace_id"], line["parent_span_id"], line["trace_flags"]) == (TRACE, PARENT, "01")
    assert line["span_id"] == id[:16]
    assert answer.headers["traceresponse"] == f"00-{TRACE}-{id[:16]}-01"
    assert "secret-of-theirs" not in logged.log.read_text()


def test_without_a_trace_one_begins(logged):
    answers = [execute(logged) for _ in range(2)]
    ids = [answer.json()["id"] for answer in answers]
    assert [a.headers["traceresponse"] for a in answers] == [f"00-{id}-{id[:16]}-01" for id in ids]
    line = line_of(logged, ids[0])
    assert (line["trace_id"], line["span_id"], line["parent_span_id"]) == (ids[0], ids[0][:16], "")


@pytest.mark.parametrize("value", [
    "hostile level=error", f"00-{'0' * 32}-{PARENT}-01", f"00-{TRACE}-{'0' * 16}-01", f"ff-{TRACE}-{PARENT}-01",
    f"00-{TRACE.upper()}-{PARENT}-01", GOOD + "-hostile", GOOD[:-1], f"00-{TRACE}-{PARENT}-hostile",
    "hostile" * 2000, '"},{"hostile":"'])
def test_an_invalid_one_counts_as_none(logged, value):
    answer = execute(logged, traceparent=value)
    id = answer.json()["id"]
    assert (answer.status_code, answer.headers["traceresponse"]) == (200, f"00-{id}-{id[:16]}-01")
    assert line_of(logged, id)["trace_id"] == id
    assert "hostile" not in logged.log.read_text() and TRACE.upper() not in logged.log.read_text()


def test_two_count_as_none(logged):
    body = json.dumps(HELLO)
    with Wire(logged) as wire:
        wire.send("POST /execute HTTP/1.1", "Host: x", "Content-Type: application/json", f"traceparent: {GOOD}",
                  f"traceparent: {GOOD}", f"Content-Length: {len(body)}", body=body.encode())
        _, headers, content = wire.read()
    id = json.loads(content)["id"]
    assert headers["traceresponse"] == f"00-{id}-{id[:16]}-01"


def test_a_later_version_is_read_as_far_as_this_one_goes(logged):
    answer = execute(logged, traceparent=f"cc-{TRACE}-{PARENT}-02-what-comes-then")
    assert answer.headers["traceresponse"] == f"00-{TRACE}-{answer.json()['id'][:16]}-00"


def test_entries_of_a_batch_are_spans_of_one_trace(logged):
    answer = logged.client.post("/batch", json={"requests": [HELLO] * 3}, headers={"traceparent": GOOD})
    lines = [line_of(logged, json.loads(line)["answer"]["id"]) for line in answer.text.splitlines()]
    assert {(line["trace_id"], line["parent_span_id"]) for line in lines} == {(TRACE, PARENT)}
    assert len({line["span_id"] for line in lines}) == 3


def test_a_stream_names_its_span_at_the_start(logged):
    headers = {"traceparent": GOOD, "accept": "application/x-ndjson"}
    answer = logged.client.post("/execute", json=HELLO, headers=headers)
    id = json.loads(answer.text.splitlines()[-1])["data"]["id"]
    assert answer.headers["traceresponse"] == f"00-{TRACE}-{id[:16]}-01"
    assert line_of(logged, id)["trace_id"] == TRACE


def test_what_did_not_run_has_no_span_and_no_times(logged):
    refused = logged.client.post("/execute", json={"script": 1}, headers={"traceparent": GOOD})
    assert refused.status_code == 400
    key = {"idempotency-key": f"traced-{time.monotonic_ns()}", "traceparent": GOOD}
    first, again = (logged.client.post("/execute", json=HELLO, headers=key) for _ in range(2))
    assert again.headers["idempotency-replayed"] == "true"
    assert "traceresponse" in first.headers and "server-timing" in first.headers
    for answer in (refused, again):
        assert not {"traceresponse", "server-timing"} & set(answer.headers), answer.headers


def times(answer: httpx.Response) -> dict[str, float]:
    return {name: float(value) for name, value in re.findall(r"(\w+);dur=([\d.]+)", answer.headers["server-timing"])}


def test_server_timing_tells_where_the_time_went(logged):
    script = {"script": "import time\ndef main(): time.sleep(0.3)"}
    began = time.monotonic()
    told = times(logged.client.post("/execute", json=script))
    took = 1000 * (time.monotonic() - began)
    assert list(told) == ["queue", "run", "total"]
    assert 300 <= told["run"] <= told["total"] <= took
    assert 0 <= told["queue"] <= told["total"] - told["run"] + 1


def test_a_failed_script_has_times_too(logged):
    answer = logged.client.post("/execute", json={"script": "def main(): return 1 / 0"})
    assert answer.status_code == 400 and times(answer)["run"] > 0


def test_the_collector_makes_a_span_of_the_line(logged):
    if not logged.json:
        return  # it reads JSON
    config = yaml.safe_load((REPO / "packaging/monitoring/otel-collector.yml").read_text())
    statements = config["processors"]["transform"]["log_statements"][0]["statements"]
    line = line_of(logged, execute(logged, traceparent=GOOD).json()["id"])
    made = set(re.findall(r'set\(attributes\["(\w+)"\]', " ".join(statements)))
    used = set(re.findall(r'attributes\["(\w+)"\]', " ".join(statements))) - made
    assert used <= set(line) and made.isdisjoint(line), used - set(line)
    assert [float(line[name]) >= 0 for name in ("wall_ms", "queue_ms")] == [True, True]
    # What Concat() makes of its list.
    parts = re.findall(r'"((?:[^"\\]|\\.)*)"|attributes\[("\w+")\]', statements[-1].partition("Concat([")[2].rpartition("], ")[0])
    values = {**line, "start": "1", "end": "2"}
    body = "".join(values[json.loads(name)] if name else json.loads(f'"{text}"') for text, name in parts)
    span = json.loads(body)["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    assert (span["traceId"], span["spanId"], span["parentSpanId"]) == (TRACE, line["id"][:16], PARENT)
    assert {one["key"]: one["value"]["stringValue"] for one in span["attributes"]}["cellblock.status"] == "ok"
    layout = config["receivers"]["filelog"]["operators"][0]["timestamp"]["layout"]
    assert re.sub(r"\d", "0", layout) == re.sub(r"\d", "0", line["time"]).replace("+", "-")
