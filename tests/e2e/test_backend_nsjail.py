"""Backend nsjail: the same answers as from native cells, and the same walls, from jails that nsjail has made."""

import concurrent.futures
import json
import os
import resource
import shutil
import signal
import subprocess
import textwrap
import time
from pathlib import Path

import httpx
import pytest
from hostile import ANY_FAULT, Attack, assert_ends_as_promised
from support import (
    BINARY,
    REPO,
    TIME_FACTOR,
    Server,
    cell_processes,
    descendants,
    eventually,
    inside,
    start_time,
    stray_processes,
)

NSJAIL = shutil.which("nsjail")
NEEDS_NSJAIL = pytest.mark.skipif(NSJAIL is None or os.geteuid() != 0,
                                  reason="needs root and the program nsjail on PATH: docs/verification.md has a run")
EXAMPLES = sorted((REPO / "examples").glob("*.py"))


@pytest.fixture(scope="module")
def jailed():
    running = Server("--backend", "nsjail", "--pool-size", "3")
    yield running
    running.stop()


def request(script, **fields):
    return {"script": textwrap.dedent(script), **fields}


# Each is answered by both backends, and the answers may differ in identity and usage alone.
SAME = {
    "nothing": request("def main(): pass"),
    "arguments": request("def main(a, *, b): return [a, b]", args=[{"x": 1}], kwargs={"b": None}),
    "numpy_and_pandas": request("""
        import numpy as np, pandas as pd
        def main(): return pd.DataFrame({"a": np.arange(4)}).describe().round(3).to_dict()
    """),
    "scipy": request("""
        from scipy import stats
        def main(): return round(float(stats.norm.cdf(1.0)), 6)
    """),
    "stdin_and_streams": request("""
        import sys
        def main():
            print(sys.stdin.read().upper()); print("aside", file=sys.stderr)
    """, stdin="über\n"),
    "exception": request("def main():\n    return {}['missing']"),
    "syntax_error": request("def main(:\n  pass"),
    "missing_main": request("print('no main')"),
    "invalid_result": request("def main(): return {1, 2}"),
    "exit": request("import sys\ndef main(): sys.exit(3)"),
    "hard_exit": request("import os\ndef main(): print('last', flush=True); os._exit(7)"),
    "killed_by_itself": request("import os, signal\ndef main(): os.kill(os.getpid(), signal.SIGTERM)"),
    "segmentation_fault": request("import ctypes\ndef main(): ctypes.string_at(0)"),
    "abort": request("import os\ndef main(): os.abort()"),
    "strict": request("import os\ndef main(): return os.system('id')", policy="strict"),
    "unknown_field": request("def main(): pass", nonsense=1),
    "limit_above": request("def main(): pass", limits={"memory_mb": 1 << 20}),
    "timeout": request("def main():\n    print('on', flush=True)\n    while True: pass",
                       limits={"wall_s": 1, "cpu_s": 5}),
    "sleeping_timeout": request("import time\ndef main(): time.sleep(60)", limits={"wall_s": 1}),
    "cpu_limit": request("def main():\n    while True: pass", limits={"cpu_s": 1, "wall_s": 20}),
    "cpu_limit_of_all": request("""
        import os
        def main():
            for _ in range(4):
                if os.fork() == 0:
                    while True: pass
            while True: pass
    """, limits={"cpu_s": 1, "wall_s": 20}),
    "memory_error": request("def main(): return len(bytearray(1 << 40))"),
    "memory_limit": request("def main():\n    kept = []\n    while True: kept.append(bytearray(1 << 20))",
                            limits={"memory_mb": 64}),
    "memory_below_the_limit": request("import pandas\ndef main(): return len(bytearray(b'x') * (40 << 20))",
                                      limits={"memory_mb": 64}),
    "memory_in_files": request("""
        def main():
            with open("/dev/shm/x", "wb") as file:
                while True: file.write(b"x" * (1 << 20))
    """, limits={"memory_mb": 32, "file_mb": 10}),
    "processes": request("""
        import os, time
        def main():
            born = 0
            try:
                while os.fork(): born += 1
                time.sleep(60)
            except OSError as error:
                return [born, error.strerror]
    """, limits={"processes": 8, "wall_s": 10}),
    "file_size": request("def main(): open('big', 'wb').write(b'x' * (2 << 20))", limits={"file_mb": 1}),
    "working_directory_full": request("""
        def main():
            try:
                for number in range(100):
                    with open(str(number), "wb") as file: file.write(b"x" * (4 << 20))
            except OSError as error:
                return [number, error.strerror]
    """),
    "output_kept_up_to_its_limit": request("def main(): print('x' * 100_000)", limits={"output_kb": 1}),
    "output_flood": request("def main():\n    while True: print('x' * 10_000)"),
    "files": request("""
        import os
        def main():
            os.makedirs("output/below"); os.symlink("/etc/passwd", "output/link")
            open("output/below/copy", "wb").write(open("in/data.bin", "rb").read() * 2)
            return sorted(os.listdir())
    """, files=[{"path": "in/data.bin", "content_base64": "AAEC"}]),
    "hostile_file_name": request("def main(): pass", files=[{"path": "../x", "content": ""}]),
    "display": request("""
        import pandas as pd
        def main(): display(pd.DataFrame({"a": [1]})); display("text")
    """, display=True),
    "denied_call_and_file": request("""
        import socket
        def main():
            for attempt in (lambda: socket.socket(), lambda: open("/etc/shadow"), lambda: open("/usr/new", "w")):
                try: attempt()
                except OSError as error: print(error)
    """),
    "who_and_where": request("""
        import getpass, os, platform, resource
        def main():
            limits = [resource.getrlimit(getattr(resource, name)) for name in sorted(dir(resource))
                      if name.startswith("RLIMIT_")]
            return [os.getresuid(), os.getresgid(), os.getgroups(), getpass.getuser(), os.getcwd(), os.getpid() > 1,
                    dict(os.environ), platform.node(), limits, os.nice(0), sorted(os.listdir("/")),
                    sorted(os.listdir("/dev")), open("/proc/self/cgroup").read(),
                    open("/proc/self/oom_score_adj").read()]
    """),
    "status_of_the_process": request("""
        def main():
            kept = ("Uid", "Gid", "Groups", "Cap", "NoNewPrivs", "Seccomp:")
            return [line for line in open("/proc/self/status") if line.startswith(kept)]
    """),
}


