"""What the end-to-end tests share: a running server, and a view of the host from outside."""

import json
import os
import re
import signal
import socket
import subprocess
import textwrap
import time
from pathlib import Path

import httpx
from interface import Checked

REPO = Path(__file__).resolve().parents[2]
BINARY = os.environ.get("CELLBLOCK_BINARY", str(REPO / "build/release/cellblock"))
# Slow builds (sanitizers) multiply every time that a test allows.
TIME_FACTOR = float(os.environ.get("CELLBLOCK_TIME_FACTOR", "1"))
# Planted in the environment of every server; nothing of it may ever be seen in a cell.
CANARY = "canary-3f9d2c71-do-not-leak"
# Cells run under host uids from here on, one per slot.
FIRST_CELL_UID = 1_900_000_000
ENVELOPE = {"result", "stdout", "stderr", "error", "status", "id", "usage", "truncated", "files", "denied"}


class Answer:
    """One answer of POST /execute; `body` is the envelope."""

    def __init__(self, response: httpx.Response):
        self.http = response.status_code
        self.headers = response.headers
        self.body = response.json()
        self.status = self.body.get("status")
        self.error = self.body.get("error")
        self.result = self.body.get("result")
        self.stdout = self.body.get("stdout")
        self.stderr = self.body.get("stderr")
        self.exception = self.body.get("exception")
        self.denied = self.body.get("denied")

    def __repr__(self):
        return f"<{self.http} {json.dumps(self.body)[:2000]}>"


class Server:
    """A `cellblock serve` of its own on a free loopback port; `program` may put something in front."""

    scheme = "http"
    verify = True  # for httpx: what certificates are held against

    def __init__(self, *flags: str, program: tuple[str, ...] = (BINARY,), **environment: str):
        self.mounts_before = mounts()
        self.port = free_port()
        self.url = f"{self.scheme}://127.0.0.1:{self.port}"
        self.process = subprocess.Popen(
            [*program, "serve", *flags],
            env={**os.environ, "PORT": str(self.port), "CELLBLOCK_TEST_SECRET": CANARY, **environment},
        )
        self.client = httpx.Client(base_url=self.url, timeout=60 * TIME_FACTOR, trust_env=False,
                                   verify=self.verify)
        # Every answer that a test gets this way has to be one that /openapi.json describes.
        self.checked = Checked(program, lambda: httpx.get(f"{self.url}/openapi.json", trust_env=False,
                                                           verify=self.verify).json())
        self.client.event_hooks["response"].append(self.checked)
        try:
            eventually(self._is_ready, 30, "the server answers 200 at /readyz")
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise

    def _is_ready(self) -> bool:
        assert self.process.poll() is None, f"server ended with {self.process.returncode} while starting"
        try:
            return self.client.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def post(self, **fields) -> Answer:
        """Posts exactly these fields."""
        return Answer(self.client.post("/execute", json=fields))

    def run(self, script: str, **fields) -> Answer:
        """Posts a script that is written indented in a test."""
        return self.post(script=textwrap.dedent(script), **fields)

    def pool(self) -> dict:
        return self.client.get("/health").json()["pool"]

    def cgroups(self) -> set[str]:
        return {path for path in cgroup_directories() if f"cellblock-{self.process.pid}-" in path}

    def pid(self) -> int:
        """The server's own process, whatever was put in front of it."""
        table, root = process_table(), self.process.pid
        below = [pid for pid in table if pid != root and root in ancestors(pid, table)]
        own = sorted((len(ancestors(pid, table)), pid) for pid in (root, *below) if is_cellblock(pid))
        return own[0][1] if own else root

    def memory(self) -> int:
        """The server process alone, in bytes."""
        status = Path(f"/proc/{self.pid()}/status").read_text()
        return int(re.search(r"VmRSS:\s*(\d+) kB", status)[1]) << 10

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.pid()}/fd"))

    def walls(self) -> dict[str, bool]:
        """Which walls and limits it says that cells have."""
        walls = self.client.get("/health").json()["isolation"]["walls"]
        return {name: wall["stands"] for name, wall in walls.items()}

    def stop(self, within: float = 15) -> None:
        """SIGTERM; nothing may stay behind."""
        self.client.close()
        # Cells come and go while this looks: one that has ended already has no start time.
        family = {(pid, start) for pid in descendants(self.process.pid) if (start := start_time(pid))}
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(timeout=within * TIME_FACTOR)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"server did not end within {within} s of SIGTERM") from None
        assert code == 0, f"exit code {code} after SIGTERM"
        eventually(
            lambda: not [pid for pid, start in family if start_time(pid) == start], 2, "its processes end"
        )
        eventually(lambda: not self.cgroups(), 5, "its cgroups are removed")
        assert mounts() <= self.mounts_before


