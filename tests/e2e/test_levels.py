"""The isolation levels: on hosts that allow less than this one, and as an ordinary user."""

import errno
import glob
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from support import BINARY, Server, descendants, eventually, folders_of_the_test, inside, process_table

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="takes rights away, which root alone can")
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


@pytest.mark.parametrize(("flags", "who", "level", "policy"), [
    (restricted(), "root", "restricted", "strict"),
    (("--dangerously-run-without-isolation", "--pool-size", "2"), "user", "none", "strict")])
def test_a_level_below_full_is_said_loudly(tmp_path, public_binary, flags, who, level, policy):
    log = tmp_path / "log"
    log.touch()
    log.chmod(0o666)
    program = like_docker(who, public_binary)
    running = Server(*flags, "--log-level", "warn", program=("sh", "-c", f'exec "$0" "$@" 2>{log}', *program),
                     ENVIRONMENT="production")
    walls = running.client.get("/health").json()["isolation"]["walls"]
    running.stop()
    line, = [line for line in map(json.loads, log.read_text().splitlines()) if line["event"] == "weak isolation"]
    assert (line["level"], line["isolation"], line["policy"]) == ("warn", level, policy)
    assert line["missing"].split(",") == [name for name, wall in walls.items() if not wall["stands"]]
    assert "doctor" in line["fix"] and ("NO ISOLATION" in line["means"]) == (level == "none")


def name_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:  # it has just ended
        return ""


def cells_of(server: Server) -> set[int]:
    return {pid for pid in descendants(server.process.pid) if name_of(pid) == "cellblock-cell"}


def test_health_names_level_walls_and_limits(weaker):
    isolation = weaker.client.get("/health").json()["isolation"]
    walls = isolation["walls"]
    assert isolation["level"] == weaker.level
    assert walls["pid_namespace"]["stands"] == (weaker.level == "full")
    assert [walls[name]["stands"] for name in ("seccomp", "capabilities", "landlock")] == [True] * 3
    assert "RLIMIT_DATA" in walls["memory_limit"]["means"]
    assert not walls["cgroup"]["stands"] and not walls["cpu_share"]["stands"]


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
        pytest.skip("the cell has namespaces of its own, and all that is shown is about them")
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


KEYS = """
    import ctypes, select, sys
    libc = ctypes.CDLL(None)
    ADD_KEY, SESSION = 248, -3
    count = 0
    # Those too that ended cells give back.
    while not select.select([sys.stdin], [], [], 0.001)[0]:
        before = count
        while libc.syscall(ADD_KEY, b"user", b"cellblock-%d" % count, b"x", 1, SESSION) >= 0: count += 1
        if before == 0: print(count, flush=True)
    """


