"""Where on cgroup v2 the service finds its place, whoever starts it: run by scripts/test-vm, as root.

Boxes are cgroups that the tests make below the top, as systemd or a container's runtime would.
"""

import contextlib
import json
import os
import pwd
import re
import signal
import subprocess
import time
from pathlib import Path

import httpx
import pytest
from support import BINARY, TIME_FACTOR, eventually, free_port

TOP = Path("/sys/fs/cgroup")
CONTROLLERS = {"cpu", "memory", "pids"}
pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not (TOP / "cgroup.subtree_control").exists(), reason="makes cgroups of version 2: needs root"
)


def enter(box: Path):
    return lambda: (box / "cgroup.procs").write_text(str(os.getpid()))


def lines(file: Path) -> list[str]:
    return file.read_text().split()


def children(box: Path) -> set[str]:
    return {entry.name for entry in box.iterdir() if entry.is_dir()}


def ours(box: Path) -> list[Path]:
    return sorted(box.glob("cellblock-*"))


def as_found(box: Path) -> bool:
    return not children(box) and not lines(box / "cgroup.subtree_control")


@pytest.fixture
def make_box():
    made = []

    def make(name: str, parent: Path = TOP) -> Path:
        made.append(parent / name)
        made[-1].mkdir()
        return made[-1]

    yield make
    for box in reversed(made):
        (box / "cgroup.kill").write_text("1")
        eventually(lambda box=box: "populated 0" in (box / "cgroup.events").read_text(), 10, f"{box} is empty")
        for folder, _, _ in os.walk(box, topdown=False):
            os.rmdir(folder)


@contextlib.contextmanager
def somebody_in(box: Path):
    other = subprocess.Popen(["sleep", "1000"], preexec_fn=enter(box))
    yield other
    other.kill()
    other.wait()


class Service:
    """A `cellblock serve` that is started in a box, perhaps by another program."""

    def __init__(self, box: Path, *flags: str, before: tuple = ()):
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [*before, BINARY, "serve", *flags], env={"PATH": os.environ["PATH"], "PORT": str(port)},
            preexec_fn=enter(box), stderr=subprocess.PIPE, text=True,
        )
        eventually(lambda: self.process.poll() is not None or self.get("/readyz") == 200, 30, "it is ready or gives up")

    def get(self, path: str) -> int:
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(self.url + path, trust_env=False, timeout=60).status_code
        return 0

    def run(self, script: str, **limits) -> dict:
        body = {"script": script, "limits": limits} if limits else {"script": script}
        return httpx.post(self.url + "/execute", json=body, trust_env=False, timeout=60 * TIME_FACTOR).json()

    def walls(self) -> dict:
        return httpx.get(self.url + "/health", trust_env=False, timeout=60).json()["isolation"]["walls"]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=15 * TIME_FACTOR) == 0

    def works(self):
        """Cells answer, and their limits hold, by cgroup."""
        assert self.walls()["memory_limit"]["means"] == "cgroup v2"
        assert self.run("def main(): return 42")["result"] == 42, self.process.poll()
        assert self.run("def main(): return len(bytearray(200_000_000))", memory_mb=64)["status"] == "memory_limit"
        many = "import os\ndef main():\n    while os.fork(): pass\n    import time; time.sleep(9)"
        assert self.run(many, processes=8)["status"] == "exception"


def only_slots_have_cells(place: Path):
    """The service's directory in `place` and what is in it: no process where controllers are passed on."""
    (directory,) = ours(place)
    assert set(lines(directory / "cgroup.subtree_control")) == CONTROLLERS
    assert lines(directory / "cgroup.procs") == []
    slots = children(directory) - {"service"}
    assert slots and all(name.startswith("slot-") for name in slots)
    taken = [slot for slot in slots if lines(directory / slot / "cgroup.procs")]
    assert taken
    for slot in taken:
        assert lines(directory / slot / "memory.max") != ["max"]
        assert lines(directory / slot / "memory.swap.max") == ["0"]
        assert lines(directory / slot / "pids.max") != ["max"]
        assert lines(directory / slot / "cpu.max")[0] != "max"
    return directory


def test_alone_in_its_cgroup_it_makes_room_and_leaves_it_as_it_was(make_box):
    box = make_box("alone")
    service = Service(box)
    directory = only_slots_have_cells(box)
    assert lines(box / "cgroup.procs") == []
    programs = {Path(f"/proc/{pid}/comm").read_text().strip() for pid in lines(directory / "service/cgroup.procs")}
    assert {"cellblock", "cellblock-jaile", "cellblock-zygot"} <= programs
    service.works()
    service.stop()
    assert as_found(box)


def test_beside_others_it_goes_up_to_where_nobody_is(make_box):
    outer = make_box("outer")
    inner = make_box("inner", outer)
    with somebody_in(inner) as other:
        service = Service(inner)
        only_slots_have_cells(outer)
        assert {int(pid) for pid in lines(inner / "cgroup.procs")} >= {other.pid, service.process.pid}
        service.works()
        service.stop()
        assert ours(outer) == []


def test_where_all_above_are_taken_it_goes_to_the_top(make_box):
    box = make_box("full")
    with somebody_in(box):
        before = ours(TOP)
        service = Service(box)
        assert len(ours(TOP)) == len(before) + 1 and children(box) == set()
        service.works()
        service.stop()
        assert ours(TOP) == before


def test_the_operators_word_is_followed(make_box):
    box, named = make_box("started-in"), make_box("named")
    service = Service(box, "--cgroup-root", str(named))
    only_slots_have_cells(named)
    assert children(box) == set()
    service.works()
    service.stop()
    assert ours(named) == []