def folders_of_the_test(folder: Path) -> list[Path]:
    """The folder and those around it, up to the one that is pytest's own."""
    around = [folder, *folder.parents]
    return around[: next(n for n, path in enumerate(around) if path.name.startswith("pytest-of-")) + 1]


def inside(server: Server, script: str, **fields):
    """Runs a script that must succeed; its result."""
    answer = server.run(script, **fields)
    assert (answer.http, answer.status) == (200, "ok"), answer
    return answer.result


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def eventually(check, seconds: float, what: str, pause: float = 0.02):
    """Waits for a true value and returns it."""
    deadline = time.monotonic() + seconds * TIME_FACTOR
    while True:
        value = check()
        if value:
            return value
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(pause)


# ── the host from outside ──────────────────────────────────────────────────────────────────────────


def mounts() -> set[str]:
    """Without those of tests, in folders of pytest's: another suite may run beside this one."""
    return {line for line in Path("/proc/self/mounts").read_text().splitlines() if "/pytest-of-" not in line}


def cgroup_directories() -> set[str]:
    """The topmost directories called cellblock* of every hierarchy; several servers may share one."""
    found = set()
    for folder, names, _ in os.walk("/sys/fs/cgroup"):
        ours = [name for name in names if name.startswith("cellblock")]
        found.update(os.path.join(folder, name) for name in ours)
        names[:] = [name for name in names if name not in ours]
    return found


def start_time(pid: int) -> str | None:
    """Tells two processes of the same pid apart; None when it is gone or only waits to be reaped."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]


def process_table() -> dict[int, tuple[int, int]]:
    """pid → (parent, real uid) of every process on the host, zombies left out."""
    table = {}
    for entry in os.listdir("/proc"):
        try:
            status = Path(f"/proc/{entry}/status").read_text() if entry.isdigit() else ""
        except OSError:
            continue
        fields = dict(re.findall(r"^(PPid|Uid|State):\s*(\w+)", status, re.MULTILINE))
        if fields and fields["State"] not in "ZX":
            table[int(entry)] = (int(fields["PPid"]), int(fields["Uid"]))
    return table


def ancestors(pid: int, table: dict) -> list[int]:
    line = []
    while pid in table and pid not in line:
        line.append(pid)
        pid = table[pid][0]
    return line[1:]


def descendants(pid: int) -> set[int]:
    table = process_table()
    return {other for other in table if pid in ancestors(other, table)}


def cell_processes(server: Server) -> set[int]:
    """This server's processes under a cell's uid."""
    table = process_table()
    return {p for p, (_, uid) in table.items()
            if uid >= FIRST_CELL_UID and server.process.pid in ancestors(p, table)}


def stray_processes() -> set[int]:
    """Processes under a cell's uid that no living server is an ancestor of."""
    table = process_table()
    cells = {pid for pid, (_, uid) in table.items() if uid >= FIRST_CELL_UID}
    return {pid for pid in cells if not any(is_cellblock(p) for p in ancestors(pid, table) if p not in cells)}


def is_cellblock(pid: int) -> bool:
    try:
        return Path(os.readlink(f"/proc/{pid}/exe")).name.startswith("cellblock")
    except OSError:
        return False
