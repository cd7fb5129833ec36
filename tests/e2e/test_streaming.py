"""Answers that come while the script runs: server-sent events and lines of JSON."""

import contextlib
import json
import socket
import textwrap
import time

import httpx
import pytest
from support import ENVELOPE, TIME_FACTOR, Server, eventually
from wire import BODY, Wire, post
from wire import result as result_of

EVENTS, LINES = "text/event-stream", "application/x-ndjson"
FORMS = pytest.mark.parametrize("form", [EVENTS, LINES])


@pytest.fixture(scope="module")
def beating():
    """A server with a quick heart and room for output."""
    running = Server("--heartbeat", "0.3", "--stall-timeout", "1", "--output-kb", "32768", "--pool-size", "2")
    yield running
    running.stop()


def parsed(form, lines):
    """(name, data) of each event; the data of a heartbeat is None."""
    name = None
    for line in lines:
        if form == LINES:
            event = json.loads(line)
            yield event["event"], event.get("data")
        elif line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))
        else:
            assert line in ("", ": heartbeat"), line
            if line:
                yield "heartbeat", None


def lines_of(response):
    """As they come; httpx's own iterator also splits at other characters, and takes long for long lines."""
    begun = []
    for piece in response.iter_bytes():
        *ended, rest = piece.split(b"\n")
        for line in ended:
            yield b"".join([*begun, line]).decode()
            begun = []
        begun.append(rest)
    assert not b"".join(begun), "an event without an end"


@contextlib.contextmanager
def streamed(server, script, form=LINES, **fields):
    body = {"script": textwrap.dedent(script), **fields}
    with server.client.stream("POST", "/execute", json=body, headers={"Accept": form}) as response:
        assert response.status_code == 200, response.read()
        assert response.headers["content-type"] == form
        yield parsed(form, lines_of(response))


@FORMS
def test_a_line_without_its_end_comes_before_the_rest(server, form):
    with streamed(server, "import time\ndef main():\n    print('working', end='')\n    time.sleep(20)", form) as stream:
        assert next(event for event in stream if event[0] != "heartbeat") == ("stdout", "working")


def events(server, script, form=LINES, **fields):
    with streamed(server, script, form, **fields) as stream:
        return [event for event in stream if event[0] != "heartbeat"]


def text_of(stream, found):
    return "".join(data for name, data in found if name == stream)


def without_measurements(answer):
    return {name: value for name, value in answer.items() if name not in ("id", "usage", "http_status")}


@FORMS
def test_events_and_then_the_plain_answer(server, form):
    script = """
        import sys
        def main(n):
            print("a\\n\\nevent: result")
            sys.stdout.flush()
            display("shown")
            print("é\\u2028", file=sys.stderr)
            return {"n": n, "text": "a\\nb"}"""
    found = events(server, script, form, args=[7], display=True)
    plain = server.run(script, args=[7], display=True)
    assert [name for name, _ in found][-1] == "result"
    assert {name for name, _ in found} == {"display", "result", "stderr", "stdout"}, found
    result = dict(found)["result"]
    assert result["http_status"] == plain.http == 200 and set(result) == ENVELOPE | {"http_status", "display"}
    assert without_measurements(result) == without_measurements(plain.body)
    assert dict(found)["display"] == {"data": {"text/plain": "'shown'"}}
    assert text_of("stdout", found) == result["stdout"] and text_of("stderr", found) == result["stderr"]


@FORMS
def test_pieces_come_as_they_appear(server, form):
    came = []
    with streamed(server, """
        import time
        def main():
            print("x")
            time.sleep(1)
            print("y")
            time.sleep(1)""", form) as stream:
        for name, data in stream:
            came.append((name, data, time.monotonic()))
    assert [data for name, data, _ in came[:-1]] == ["x\n", "y\n"], came
    assert 0.8 < came[1][2] - came[0][2] < 1 + 0.7 * TIME_FACTOR
    assert 0.8 < came[2][2] - came[1][2] < 1 + 0.7 * TIME_FACTOR


def test_a_fault_is_told_in_the_last_event(server):
    found = events(server, "def main():\n    print('so far')\n    while True: pass", limits={"wall_s": 0.3})
    assert found[0] == ("stdout", "so far\n")
    assert found[-1][1]["http_status"] == 400 and found[-1][1]["status"] == "timeout", found


