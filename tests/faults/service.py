"""The parts of a running service as the host sees them, and what must hold after a fault."""

import os
import signal
import subprocess
import time
from pathlib import Path

from support import BINARY, TIME_FACTOR, cgroup_directories, descendants, eventually, inside, process_table, start_time

HONEST = "def main(a, b): return a + b"
# Walls as a script sees them: nothing may be missing in a cell that is made after a fault.
WALLS = """
    import os, socket
    def main():
        status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
        seen = {name: status[name] for name in ("CapEff", "CapBnd", "NoNewPrivs", "Seccomp")}
        seen["pids"] = sorted(int(name) for name in os.listdir("/proc") if name.isdigit())[:1]
        seen["tree"] = sorted(os.listdir("/"))
        seen["write"] = [path for path in ("/", "/usr", "/etc", "/dev") if os.access(path, os.W_OK)]
        seen["uid"] = os.getuid()
        return seen
    """


def named(server, name: str) -> set[int]:
    """Processes of the service with this name, of which the zygote's forks and the jailer's have others."""
    return {pid for pid in descendants(server.process.pid) if comm(pid) == name[:15]}  # as the kernel keeps it


def comm(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def jailer_of(server) -> int:
    table = process_table()
    (pid,) = [pid for pid in named(server, "cellblock-jailer") if table.get(pid, (0,))[0] == server.process.pid]
    return pid


def zygote_of(server) -> int | None:
    """None while there is none."""
    jailer, table = jailer_of(server), process_table()
    found = [pid for pid in named(server, "cellblock-zygote") if table.get(pid, (0,))[0] == jailer]
    return found[0] if found else None


def family(server) -> set[tuple[int, str]]:
    """All processes of the service with their start times."""
    everyone = {server.process.pid} | descendants(server.process.pid)
    return {(pid, start) for pid in everyone if (start := start_time(pid))}


def isolation(server) -> dict:
    return server.client.get("/health").json()["isolation"]


def answers(server) -> bool:
    """Whether the honest question is answered rightly; a refusal in the contract's words is no wrong answer."""
    answer = server.post(script=HONEST, args=[40, 2])
    if answer.http == 200:
        assert answer.result == 42, answer
        return True
    refused = (answer.http, answer.status) == (503, "overloaded") and answer.error and "retry-after" in answer.headers
    lost = answer.http == 500 and answer.error == "Internal error" and set(answer.body) == {"error", "id"}
    assert refused or lost, answer
    return False


def assert_recovers(server, before: dict, within: float = 10):
    """`before` is isolation() and the walls before the fault."""
    eventually(lambda: answers(server), within, "the honest question is answered again")
    assert_at_once(server)
    assert picture(server) == before, "never weaker than reported"
    eventually(lambda: server.client.get("/health").json()["status"] == "healthy", 5, "healthy")
    eventually(lambda: server.pool()["running"] == 0 and server.pool()["ready"] >= 8, 15, "the stock is full")


def picture(server) -> dict:
    return {"reported": isolation(server), "inside": inside(server, WALLS)}


def assert_at_once(server):
    started = time.monotonic()
    assert answers(server)
    assert time.monotonic() - started < 2 * TIME_FACTOR


def assert_processes_are_gone(family_before, within: float = 5):
    def alive():
        return [(pid, comm(pid)) for pid, start in family_before if start_time(pid) == start]

    eventually(lambda: not alive(), within, alive)


def assert_all_gone(server, family_before, within: float = 5):
    """After the death of the server: no process of it lives, no cgroup is left."""
    assert_processes_are_gone(family_before, within)
    eventually(lambda: not server.cgroups(), within, "its cgroups are removed")


def kill(pid: int | None, number=signal.SIGKILL):
    if pid is not None:
        try:
            os.kill(pid, number)
        except ProcessLookupError:  # it has just ended
            pass


def start_that_fails(*command: str, within: float = 30) -> subprocess.CompletedProcess:
    """A `serve` that must refuse to start, say why, and leave no control group."""
    process = subprocess.Popen([*(command or (BINARY,)), "serve"], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
                               text=True, env={**os.environ, "PORT": "0"})
    try:
        told = process.communicate(timeout=within * TIME_FACTOR)[1]
    finally:
        process.kill()
    assert process.returncode > 0, (process.returncode, told)
    assert "event=started" not in told
    eventually(lambda: not cgroups_of(process.pid), 5, "no control group is left")
    return subprocess.CompletedProcess(process.args, process.returncode, stderr=told)


def cgroups_of(pid: int) -> set[str]:
    return {path for path in cgroup_directories() if f"cellblock-{pid}-" in path}
