"""Bytes that are no honest request: each has one defined outcome, and leaves nothing behind.

What comes too slowly, too often or from too many is in test_http_floods.py.
"""

import json
import socket

import pytest
from support import TIME_FACTOR
from wire import BODY, Wire, post, send_all_it_takes

GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
POST = b"POST /execute HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
WHOLE = b"%x\r\n%s\r\n" % (len(BODY), BODY)
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
HONEST = POST + LENGTH + b"\r\n" + BODY
TINY = b"".join(b"1\r\n%c\r\n" % byte for byte in BODY)

# name, bytes, status of the answer. 400 and above: the connection is closed after it, but for 404 and 405.
BEHAVIOURS = [
    # ── where a request ends: what two servers could read differently ──
    ("length and chunks", POST + LENGTH + b"Transfer-Encoding: chunked\r\n\r\n" + WHOLE + b"0\r\n\r\n", 400),
    ("chunks and length", POST + b"Transfer-Encoding: chunked\r\n" + LENGTH + b"\r\n0\r\n\r\n", 400),
    ("two lengths", POST + LENGTH + b"Content-Length: 1\r\n\r\n" + BODY, 400),
    ("two equal lengths", POST + LENGTH + LENGTH + b"\r\n" + BODY, 400),
    ("list of lengths", POST + b"Content-Length: 5, 5\r\n\r\n12345", 400),
    ("negative length", POST + b"Content-Length: -1\r\n\r\n", 400),
    ("signed length", POST + b"Content-Length: +5\r\n\r\n12345", 400),
    ("hexadecimal length", POST + b"Content-Length: 0x5\r\n\r\n12345", 400),
    ("empty length", POST + b"Content-Length:\r\n\r\n", 400),
    ("length beyond 64 bits", POST + b"Content-Length: 99999999999999999999\r\n\r\n", 400),
    ("length of 64 bits", POST + b"Content-Length: 18446744073709551615\r\n\r\n", 413),
    ("unknown coding", POST + b"Transfer-Encoding: gzip\r\n\r\n", 501),
    ("coding after chunked", POST + b"Transfer-Encoding: chunked, gzip\r\n\r\n", 501),
    ("almost chunked", POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501),
    ("chunked twice", POST + b"Transfer-Encoding: chunked\r\n" * 2 + b"\r\n0\r\n\r\n", 400),
    ("chunked in HTTP/1.0", CHUNKED.replace(b"1.1", b"1.0") + WHOLE + b"0\r\n\r\n", 400),
    ("space before the colon", GET + b"Content-Length : 5\r\n\r\n12345", 400),
    ("folded line", GET + b"X: a\r\n b\r\n\r\n", 400),
    ("folded coding", POST + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", 400),
    ("bare line feeds", b"GET /healthz HTTP/1.1\nHost: x\n\n", 400),
    ("bare line feed in a field", GET + b"X: a\nY: b\r\n\r\n", 400),
    ("bare carriage return in a field", GET + b"X: a\rb\r\n\r\n", 400),
    ("no host", b"GET /healthz HTTP/1.1\r\n\r\n", 400),
    ("two hosts", GET + b"Host: y\r\n\r\n", 400),
    # ── chunks ──
    ("chunk size that is none", CHUNKED + b"zz\r\n", 400),
    ("negative chunk", CHUNKED + b"-1\r\n", 400),
    ("chunk size with prefix", CHUNKED + b"0x1\r\n{\r\n0\r\n\r\n", 400),
    ("chunk size beyond 64 bits", CHUNKED + b"1" + b"0" * 16 + b"\r\n", 400),
    ("chunk beyond the limit", CHUNKED + b"ffffffff\r\n", 413),
    ("chunk longer than it says", CHUNKED + b"1\r\nab\r\n0\r\n\r\n", 400),
    ("giant chunk extension", CHUNKED + b"1;a=" + b"x" * 2_000_000, 400),
    ("many chunk extensions", CHUNKED + (b"1;a=" + b"x" * 500 + b"\r\n \r\n") * 4000, 400),
    ("giant trailer", CHUNKED + WHOLE + b"0\r\nX: " + b"x" * 2_000_000, 400),
    ("length in a trailer", CHUNKED + WHOLE + b"0\r\nContent-Length: 5\r\n\r\n", 400),
    ("host in a trailer", CHUNKED + WHOLE + b"0\r\nHost: y\r\nContent-Type: text/plain\r\n\r\n", 200),
    ("chunks of a byte", CHUNKED + TINY + b"0\r\n\r\n", 200),
    # ── the first line ──
    ("HTTP/0.9", b"GET /healthz\r\n\r\n", 400),
    ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    ("HTTP/1.2", b"GET /healthz HTTP/1.2\r\nHost: x\r\n\r\n", 505),
    ("HTTP of letters", b"GET /healthz HTTP/x.y\r\nHost: x\r\n\r\n", 400),
    ("another protocol", b"SSH-2.0-OpenSSH_9.2\r\n\r\n", 400),
    ("TLS hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)) * 2, 400),
    ("NUL bytes", b"\x00" * 64, 400),
    ("random bytes", bytes((i * 7919) % 251 for i in range(4000)), 400),
    ("two spaces", b"GET  /healthz HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    ("tabs", b"GET\t/healthz\tHTTP/1.1\r\nHost: x\r\n\r\n", 400),
    ("long target", b"GET /" + b"x" * 1_000_000, 414),
    ("NUL in the target", b"GET /health\x00z HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    ("unknown method", GET.replace(b"GET", b"BREW") + b"\r\n", 405),
    ("method in small letters", GET.replace(b"GET", b"get") + b"\r\n", 405),
    ("CONNECT", b"CONNECT example.org:443 HTTP/1.1\r\nHost: example.org\r\n\r\n", 404),
    ("TRACE", GET.replace(b"GET", b"TRACE") + b"\r\n", 405),
    ("target of another host", GET.replace(b"/healthz", b"http://example.org/healthz") + b"\r\n", 200),
    ("file as a target", GET.replace(b"/healthz", b"/../../../etc/passwd") + b"\r\n", 404),
    ("empty line in front", b"\r\n" + GET + b"\r\n", 200),
    # ── fields ──
    ("NUL in a field", GET + b"X: a\x00b\r\n\r\n", 400),
    ("control character in a name", GET + b"X\x01: a\r\n\r\n", 400),
    ("field without a name", GET + b": a\r\n\r\n", 400),
    ("line without a colon", GET + b"no colon here\r\n\r\n", 400),
    ("giant field", GET + b"X: " + b"x" * 1_000_000, 431),
    ("endless fields", GET + b"X: y\r\n" * 200_000, 431),
    ("a hundred fields too many", GET + b"X:\r\n" * 200 + b"\r\n", 431),
    ("expectation of another kind", POST + LENGTH + b"Expect: a-miracle\r\n\r\n", 417),
    ("upgrade", GET + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n\r\n", 200),
    # ── bodies ──
    ("announced body too large", POST + b"Content-Length: 4000000000\r\n\r\n", 413),
    ("expected body too large", POST + b"Expect: 100-continue\r\nContent-Length: 4000000000\r\n\r\n", 413),
    ("large body where none is wanted", GET + b"Content-Length: 1000000\r\n\r\n", 413),
    ("large body for nobody", POST.replace(b"/execute", b"/x") + b"Content-Length: 1000000\r\n\r\n", 404),
]


@pytest.mark.parametrize("data, status", [b[1:] for b in BEHAVIOURS], ids=[b[0] for b in BEHAVIOURS])
def test_behaviour_has_its_outcome(edge, assert_edge_is_well, data, status):
    with Wire(edge) as wire:
        send_all_it_takes(wire.socket, data)
        code, headers, body = wire.read()
        assert code == status, body
        assert json.loads(body).get("error") or code == 200
        if code not in (200, 404, 405):
            assert headers.get("connection", "close") == "close"
            assert wire.closed()
    assert_edge_is_well()


@pytest.mark.parametrize("data, status", [
    (GET, 400), (GET[:10], 400), (POST + LENGTH + b"\r\n" + BODY[:-1], 400), (CHUNKED + WHOLE, 400),
    (GET + b"\r\n", 200), (HONEST, 200),
], ids=["in the header", "in the first line", "in the body", "between chunks", "after GET", "after POST"])
def test_half_closed_client_gets_its_answer(edge, assert_edge_is_well, data, status):
    with Wire(edge) as wire:
        wire.socket.sendall(data)
        wire.socket.shutdown(socket.SHUT_WR)
        code, _, _ = wire.read()
        assert code == status
        assert wire.closed()
    assert_edge_is_well()


def test_half_closed_client_gets_the_answer_of_a_long_execution(edge, assert_edge_is_well):
    body = json.dumps({"script": "import time\ndef main(): time.sleep(1.5); return 'slept'"}).encode()
    with Wire(edge) as wire:
        wire.send(*post(body), body=body)
        wire.socket.shutdown(socket.SHUT_WR)
        code, _, answer = wire.read()
        while code == 100:  # how the server finds out whether somebody is there
            code, _, answer = wire.read()
        assert (code, json.loads(answer)["result"]) == (200, "slept")
    assert_edge_is_well()


def test_nothing_of_a_refused_body_is_taken_for_a_request(edge, assert_edge_is_well):
    smuggled = GET.replace(b"/healthz", b"/smuggled") + b"\r\n"
    for head in (POST + b"Transfer-Encoding: chunked\r\n" + LENGTH, POST + LENGTH + b"Content-Length: 0\r\n",
                 POST + b"Transfer-Encoding: identity\r\n", POST + b"Content-Length: 99999999\r\n"):
        with Wire(edge) as wire:
            wire.socket.sendall(head + b"\r\n" + smuggled)
            assert wire.read()[0] in (400, 413, 501)
            assert wire.closed()
    assert_edge_is_well()


def test_expectation_is_answered_before_the_body_only_if_it_is_wanted(edge, assert_edge_is_well):
    with Wire(edge) as wire:
        wire.socket.sendall(POST + LENGTH + b"Expect: 100-continue\r\n\r\n")
        assert wire.read(has_body=False)[0] == 100
        wire.socket.sendall(BODY)
        assert wire.read()[0] == 200
        wire.socket.sendall(POST + LENGTH + b"Expect: 100-continue\r\n\r\n" + BODY)
        assert wire.read()[0] == 200
        wire.socket.sendall(GET + b"Expect: 100-continue\r\n\r\n")
        assert wire.read()[0] == 200
    assert_edge_is_well()


@pytest.mark.parametrize("ending", ["close", "reset"])
def test_clients_that_leave_at_any_byte(edge, assert_edge_is_well, ending):
    for end in [*range(0, len(HONEST), 7), len(HONEST)]:
        with socket.create_connection(("127.0.0.1", edge.port), timeout=10 * TIME_FACTOR) as leaving:
            leaving.sendall(HONEST[:end])
            if ending == "reset":
                leaving.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    assert_edge_is_well()
