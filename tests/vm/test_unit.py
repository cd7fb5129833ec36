"""The Debian package and its unit under systemd as the first process: run by scripts/test-vm, as root.

The package is installed into that machine, which is thrown away, and into no other.
"""

import contextlib
import itertools
import json
import os
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import httpx
import pytest
from support import FIRST_CELL_UID, REPO, TIME_FACTOR, eventually, mounts, process_table, start_time
from test_cgroup_places import CONTROLLERS, children, lines, only_slots_have_cells

pytestmark = pytest.mark.skipif(os.geteuid() != 0 or not (REPO / "vm.env").exists(),
                                reason="installs the package, which is for scripts/test-vm's machine, as root")
TOP = Path("/sys/fs/cgroup")
UNIFIED = (TOP / "cgroup.controllers").exists()
CONFIG = Path("/etc/cellblock/cellblock.toml")
DROP_IN = Path("/run/systemd/system/cellblock.service.d/test.conf")
SLOW = "import time\ndef main(seconds):\n    time.sleep(seconds)\n    return 'done'"


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                          env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout.strip()


def show(what: str) -> str:
    return run("systemctl", "show", "--value", f"--property={what}", "cellblock.service")


def main_pid() -> int:
    return int(show("MainPID"))


def get(path: str) -> httpx.Response | None:
    with contextlib.suppress(httpx.TransportError):
        return httpx.get("http://127.0.0.1:8080" + path, trust_env=False, timeout=60 * TIME_FACTOR)
    return None


def post(script: str, *args, **limits) -> httpx.Response:
    body = {"script": script, "args": list(args), **({"limits": limits} if limits else {})}
    return httpx.post("http://127.0.0.1:8080/execute", json=body, trust_env=False, timeout=60 * TIME_FACTOR)


def answers() -> bool:
    return post("def main(a, b): return a + b", 40, 2).json().get("result") == 42


def is_ready() -> bool:
    answer = get("/readyz")
    return answer is not None and answer.status_code == 200


def gets_ready() -> bool:
    """Soon after systemd calls it active: requests are taken then, and the first cell is in the making."""
    return eventually(is_ready, 5, "/readyz says 200")


def place() -> Path:
    return TOP / show("ControlGroup").lstrip("/")


def processes_of_cells() -> list[int]:
    return [pid for pid, (_, uid) in process_table().items() if uid >= FIRST_CELL_UID]


def told() -> list[dict]:
    """The lines of the service's log, as the journal has them."""
    return [json.loads(line) for line in run("journalctl", "-u", "cellblock", "-o", "cat", "--no-pager").splitlines()
            if line.startswith("{")]


@pytest.fixture(scope="module", autouse=True)
def installed():
    (package,) = (REPO / "build/release/package").glob("cellblock_*.deb")
    before = mounts()
    run("dpkg", "-i", str(package))
    yield package
    run("dpkg", "--purge", "cellblock")
    assert mounts() <= before and not processes_of_cells()


@pytest.fixture
def running():
    """The service as its unit starts it, and with the package's own configuration afterwards."""
    plain = CONFIG.read_text()
    run("systemctl", "start", "cellblock")
    yield
    CONFIG.write_text(plain)
    # For systemd counts starts. It may have forgotten the unit, and then there is nothing to reset.
    subprocess.run(["systemctl", "reset-failed", "cellblock"], capture_output=True)
    if DROP_IN.exists():
        DROP_IN.unlink()
        run("systemctl", "daemon-reload")
        run("systemctl", "restart", "cellblock")
    else:
        run("systemctl", "reload-or-restart", "cellblock")


def test_installing_it_starts_it_now_and_with_the_machine():
    assert show("ActiveState") == "active" and show("UnitFileState") == "enabled"
    assert gets_ready() and answers()


