"""Routes, methods, connections and the ways to send a body."""

import json

import pytest
from wire import BODY, Wire, post, result


@pytest.mark.parametrize("method, path, allowed", [
    ("GET", "/execute", "POST"), ("PUT", "/execute", "POST"), ("DELETE", "/execute", "POST"),
    ("PATCH", "/api/v1/execute", "POST"), ("POST", "/health", "GET"), ("POST", "/healthz", "GET"),
    ("DELETE", "/readyz", "GET"), ("POST", "/version", "GET"),
])
def test_wrong_method_is_405_with_allow(server, method, path, allowed):
    response = server.client.request(method, path)
    assert response.status_code == 405
    assert allowed in response.headers["allow"].split(", ")
    assert response.json()["error"]


@pytest.mark.parametrize("path", ["/", "/nothing", "/execute/", "/executes", "/api/v2/execute", "/%00",
                                  "//execute", "/../etc/passwd", "/" + "x" * 3000])
def test_unknown_path_is_404(server, path):
    with Wire(server) as wire:
        wire.send(f"GET {path} HTTP/1.1", "Host: localhost")
        code, _, body = wire.read()
    assert code == 404
    assert json.loads(body)["error"]
    assert b"passwd:" not in body


def test_query_does_not_change_the_route(server):
    assert server.client.get("/healthz?probe=1").status_code == 200


def test_alias_answers_like_execute(server):
    assert server.client.post("/api/v1/execute", json=json.loads(BODY)).json()["result"] == 7


def test_request_id_is_taken_over_or_made(server):
    own = server.client.post("/execute", json=json.loads(BODY), headers={"X-Request-Id": "mine-42"})
    assert own.headers["x-request-id"] == "mine-42"
    made = [server.client.post("/execute", json=json.loads(BODY)).headers["x-request-id"] for _ in "ab"]
    assert all(made) and made[0] != made[1]


@pytest.mark.parametrize("evil", ["a\tb", "x" * 4000, "\xff\xfe"])
def test_strange_request_id_does_not_break_the_answer(server, evil):
    with Wire(server) as wire:
        wire.send(*post(BODY, "1.1", f"X-Request-Id: {evil}"), body=BODY)
        code, headers, _ = wire.read()
    assert code in (200, 400)
    assert len(headers.get("x-request-id", "")) < 300


def test_keep_alive_serves_many_requests_on_one_connection(server):
    with Wire(server) as wire:
        for _ in range(5):
            wire.send(*post(), body=BODY)
            assert result(wire.read()) == 7
        wire.send("GET /nothing HTTP/1.1", "Host: localhost")
        assert wire.read()[0] == 404
        wire.send(*post(), body=BODY)
        assert result(wire.read()) == 7


def test_a_connection_is_closed_after_its_last_request(start_server):
    server = start_server("--keepalive-requests", "3", "--pool-size", "2")
    with Wire(server) as wire:
        told = []
        for _ in range(3):
            wire.send(*post(), body=BODY)
            answer = wire.read()
            assert result(answer) == 7
            told.append(answer[1].get("connection"))
        assert told == [None, None, "close"] and wire.closed()
    # What was sent beyond is not answered, and does not make the last answers get lost.
    with Wire(server) as wire:
        wire.socket.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 5000)
        assert [wire.read()[0] for _ in range(3)] == [200] * 3 and wire.closed()
    # A client that follows the header sees nothing of it.
    assert [server.post(**json.loads(BODY)).result for _ in range(7)] == [7] * 7


def test_pipelined_requests_are_answered_in_order(server):
    bodies = [json.dumps({"script": "import time\ndef main(n): time.sleep(0.2 - n / 20); return n",
                          "args": [n]}).encode() for n in range(4)]
    with Wire(server) as wire:
        wire.socket.sendall(b"".join("\r\n".join([*post(b), "", ""]).encode() + b for b in bodies))
        assert [result(wire.read()) for _ in bodies] == [0, 1, 2, 3]


def test_connection_close_is_honoured(server):
    with Wire(server) as wire:
        wire.send(*post(BODY, "1.1", "Connection: close"), body=BODY)
        assert result(wire.read()) == 7
        assert wire.closed()


def test_http_1_0_is_answered_and_closed(server):
    with Wire(server) as wire:
        wire.send(*post(BODY, "1.0"), body=BODY)
        assert result(wire.read()) == 7
        assert wire.closed()


def test_chunked_body(server):
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (BODY[:1], BODY[1:20], BODY[20:]))
    with Wire(server) as wire:
        wire.send("POST /execute HTTP/1.1", "Host: localhost", "Content-Type: application/json",
                  "Transfer-Encoding: chunked", body=chunks + b"0\r\n\r\n")
        assert result(wire.read()) == 7


def test_expect_100_continue(server):
    with Wire(server) as wire:
        wire.send(*post(BODY, "1.1", "Expect: 100-continue"))
        assert wire.read(has_body=False)[0] == 100
        wire.socket.sendall(BODY)
        assert result(wire.read()) == 7


def test_body_that_arrives_byte_by_byte(server):
    with Wire(server) as wire:
        wire.send(*post())
        for index in range(len(BODY)):
            wire.socket.sendall(BODY[index : index + 1])
        assert result(wire.read()) == 7


def test_head_has_headers_and_no_body(server):
    with Wire(server) as wire:
        wire.send("HEAD /healthz HTTP/1.1", "Host: localhost")
        assert wire.read(has_body=False)[0] == 200
        wire.send("HEAD /execute HTTP/1.1", "Host: localhost", "Connection: close")
        code, headers, _ = wire.read(has_body=False)
        assert (code, "POST" in headers["allow"]) == (405, True)
        assert wire.closed()