def test_cells_are_made_when_their_user_has_no_keys_left(weaker):
    """Each would take a session keyring, and all users of a number on the host share 200 keys."""
    with subprocess.Popen([*NOBODY, sys.executable, "-c", textwrap.dedent(KEYS)], text=True,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as taking:
        assert int(taking.stdout.readline()) > 0
        # Many more than are in stock.
        for number in range(40):
            assert inside(weaker, f"def main(): return {number}") == number
        eventually(lambda: weaker.client.get("/health").status_code == 200, 5, "cells can be made")
        taking.stdin.close()


FORK_BOMB = """
    import os
    def main():
        while True:
            try: os.fork()
            except OSError: pass
    """
DAEMON = """
    import os, signal, time
    def main():
        for _ in range(5):
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    for number in range(1, 32):
                        try: signal.signal(number, signal.SIG_IGN)
                        except OSError: pass
                    time.sleep(1000)
                os._exit(0)
        return "left"
    """


@pytest.mark.parametrize("script, status", [(FORK_BOMB, {"timeout", "cpu_limit"}), (DAEMON, {"ok"})], ids=["fork bomb", "daemons"])
def test_nothing_of_an_attack_is_left(weaker, script, status):
    answer = weaker.run(script, limits={"wall_s": 2})
    assert answer.status in status, answer
    assert inside(weaker, "def main(): return 40 + 2") == 42
    eventually(lambda: len(cells_of(weaker)) == weaker.pool()["ready"], 10, "only ready cells have processes")


def test_limits_hold_without_cgroups(weaker):
    bomb = "def main():\n    held = []\n    while True: held.append(b'x' * 10_000_000)"
    assert weaker.run(bomb).status == "memory_limit"
    assert weaker.run("def main(): return len(b'x' * 100_000_000)").status == "ok"
    assert weaker.run("def main():\n    while True: pass", limits={"cpu_s": 1}).status == "cpu_limit"


CHILDREN = """
    import os, time
    def main(count, megabytes):
        for _ in range(count):
            if os.fork() == 0:
                held = b"x" * (megabytes << 20)
                time.sleep(5)
                os._exit(len(held) & 0)
        time.sleep(4)
        return "held"
    """
SPINNERS = """
    import os, time
    def main():
        for _ in range(4):
            if os.fork() == 0:
                while True: pass
        time.sleep(5)
    """
FILES = """
    def main(count, megabytes):
        for number in range(count):
            with open(str(number), "wb") as file:
                for _ in range(megabytes): file.write(b"x" * (1 << 20))
        import time
        time.sleep(1)
        return count
    """


def test_sums_over_processes_and_files_are_bounded_without_cgroups(weaker):
    assert weaker.run(CHILDREN, args=[3, 40], limits={"wall_s": 8}).result == "held"
    assert weaker.run(CHILDREN, args=[6, 60], limits={"wall_s": 8}).status == "memory_limit"
    assert weaker.run(SPINNERS, limits={"cpu_s": 1, "wall_s": 8}).status == "cpu_limit"
    assert inside(weaker, FILES, args=[5, 9]) == 5
    too_much = weaker.run(FILES, args=[60, 9])
    assert too_much.status == ("exception" if weaker.level == "full" else "memory_limit"), too_much
    too_many = weaker.run(FILES, args=[5000, 0])
    assert too_many.status == ("exception" if weaker.level == "full" else "memory_limit"), too_many


# Memory that no process has mapped, that is only read, and that is measured by a process with the script's user.
BLIND = """
import resource
def blind():
    try: resource.prlimit(1, resource.RLIMIT_NOFILE, (0, 0))
    except OSError as error: return error.errno
"""
TABLES = """
    import ctypes, mmap, time
    def main(tables):
        STEP, MADV_NOHUGEPAGE = 1 << 21, 15
        sparse = mmap.mmap(-1, tables * STEP, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, mmap.PROT_READ)
        sparse.madvise(MADV_NOHUGEPAGE)
        read = sum(sparse[number * STEP] for number in range(tables))
        time.sleep(4)
        return read
    """
UNMAPPED = """
    import ctypes, mmap, os, time
    def main(megabytes):
        MADV_DONTNEED, SHARED = 4, 1
        libc = ctypes.CDLL(None, use_errno=True)
        libc.mmap.restype = ctypes.c_void_p
        libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
        refused = []
        for path, kind in ((None, SHARED | 0x20), ("/dev/zero", SHARED)):
            try: fd = os.open(path, os.O_RDWR) if path else -1
            except OSError as error:
                refused.append(error.errno)
                continue
            for _ in range(megabytes // 8):
                at = libc.mmap(None, 8 << 20, 3, kind, fd, 0)
                if at == ctypes.c_void_p(-1).value:
                    refused.append(ctypes.get_errno())
                    break
                ctypes.memset(at, 1, 8 << 20)
                libc.madvise(ctypes.c_void_p(at), ctypes.c_size_t(8 << 20), MADV_DONTNEED)
        time.sleep(4)
        return refused
    """


def test_memory_that_no_process_seems_to_hold_is_bounded_without_cgroups(weaker):
    assert weaker.run(TABLES, args=[5000]).status == "ok"
    assert weaker.run(TABLES, args=[100_000]).status == "memory_limit"
    assert inside(weaker, UNMAPPED, args=[600]) == [errno.EPERM, errno.EACCES]
    private = "import mmap\ndef main(): return len(mmap.mmap(-1, 1 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))"
    assert inside(weaker, private) == 1 << 20


def test_who_measures_can_not_be_blinded(weaker):
    assert inside(weaker, BLIND + "def main(): return blind()") == errno.EPERM
    blinding = BLIND + textwrap.dedent(CHILDREN).replace("for _ in", "blind()\n    for _ in")
    assert weaker.run(blinding, args=[6, 60], limits={"wall_s": 8}).status == "memory_limit"


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


def test_below_the_accepted_level_nothing_starts():
    refused = subprocess.run([*like_docker("root"), "serve", "--port", "0"], capture_output=True, text=True, timeout=60)
    assert refused.returncode == 3
    for word in ("'full'", "'restricted'", "user_namespace", "fix:", "--isolation restricted"):
        assert word in refused.stderr, refused.stderr


def test_a_named_cgroup_that_cannot_be_used_is_no_matter_of_chance():
    refused = subprocess.run([BINARY, "serve", "--port", "0", "--cgroup-root", "/nonexistent"], capture_output=True,
                             text=True, timeout=60)
    assert refused.returncode == 3 and "/nonexistent" in refused.stderr, refused.stderr


def test_without_root_and_namespaces_only_the_alarming_flag_starts(public_binary):
    program = like_docker("user", public_binary)
    refused = subprocess.run([*program, "serve", "--port", "0", "--isolation", "restricted"], capture_output=True,
                             text=True, timeout=60)
    assert refused.returncode == 3 and "'none'" in refused.stderr and "own_uid" in refused.stderr
    bare = Server("--dangerously-run-without-isolation", "--pool-size", "2", program=program)
    try:
        assert bare.client.get("/health").json()["isolation"]["level"] == "none"
        assert inside(bare, "def main(): return 42") == 42
    finally:
        bare.stop()


def test_root_of_a_container_that_allows_namespaces_reaches_full():
    """With Docker's default capabilities and no others: what packaging/docker/seccomp.json is for."""
    server = Server("--pool-size", "2", program=like_docker("profile"))
    try:
        walls = server.client.get("/health").json()["isolation"]
        assert walls["level"] == "full" and not walls["walls"]["host_admin"]["stands"]
        assert inside(server, "import os\ndef main(): return os.getpid()") < 10
        assert server.run("def main(): return open('/etc/shadow').read()").status == "exception"
        assert inside(server, "import pandas as pd\ndef main(): return int(pd.Series([1, 2]).sum())") == 3
    finally:
        server.stop()


def test_a_service_without_namespaces_leaves_one_in_a_container_alone():
    """It ends a cell by killing what it sees under the slot's uid; the host sees the processes of containers."""
    contained = Server("--pool-size", "2", "--uid-base", restricted()[3], program=like_docker("profile"))
    weak = Server(*restricted(), "--policy", "sandbox", program=like_docker("root"))
    try:
        for number in range(10):
            assert inside(weak, f"def main(): return {number}") == number
        assert inside(contained, "def main(): return 42") == 42
    finally:
        weak.stop()
        contained.stop()


def test_two_services_without_namespaces_need_user_ids_of_their_own():
    """Each would end the other's cells with its own."""
    first = Server(*restricted(), program=like_docker("root"))
    try:
        done = run_script(*like_docker("root"), "run", "-", *restricted())
        assert done.returncode == 3 and "take the user ids from uid-base on: Address already in use" in done.stderr, done
        assert "another uid-base" in done.stderr
        assert run_script(*like_docker("root"), "run", "-", *restricted(2), "--policy", "sandbox", *EVERYWHERE).returncode == 0
        assert inside(first, "def main(): return 1") == 1
        # Who looks what is wrong with a running service needs none.
        told = subprocess.run([*like_docker("root"), "doctor", *restricted()], capture_output=True, text=True, timeout=120)
        assert told.returncode == 0, told
    finally:
        first.stop()


def test_strict_is_the_policy_below_full():
    weak = Server(*restricted(), program=like_docker("root"))
    try:
        assert weak.run("def main(): return eval('1')").status == "policy_violation"
        assert inside(weak, "import pandas as pd\ndef main(): return int(pd.Series([1, 2]).sum())") == 3
    finally:
        weak.stop()


def test_a_killed_jailer_leaves_no_process_and_no_file_of_a_cell():
    others = set(glob.glob("/tmp/cellblock-*"))
    server = Server(*restricted(), "--policy", "sandbox", program=like_docker("root"))
    folders = set(glob.glob("/tmp/cellblock-*")) - others
    family = descendants(server.process.pid)
    jailer = next(pid for pid, (parent, _) in process_table().items() if parent == server.process.pid)
    cells = cells_of(server)
    assert cells and folders
    os.kill(jailer, signal.SIGKILL)
    assert server.process.wait(timeout=30) == 3
    eventually(lambda: not [pid for pid in family if os.path.exists(f"/proc/{pid}/exe")], 10, "all are gone")
    time.sleep(0.1)
    assert not set(glob.glob("/tmp/cellblock-*")) - others


def test_doctor_says_what_a_container_lacks():
    told = subprocess.run([*like_docker("root"), "doctor"], capture_output=True, text=True, timeout=120)
    assert told.returncode == 1
    assert "isolation level: restricted" in told.stdout and "refuse to start" in told.stdout
    accepted = subprocess.run([*like_docker("root"), "doctor", "--isolation", "restricted"], capture_output=True,
                              text=True, timeout=120)
    assert accepted.returncode == 0, accepted.stdout


def test_files_come_and_go_at_every_level(weaker):
    """Each level has another working directory."""
    answer = weaker.run("""
        import os
        def main():
            os.mkdir("output")
            with open("in/a") as given, open("output/b", "w") as left:
                left.write(given.read())""", files=[{"path": "in/a", "content": "hi"}])
    assert answer.body["files"] == [{"path": "output/b", "size": 2, "content_base64": "aGk="}], answer


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


def test_restricted_has_variables_and_refused_calls():
    done = run_script(*like_docker("root"), "run", "-", *restricted(), "--policy", "sandbox", *EVERYWHERE)
    assert done.returncode == 0, done
    assert json.loads(done.stdout)[:3] == ["hello", False, False], done


@pytest.mark.parametrize("flags", [("--hostname", "box"), ("--bind", "/opt:/data"), ("--tmpfs", "/scratch:1")])
def test_restricted_says_what_needs_namespaces(flags):
    done = run_script(*like_docker("root"), "run", "-", *restricted(), *flags)
    assert done.returncode == 3, done
    assert f"use option {flags[0][2:]}" in done.stderr and "namespaces" in done.stderr, done


def test_ordinary_user_shows_files_too(public_binary):
    folder = Path(f"/opt/cellblock-levels-{os.getpid()}")
    folder.mkdir()
    try:
        (folder / "word").write_text("read")
        done = run_script(*NOBODY, public_binary, "run", "-", "--bind", f"{folder}:/data", "--tmpfs", "/scratch:1",
                          "--hostname", "box", *EVERYWHERE)
    finally:
        shutil.rmtree(folder)
    assert done.returncode == 0, done
    assert json.loads(done.stdout) == ["hello", False, "read", "box"], done


def test_ordinary_users_scripts_can_not_change_the_program_that_all_cells_run(public_binary):
    """It belongs to the only user id that there is."""
    script = """
import os
def main():
    def attempt(action, *arguments):
        try:
            return action("/proc/self/exe", *arguments)
        except OSError as error:
            return error.strerror
    owner = os.stat("/proc/self/exe").st_uid == os.getuid()
    return [owner, attempt(os.chmod, 0), attempt(os.chown, os.getuid(), os.getgid()), attempt(os.utime),
            attempt(os.open, os.O_RDONLY)]"""
    done = subprocess.run([*NOBODY, public_binary, "run", "-"], input=script, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done
    assert json.loads(done.stdout) == [True, *["Read-only file system"] * 3, "Permission denied"], done
