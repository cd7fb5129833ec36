"""Backend nsjail: the same walls, from jails that nsjail has made, and nothing left of them."""

import concurrent.futures
import os
import signal
import subprocess
import time
from pathlib import Path

import httpx
import pytest
from hostile import ANY_FAULT, Attack, assert_ends_as_promised
from jails import NEEDS_NSJAIL, left_of, name_of
from support import (
    BINARY,
    TIME_FACTOR,
    Server,
    cell_processes,
    descendants,
    eventually,
    inside,
    start_time,
    stray_processes,
)


@pytest.fixture(scope="module")
def jailed():
    running = Server("--backend", "nsjail", "--pool-size", "3")
    yield running
    running.stop()


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
