"""What the operator's pages quote is what the program prints: messages, log lines, names of figures and options."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from pages import blocks, same_text
from support import BINARY, REPO, TIME_FACTOR, Server, eventually, free_port

PAGES = sorted((REPO / "docs/operate").glob("*.md"))
TROUBLE = (REPO / "docs/operate/troubleshooting.md").read_text()
MONITORING = REPO / "docs/operate/monitoring.md"
SOURCES = "".join(path.read_text() for path in (REPO / "src").rglob("*.cpp") if not path.name.endswith("_test.cpp"))


def refused(*arguments, before=()):
    done = subprocess.run([*before, BINARY, "serve", *arguments], capture_output=True, text=True,
                          timeout=60 * TIME_FACTOR, env=os.environ | {"PORT": str(free_port())})
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def starts(tmp_path_factory):
    """What the service prints, with its exit code, where it does not start."""
    file = tmp_path_factory.mktemp("config") / "wrong.toml"
    file.write_text("prot = 1\n")
    like_docker = (sys.executable, str(Path(__file__).with_name("like_docker.py")), "root")
    weaker = ("--isolation", "restricted", "--uid-base", "1960000000", "--pool-size", "1")
    beside = Server(*weaker, program=(*like_docker, BINARY))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield [
            refused("--prot", "1", "--pool-size", "x"),
            refused("--config", str(file)),
            refused("--port", str(taken.getsockname()[1])),
            refused("--host", "203.0.113.9"),
            refused("--keys-file", "/nonexistent"),
            refused("--preload", "no_such_module"),
            refused(before=("sh", "-c", 'ulimit -n 1000; exec "$@"', "sh")),
            refused(before=like_docker),
            refused(*weaker, before=like_docker),
        ]
    beside.stop()


def rows_of_starts():
    table = TROUBLE.partition("## It does not start")[2].partition("\n## ")[0]
    rows = [line.strip("|").split("|") for line in table.splitlines() if line.startswith("| `")]
    return [(phrase, int(row[1])) for row in rows for phrase in re.findall("`([^`]+)`", row[0])]


@pytest.mark.skipif(os.geteuid() != 0, reason="takes rights away, which root alone can")
@pytest.mark.parametrize(("phrase", "code"), rows_of_starts())
def test_message_of_a_failed_start_is_printed_with_its_code(starts, phrase, code):
    assert [text for told, text in starts if told == code and phrase in text], starts


def test_log_lines_are_as_shown(tmp_path):
    log = tmp_path / "log"
    running = Server("--pool-size", "2", program=("sh", "-c", f'exec "$0" "$@" 2>{log}', BINARY))
    running.post(script="def main(): return 1")
    running.post(script=1)
    eventually(lambda: "event=refused" in log.read_text(), 5, "both lines are there")
    running.stop()
    shown, = [block for block in blocks(MONITORING) if block.text.startswith("time=")]
    real = [line for line in log.read_text().splitlines() if re.search("event=(execution|refused) ", line)]
    assert same_text(shown.text, "\n".join(real))


def logged():
    """Names of events: the first argument of the log's functions."""
    calls = re.findall(r'\b(?:log\.(?:info|warn|error)\(|log\.write\([^"]*?)"([a-z ]+)"', SOURCES)
    assert len(set(calls)) > 8
    return set(calls)


def test_every_event_of_the_log_is_explained():
    table = MONITORING.read_text().partition("| event | means |")[2]
    cells = re.findall(r"^\|([^|]*)\|", table, re.MULTILINE)
    assert {name for cell in cells for name in re.findall("`([a-z ]+)`", cell)} == logged() - {
        "fewer connections than max-connections: the limit of open files allows no more"}


@pytest.mark.parametrize("page", [*PAGES, REPO / "docs/contribute/debugging.md"], ids=lambda page: page.name)
def test_quoted_events_figures_and_options_exist(server, page):
    text = page.read_text()
    assert set(re.findall(r"event=(\w+)", text)) <= logged()
    server.post(script="import socket\ndef main(): socket.socket()")  # so that there are denials,
    server.post(script=1)  # and refused requests
    families = set(re.findall(r"^# TYPE (\w+)", server.client.get("/metrics").text, re.MULTILINE))
    known = families | {name + part for name in families for part in ("_bucket", "_sum", "_count")}
    assert set(re.findall(r"\bcellblock_(?!wall_)[a-z_]+[a-z]\b", text)) - known == set()
    options = set(re.findall(r"^\| `([\w-]+)` \|", (REPO / "docs/configuration.md").read_text(), re.MULTILINE))
    flags = set(re.findall(r"`--([a-z][\w-]+)", text))
    foreign = {"user", "privileged", "memory", "cpus", "security-opt", "cap-drop", "read-only", "tmpfs"}
    assert flags - options - foreign == set()


@pytest.fixture
def behind_nginx(tmp_path):
    """A service, and nginx with the first configuration of proxy.md before it; without TLS, which is nginx's matter."""
    if not shutil.which("nginx"):
        pytest.skip("nginx is not installed: scripts/install-deps documents")
    service = Server("--pool-size", "2", "--allowed-hosts", "run.example.org")
    shown = blocks(REPO / "docs/operate/proxy.md")[0].text
    port = free_port()
    site = re.sub(r"^ *ssl_.*\n", "", shown.replace("listen 443 ssl;", f"listen 127.0.0.1:{port};"), flags=re.MULTILINE)
    assert "127.0.0.1:8080" in site and site.count("listen ") == 1
    places = "".join(f"{name}_temp_path {tmp_path}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (tmp_path / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {tmp_path}/pid; error_log {tmp_path}/error.log;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{places}{site.replace('127.0.0.1:8080', f'127.0.0.1:{service.port}')}}}\n")
    nginx = subprocess.Popen(["nginx", "-c", str(tmp_path / "nginx.conf"), "-p", str(tmp_path), "-e", str(tmp_path / "error.log")])
    client = httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"Host": "run.example.org"}, trust_env=False,
                          timeout=60 * TIME_FACTOR)
    try:
        eventually(lambda: answers(client), 10, "nginx passes requests on")
        yield client
    finally:
        nginx.terminate()
        nginx.wait()
        service.stop()


def answers(client) -> bool:
    try:
        return client.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


def test_nginx_as_shown_passes_on_what_it_should(behind_nginx):
    assert behind_nginx.post("/execute", json={"script": "def main(): return 42"}).json()["result"] == 42
    assert behind_nginx.get("/metrics").status_code == behind_nginx.get("/health").status_code == 403
    assert behind_nginx.post("/execute", json={"script": "#" * (12 << 20)}).json()["status"] == "script_too_large"
    script = "import time\ndef main():\n    print('first')\n    time.sleep(2)\n    print('second')"
    with behind_nginx.stream("POST", "/execute", json={"script": script}, headers={"Accept": "application/x-ndjson"}) as stream:
        came = [(time.monotonic(), line) for line in stream.iter_lines()]
    assert "first" in came[0][1] and "result" in came[-1][1]
    assert came[-1][0] - came[0][0] > 1.5, "it comes while the script runs"