def test_started_it_has_every_wall_and_a_cgroup_by_delegation(running):
    gets_ready()
    health = get("/health").json()
    assert health["status"] == "healthy" and health["isolation"]["level"] == "full", health
    missing = [name for name, wall in health["isolation"]["walls"].items() if not wall["stands"]]
    assert not missing, health
    means = "cgroup v2" if UNIFIED else "cgroup v1"
    assert health["isolation"]["walls"]["memory_limit"]["means"] == means
    assert show("Delegate") == "yes" and set(show("DelegateControllers").split()) >= CONTROLLERS
    assert show("StatusText").startswith("Listens on 127.0.0.1:8080, isolation level full")
    if UNIFIED:
        directory = only_slots_have_cells(place())
        assert str(main_pid()) in lines(directory / "service/cgroup.procs")
        assert children(place()) == {directory.name}


def test_requests_are_answered_and_limits_hold(running):
    assert answers()
    assert post("import pandas\ndef main(): return int(pandas.Series([40, 2]).sum())").json()["result"] == 42
    assert post("def main(): return len(bytearray(200_000_000))", memory_mb=64).json()["status"] == "memory_limit"
    many = "import os, time\ndef main():\n    while os.fork(): pass\n    time.sleep(9)"
    assert post(many, processes=8).json()["status"] == "exception"
    assert answers()


def test_the_server_itself_has_no_root(running):
    status = Path(f"/proc/{main_pid()}/status").read_text()
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert "0" not in fields["Uid"].split() and int(fields["CapEff"], 16) == 0 and fields["NoNewPrivs"] == "1"


def test_a_reload_takes_the_file_over_in_the_same_process(running):
    pid = main_pid()
    CONFIG.write_text("time-limit = 0.5\n")
    run("systemctl", "reload", "cellblock")
    eventually(lambda: any(line["event"] == "reloaded" for line in told()), 10, "the reload is logged")
    assert post(SLOW, 5).json()["error"] == "Script execution timed out (0.5s limit)"
    assert (show("ActiveState"), show("SubState"), main_pid()) == ("active", "running", pid)


def test_a_reload_of_a_wrong_file_changes_nothing(running):
    pid = main_pid()
    CONFIG.write_text("time-limit = nonsense\n")
    run("systemctl", "reload", "cellblock")
    eventually(lambda: any(line["event"] == "reload refused" for line in told()), 10, "the refusal is logged")
    assert answers() and main_pid() == pid


class Clients:
    """Some who ask one after the other, each on a connection of its own, until they are told to stop."""

    def __init__(self, count: int):
        self.answers = []
        self.unanswered = 0
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self._ask, args=(first,)) for first in range(count)]
        for thread in self.threads:
            thread.start()

    def _ask(self, first: int):
        for number in itertools.count(first * 1_000_000):
            if self.over.is_set():
                return
            try:
                answer = post("import time\ndef main(n):\n    time.sleep(0.1)\n    return n", number)
            except httpx.TransportError:  # nobody listens in between
                self.unanswered += 1
                time.sleep(0.05)
                continue
            self.answers.append((answer.status_code, number, answer.json()))

    def right(self) -> int:
        return len([code for code, *_ in self.answers if code == 200])

    def stop(self):
        self.over.set()
        for thread in self.threads:
            thread.join()


def test_a_restart_under_load_loses_no_running_execution_and_gives_no_wrong_answer(running):
    pid = main_pid()
    clients = Clients(3)
    try:
        eventually(lambda: clients.right() >= 10, 30, "they are answered")
        slow = []
        asking = threading.Thread(target=lambda: slow.append(post(SLOW, 3).json()))
        asking.start()
        eventually(lambda: get("/health").json()["pool"]["running"] > 0, 10, "it runs")
        time.sleep(0.5 * TIME_FACTOR)
        run("systemctl", "restart", "cellblock")
        assert answers(), "a restart is over when it answers"
        asking.join()
        before = clients.right()
        eventually(lambda: clients.right() >= before + 10, 30, "they are answered again")
    finally:
        clients.stop()
    assert slow[0]["result"] == "done", slow
    assert main_pid() != pid and show("NRestarts") == "0"
    for code, number, body in clients.answers:
        assert code == 200 and body["result"] == number or code == 503 and body["status"] == "overloaded", (code, body)
    assert not UNIFIED or len(children(place())) == 1, "the first life's groups are gone"