def told(answer):
    """What an answer says, without what is different each time."""
    return {field: value for field, value in answer.body.items() if field not in ("id", "usage")}


@NEEDS_NSJAIL
@pytest.mark.parametrize("name", SAME)
def test_both_backends_answer_the_same(server, jailed, name):
    native, jail = server.post(**SAME[name]), jailed.post(**SAME[name])
    assert jail.http == native.http
    assert json.dumps(told(jail), indent=1, sort_keys=True) == json.dumps(told(native), indent=1, sort_keys=True)
    if "usage" in native.body:
        assert jail.body["usage"].keys() == native.body["usage"].keys()


@NEEDS_NSJAIL
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_answer_what_they_promise(jailed, path):
    case = json.loads(path.with_suffix(".json").read_text())
    answer = jailed.post(script=path.read_text(), **case["request"])
    assert answer.http == case["expect"]["http"], answer
    for field in ("status", "stdout", "stderr", "error"):
        assert answer.body[field] == case["expect"][field], (field, answer)
    assert json.dumps(answer.result, sort_keys=True) == json.dumps(case["expect"]["result"], sort_keys=True)


@NEEDS_NSJAIL
def test_figures_are_drawn(jailed):
    answer = jailed.run("import matplotlib.pyplot as plt\ndef main(): plt.plot([1, 4])", display=True)
    assert [list(bundle["data"]) for bundle in answer.body["display"]] == [["image/png"]], answer


@NEEDS_NSJAIL
def test_memory_is_the_scripts_own_and_not_the_interpreters(jailed):
    little = jailed.run("def main(): return 1").body["usage"]["memory_peak_kb"]
    much = jailed.run("def main(): return len(bytearray(b'x') * (30 << 20))").body["usage"]["memory_peak_kb"]
    assert little < 8 << 10
    assert 29 << 10 < much < 45 << 10


