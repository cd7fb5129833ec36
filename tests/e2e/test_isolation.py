"""The walls, felt from the inside and looked at from the outside."""

import os
import threading

import httpx
import pytest
from support import CANARY, FIRST_CELL_UID, REPO, cell_processes, eventually, inside, process_table


def test_no_privilege_is_left(server):
    status = inside(server, """
        import os
        def main():
            lines = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines())
            return {**lines, "ids": [os.getuid(), os.geteuid(), os.getgid(), os.getegid()],
                    "groups": os.getgroups()}
        """)
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(status[name], 16) == 0, (name, status[name])
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    assert 0 not in status["ids"], status["ids"]
    assert set(status["groups"]) <= {status["ids"][2]}, "supplementary groups are dropped"


def namespace_of(pid: int, kind: str) -> str | None:
    try:
        return os.readlink(f"/proc/{pid}/ns/{kind}")
    except OSError:  # an idle cell that has just been replaced
        return None


@pytest.mark.skipif(os.geteuid() != 0, reason="reads other users' processes, which needs root")
def test_host_sees_a_cell_under_an_unmapped_uid_in_namespaces_of_its_own(server):
    posted = threading.Thread(target=lambda: httpx.post(
        server.url + "/execute", json={"script": "import time\ndef main(): time.sleep(1.5)"}, timeout=30,
        trust_env=False))
    posted.start()
    eventually(lambda: server.pool()["running"] == 1, 2, "it runs")
    cells = cell_processes(server)
    table = process_table()
    assert cells and all(table[pid][1] >= FIRST_CELL_UID for pid in cells if pid in table)
    for kind in ("user", "pid", "mnt", "net", "ipc", "uts", "cgroup"):
        mine = os.readlink(f"/proc/self/ns/{kind}")
        assert mine not in {namespace_of(pid, kind) for pid in cells}, kind
    posted.join()


@pytest.mark.parametrize("path", ["/etc/shadow", "/etc/gshadow", "/root", "/home", "/var/log", "/boot",
                                  "/root/.ssh/id_rsa", "/etc/ssh", "/run", "/srv", "/proc/1/environ",
                                  "/proc/1/root/etc/shadow", "/proc/kcore", "/proc/sysrq-trigger",
                                  "/dev/mem", "/dev/sda", "/dev/kmsg", str(REPO), str(REPO / ".git/config")])
def test_host_files_are_out_of_reach(server, path):
    # An empty directory is as good as none: nothing of the host is in it.
    assert inside(server, """
        import os
        def main(path):
            try:
                if os.path.isdir(path): return os.listdir(path)
                with open(path, "rb") as file: return len(file.read(1))
            except OSError:
                return []
        """, args=[path]) == []


@pytest.mark.parametrize("path", ["/", "/usr", "/usr/bin", "/usr/lib/python3", "/etc", "/dev", "/lib",
                                  "/proc/sys/kernel", "/var"])
def test_read_only_tree_cannot_be_written(server, path):
    errno = inside(server, """
        import os
        def main(path):
            try:
                with open(os.path.join(path, "cellblock-was-here"), "w"): return 0
            except OSError as error:
                return error.errno
        """, args=[path])
    assert errno in (1, 2, 13, 30), "EPERM, ENOENT, EACCES or EROFS"


def test_existing_files_cannot_be_changed(server):
    assert inside(server, """
        import os
        def main():
            calls = [lambda: os.chmod("/etc/passwd", 0o777), lambda: os.remove("/usr/bin/env"),
                     lambda: open(os.__file__, "a"), lambda: os.rename("/etc/hosts", "/etc/hosts2"),
                     lambda: os.utime("/usr/bin/env"), lambda: os.truncate("/usr/bin/env", 0),
                     lambda: os.link("/usr/bin/env", "/tmp/env"), lambda: os.setxattr("/etc", "user.a", b"")]
            done = []
            for number, call in enumerate(calls):
                try: call(); done.append(number)
                except OSError: pass
            return done
        """) == []


def test_nothing_of_the_servers_environment_is_inside(server):
    found = inside(server, """
        import glob, os
        def main():
            texts = [repr(dict(os.environ))]
            for path in glob.glob("/proc/[0-9]*/environ") + glob.glob("/proc/[0-9]*/cmdline"):
                try: texts.append(open(path, errors="replace").read())
                except OSError: pass
            return texts
        """)
    assert CANARY not in repr(found)
    assert "CELLBLOCK_TEST_SECRET" not in repr(found)


def test_environment_is_the_cells_own(server):
    environment = inside(server, "import os\ndef main(): return dict(os.environ)")
    assert environment["HOME"] == environment["TMPDIR"] == "/tmp"
    assert "/usr/bin" in environment["PATH"].split(":")
    assert "PORT" not in environment


def test_only_its_own_processes_are_visible(server):
    seen, own = inside(server, """
        import os
        def main():
            return [int(name) for name in os.listdir("/proc") if name.isdigit()], os.getpid()
        """)
    assert own in seen
    assert len(seen) <= 3 and max(seen) < 100, seen


def test_foreign_processes_cannot_be_signalled(server):
    assert inside(server, """
        import os
        def main(pids):
            reached = []
            for pid in pids:
                try: os.kill(pid, 0); reached.append(pid)
                except OSError: pass
            return reached
        """, args=[[server.process.pid, os.getpid(), os.getppid()]]) == []


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "192.0.2.1"])
def test_network_fails_at_once(server, address):
    outcome, seconds = inside(server, """
        import socket, time
        def main(address, port):
            started = time.monotonic()
            try:
                socket.create_connection((address, port), timeout=5)
                outcome = "connected"
            except OSError:
                outcome = "OSError"
            return outcome, time.monotonic() - started
        """, args=[address, server.port])
    assert outcome == "OSError"
    assert seconds < 0.5


def test_no_socket_of_the_host_is_seen(server):
    assert inside(server, """
        import socket
        def main():
            try: return [name for _, name in socket.if_nameindex()]
            except OSError: return []
        """) in ([], ["lo"])