def test_a_stop_leaves_nothing(running):
    began, group, pid = time.monotonic(), place(), main_pid()
    asking = threading.Thread(target=lambda: slow.append(post(SLOW, 2).json()))
    slow = []
    asking.start()
    eventually(lambda: get("/health").json()["pool"]["running"] == 1, 10, "it runs")
    run("systemctl", "stop", "cellblock")
    asking.join()
    assert slow[0]["result"] == "done", slow
    assert time.monotonic() - began < 20 * TIME_FACTOR
    assert (show("ActiveState"), show("Result")) == ("inactive", "success")
    assert not processes_of_cells() and not group.exists() and start_time(pid) is None
    assert get("/readyz") is None


def test_a_service_that_can_make_no_cells_is_restarted_by_the_watchdog(running):
    """The jailer hangs. Its unit would wait for a minute; the test does not."""
    DROP_IN.parent.mkdir(parents=True, exist_ok=True)
    DROP_IN.write_text("[Service]\nWatchdogSec=5\n")
    run("systemctl", "daemon-reload")
    run("systemctl", "restart", "cellblock")
    pid = main_pid()
    eventually(lambda: get("/health").json()["pool"]["ready"] > 1, 10, "it has cells in stock")
    (jailer,) = [child for child, (parent, _) in process_table().items() if parent == pid]
    family = {(one, start) for one in (pid, jailer, *processes_of_cells()) if (start := start_time(one))}
    os.kill(jailer, signal.SIGSTOP)
    # A cell that was used is replaced, which is what shows that none can be made.
    assert answers()
    eventually(lambda: show("NRestarts") == "1" and show("ActiveState") == "active", 90, "systemd has restarted it")
    assert main_pid() not in (pid, 0) and answers()
    assert get("/health").json()["isolation"]["level"] == "full"
    assert not [one for one, start in family if start_time(one) == start], "the stopped jailer and its cells are gone"
    assert not UNIFIED or len(children(place())) == 1, "the first life's groups are gone"
    assert "Watchdog timeout" in run("journalctl", "-u", "cellblock", "--no-pager", "-o", "cat")


def test_a_server_that_dies_is_restarted(running):
    pid = main_pid()
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: show("NRestarts") == "1" and show("ActiveState") == "active", 30, "systemd has restarted it")
    assert main_pid() != pid and answers()


def test_wrong_options_are_told_and_not_tried_again(running):
    run("systemctl", "stop", "cellblock")
    CONFIG.write_text('memory-mb = "lots"\n')
    assert subprocess.run(["systemctl", "start", "cellblock"], capture_output=True).returncode != 0
    assert (show("ActiveState"), show("ExecMainStatus"), show("NRestarts")) == ("failed", "2", "0")
    # The journal takes the lines of a process that has ended when it comes to them.
    eventually(lambda: "memory-mb = 'lots'" in run("journalctl", "-u", "cellblock", "--no-pager", "-o", "cat", "-n", "40"),
               20, "the journal has the reason")


def test_a_taken_port_is_tried_again_until_it_is_free(running):
    run("systemctl", "stop", "cellblock")
    with socket.create_server(("127.0.0.1", 8080)):
        assert subprocess.run(["systemctl", "start", "cellblock"], capture_output=True).returncode != 0
        assert show("ExecMainStatus") == "4"
    eventually(lambda: show("ActiveState") == "active", 30, "it has the port")
    assert answers()


def test_an_upgrade_restarts_it(running, installed):
    pid = main_pid()
    run("dpkg", "-i", str(installed))
    assert main_pid() not in (pid, 0) and answers()


def test_removed_it_is_stopped_and_its_configuration_stays(installed):
    run("dpkg", "--remove", "cellblock")
    assert not processes_of_cells() and get("/readyz") is None
    assert CONFIG.exists() and not Path("/usr/bin/cellblock").exists()
    assert subprocess.run(["systemctl", "is-active", "-q", "cellblock"]).returncode != 0
