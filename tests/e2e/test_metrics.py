"""/metrics as Prometheus reads it."""

import pytest
from prometheus_client.parser import text_string_to_metric_families
from support import CANARY, eventually
from wire import Wire


def figures(server) -> dict[tuple[str, tuple], float]:
    response = server.client.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert CANARY not in response.text
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(response.text) for sample in family.samples}


def grown(before, after, name, **labels) -> float:
    key = (name, tuple(sorted(labels.items())))
    return after.get(key, 0) - before.get(key, 0)


def test_executions_are_counted_by_what_became_of_them(server):
    before = figures(server)
    assert server.run("def main(): return 1").http == 200
    assert server.run("def main(): return 2").http == 200
    assert server.run("def main(): return 1 / 0").http == 400
    assert server.run("import socket\ndef main():\n    for _ in range(3):\n        try: socket.socket()\n"
                      "        except OSError: pass").http == 200
    after = figures(server)
    assert grown(before, after, "cellblock_executions_total", status="ok") == 3
    assert grown(before, after, "cellblock_executions_total", status="exception") == 1
    assert grown(before, after, "cellblock_denials_total", rule="network") == 3
    for histogram in ("execution_run_seconds", "execution_queue_seconds", "execution_memory_peak_bytes"):
        assert grown(before, after, f"cellblock_{histogram}_count") == 4
        assert grown(before, after, f"cellblock_{histogram}_bucket", le="+Inf") == 4
    assert 0 < grown(before, after, "cellblock_execution_cpu_seconds_total") < 10


def test_a_long_run_is_a_long_run(start_server):
    server = start_server("--pool-size", "2")
    server.run("import time\ndef main(): time.sleep(0.3)")
    after = figures(server)
    assert after["cellblock_execution_run_seconds_sum", ()] >= 0.3
    assert after["cellblock_execution_run_seconds_bucket", (("le", "0.25"),)] == 0


def test_steps_of_making_and_ending_cells_are_measured(start_server):
    server = start_server("--pool-size", "2", "--preload-light", "")
    eventually(lambda: server.pool()["ready"] == 2, 10, "the stock is full")

    def step(name, figure):
        return figures(server).get((f"cellblock_cell_step_seconds_{figure}", (("step", name),)), 0)

    for name in ("namespaces", "mounts", "fork", "seal", "prime"):
        assert step(name, "count") >= 2, name
        assert 0 < step(name, "sum") < 2, name
    ended = step("teardown", "count")
    server.run("def main(): return 1")
    eventually(lambda: step("teardown", "count") == ended + 1, 3, "the cell is taken down")
    assert step("teardown", "sum") > 0


def test_gauges_tell_what_is(start_server):
    server = start_server("--pool-size", "3", "--preload-extended", "scipy")
    expected = {("cellblock_ready_cells", (("pool", pool),)): cells
                for pool, cells in (("light", 3), ("main", 3), ("extended", 1))}
    expected |= {("cellblock_running_executions", ()): 0, ("cellblock_queued_executions", ()): 0,
                 ("cellblock_able", ()): 1}
    eventually(lambda: expected.items() <= figures(server).items(), 10, "the stocks are full and shown")
    version = server.client.get("/version").json()
    labels = {"version": version["version"], "python": version["python"], "isolation": server.client.get("/health").json()["isolation"]["level"]}
    assert figures(server)["cellblock_build_info", tuple(sorted(labels.items()))] == 1


def test_names_follow_the_conventions(server):
    families = list(text_string_to_metric_families(server.client.get("/metrics").text))
    assert len(families) >= 10
    for family in families:
        assert family.name.startswith(("cellblock_", "process_")) and family.documentation, family.name
        assert family.type in ("counter", "gauge", "histogram"), family.name
        if family.type == "histogram":
            assert family.name.endswith(("_seconds", "_bytes")), family.name


def test_the_process_is_told_by_the_names_that_everybody_knows(server):
    now = figures(server)
    assert 0 <= now["process_start_time_seconds", ()] - now["cellblock_start_time_seconds", ()] + 60 < 70
    assert now["process_resident_memory_bytes", ()] == pytest.approx(server.memory(), rel=0.3)
    assert now["process_virtual_memory_bytes", ()] > now["process_resident_memory_bytes", ()]
    assert 10 < now["process_open_fds", ()] < now["process_max_fds", ()]
    busy = now["process_cpu_seconds_total", ()]
    eventually(lambda: figures(server)["process_cpu_seconds_total", ()] > busy > 0, 5, "it has taken time")


def test_connections_and_memory_of_requests_are_told_with_their_limits(server):
    quiet = figures(server)
    assert quiet["cellblock_connections_limit", ()] >= 1000
    assert quiet["cellblock_request_memory_limit_bytes", ()] >= 512 << 20
    with Wire(server), Wire(server):
        eventually(lambda: figures(server)["cellblock_connections", ()] >= quiet["cellblock_connections", ()] + 2, 5,
                   "both connections are counted")
    with Wire(server) as wire:
        wire.send("POST /execute HTTP/1.1", "Host: localhost", "Content-Type: application/json",
                  "Content-Length: 1000000", body=b" " * 900_000)
        eventually(lambda: figures(server)["cellblock_request_memory_bytes", ()] >= 900_000, 5, "the body is counted")
    eventually(lambda: figures(server)["cellblock_request_memory_bytes", ()] == 0, 5, "it is given back")


def test_only_get_and_head(server):
    assert server.client.head("/metrics").status_code == 200
    refused = server.client.post("/metrics")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")
