"""The walls of the weaker levels: what a script reaches without namespaces, and without root."""

import errno
import glob
import os
import signal
import socket
from pathlib import Path

import pytest
from support import Server, descendants, eventually, folders_of_the_test, inside, process_table
from weaker_service import UID_BASE, cells_of, name_of

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="takes rights away, which root alone can")


def test_the_kernel_sees_the_walls_too(weaker):
    inside(weaker, "def main(): return 1")
    for pid in cells_of(weaker):
        fields = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)
        assert [fields[f"Cap{kind}"] for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")] == ["0" * 16] * 5
        assert (fields["NoNewPrivs"], fields["Seccomp"]) == ("1", "2")
        uid = int(fields["Uid"].split()[0])
        assert uid == 65534 if weaker.level == "full" else UID_BASE <= uid < UID_BASE + 1000


@pytest.mark.parametrize("path", ["/etc/shadow", "/etc/hostname", "/root", "/var/log", "/proc/1/environ", "/home",
                                  "/etc/ssl/private", "/sys/class", "/proc/kallsyms", "/dev/sda", "/dev/tty"])
def test_files_of_the_host_can_not_be_read(weaker, path):
    answer = weaker.run("import os\ndef main(path): return os.listdir(path) if os.path.isdir(path) else open(path, 'rb').read().hex()",
                        args=[path])
    assert answer.status == "exception", answer
    assert answer.exception["type"] in ("PermissionError", "FileNotFoundError")


def test_only_the_own_directory_can_be_written_to_and_is_gone_afterwards(weaker):
    where = inside(weaker, """
        import os
        def main():
            for path in ("/usr/x", "/etc/x", "/dev/x", "/x", "../x", "/dev/shm/../x"):
                try: open(path, "w")
                except OSError: continue
                return path
            os.makedirs("a/b")
            open("a/b/c", "w").write("x")
            os.chmod("a", 0)
            return os.getcwd()
        """)
    assert os.path.isabs(where)
    eventually(lambda: not glob.glob(where + "/a") or where == "/tmp", 5, "the working directory is cleared")
    assert inside(weaker, "import os\ndef main(): return os.listdir('.')") == []


def test_no_network_and_no_socket_of_the_host(weaker):
    assert inside(weaker, """
        import socket
        def main(port):
            ends = []
            for address in (("127.0.0.1", port), ("8.8.8.8", 53), ("::1", port)):
                try: socket.create_connection(address, timeout=1)
                except OSError as error: ends.append(error.errno is not None)
            try: socket.getaddrinfo("example.org", 80)
            except OSError: ends.append(True)
            left, right = socket.socketpair()
            left.send(b"x")
            return [*ends, right.recv(1) == b"x"]
        """, args=[weaker.port]) == [True] * 5


def test_nobody_else_can_be_signalled(weaker):
    assert inside(weaker, """
        import os
        def main(pids):
            reached = []
            for pid in pids:
                try: os.kill(pid, 0)
                except OSError: continue
                reached.append(pid)
            return [pid for pid in reached if pid != os.getpid()]
        """, args=[[weaker.process.pid, os.getpid(), *descendants(weaker.process.pid)][:200]]) == []


def test_cells_have_the_lowest_priority_where_no_cgroup_shares_out_the_cpus(weaker):
    assert inside(weaker, """
        import os
        def main():
            before = os.nice(0)
            for back in (lambda: os.nice(-1), lambda: os.setpriority(os.PRIO_PROCESS, 0, 0)):
                try: back()
                except OSError: pass
            return [before, os.nice(0)]
        """) == [19, 19]


def test_process_1_can_not_be_looked_into(weaker):
    """Where cells have no uid of their own, its entries in /proc must not belong to the one that all share."""
    assert inside(weaker, """
        import os
        def main():
            opened = []
            for name in ("auxv", "environ", "fd", "fdinfo", "map_files", "maps", "mem", "mountstats", "pagemap", "stack"):
                for path in (f"/proc/1/{name}", f"/proc/1/task/1/{name}"):
                    try: os.close(os.open(path, os.O_RDONLY))
                    except OSError: continue
                    opened.append(path)
            return [opened, os.path.exists("/proc/1") and os.stat("/proc/1/fd").st_uid == os.getuid()]
        """) == [[], False]


def test_the_own_process_tells_nothing_of_the_host(weaker):
    """Without namespaces, its directory in /proc would show the host's connections, mounts and groups."""
    if weaker.level == "full":
        # It has namespaces of its own, and what is shown is about them.
        assert inside(weaker, "def main(): return [len(open(f'/proc/self/net/{name}').readlines()) for name in ('tcp', 'udp', 'unix')]"
                      ) == [1, 1, 1]
        return
    opened, useful = inside(weaker, """
        import os
        def main():
            names = ("net/tcp", "net/tcp6", "net/udp", "net/unix", "net/dev", "net/route", "net/arp", "mounts", "mountinfo", "mountstats",
                     "cgroup", "attr/current", "mem", "pagemap", "root/etc/shadow")
            places = ("/proc/self", f"/proc/{os.getpid()}", "/proc/thread-self", f"/proc/self/task/{os.getpid()}", "/proc/net/..")
            opened = []
            for path in (f"{place}/{name}" for place in places for name in names):
                try: os.close(os.open(path, os.O_RDONLY))
                except OSError: continue
                opened.append(path)
            useful = [len(open(f"/proc/self/{name}", "rb").read()) > 0 for name in ("status", "stat", "statm", "maps", "limits", "cmdline")]
            return [opened, useful + [bool(os.listdir("/proc/self/fd")), bool(os.listdir("/proc/self/task"))]]
        """)
    assert opened == []
    assert useful == [True] * 8


def zygotes_of(server: Server) -> set[int]:
    """Children of its only child, the jailer, as is a first process."""
    table = process_table()
    jailer, = [pid for pid, (parent, _) in table.items() if parent == server.process.pid]
    return {pid for pid, (parent, _) in table.items() if parent == jailer and name_of(pid) == "cellblock-zygot"}


def test_a_script_can_not_keep_the_next_zygote_from_starting(weaker):
    """Where all cells are one user, each owns the program that they were made by."""
    before = zygotes_of(weaker)
    assert before
    inside(weaker, """
        import os
        def main():
            for mode in (0o100, 0):
                try: os.chmod("/proc/self/exe", mode)
                except OSError: pass
        """)
    for zygote in before:
        os.kill(zygote, signal.SIGKILL)
    eventually(lambda: len(zygotes_of(weaker) - before) == len(before) and weaker.client.get("/readyz").status_code == 200,
               20, "others have taken their place")
    assert inside(weaker, "import pandas as pd\ndef main(): return int(pd.Series([1, 2]).sum())") == 3


DATAGRAMS = """
    import ctypes, socket
    def main(path):
        libc = ctypes.CDLL(None, use_errno=True)
        def pair(kind):
            ends = (ctypes.c_int * 2)()
            return list(ends) if libc.socketpair(1, kind, 0, ends) == 0 else ctypes.get_errno()
        reached = []
        for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_STREAM, socket.SOCK_SEQPACKET):
            ends = pair(kind)
            if isinstance(ends, int):
                reached.append(ends)
                continue
            end = socket.socket(fileno=ends[0])
            for action in (lambda: end.sendto(b"x", path), lambda: end.sendmsg([b"x"], [], 0, path),
                           lambda: end.connect(path), lambda: end.bind(b"\\0cellblock-taken"), lambda: end.listen()):
                try: action()
                except OSError: pass
            reached.append(None)
        left, right = socket.socketpair()
        left.sendall(b"x")
        return [reached, right.recv(1) == b"x"]
    """


def test_no_datagram_reaches_a_socket_of_the_host(weaker, tmp_path):
    """Sockets have names in the network namespace that they were made in, and paths on the file system."""
    for parent in folders_of_the_test(tmp_path):
        parent.chmod(0o755)
    for name in (str(tmp_path / "log"), f"\0cellblock-log-{os.getpid()}"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
            log.bind(name)
            if name.startswith("/"):
                os.chmod(name, 0o777)
            log.setblocking(False)
            kinds, works = inside(weaker, DATAGRAMS, args=[name])
            assert works
            if weaker.level == "restricted":
                assert kinds == [errno.EPERM, errno.EPERM, None, None]
            with pytest.raises(BlockingIOError):
                log.recv(1)
