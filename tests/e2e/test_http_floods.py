"""Clients that are too slow, too many, or want too much: bounded in time, places and memory, and an honest
request is answered all the while."""

import contextlib
import json
import select
import socket
import threading
import time

import pytest
from support import TIME_FACTOR, eventually
from wire import BODY, Wire, post, result, send_all_it_takes

MEGABYTE = 1 << 20
SLEEP = json.dumps({"script": "import time\ndef main(): time.sleep(3); return 7"}).encode()
LARGE = json.dumps({"script": "def main(): return 'x' * 3_000_000"}).encode()
HEADER = b"POST /execute HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


def connections(server, count):
    """Connects one after the other; what the server refuses at once is left out."""
    stack, sockets = contextlib.ExitStack(), []
    for _ in range(count):
        sockets.append(stack.enter_context(
            socket.create_connection(("127.0.0.1", server.port), timeout=10 * TIME_FACTOR)))
    return stack, sockets


def honest_answer(server):
    """The time of an honest request on a connection of its own."""
    began = time.monotonic()
    with Wire(server) as wire:
        wire.send(*post(), body=BODY)
        assert result(wire.read()) == 7
    return time.monotonic() - began


def status_of(connection):
    try:
        line = connection.recv(65536)
    except ConnectionResetError:
        return None
    return int(line.split(b" ")[1]) if line else None


# ── too slow ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("begin", [
    b"G", b"GET /healthz HTTP/1.1\r\nHost: x\r\n", HEADER + b"Content-Length: 5\r\n\r\n{",
    HEADER + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{", HEADER + b"Transfer-Encoding: chunked\r\n\r\n5",
], ids=["method", "header", "body", "chunk", "chunk size"])
def test_request_that_does_not_go_on_is_408(edge, assert_edge_is_well, begin):
    with Wire(edge) as wire:
        wire.socket.sendall(begin)
        code, headers, _ = wire.read()
        assert (code, headers["connection"]) == (408, "close")
        assert wire.closed()
    assert_edge_is_well()


def test_client_that_asks_to_go_on_and_does_not_is_408(edge, assert_edge_is_well):
    with Wire(edge) as wire:
        wire.socket.sendall(HEADER + b"Content-Length: 5\r\nExpect: 100-continue\r\n\r\n")
        assert wire.read(has_body=False)[0] == 100
        assert wire.read()[0] == 408
    assert_edge_is_well()