@NEEDS_NSJAIL
def test_output_comes_while_the_script_runs(jailed):
    body = {"script": "import time\ndef main():\n    print('one', flush=True)\n    time.sleep(1)\n    return 2"}
    began, seen = time.monotonic(), []
    with jailed.client.stream("POST", "/execute", json=body, headers={"Accept": "application/x-ndjson"}) as answer:
        for line in answer.iter_lines():
            event = json.loads(line)
            seen.append((event["event"], time.monotonic() - began))
    times = dict(seen)
    assert times["result"] - times["stdout"] > 0.8, seen


@NEEDS_NSJAIL
def test_health_tells_the_means_of_each_wall(server, jailed):
    native, jail = (each.client.get("/health").json()["isolation"] for each in (server, jailed))
    walls = [native["walls"], jail["walls"]]
    assert set(walls[1]) - set(walls[0]) == {"nsjail"} and not set(walls[0]) - set(walls[1])
    assert all(wall["stands"] for wall in walls[1].values()), walls[1]
    assert NSJAIL in walls[1]["nsjail"]["means"]
    # Weaker in one point, and it says so.
    assert "locked" in walls[0]["capabilities"]["means"]
    assert "securebits not locked" in walls[1]["capabilities"]["means"]
    assert jail["level"] == native["level"] == "full"


# ── walls ──────────────────────────────────────────────────────────────────────────────────────────────


@NEEDS_NSJAIL
def test_every_namespace_is_the_jails_own(jailed):
    of_cell = inside(jailed, "import os\ndef main(): return {n: os.readlink('/proc/self/ns/' + n)"
                             " for n in ('user', 'pid', 'mnt', 'net', 'ipc', 'uts', 'cgroup')}")
    assert all(os.readlink(f"/proc/self/ns/{name}") != link for name, link in of_cell.items()), of_cell


@NEEDS_NSJAIL
def test_each_jail_has_an_outside_uid_that_nobody_else_has(jailed):
    waits = {"script": "import time\ndef main(): return time.sleep(1.5)"}
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        answers = [pool.submit(jailed.post, **waits) for _ in range(2)]
        time.sleep(0.7)
        by_uid = {}
        for pid in cell_processes(jailed):
            uid = os.stat(f"/proc/{pid}").st_uid
            status = Path(f"/proc/{pid}/status").read_text()
            by_uid.setdefault(int(status.split("Uid:")[1].split()[0]), []).append((pid, uid))
        assert all(answer.result().status == "ok" for answer in answers)
    assert len(by_uid) >= 2 and 0 not in by_uid


