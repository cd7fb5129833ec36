"""The same Idempotency-Key runs a script once."""

import re
import threading
import uuid

import pytest
from support import eventually
from wire import Wire, post

RANDOM = "import random\ndef main(): return random.random()"


def keyed(server, script=RANDOM, key=None, **fields):
    return server.client.post("/execute", json={"script": script, **fields}, headers={"Idempotency-Key": key})


@pytest.fixture
def key():
    return str(uuid.uuid4())


def test_second_request_gets_the_answer_of_the_first(server, key):
    first, second, other = keyed(server, key=key), keyed(server, key=key), keyed(server, key=key + "-other")
    assert (first.status_code, second.status_code) == (200, 200)
    assert second.content == first.content
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert other.json()["result"] != first.json()["result"]


def test_another_request_under_the_same_key_is_a_422(server, key):
    assert keyed(server, key=key).status_code == 200
    refused = keyed(server, key=key, stdin="more")
    assert (refused.status_code, refused.json()["status"]) == (422, "idempotency_conflict")


def test_duplicates_at_the_same_time_run_once(server, key):
    script = "import random, time\ndef main(): time.sleep(0.5); return random.random()"
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(keyed(server, script, key))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({answer.content for answer in answers}) == 1
    assert sorted("idempotency-replayed" in answer.headers for answer in answers) == [False] + [True] * 7


def test_client_that_leaves_does_not_cancel_the_others(server, key):
    body = b'{"script":"import time\\ndef main(): time.sleep(1); return 5"}'
    with Wire(server) as staying:
        with Wire(server) as leaving:
            leaving.send(*post(body, "1.1", f"Idempotency-Key: {key}"), body=body)
            eventually(lambda: server.pool()["running"] == 1, 5, "it runs")
            staying.send(*post(body, "1.1", f"Idempotency-Key: {key}"), body=body)
            eventually(lambda: server.pool()["running"] == 1, 5, "it runs")
        code, headers, answer = staying.read()
    assert (code, headers["idempotency-replayed"]) == (200, "true")
    assert b'"result":5' in answer


def test_what_never_ran_may_be_tried_again(server, key):
    assert keyed(server, script="", key=key).status_code == 400
    assert keyed(server, key=key).status_code == 200


@pytest.mark.parametrize("wrong", ["", "a b", "k" * 256, "a\tb"], ids=["empty", "space", "256", "tab"])
def test_key_of_a_wrong_form_is_a_400(server, wrong):
    refused = keyed(server, key=wrong)
    assert (refused.status_code, refused.json()["status"]) == (400, "invalid_request")
    assert "Idempotency-Key" in refused.json()["error"]


def test_what_is_refused_under_a_key_is_counted(start_server, key):
    server = start_server("--pool-size", "2")

    def counted():
        found = re.search(r'^cellblock_requests_refused_total\{[^}]*reason="invalid_request"[^}]*\} (\d+)',
                          server.client.get("/metrics").text, re.MULTILINE)
        return int(found[1]) if found else 0

    assert keyed(server, key="a b").status_code == 400
    assert counted() == 1
    assert keyed(server, key=key, script="").status_code == 400
    assert counted() == 2


def test_memory_and_time_are_bounded(start_server):
    server = start_server("--idempotency-memory-mb", "1", "--idempotency-entries", "3", "--idempotency-expiry", "1",
                          "--pool-size", "4")

    def again(key, **fields):
        return "idempotency-replayed" in keyed(server, key=key, **fields).headers

    for name in "abcd":
        assert not again(name)
    assert again("d") and not again("a")  # three are kept
    large = {"script": "def main(): return 'x' * 600_000"}
    assert not again("e", **large) and again("e", **large)
    assert not again("f", **large)
    assert not again("e", **large)  # only one of them has room
    too_large = {"script": "def main(): return 'x' * 1_100_000"}
    assert not again("g", **too_large) and not again("g", **too_large)
    eventually(lambda: not again("f", **large), 5, "it has expired")
