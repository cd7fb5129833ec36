"""docs/operate/upgrade.md, followed behind nginx: two instances are restarted one after the other, and no request is lost."""

import re
import shutil
import subprocess
import threading

import httpx
import pytest
import support
from pages import blocks
from support import REPO, TIME_FACTOR, Server, eventually, free_port

pytestmark = pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed: scripts/install-deps documents")


def instances() -> list[dict[str, str]]:
    """The variables of each, as the page shows them."""
    shown = [block.text for block in blocks(REPO / "docs/operate/upgrade.md") if block.language == "ini"]
    return [dict(re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE)) for text in shown]


def start(variables, port=None) -> Server:
    with pytest.MonkeyPatch.context() as patch:
        if port:
            patch.setattr(support, "free_port", lambda: port)
        return Server("--pool-size", "2", CELLBLOCK_UID_BASE=variables["CELLBLOCK_UID_BASE"])


@pytest.fixture
def nginx(tmp_path):
    """Runs with the upstream that proxy.md shows for several services."""
    running = []

    def begin(ports):
        upstream = blocks(REPO / "docs/operate/proxy.md")[1].text
        for shown, port in zip(("127.0.0.1:8080", "127.0.0.1:8081"), ports):
            assert shown in upstream
            upstream = upstream.replace(shown, f"127.0.0.1:{port}")
        listens = free_port()
        places = "".join(f"{name}_temp_path {tmp_path}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (tmp_path / "nginx.conf").write_text(
            f"daemon off; master_process off; pid {tmp_path}/pid;\nevents {{}}\nhttp {{\naccess_log off;\n{places}{upstream}"
            f"server {{ listen 127.0.0.1:{listens}; location / {{ proxy_pass http://cellblock; proxy_http_version 1.1;\n"
            'proxy_set_header Connection ""; } }\n}\n')
        running.append(subprocess.Popen(["nginx", "-c", str(tmp_path / "nginx.conf"), "-e", str(tmp_path / "error.log")]))
        return f"http://127.0.0.1:{listens}"

    yield begin
    for process in running:
        process.terminate()
        process.wait()


class Client(threading.Thread):
    """Asks one question after the other, and keeps what became of each."""

    def __init__(self, url):
        super().__init__()
        self.url, self.seen, self.enough = url, [], threading.Event()

    def run(self):
        with httpx.Client(base_url=self.url, trust_env=False, timeout=60 * TIME_FACTOR) as http:
            while not self.enough.is_set():
                answer = http.post("/execute", json={"script": "import time\ndef main():\n    time.sleep(0.05)\n    return 1"})
                self.seen.append(answer.status_code)


def test_instances_are_restarted_without_losing_a_request(nginx):
    first, second = instances()
    assert int(second["CELLBLOCK_UID_BASE"]) - int(first["CELLBLOCK_UID_BASE"]) >= 1_000_000 and first["PORT"] != second["PORT"]
    a, b = start(first), start(second)
    url = nginx((a.port, b.port))
    clients = [Client(url) for _ in range(4)]
    try:
        eventually(lambda: answers(url), 10, "nginx passes requests on")
        for client in clients:
            client.start()
        for instance in ("a", "b"):
            before = sum(len(client.seen) for client in clients)
            eventually(lambda: sum(len(client.seen) for client in clients) > before + 20, 20, "requests are answered")
            if instance == "a":
                a.stop(within=40)
                a = start(first, a.port)
            else:
                b.stop(within=40)
                b = start(second, b.port)
    finally:
        for client in clients:
            client.enough.set()
        for client in clients:
            client.join()
        a.stop()
        b.stop()
    seen = [code for client in clients for code in client.seen]
    assert len(seen) > 40 and set(seen) == {200}, {code: seen.count(code) for code in set(seen)}


def answers(url) -> bool:
    try:
        return httpx.get(f"{url}/readyz", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False