ATTACKS = [
    Attack("fork_bomb", """
        import os
        def main():
            while True:
                try: os.fork()
                except OSError: pass
     """, ANY_FAULT),
    Attack("threads", """
        import threading, time
        def main():
            while True: threading.Thread(target=time.sleep, args=(60,)).start()
     """, ANY_FAULT),
    Attack("memory_of_many_processes", """
        import os, time
        def main():
            for _ in range(20):
                if os.fork() == 0:
                    kept = bytearray(b"x") * (100 << 20)
                    time.sleep(60)
            time.sleep(60)
     """, ANY_FAULT),
    Attack("shadow", "def main(): return open('/etc/shadow').read()", "exception"),
    Attack("host_files", """
        import os
        def main():
            return [p for p in ("/root", "/home", "/var", "/sys", "/boot", "/run", "/opt") if os.path.exists(p)]
     """, "ok", []),
    Attack("network", """
        import socket
        def main(): socket.create_connection(("127.0.0.1", 22), 1)
     """, "exception"),
    Attack("abstract_socket", """
        import os, socket
        def main():
            s = socket.socket(socket.AF_UNIX); s.bind("\\0only-here")
            return "seen" if os.path.exists("/proc/net/unix") else "bound"
     """, ANY_FAULT | {"ok"}, "bound"),
    Attack("kill_everything", """
        import os, signal
        def main():
            try: os.kill(-1, signal.SIGKILL)
            except OSError: pass
            for pid in range(1, 300):
                try:
                    if pid != os.getpid(): os.kill(pid, signal.SIGKILL)
                except OSError: pass
            return "alone"
     """, "ok", "alone"),
    Attack("stop_the_first_process", """
        import os, signal, time
        def main():
            for number in (signal.SIGSTOP, signal.SIGTERM, signal.SIGCHLD, signal.SIGSYS):
                try: os.kill(1, number)
                except OSError: pass
            return "on"
     """, "ok", "on"),
    Attack("look_into_the_first_process", """
        import os
        def main():
            seen = []
            for name in ("mem", "environ", "maps", "fd/3", "root", "cwd"):
                try:
                    os.open("/proc/1/" + name, os.O_RDONLY); seen.append(name)
                except OSError: pass
            return seen
     """, "ok", []),
    Attack("daemon", """
        import os, time
        def main():
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    time.sleep(60)
                os._exit(0)
            return "left"
     """, "ok", "left"),
    Attack("stopped_child", """
        import os, signal, time
        def main():
            pid = os.fork()
            if pid == 0: time.sleep(60)
            os.kill(pid, signal.SIGSTOP)
            return "left"
     """, "ok", "left"),
    Attack("namespaces_again", """
        import ctypes
        def main():
            libc = ctypes.CDLL(None, use_errno=True)
            return [libc.unshare(flag) for flag in (0x10000000, 0x20000, 0x40000000, 0x20000000)]
     """, "ok", [-1] * 4),
    Attack("mount", """
        import ctypes
        def main():
            libc = ctypes.CDLL(None)
            return [libc.mount(b"x", b"/tmp", b"tmpfs", 0, None), libc.umount2(b"/proc", 2), libc.chroot(b"/tmp")]
     """, "ok", [-1] * 3),
    Attack("write_to_every_descriptor", """
        import os
        def main():
            for fd in range(3, 2048):
                try: os.write(fd, b"\\0" * 64)
                except OSError: pass
     """, "killed"),
    Attack("hammer_a_wall", """
        import socket
        def main():
            while True:
                try: socket.socket()
                except OSError: pass
     """, ANY_FAULT),
]


def left_of(jailed):
    """Processes of jails per ready cell, and what belongs to nobody; None while it still changes."""
    pool = jailed.pool()
    if pool["running"] or not pool["ready"]:
        return None
    jails = [pid for pid in descendants(jailed.process.pid) if name_of(pid) == "nsjail"]
    return len(cell_processes(jailed)) / pool["ready"], len(jails) / pool["ready"]


def name_of(pid):
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


@NEEDS_NSJAIL
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_nothing_is_left_of_an_attack(jailed, attack):
    strays_before = stray_processes()
    assert_ends_as_promised(jailed, attack)
    honest = jailed.post(script="def main(a, b): print('fine'); return {'sum': a + b}", args=[40, 2])
    assert (honest.http, honest.result, honest.stdout, honest.stderr) == (200, {"sum": 42}, "fine\n", "")
    # The interpreter's process, the jail's first one, and who answers refused calls; and one nsjail.
    eventually(lambda: left_of(jailed) == (3, 1), 20, f"only idle jails are left: {left_of(jailed)}", pause=0.2)
    assert stray_processes() <= strays_before


@NEEDS_NSJAIL
def test_more_requests_than_ready_cells_get_each_their_own_answer(jailed):
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda number: jailed.post(script="def main(n): print(n); return n * n", args=[number]),
                                range(12)))
    assert [(answer.result, answer.stdout) for answer in answers] == [(n * n, f"{n}\n") for n in range(12)]
    eventually(lambda: left_of(jailed) == (3, 1), 30, "only idle jails are left", pause=0.2)


@NEEDS_NSJAIL
def test_run_has_the_backend_too(tmp_path):
    (tmp_path / "script.py").write_text("def main(a): print('said'); return a + 1")
    ended = subprocess.run([BINARY, "run", tmp_path / "script.py", "--arg", "41", "--backend", "nsjail"],
                           capture_output=True, text=True, timeout=60 * TIME_FACTOR)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "42\n", "said\n")