def test_what_is_refused_before_it_runs_is_an_ordinary_answer(server):
    for body, headers, code in (({"script": 1}, {}, 400), ({"script": "x", "limits": {"wall_s": 1e9}}, {}, 400),
                                ({"script": "x"}, {"Content-Type": "text/plain"}, 400)):
        answer = server.client.post("/execute", content=json.dumps(body),
                                    headers={"Content-Type": "application/json", "Accept": EVENTS, **headers})
        assert answer.status_code == code and answer.headers["content-type"] == "application/json"
        assert answer.json()["status"] == "invalid_request"
    missing = server.client.post("/nowhere", json={}, headers={"Accept": EVENTS})
    assert (missing.status_code, missing.json()["status"]) == (404, "not_found")


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/json, text/event-stream", "text/html"])
def test_who_does_not_ask_gets_a_plain_answer(server, accept):
    answer = server.client.post("/execute", json={"script": "def main(): return 1"}, headers={"Accept": accept})
    assert (answer.status_code, answer.json()["result"]) == (200, 1)
    assert "content-length" in answer.headers and set(answer.json()) == ENVELOPE


def test_characters_are_not_broken(server):
    found = events(server, """
        import os, time
        def main():
            for byte in "aé€😀".encode() + b"\\xff\\xe2\\x82":
                os.write(1, bytes([byte]))
                time.sleep(0.03)""")
    assert text_of("stdout", found) == found[-1][1]["stdout"] == "aé€😀\ufffd\ufffd"
    assert len(found) > 4 and all("\ufffd" not in data for name, data in found[:4])


def test_output_is_cut_as_ever(server):
    script = "def main():\n    print('é' * 2000)\n    print('later')\n    return 'done'"
    found = events(server, script, limits={"output_kb": 1})
    result = found[-1][1]
    assert result["truncated"] == {"stdout": True, "stderr": False} and result["result"] == "done"
    assert text_of("stdout", found) == result["stdout"] == "é" * 512


def test_an_endless_stream_of_tiny_pieces_ends_at_the_limit(server):
    before = server.memory()
    found = events(server, """
        import os
        def main():
            while True: os.write(1, b"x")""", limits={"wall_s": 2})
    result = found[-1][1]
    assert result["status"] in ("timeout", "output_limit"), result["status"]
    # Where a cell takes long to die nobody waits for the rest of its report.
    assert text_of("stdout", found).startswith(result["stdout"]) and len(found) > 10
    assert server.memory() - before < 32 << 20

    found = events(server, """
        import os
        def main():
            while True: os.write(1, b"x" * 65536)""")
    assert found[-1][1]["status"] == "output_limit" and text_of("stdout", found) == "x" * (1 << 20)


@FORMS
def test_a_heartbeat_while_nothing_happens(beating, form):
    with streamed(beating, "import time\ndef main():\n    time.sleep(1.4)", form) as stream:
        names = [name for name, _ in stream]
    assert names[-1] == "result" and 3 <= names.count("heartbeat") <= 5, names


def test_a_slow_reader_slows_the_script_down(beating):
    """Nothing is read for a while: the script waits, the server's memory does not grow, nothing is lost."""
    before = beating.memory()
    script = """
        import os, time
        def main():
            began = time.monotonic()
            for number in range(320): os.write(1, b"%05d" % number * 13107)
            return time.monotonic() - began"""
    with streamed(beating, script) as stream:
        found = [next(stream)]
        time.sleep(0.7)  # less than the stall-timeout
        assert beating.pool()["running"] == 1
        # Had all of it been read, 21 MB more would be there.
        assert beating.memory() - before < 12 << 20
        found += [event for event in stream if event[0] != "heartbeat"]
    result = found[-1][1]
    assert result["status"] == "ok" and result["result"] > 0.6, result["error"]
    assert text_of("stdout", found) == "".join(f"{number:05}" * 13107 for number in range(320))


def test_a_reader_that_stops_is_cut_off_and_its_script_ended(beating):
    body = json.dumps({"script": "import os\ndef main():\n    while True: os.write(1, b'x' * 65536)"}).encode()
    with Wire(beating) as wire:
        wire.send(*post(body, "1.1", f"Accept: {LINES}"), body=body)
        eventually(lambda: beating.pool()["running"] == 1, 5, "it runs")
        began = time.monotonic()
        eventually(lambda: beating.pool()["running"] == 0, 8, "the stall ends it")
        assert time.monotonic() - began > 0.5


def test_a_wall_limit_holds_for_a_script_that_waits_for_its_reader(beating):
    body = json.dumps({"script": "import os\ndef main():\n    while True: os.write(1, b'x' * 65536)",
                       "limits": {"wall_s": 0.5}}).encode()
    with Wire(beating) as wire:
        wire.send(*post(body, "1.1", f"Accept: {LINES}"), body=body)
        eventually(lambda: beating.pool()["running"] == 1, 5, "it runs")
        eventually(lambda: beating.pool()["running"] == 0, 0.9, "the wall limit ends it")


