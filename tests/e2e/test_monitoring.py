"""packaging/monitoring against the real service: rules, dashboard and /metrics speak of the same figures."""

import json
import re
import shutil
import subprocess

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from support import REPO, eventually

FOLDER = REPO / "packaging/monitoring"
needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None,
                                    reason="promtool is not installed: scripts/install-deps")


def promtool(*arguments, stdin=None):
    return subprocess.run(["promtool", *arguments], cwd=FOLDER, input=stdin, capture_output=True, text=True, timeout=60)


def samples(server) -> dict[tuple, float]:
    text = server.client.get("/metrics").text
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(text) for sample in family.samples}


def grown(before, after, name, **labels) -> float:
    key = (name, tuple(sorted(labels.items())))
    return after.get(key, 0) - before.get(key, 0)


@needs_promtool
def test_promtool_finds_nothing_wrong_with_the_metrics(server):
    server.run("def main(): return 1")
    server.post(script=1)
    checked = promtool("check", "metrics", stdin=server.client.get("/metrics").text)
    assert (checked.returncode, checked.stdout.strip()) == (0, ""), checked.stdout + checked.stderr


@needs_promtool
def test_rules_are_valid_and_fire_when_they_should():
    for arguments in (("check", "config", "prometheus.yml"), ("test", "rules", "alerts_test.yml")):
        done = promtool(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_what_prometheus_needs_for_a_key_and_for_tls_is_valid_when_it_is_taken_in(tmp_path):
    text = re.sub(r"^( +)# (?=\w+:|  )", r"\1", (FOLDER / "prometheus.yml").read_text(), flags=re.MULTILINE)
    for name in ("cellblock.key", "cellblock-ca.pem"):
        (tmp_path / name).write_text("cb_0\n")
        text = text.replace(f"/etc/prometheus/{name}", str(tmp_path / name))
    (tmp_path / "prometheus.yml").write_text(text)
    shutil.copy(FOLDER / "alerts.yml", tmp_path)
    scrape, = yaml.safe_load(text)["scrape_configs"]
    assert (scrape["authorization"]["type"], scrape["scheme"]) == ("Bearer", "https")
    done = promtool("check", "config", str(tmp_path / "prometheus.yml"))
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_has_its_own_test():
    alerts = re.findall(r"- alert: (\w+)", (FOLDER / "alerts.yml").read_text())
    tested = (FOLDER / "alerts_test.yml").read_text()
    assert len(alerts) == len(set(alerts)) > 10
    for alert in alerts:
        assert f"alertname: {alert}, eval_time: 25m, exp_alerts: []" in tested, f"{alert}: when it is quiet"
        assert re.search(rf"- alertname: {alert}\n +eval_time: \w+\n +exp_alerts:\n +- exp_labels", tested), alert


def test_rules_and_dashboard_ask_for_figures_that_exist(server):
    server.run("def main(): return 1")
    server.run("import socket\ndef main():\n    try: socket.socket()\n    except OSError: pass")
    server.post(script=1)
    there = {name for name, _ in samples(server)}
    dashboard = json.loads((FOLDER / "dashboard.json").read_text())
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    asked.append((FOLDER / "alerts.yml").read_text())
    names = {name for text in asked for name in re.findall(r"\bcellblock_\w+", text)}
    assert len(names) > 15
    assert names <= there, names - there
    boxes = [tuple(panel["gridPos"][side] for side in "xywh") for panel in dashboard["panels"]]
    assert all(x + w <= 24 for x, _, w, _ in boxes)
    assert not [(a, b) for i, a in enumerate(boxes) for b in boxes[:i]
                if a[0] < b[0] + b[2] and b[0] < a[0] + a[2] and a[1] < b[1] + b[3] and b[1] < a[1] + a[3]]


@pytest.mark.parametrize(("ask", "route", "code", "reason"), [
    (lambda c: c.post("/execute", json={"script": 1}), "/execute", 400, "invalid_request"),
    (lambda c: c.post("/execute", content=b"{}", headers={"content-type": "text/plain"}), "/execute", 400, "invalid_request"),
    (lambda c: c.post("/execute", json={"script": "#" * 300_000}), "/execute", 400, "script_too_large"),
    (lambda c: c.post("/execute", content=b"[" * (17 << 20), headers={"content-type": "application/json"}), "/execute", 413, "invalid_request"),
    (lambda c: c.get("/execute"), "other", 405, "method_not_allowed"),
    (lambda c: c.get("/nothing/here"), "other", 404, "not_found"),
    (lambda c: c.get("/" + "x" * 20_000), "other", 414, "invalid_request"),
])
def test_what_is_refused_before_it_runs_is_counted(server, ask, route, code, reason):
    before = samples(server)
    assert ask(server.client).status_code == code
    after = samples(server)
    labels = {"route": route, "code": str(code)}
    assert grown(before, after, "cellblock_requests_refused_total", **labels, reason=reason) == 1
    assert grown(before, after, "cellblock_http_requests_total", **labels) == 1
    # What got the envelope of an execution is counted there too.
    counted = {dict(key[1])["status"]: int(value - before[key]) for key, value in after.items()
               if key[0] == "cellblock_executions_total" and value > before[key]}
    assert counted == ({reason: 1} if (route, code) == ("/execute", 400) else {})
    assert grown(before, after, "cellblock_execution_run_seconds_count") == 0


def test_refused_entries_of_a_batch_are_counted(server):
    before = samples(server)
    requests = [{"script": 1}, {"script": "def main(): return 1"}, {"script": "#" * 300_000}]
    assert server.client.post("/batch", json={"requests": requests}).status_code == 200
    after = samples(server)
    for status, count in (("invalid_request", 1), ("ok", 1), ("script_too_large", 1)):
        assert grown(before, after, "cellblock_executions_total", status=status) == count, status
    assert grown(before, after, "cellblock_requests_refused_total", route="/batch", code="400", reason="invalid_request") == 1
    assert grown(before, after, "cellblock_http_requests_total", route="/batch", code="200") == 1


def test_what_runs_is_an_answer_and_no_refusal(server):
    before = samples(server)
    assert server.run("def main(): return 1 / 0").http == 400
    assert server.client.get("/readyz").status_code == 200
    after = samples(server)
    assert grown(before, after, "cellblock_http_requests_total", route="/execute", code="400") == 1
    assert grown(before, after, "cellblock_http_requests_total", route="/readyz", code="200") == 1
    refused = {key for key in after if key[0] == "cellblock_requests_refused_total"}
    assert all(after[key] == before.get(key) for key in refused)


def test_walls_and_limits_are_figures(server):
    walls = server.client.get("/health").json()["isolation"]["walls"]
    now = samples(server)
    assert {dict(labels)["wall"]: bool(value) for (name, labels), value in now.items() if name == "cellblock_wall_stands"} \
        == {name: wall["stands"] for name, wall in walls.items()}
    assert now["cellblock_queued_executions_limit", ()] == 1000
    assert now["cellblock_running_executions_limit", ()] >= 64
    eventually(lambda: samples(server)["cellblock_ready", ()] == 1, 5, "it is ready")


def test_every_status_can_be_seen_to_grow_from_nothing(server):
    there = {dict(labels)["status"] for name, labels in samples(server) if name == "cellblock_executions_total"}
    assert there >= {"ok", "exception", "timeout", "overloaded", "cancelled", "internal_error"}