@NEEDS_NSJAIL
def test_an_execution_ends_with_its_client(jailed):
    with pytest.raises(httpx.ReadTimeout):
        jailed.client.post("/execute", json={"script": "import time\ndef main(): time.sleep(60)",
                                             "limits": {"wall_s": 30}}, timeout=0.5)
    eventually(lambda: jailed.pool()["running"] == 0, 3, "the execution is ended")


# ── when it can't be had ──────────────────────────────────────────────────────────────────────────────


def refused(path, *flags):
    """What `serve` says when it does not start."""
    ended = subprocess.run([BINARY, "serve", "--port", "0", "--backend", "nsjail", *flags], capture_output=True,
                           text=True, timeout=60 * TIME_FACTOR, env={"PATH": path})
    assert ended.returncode == 3, ended
    return ended.stderr


def fake_nsjail(folder, text):
    folder.mkdir()
    program = folder / "nsjail"
    program.write_text(text)
    program.chmod(0o755)
    return str(folder)


def test_without_the_program_nothing_starts():
    said = refused("/nowhere:relative")
    assert "nsjail: no program of this name on PATH" in said and "install nsjail" in said, said


def test_doctor_says_that_the_program_is_missing():
    doctor = subprocess.run([BINARY, "doctor", "--backend", "nsjail"], capture_output=True, text=True,
                            env={"PATH": "/nowhere"}, timeout=60 * TIME_FACTOR)
    assert doctor.returncode != 0
    assert "missing  nsjail             no program of this name on PATH" in doctor.stdout, doctor.stdout
    assert "works    jails" not in doctor.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="starts jails, which needs root")
def test_a_program_that_only_has_the_name_is_found_out(tmp_path):
    # A script needs its interpreter and its own file, of which the tree has one: it ends at once.
    said = refused(fake_nsjail(tmp_path / "fake", "#!/bin/sh\nexit 0\n"))
    assert "make a jail with" in said and "nsjail" in said, said


@pytest.mark.skipif(os.geteuid() != 0, reason="starts jails, which needs root")
def test_an_nsjail_that_isolates_nothing_is_found_out(tmp_path):
    """It starts the right program with the right descriptors, in the namespaces of outside."""
    (tmp_path / "open.c").write_text(
        '#include <unistd.h>\nint main(void) {\n'
        '  char* arguments[] = {"cellblock-zygote", "in-jail", 0};\n  char* none[] = {0};\n'
        '  return execve("/proc/self/fd/10", arguments, none);\n}\n')
    (tmp_path / "open").mkdir()
    subprocess.run(["cc", "-o", tmp_path / "open/nsjail", tmp_path / "open.c"], check=True)
    said = refused(str(tmp_path / "open"))
    assert "run in namespaces of its own: nsjail has left user:[" in said, said