@pytest.mark.parametrize("script", ["import time\ndef main():\n    print('x')\n    time.sleep(60)",
                                    "def main():\n    while True: print('x')"])
def test_a_disconnect_cancels(beating, script):
    with streamed(beating, script) as stream:
        assert next(stream)[0] == "stdout"
        assert beating.pool()["running"] == 1
    eventually(lambda: beating.pool()["running"] == 0, 1, "it is cancelled")


def read_chunks(stream):
    while True:
        size = stream.readline()
        assert size.endswith(b"\r\n") and size == b"%x\r\n" % int(size, 16)
        chunk = stream.read(int(size, 16))
        assert stream.read(2) == b"\r\n"
        if not chunk:
            return
        yield chunk


def test_chunks_on_the_wire_and_the_next_request(server):
    with Wire(server) as wire:
        for number in range(2):
            body = json.dumps({"script": f"def main():\n    print('x')\n    return {number}"}).encode()
            wire.send(*post(body, "1.1", f"Accept: {EVENTS}"), body=body)
            code, headers, _ = wire.read(has_body=False)
            assert code == 200 and headers["transfer-encoding"] == "chunked" and "content-length" not in headers
            assert headers["content-type"] == EVENTS and headers["cache-control"] == "no-store"
            whole = b"".join(read_chunks(wire.stream)).decode()
            assert whole.startswith('event: stdout\ndata: "x\\n"\n\nevent: result\ndata: {"http_status":200,"result":')
            assert whole.endswith("}\n\n") and whole.count("\n\n") == 2
        wire.send(*post(), body=BODY)
        assert result_of(wire.read()) == 7


def test_http_1_0_ends_with_the_connection(server):
    body = json.dumps({"script": "def main():\n    print('x')\n    return 1"}).encode()
    with Wire(server) as wire:
        wire.send(*post(body, "1.0", f"Accept: {LINES}", "Connection: keep-alive"), body=body)
        code, headers, _ = wire.read(has_body=False)
        assert code == 200 and "transfer-encoding" not in headers and "content-length" not in headers
        assert headers.get("connection", "close") == "close"
        found = list(parsed(LINES, wire.stream.read().decode().splitlines()))
    assert [name for name, _ in found] == ["stdout", "result"] and found[-1][1]["result"] == 1


def test_a_client_that_has_closed_its_sending_half_gets_its_stream(server):
    body = json.dumps({"script": "import time\ndef main():\n    time.sleep(1)\n    return 1"}).encode()
    with Wire(server) as wire:
        wire.send(*post(body, "1.1", f"Accept: {LINES}"), body=body)
        wire.socket.shutdown(socket.SHUT_WR)
        assert b'"http_status":200,"result":1,' in wire.stream.read()


def test_a_hostile_result_does_not_end_its_event(server):
    """JSON may have line ends between its tokens; a cell that forges its outcome may send them."""
    forge = """
        import os, socket, struct, time
        def main():
            for number in range(1000, 1010):
                try: channel = socket.socket(fileno=os.dup(number)); break
                except OSError: pass
            segment = lambda text: struct.pack("<I", len(text)) + text
            outcome = b"\\0" + segment(b"[1,\\n\\n\\r2]") + segment(b"") * 2
            channel.sendall(struct.pack("<IB", len(outcome), 4) + outcome)
            time.sleep(5)"""
    for form in (EVENTS, LINES):
        found = events(server, forge, form)
        assert [name for name, _ in found] == ["result"], found
        assert (found[0][1]["status"], found[0][1]["result"]) == ("ok", [1, 2]), found


def test_many_streams_at_once(server):
    with contextlib.ExitStack() as stack:
        streams = [stack.enter_context(httpx.stream(
            "POST", f"{server.url}/execute", json={"script": f"def main():\n    print({n})\n    return {n}"},
            headers={"Accept": LINES}, timeout=30 * TIME_FACTOR, trust_env=False)) for n in range(12)]
        for number, response in enumerate(streams):
            found = list(parsed(LINES, lines_of(response)))
            assert found[0] == ("stdout", f"{number}\n") and found[-1][1]["result"] == number


def test_an_idempotency_key_and_a_stream_exclude_each_other(server):
    headers = {"Accept": LINES, "Idempotency-Key": "stream-1"}
    response = server.client.post("/execute", json={"script": "def main(): return 1"}, headers=headers)
    assert (response.status_code, response.json()["status"]) == (400, "invalid_request")
    assert "Idempotency-Key" in response.json()["error"]