@pytest.mark.parametrize("head, drop", [(b"GET /healthz HTTP/1.1\r\nHost: x\r\n", b"X: y\r\n"),
                                        (HEADER + b"Content-Length: 500000\r\n\r\n", b" "),
                                        (HEADER + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n")],
                         ids=["header", "body", "chunks"])
def test_trickle_is_no_progress(edge, assert_edge_is_well, head, drop):
    with Wire(edge) as wire:
        wire.socket.sendall(head)
        began = time.monotonic()
        while not select.select([wire.socket], [], [], 0.1)[0]:
            send_all_it_takes(wire.socket, drop)
            assert time.monotonic() - began < 5 * TIME_FACTOR, "held for long by a drop now and then"
        assert wire.read()[0] == 408
    assert_edge_is_well()


def test_idle_connection_is_closed_without_a_word(edge, assert_edge_is_well):
    with Wire(edge) as fresh, Wire(edge) as used:
        used.send("GET /healthz HTTP/1.1", "Host: x")
        assert used.read()[0] == 200
        assert fresh.closed() and used.closed()
    assert_edge_is_well()


def test_answers_that_nobody_takes_are_given_up(edge, assert_edge_is_well):
    stack, deaf = connections(edge, 12)
    with stack:
        for connection in deaf:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.sendall(HEADER + b"Content-Length: %d\r\n\r\n" % len(LARGE) + LARGE)
        eventually(lambda: edge.pool()["running"] > 0, 5, "they run")
        eventually(lambda: edge.pool()["running"] == 0, 20, "all have their answers")
        assert_edge_is_well()


def test_large_answer_that_is_taken_slowly_arrives_whole(edge, assert_edge_is_well):
    with Wire(edge) as wire:
        wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        wire.send(*post(LARGE), body=LARGE)
        code, headers, _ = wire.read(has_body=False)
        left, taken = int(headers["content-length"]), b""
        while len(taken) < left:
            taken += wire.stream.read(min(100_000, left - len(taken)))
            time.sleep(0.05)
        assert (code, len(json.loads(taken)["result"])) == (200, 3_000_000)
    assert_edge_is_well()


# ── too many ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("begin", [b"", b"GET /healthz HTTP/1.1\r\nX: ", HEADER + b"Content-Length: 5000\r\n\r\n{"],
                         ids=["idle", "in the header", "in the body"])
def test_crowd_that_says_nothing_locks_nobody_out(start_server, begin):
    """With the long timeouts of the defaults: they have to give way before these."""
    server = start_server("--max-connections", "40")
    stack, crowd = connections(server, 60)
    with stack:
        for connection in crowd:
            send_all_it_takes(connection, begin)
        # Meanwhile the new one is told to come back: a client has a second for its header, five for its body.
        eventually(lambda: all(_is_answered(server) for _ in range(5)), 8, "honest requests get through")


def _is_answered(server):
    try:
        return honest_answer(server) < 2 * TIME_FACTOR
    except (AssertionError, OSError, ValueError):
        return False


def test_longest_idle_connection_gives_way_and_busy_ones_do_not(start_server):
    server = start_server("--max-connections", "5")
    with contextlib.ExitStack() as stack:
        busy = [stack.enter_context(Wire(server)) for _ in range(3)]
        for wire in busy:
            wire.send(*post(SLEEP), body=SLEEP)
        eventually(lambda: server.pool()["running"] == 3, 3, "three are busy")
        idle = stack.enter_context(Wire(server))
        time.sleep(0.2 * TIME_FACTOR)  # the server has seen it
        assert server.client.get("/healthz").status_code == 200  # the fifth, idle only from now on
        time.sleep(0.2 * TIME_FACTOR)
        assert honest_answer(server) < 2 * TIME_FACTOR
        assert idle.closed()
        assert [result(wire.read()) for wire in busy] == [7, 7, 7]


def test_when_all_are_busy_the_new_one_is_refused(start_server):
    server = start_server("--max-connections", "3")
    server.client.close()
    with contextlib.ExitStack() as stack:
        busy = [stack.enter_context(Wire(server)) for _ in range(3)]
        for wire in busy:
            wire.send(*post(SLEEP), body=SLEEP)
        time.sleep(0.5 * TIME_FACTOR)
        with Wire(server) as late:
            late.send(*post(), body=BODY)
            code, headers, body = late.read()
            assert (code, headers["connection"], json.loads(body)["status"]) == (503, "close", "overloaded")
            assert int(headers["retry-after"]) >= 1
            assert late.closed()
        assert [result(wire.read()) for wire in busy] == [7, 7, 7]
    assert honest_answer(server) < 2 * TIME_FACTOR


def test_storm_of_connections_leaves_nothing(edge, assert_edge_is_well):
    for turn in range(600):
        with socket.create_connection(("127.0.0.1", edge.port), timeout=10 * TIME_FACTOR) as connection:
            if turn % 3 == 0:
                connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            if turn % 2 == 0:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    assert_edge_is_well()


def test_pipelined_flood_is_answered_in_order_or_stopped(edge, assert_edge_is_well):
    flood = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 20_000
    with Wire(edge) as wire:
        sender = threading.Thread(target=send_all_it_takes, args=(wire.socket, flood), daemon=True)
        sender.start()
        assert honest_answer(edge) < 2 * TIME_FACTOR
        for _ in range(20_000):
            assert wire.read()[0] == 200
        sender.join()
    with Wire(edge) as deaf:  # reads nothing: it is not read from either
        deaf.socket.settimeout(1)
        with contextlib.suppress(OSError):
            for _ in range(100):
                deaf.socket.sendall(flood)
            pytest.fail("70 MB of requests were taken while no answer was read")
        assert honest_answer(edge) < 2 * TIME_FACTOR
    assert_edge_is_well()


# ── too much ────────────────────────────────────────────────────────────────────────────────────────────


def test_bodies_beyond_the_budget_are_refused_and_small_requests_served(edge, assert_edge_is_well):
    """The budget of this server is 72 MB, of which requests may have half."""
    body = b" " * (4 * MEGABYTE - 1)  # one byte is missing
    before = edge.memory()
    stack, crowd = connections(edge, 30)
    with stack:
        statuses = []
        for connection in crowd:
            send_all_it_takes(connection, HEADER + b"Content-Length: %d\r\n\r\n" % (4 * MEGABYTE))
            if not select.select([connection], [], [], 0.03)[0]:
                send_all_it_takes(connection, body)
        assert edge.memory() - before < 80 * MEGABYTE
        assert honest_answer(edge) < 2 * TIME_FACTOR
        for connection in crowd:
            statuses.append(status_of(connection))
        assert statuses.count(503) >= 10, statuses
        assert 408 in statuses, "the others were waited for"
    assert_edge_is_well()


def test_refused_body_is_told_when_to_come_back(edge, assert_edge_is_well):
    announced = HEADER + b"Content-Length: %d\r\n" % (4 * MEGABYTE)
    stack, crowd = connections(edge, 9)
    with stack, Wire(edge) as late:
        for connection in crowd:
            connection.sendall(announced + b"\r\n")
        time.sleep(0.3)  # not multiplied: the crowd is given up after a second of silence
        late.socket.sendall(announced + b"Expect: 100-continue\r\n\r\n")
        code, headers, body = late.read()
        assert (code, json.loads(body)["status"]) == (503, "overloaded")
        assert int(headers["retry-after"]) >= 1
        assert late.closed()
    assert_edge_is_well()


def test_large_results_at_once_stay_within_the_budget(edge, assert_edge_is_well):
    before, highest = edge.memory(), 0
    stack, crowd = connections(edge, 40)
    with stack:
        for connection in crowd:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.sendall(HEADER + b"Content-Length: %d\r\n\r\n" % len(LARGE) + LARGE)
        until = time.monotonic() + 3
        while time.monotonic() < until:
            highest = max(highest, edge.memory() - before)
            assert honest_answer(edge) < 2 * TIME_FACTOR
    assert highest < 120 * MEGABYTE, "the budget, and the working copies of a few threads"
    assert_edge_is_well()