# All namespaces and the right ids, but capabilities stay within reach (the bounding set).
HALF_AN_NSJAIL = r"""
    #define _GNU_SOURCE
    #include <sched.h>
    #include <stdio.h>
    #include <sys/wait.h>
    #include <unistd.h>

    static void map(int pid, const char* which) {
      char name[64];
      sprintf(name, "/proc/%d/%s", pid, which);
      FILE* file = fopen(name, "w");
      fputs("1000 1900000000 1", file);
      fclose(file);
    }

    int main(void) {
      int apart[2], mapped[2];
      char byte;
      pipe(apart);
      pipe(mapped);
      int pid = fork();
      if (pid == 0) {
        unshare(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
                CLONE_NEWCGROUP);
        write(apart[1], "x", 1);
        read(mapped[0], &byte, 1);
        setresgid(1000, 1000, 1000);
        setresuid(1000, 1000, 1000);
        char* arguments[] = {"cellblock-zygote", "in-jail", 0};
        char* none[] = {0};
        if (fork() == 0) return execve("/proc/self/fd/10", arguments, none);
        return wait(0) < 0;
      }
      read(apart[0], &byte, 1);
      map(pid, "gid_map");
      map(pid, "uid_map");
      write(mapped[1], "x", 1);
      return wait(0) < 0;
    }
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="starts jails, which needs root")
def test_an_nsjail_that_leaves_capabilities_is_found_out(tmp_path):
    strays_before = stray_processes()
    (tmp_path / "half.c").write_text(HALF_AN_NSJAIL)
    (tmp_path / "half").mkdir()
    subprocess.run(["cc", "-w", "-o", tmp_path / "half/nsjail", tmp_path / "half.c"], check=True)
    said = refused(str(tmp_path / "half"))
    assert "seal a cell: drop all capabilities: Operation not permitted" in said, said
    eventually(lambda: stray_processes() <= strays_before, 5, "nothing is left of the trial")


@NEEDS_NSJAIL
def test_a_jail_that_can_not_be_made_is_no_execution(tmp_path):
    """nsjail works at the start, and fails from then on: 503 with the reason, and work again afterwards."""
    running = Server("--backend", "nsjail", "--pool-size", "1", "--preload-light", "")
    try:
        assert inside(running, "def main(): return 1") == 1
        keeper = next(pid for pid in descendants(running.process.pid) if name_of(pid) == "cellblock-nsjai")
        eventually(lambda: running.pool()["ready"] > 0, 20, "a jail is ready")
        # Of its own descriptors it can't open more: no jail comes to be.
        before = resource.prlimit(keeper, resource.RLIMIT_NOFILE)
        resource.prlimit(keeper, resource.RLIMIT_NOFILE, (8, before[1]))
        running.run("def main(): return 1")
        answer = running.run("def main(): return 1")
        assert (answer.http, answer.status) == (503, "overloaded"), answer
        assert "descriptors" in running.client.get("/health").text or not running.pool()["ready"]
        resource.prlimit(keeper, resource.RLIMIT_NOFILE, before)
        eventually(lambda: running.run("def main(): return 2").http == 200, 30, "it works again")
    finally:
        running.stop()


@NEEDS_NSJAIL
@pytest.mark.parametrize("victim", ["nsjail", "cellblock-init"])
def test_a_jail_that_is_killed_from_outside_is_replaced(jailed, victim):
    for pid in descendants(jailed.process.pid):
        if name_of(pid) == victim:
            os.kill(pid, signal.SIGKILL)
    # A script that is sent before the death is noticed dies with its jail.
    eventually(lambda: jailed.run("def main(): return 'new'").result == "new", 10, "a new jail answers")
    eventually(lambda: left_of(jailed) == (3, 1), 30, "the stock is whole again", pause=0.2)


@NEEDS_NSJAIL
def test_jails_end_with_the_service():
    for number in (signal.SIGTERM, signal.SIGKILL):
        running = Server("--backend", "nsjail", "--pool-size", "2", "--preload-light", "")
        family = descendants(running.process.pid)
        assert any(name_of(pid) == "nsjail" for pid in family)
        if number == signal.SIGTERM:
            running.stop()
            continue
        running.client.close()
        running.process.kill()
        running.process.wait()
        eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in family), 10, "every process ends")
        eventually(lambda: not running.cgroups(), 5, "its cgroups are removed")
        assert not list(Path("/tmp").glob("nsjail.*")) and not list(Path("/run/user").glob("nsjail.*"))


@NEEDS_NSJAIL
def test_jails_end_when_the_keeper_is_killed():
    running = Server("--backend", "nsjail", "--pool-size", "2", "--preload-light", "")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: running.client.post("/execute", json={
            "script": "import os, time\ndef main():\n    os.fork()\n    time.sleep(60)"}))
        eventually(lambda: running.pool()["running"] == 1, 10, "it runs")
        family = descendants(running.process.pid)
        keeper = next(pid for pid in family if name_of(pid) == "cellblock-nsjai")
        os.kill(keeper, signal.SIGKILL)
        code = running.process.wait(timeout=20 * TIME_FACTOR)
    running.client.close()
    assert code == 3, "the service can't make cells any more, and says so"
    eventually(lambda: not any(start_time(pid) for pid in family), 10, "every process ends")
