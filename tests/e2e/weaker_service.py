"""Services at a level below full, and of an ordinary user, for the suites of levels."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support import BINARY, Server, descendants, folders_of_the_test

NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
# Apart from the cells of other servers: without namespaces a cell is ended by its uid.
UID_BASE = 1_950_000_000


def restricted(number=1) -> tuple[str, ...]:
    """Flags for a service that has user ids of its own: number 0 is that of `weaker`, which may be running."""
    return "--isolation", "restricted", "--uid-base", str(UID_BASE + number * 100_000), "--pool-size", "4"


def like_docker(who: str, program: str = BINARY) -> tuple[str, ...]:
    return (sys.executable, str(Path(__file__).with_name("like_docker.py")), who, program)


@pytest.fixture(scope="module")
def public_binary(tmp_path_factory):
    """The programs where an ordinary user can start them."""
    folder = tmp_path_factory.mktemp("programs")
    for parent in folders_of_the_test(folder):
        parent.chmod(0o755)
    for name in ("cellblock", "cellblock-jailer", "cellblock-zygote"):
        shutil.copy(Path(BINARY).with_name(name), folder / name)
    return str(folder / "cellblock")


@pytest.fixture(scope="module", params=["restricted", "user"])
def weaker(request, public_binary):
    """A server without namespaces, and one without root; both without cgroups."""
    if request.param == "restricted":
        running = Server(*restricted(0), "--policy", "sandbox", "--memory-mb", "200", program=like_docker("root"))
    else:
        running = Server("--pool-size", "4", "--memory-mb", "200", program=(*NOBODY, public_binary))
    running.level = {"restricted": "restricted", "user": "full"}[request.param]
    yield running
    running.stop()


def name_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:  # it has just ended
        return ""


def cells_of(server: Server) -> set[int]:
    return {pid for pid in descendants(server.process.pid) if name_of(pid) == "cellblock-cell"}


SEES = """
import os, socket
def main(path):
    try:
        os.mkdir("here")
        made = True
    except PermissionError:
        made = False
    open("/scratch/new", "w").close() if os.path.exists("/scratch") else None
    return [os.environ.get("GREETING"), made, os.path.exists(path) and open(path).read(), socket.gethostname()]"""
EVERYWHERE = ("--cell-environment", "GREETING=hello", "--refuse-calls", "mkdir")


def run_script(*words):
    return subprocess.run([*words, "--arg", '"/data/word"'], input=SEES, capture_output=True, text=True, timeout=120)