def test_a_named_cgroup_with_others_in_it_is_refused_with_what_to_do(make_box):
    named = make_box("busy")
    with somebody_in(named):
        service = Service(make_box("idle"), "--cgroup-root", str(named))
        assert service.process.wait(timeout=10 * TIME_FACTOR) == 3
    told = service.process.stderr.read()
    assert "busy" in told and "Delegate=yes" in told and "cgroup.procs" in told
    assert children(named) == set()


# A cgroup namespace with a mount of its own, as a container has: the way up ends at the box.
IN_CONTAINER = ("unshare", "--cgroup", "--mount", "sh", "-c",
                'umount -l /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup && exec "$0" "$@"')


def test_alone_in_a_container_it_stays_within(make_box):
    box = make_box("container")
    service = Service(box, before=IN_CONTAINER)
    only_slots_have_cells(box)
    service.works()
    service.stop()
    assert as_found(box)


def test_in_a_container_with_others_it_says_what_to_do(make_box):
    box = make_box("shared")
    with somebody_in(box):
        service = Service(box, before=IN_CONTAINER)
        walls = service.walls()
        assert not walls["cgroup"]["stands"] and "RLIMIT_DATA" in walls["memory_limit"]["means"]
        service.stop()
        asked = subprocess.run([*IN_CONTAINER, BINARY, "doctor"], preexec_fn=enter(box), capture_output=True, text=True)
        assert "other processes live in that cgroup" in asked.stdout and "mkdir" in asked.stdout
        assert children(box) == set()


def test_in_a_container_without_a_controller_it_says_which(make_box):
    outer = make_box("runtime")
    (outer / "cgroup.subtree_control").write_text("+memory +pids")
    asked = subprocess.run([*IN_CONTAINER, BINARY, "doctor"], preexec_fn=enter(make_box("less", outer)),
                           capture_output=True, text=True)
    assert re.search(r"missing +cgroup +.*/sys/fs/cgroup: cpu \(", asked.stdout, re.M), asked.stdout


def test_a_killed_server_leaves_nothing(make_box):
    box = make_box("killed")
    service = Service(box)
    service.process.kill()
    service.process.wait()
    eventually(lambda: as_found(box), 10, "the jailer has tidied up")


def test_what_a_killed_service_leaves_goes_with_the_next_one(make_box):
    place = make_box("place")
    service = Service(make_box("first"), "--cgroup-root", str(place))
    (left,) = ours(place)
    (left / "cgroup.kill").write_text("1")
    jailers = [pid for pid in lines(TOP / "first/cgroup.procs") if int(pid) != service.process.pid]
    for pid in [service.process.pid, *map(int, jailers)]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    service.process.wait()
    eventually(lambda: "populated 0" in (left / "cgroup.events").read_text(), 10, "its cells are dead")
    assert left.exists()
    following = Service(make_box("second"), "--cgroup-root", str(place))
    assert not left.exists() and len(ours(place)) == 1
    following.stop()


def test_the_memory_of_its_cgroup_sizes_the_stock(make_box):
    box = make_box("outer")
    (TOP / "cgroup.subtree_control").write_text("+memory")
    (box / "memory.max").write_text(str(1 << 30))

    def pool_size(box):
        service = Service(box)
        service.stop()
        return int(re.search(r"pool_size=(\d+)", service.process.stderr.read())[1])

    assert pool_size(make_box("inner", box)) < pool_size(make_box("large"))


def managers():
    """How to speak with systemd: as root, and as an ordinary user with the user's own manager."""
    yield pytest.param([], id="system")
    for user in pwd.getpwall():
        if user.pw_name == "tester":  # the machine's own
            speak = ["runuser", "-u", "tester", "--", "env", f"XDG_RUNTIME_DIR=/run/user/{user.pw_uid}"]
            yield pytest.param(speak, id="user")


@pytest.mark.parametrize("speak", managers())
def test_as_a_unit_of_systemd(speak):
    port = free_port()
    unit = "cellblock-under-test"
    scope = ["--user"] if speak else []
    if speak:
        subprocess.run(["loginctl", "enable-linger", "tester"], check=True)
        eventually(lambda: Path(speak[-1].partition("=")[2], "bus").exists(), 30, "the user's manager is up")
    subprocess.run([*speak, "systemd-run", *scope, "--quiet", f"--unit={unit}", "-p", "Delegate=yes",
                    "-p", "KillMode=mixed", "-E", f"PORT={port}", BINARY, "serve"], check=True)
    url = f"http://127.0.0.1:{port}"

    def show(what):
        shown = [*speak, "systemctl", *scope, "show", "--value", f"--property={what}", f"{unit}.service"]
        return subprocess.run(shown, check=True, capture_output=True, text=True).stdout.strip()

    def is_ready():
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(url + "/readyz", trust_env=False, timeout=60).status_code == 200

    try:
        eventually(is_ready, 30, "the unit is ready")
        place = TOP / show("ControlGroup").lstrip("/")
        only_slots_have_cells(place)
        # A running execution is let finish: systemd tells only the server, and the jailer goes last.
        slow = "import time\ndef main():\n    time.sleep(2)\n    return 'done'"
        with subprocess.Popen(["curl", "-s", f"{url}/execute", "-H", "Content-Type: application/json", "-d",
                               json.dumps({"script": slow})], stdout=subprocess.PIPE) as request:
            eventually(lambda: httpx.get(url + "/health", trust_env=False).json()["pool"]["running"] == 1, 5, "it runs")
            started = time.monotonic()
            subprocess.run([*speak, "systemctl", *scope, "stop", unit], check=True)
            assert time.monotonic() - started < 10 * TIME_FACTOR
            assert json.loads(request.stdout.read())["result"] == "done"
    finally:
        subprocess.run([*speak, "systemctl", *scope, "stop", unit])
    assert show("Result") == "success"
    assert not place.exists()
