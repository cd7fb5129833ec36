"""Promises 2 to 4 and 6 from outside: what the kernel itself says of a cell while a script runs in it."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from hostile import NEEDS_ROOT
from residents import cell_of, resident
from support import CANARY, FIRST_CELL_UID
from traces import CELL_UIDS, processes, read

pytestmark = NEEDS_ROOT
NAMESPACES = ("user", "pid", "mnt", "net", "ipc", "uts", "cgroup")

# A script with a thread, a fork and another program, so that there is more than one process to look at.
BUSY = """
    import signal, subprocess, threading, time
    def prepare():
        threading.Thread(target=time.sleep, args=(30,), daemon=True).start()
        pid = os.fork()
        while pid == 0: signal.pause()
        return pid, subprocess.Popen(["sleep", "30"])
    def finish(prepared): return True
    """


@pytest.fixture
def running(server):
    with resident(server, BUSY) as pid:
        yield pid


def status(path) -> dict[str, str]:
    return {name: " ".join(value.split()) for name, value in re.findall(r"^(\w+):(.*)$", read(path), re.MULTILINE)}


def tasks(pid) -> list[str]:
    return [f"/proc/{process}/task/{task}" for process in cell_of(pid) for task in os.listdir(f"/proc/{process}/task")]


def namespaces(pid) -> dict[str, str]:
    return {kind: os.readlink(f"/proc/{pid}/ns/{kind}") for kind in NAMESPACES}


def test_every_task_is_without_rights(running):
    seen = [status(f"{task}/status") for task in tasks(running)]
    assert len(seen) >= 5, "the first process, the interpreter and its thread, the fork and the program"
    for facts in seen:
        assert {facts[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}, facts
        assert (facts["NoNewPrivs"], facts["Seccomp"], facts["Groups"]) == ("1", "2", ""), facts


def test_every_task_has_the_uid_of_one_slot(running):
    seen = [status(f"{task}/status") for task in tasks(running)]
    ids = {id for facts in seen for id in facts["Uid"].split() + facts["Gid"].split()}
    assert len(ids) == 1 and int(*ids) in CELL_UIDS, ids
    for name in ("uid_map", "gid_map"):
        assert read(f"/proc/{running}/{name}").split() == ["1000", *ids, "1"]
    assert read(f"/proc/{running}/setgroups") == "deny\n"


def test_seven_namespaces_are_neither_the_hosts_nor_the_services(server, running):
    family, _ = processes(server)
    own = namespaces(running)
    for other in (os.getpid(), *family):
        assert not set(own.values()) & set(namespaces(other).values()), other


def test_two_cells_share_no_namespace_and_no_uid(server, running):
    with resident(server, "def prepare(): pass\ndef finish(_): return True") as other:
        assert not set(namespaces(running).values()) & set(namespaces(other).values())
        assert status(f"/proc/{running}/status")["Uid"] != status(f"/proc/{other}/status")["Uid"]
        assert not set(cell_of(running)) & set(cell_of(other))


def test_uids_of_their_own_are_told_where_cells_have_them(server, running):
    with resident(server, "def prepare(): pass\ndef finish(_): return True") as other:
        differ = status(f"/proc/{running}/status")["Uid"] != status(f"/proc/{other}/status")["Uid"]
    assert server.walls()["own_uid"] == differ


def test_every_process_of_the_cell_is_in_the_same_namespaces(running):
    # The first process has a cgroup namespace of its own: its root is where the jailer is.
    seen = {tuple(v for k, v in namespaces(pid).items() if k != "cgroup") for pid in cell_of(running)}
    assert len(seen) == 1


def test_no_descriptor_but_its_own(server, running):
    # The first process, where a cell has one, has what it counts refused calls with, and where no cgroup counts what it measures the cell by.
    first = {"anon_inode:seccomp notify"} | (set() if server.walls()["cgroup"] else {"/proc", "anon_inode:[eventfd]"})
    first_pid = cell_of(running)[0] if server.walls()["pid_namespace"] else None
    for pid in cell_of(running):
        kinds = {re.sub(r":\[\d+\]$", "", os.readlink(f"/proc/{pid}/fd/{fd}")) for fd in os.listdir(f"/proc/{pid}/fd")}
        allowed = {"/dev/null", "pipe", "socket"} if pid != first_pid else first
        assert kinds <= allowed, (pid, kinds)


def test_nothing_of_the_host_is_mounted_writable(running):
    for line in read(f"/proc/{running}/mountinfo").splitlines():
        fields = line.split()
        point, options, kind = fields[4], fields[5].split(","), fields[fields.index("-") + 1]
        if not os.path.lexists(f"/proc/{running}/root{point}"): continue  # another mount lies above it
        own = kind in ("tmpfs", "proc") and point in ("/tmp", "/dev/shm", "/proc")
        device = point.startswith("/dev/")
        assert own or device or "ro" in options, line
        assert "nosuid" in options or point == "/proc", line


def test_root_is_the_tree(running):
    root = Path(f"/proc/{running}/root")
    names = {name for name in os.listdir(root) if not re.fullmatch("s?bin|lib(32|64|x32)?", name)}
    assert names == {"usr", "etc", "dev", "proc", "tmp"}
    assert os.readlink(f"/proc/{running}/cwd") == "/tmp"


def test_memory_pids_and_cpu_are_those_of_a_slot(server, running):
    groups = dict(line.split(":", 2)[1:] for line in read(f"/proc/{running}/cgroup").splitlines())
    limited = [path for names, path in groups.items() if {"memory", "pids", "cpu"} & set(names.split(","))]
    for path in limited or [groups[""]]:
        assert re.search(rf"/cellblock-{server.process.pid}-\w+/slot-\d+$", path), groups


def test_limits_are_set_and_cannot_be_core_dumps(running):
    limits = {row[:25].strip(): row[26:].split()[1] for row in read(f"/proc/{running}/limits").splitlines()[1:]}
    # The one value that also stops a dump into a pipe.
    assert limits["Max core file size"] == "1"
    assert {name for name in limits if limits[name] == "unlimited"} <= {
        "Max data size", "Max resident set", "Max address space", "Max file locks", "Max realtime timeout"}


def test_it_has_no_terminal_and_a_session_of_its_own(running):
    fields = read(f"/proc/{running}/stat").rpartition(")")[2].split()
    group, session, terminal = fields[2], fields[3], fields[4]
    assert (group, session, terminal) == (str(running), str(running), "0")
    assert read(f"/proc/{running}/oom_score_adj") == "1000\n"


def test_network_has_a_loopback_that_is_down_and_no_socket(running):
    ask = ("import fcntl, socket; flags = fcntl.ioctl(socket.socket(socket.AF_INET), 0x8913, b'lo'.ljust(40, b'\\0'));"
           "print(int.from_bytes(flags[16:18], 'little') & 1, [name for _, name in socket.if_nameindex()])")
    inside = subprocess.run(["nsenter", "-t", str(running), "-n", "/usr/bin/python3", "-c", ask], text=True,
                            stdout=subprocess.PIPE, check=True).stdout
    assert inside == "0 ['lo']\n"
    for name in ("tcp", "tcp6", "udp", "udp6", "raw", "packet"):
        assert len(read(f"/proc/{running}/net/{name}").splitlines()) == 1, name


def test_no_open_file_is_one_of_the_hosts(running):
    own = {entry.st_ino for entry in map(os.stat, ("/dev/null", "/dev/zero"))}
    for fd in os.listdir(f"/proc/{running}/fd"):
        behind = os.stat(f"/proc/{running}/fd/{fd}")
        assert (behind.st_dev, behind.st_ino) not in {(os.stat("/dev").st_dev, inode) for inode in own}, fd


def test_no_environment_of_the_service_in_any_process_of_the_cell(server, running):
    assert CANARY in read(f"/proc/{server.pid()}/environ"), "the control"
    assert not [pid for pid in cell_of(running) if CANARY in read(f"/proc/{pid}/environ")]


def test_the_server_has_given_up_its_rights(server):
    pid = server.pid()
    for task in os.listdir(f"/proc/{pid}/task"):
        facts = status(f"/proc/{pid}/task/{task}/status")
        assert set(facts["Uid"].split()) == {str(FIRST_CELL_UID - 1)}
        assert {facts[name] for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {"0" * 16}, facts
        assert facts["Groups"] == ""
