"""Requests that are too large or no HTTP at all: refused, and the next request is answered."""

import json
import select
import socket

import pytest
from wire import BODY, Wire


def test_announced_body_over_the_limit_is_413_before_it_is_sent(server):
    with Wire(server) as wire:
        wire.send("POST /execute HTTP/1.1", "Host: localhost", "Content-Type: application/json",
                  "Content-Length: 4000000000")
        code, _, body = wire.read()
    assert code == 413
    assert json.loads(body)["error"]


def test_chunked_body_over_the_limit_is_413_while_it_is_still_being_sent(server):
    chunk = b"100000\r\n" + b" " * (1 << 20) + b"\r\n"
    with Wire(server) as wire:
        wire.send("POST /execute HTTP/1.1", "Host: localhost", "Content-Type: application/json",
                  "Transfer-Encoding: chunked")
        for _ in range(256):
            if select.select([wire.socket], [], [], 0)[0]:
                break
            try:
                wire.socket.sendall(chunk)
            except ConnectionError:
                break  # hung up after the answer, which is still to be read
        else:
            pytest.fail("256 MB were swallowed without an answer")
        code, _, body = wire.read()
    assert code == 413
    assert json.loads(body)["error"]
    assert server.client.get("/healthz").status_code == 200


@pytest.mark.parametrize("garbage", [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET\r\n\r\n", b"\x00" * 64 + b"\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n", b"GET / HTTP/1.1\r\nno colon here\r\n\r\n",
    b"GET / HTTP/1.1\r\nA: " + b"x" * 1_000_000 + b"\r\n\r\n",
    b"POST /execute HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"POST /execute HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    b"POST /execute HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /execute HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
], ids=range(10))
def test_garbage_is_refused_and_the_connection_closed(server, garbage):
    with Wire(server) as wire:
        try:
            wire.socket.sendall(garbage)
            wire.socket.shutdown(socket.SHUT_WR)
            reply = wire.stream.read()
        except TimeoutError:
            raise  # neither answered nor hung up
        except OSError:
            reply = b""  # hung up at once
    assert reply == b"" or reply.startswith((b"HTTP/1.1 4", b"HTTP/1.0 4", b"HTTP/1.1 505")), reply[:200]
    assert server.client.post("/execute", json=json.loads(BODY)).json()["result"] == 7
