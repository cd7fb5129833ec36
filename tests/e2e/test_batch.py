"""Many executions in one request, answered line by line."""

import json
import time

import pytest
from interface import Interface
from support import eventually


@pytest.fixture(scope="module")
def line_of(server):
    interface = Interface(server.client.get("/openapi.json").json())

    def check(text):
        line = json.loads(text)
        interface.check_value("BatchLine", line)
        return line

    return check


def batch(server, line_of, requests, **headers):
    with server.client.stream("POST", "/batch", json={"requests": requests}, headers=headers) as response:
        assert response.status_code == 200
        assert response.headers["content-type"] == "application/x-ndjson"
        return [line_of(text) for text in response.iter_lines() if text]


def test_every_entry_has_its_line_in_order(server, line_of):
    requests = [{"script": "def main(n): return n * n", "args": [n]} for n in range(100)]
    lines = batch(server, line_of, requests)
    assert [line["index"] for line in lines] == list(range(100))
    assert [line["answer"]["result"] for line in lines] == [n * n for n in range(100)]
    assert len({line["answer"]["id"] for line in lines}) == 100


def test_lines_come_as_executions_finish(server, line_of):
    requests = [{"script": "def main(): return 1"}, {"script": "import time\ndef main(): time.sleep(1); return 2"}]
    came = []
    with server.client.stream("POST", "/batch", json={"requests": requests}) as response:
        for text in response.iter_lines():
            if text:
                came.append((line_of(text)["answer"]["result"], time.monotonic()))
    assert [value for value, _ in came] == [1, 2]
    assert came[1][1] - came[0][1] > 0.5


def test_each_entry_has_a_cell_of_its_own(server, line_of):
    script = "import os, builtins\ndef main():\n    seen = hasattr(builtins, 'mark') or os.listdir('.')\n" \
             "    builtins.mark = 1; open('left', 'w').close(); return bool(seen)"
    assert [line["answer"]["result"] for line in batch(server, line_of, [{"script": script}] * 10)] == [False] * 10


def test_bad_entries_are_answered_in_their_line(server, line_of):
    lines = batch(server, line_of, [{"script": "def main(): return 1"}, 5, {"script": 1}, {"script": "def main(: pass"},
                                    {"script": "def main(): return 1", "limits": {"wall_s": 99}}, None])
    assert [line["http"] for line in lines] == [200, 400, 400, 400, 400, 400]
    assert [line["answer"]["status"] for line in lines] == \
        ["ok", "invalid_request", "invalid_request", "syntax_error", "invalid_request", "invalid_request"]


@pytest.mark.parametrize("body", [
    b"", b"[]", b"{}", b"{", b'{"requests": {}}', b'{"requests": []}', b'{"requests": [{}], "more": 1}',
    json.dumps({"requests": [{}] * 101}).encode(), b'{"requests": ' + b"[" * 10_000,
], ids=range(9))
def test_wrong_batch_is_refused_as_a_whole(server, body):
    response = server.client.post("/batch", content=body, headers={"content-type": "application/json"})
    assert (response.status_code, response.json()["status"]) == (400, "invalid_request")


def test_batch_is_json_and_has_no_idempotency_key(server):
    body = json.dumps({"requests": [{"script": "def main(): return 1"}]})
    assert server.client.post("/batch", content=body, headers={"content-type": "text/plain"}).status_code == 400
    refused = server.client.post("/batch", json=json.loads(body), headers={"idempotency-key": "k"})
    assert refused.status_code == 400 and "/batch" in refused.json()["error"]


def test_other_clients_are_served_beside_a_batch_and_disconnect_cancels_it(server):
    requests = [{"script": "import time\ndef main(): time.sleep(25)"}] * 8
    with server.client.stream("POST", "/batch", json={"requests": requests}):
        eventually(lambda: server.pool()["running"] == 4, 5, "it has its four places")
        assert server.post(script="def main(): return 1").result == 1
        eventually(lambda: server.pool()["running"] == 4, 5, "the other's has ended, the batch's have not")
        assert server.pool()["queued"] == 0
    eventually(lambda: server.pool()["running"] == 0, 5, "nothing of it runs")
    assert server.post(script="def main(): return 1").result == 1
