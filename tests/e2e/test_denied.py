"""What walls refused to a script is in its answer: what, under which rule, how often; and nobody else's."""

import threading
import time

import pytest
from hostile import NEEDS_ROOT
from support import TIME_FACTOR, inside

CALL = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *arguments):
    return libc.syscall(ctypes.c_long(number), *map(ctypes.c_long, arguments))
"""
PTRACE, MOUNT, KEYCTL, MSGGET = 101, 165, 250, 68


def counts(answer, rules=True):
    """{(what, rule): count}, or without the rules {what: count}."""
    for entry in answer.denied:
        assert entry.keys() == {"what", "rule", "reason", "count"} and entry["reason"] and entry["count"] > 0
    return {(e["what"], e["rule"]) if rules else e["what"]: e["count"] for e in answer.denied}


def calling(body, **fields):
    return {"script": CALL + body, **fields}


CALLS = [
    ("a network socket", "socket.socket()", ("socket(AF_INET)", "network")),
    ("one of IPv6", "socket.socket(socket.AF_INET6)", ("socket(AF_INET6)", "network")),
    ("one of a rare family", "socket.socket(9)", ("socket", "network")),
    ("one to the kernel's cryptography", "socket.socket(38, 5)", ("socket(AF_ALG)", "kernel")),
    ("ptrace", f"call({PTRACE})", ("ptrace", "tracing")),
    ("mount", f"call({MOUNT}, 0, 0, 0, 0, 0)", ("mount", "namespaces")),
    ("keyctl", f"call({KEYCTL})", ("keyctl", "kernel")),
    ("a namespace by clone", "call(56, 0x10000011, 0, 0, 0, 0)", ("clone", "namespaces")),
    ("typing into a terminal", "fcntl.ioctl(0, 0x5412, b'x')", ("ioctl(TIOCSTI)", "devices")),
    ("a call in no line", f"call({MSGGET})", ("msgget", "default")),
    ("a device node", "os.mknod('node', 0o60600, 0x700)", ("mknodat", "default")),
]


@pytest.mark.parametrize("statement, entry", [c[1:] for c in CALLS], ids=[c[0] for c in CALLS])
def test_a_refused_call_is_reported_with_its_rule_and_number(server, statement, entry):
    answer = server.post(**calling(f"""
import fcntl, os, socket
def main():
    for _ in range(3):
        try: {statement}
        except OSError: pass
"""))
    assert (answer.status, counts(answer)) == ("ok", {entry: 3}), answer


FILES = [
    ("a file that the tree leaves out", "open('/etc/shadow')", ("/etc/shadow", "tree")),
    ("a home directory, as bytes", "os.listdir(b'/root')", ("/root", "tree")),
    ("a path object", "pathlib.Path('/var/log').stat()", ("/var/log", "tree")),
    ("a question only", "os.path.exists('/home/me')", ("/home/me", "tree")),
    ("kernel state", "open('/proc/cpuinfo')", ("/proc/cpuinfo", "tree")),
    ("a new file in the tree", "open('/usr/x', 'w')", ("/usr/x", "read_only")),
    ("a new directory, relative", "os.chdir('/usr') or os.mkdir('../usr/y')", ("/usr/y", "read_only")),
    ("a removal", "os.unlink('/usr/bin/env')", ("/usr/bin/env", "read_only")),
    ("the first process", "open('/proc/1/environ')", ("/proc/1/environ", "permission")),
    ("bytes that are no text", "open(b'/root/\\xff')", ("/root/\ufffd", "tree")),
    ("a long path", "open('/root/' + 'x' * 250 + 'y')", ("/root/" + "x" * 250, "tree")),
]


@pytest.mark.parametrize("statement, entry", [f[1:] for f in FILES], ids=[f[0] for f in FILES])
def test_a_refused_file_is_reported_with_its_rule_and_number(server, statement, entry):
    answer = server.post(script=f"""
import os, pathlib
def main():
    for _ in range(3):
        try: {statement}
        except OSError: pass
""")
    assert (answer.status, counts(answer)) == ("ok", {entry: 3}), answer


HONEST = [
    ("hello", "def main(): return 1"),
    ("output and an error", "import sys\ndef main():\n    print('x', file=sys.stderr)\n    return 1 / 0"),
    ("a missing file", "def main(): open('data.csv')"),
    ("a module that is not there", "import tensorflow"),
    ("a file that the script has closed to itself", """
import os
def main():
    open("mine", "w").close()
    os.chmod("mine", 0)
    try: open("mine")
    except PermissionError: return 1"""),
    ("threads, processes, pools", """
import asyncio, concurrent.futures, multiprocessing, subprocess, sys, threading
def main():
    for kind in (concurrent.futures.ThreadPoolExecutor, concurrent.futures.ProcessPoolExecutor):
        with kind(3) as pool: assert list(pool.map(abs, [-1, 2])) == [1, 2]
    with multiprocessing.get_context("fork").Pool(2) as pool: pool.map(abs, [1])
    async def child():
        process = await asyncio.create_subprocess_exec("true")
        return await process.wait()
    assert asyncio.run(child()) == 0
    subprocess.run([sys.executable, "-c", "import json, sqlite3, ssl"], check=True)
    subprocess.run("cp /etc/passwd a; tar cf b a; ls -l / | sort; bash -c 'echo $$'; mktemp", shell=True,
                   check=True, capture_output=True)"""),
    ("numpy, pandas, matplotlib", """
import io
import matplotlib.pyplot as plt
import numpy as np, pandas as pd
def main():
    frame = pd.DataFrame(np.random.rand(50, 3))
    frame.to_csv("a.csv")
    pd.read_csv("a.csv").describe()
    plt.plot([1, 2])
    plt.savefig(io.BytesIO(), format="png")"""),
    ("scikit-learn with jobs", """
from sklearn.ensemble import RandomForestClassifier
def main(): RandomForestClassifier(4, n_jobs=2).fit([[1], [2]] * 5, [0, 1] * 5)"""),
    ("sqlite, temporary files, time zones", """
import mimetypes, shutil, sqlite3, tempfile, zoneinfo
def main():
    base = sqlite3.connect("x.db")
    base.execute("pragma journal_mode=wal")
    base.execute("create table t(a)")
    with tempfile.TemporaryDirectory() as folder:
        open(folder + "/f", "w").close()
        shutil.copytree(folder, folder + "2")
        shutil.make_archive("z", "zip", folder)
    zoneinfo.ZoneInfo("Europe/Berlin")
    mimetypes.guess_type("a.png")"""),
]


@pytest.mark.parametrize("script", [h[1] for h in HONEST], ids=[h[0] for h in HONEST])
def test_a_script_that_meets_no_wall_has_an_empty_list(server, script):
    answer = server.post(script=script)
    assert answer.status in ("ok", "exception") and answer.denied == [], answer


def test_a_warm_cell_and_a_request_that_never_ran_have_an_empty_list(server):
    time.sleep(0.5)  # the service warms idle cells
    assert server.post(script="import pandas\ndef main(): return 1").denied == []
    for refused in ({"script": 5}, {"script": "def main(:"}, {"script": "x = 1"}):
        answer = server.post(**refused)
        assert (answer.http, answer.denied) == (400, []), answer


def test_refusals_count_on_threads_in_children_and_after_exec(server):
    answer = server.post(**calling(f"""
import os, subprocess, sys, threading
def main():
    call({PTRACE})
    threads = [threading.Thread(target=call, args=({PTRACE},)) for _ in range(5)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    for _ in range(40):
        if os.fork() == 0:
            call({MOUNT}, 0, 0, 0, 0, 0)
            os._exit(0)
    for _ in range(40): os.wait()
    subprocess.run([sys.executable, "-c", "import socket\\nsocket.socket()"], stderr=subprocess.DEVNULL)
"""))
    assert counts(answer, rules=False) == {"socket(AF_INET)": 1, "mount": 40, "ptrace": 6}, answer


ENDS = [
    ("killed", "import os; os.kill(os.getpid(), 9)"),
    ("exited", "import os; os._exit(3)"),
    ("timeout", "import time; time.sleep(60)"),
    ("memory_limit", "return len(bytearray(1 << 30))"),
    ("exception", "return 1 / 0"),
]


@pytest.mark.parametrize("status, ending", ENDS, ids=[end[0] for end in ENDS])
def test_however_a_script_ends_its_refused_calls_are_reported(server, status, ending):
    answer = server.post(**calling(f"""
def main():
    call({KEYCTL})
    {ending}
""", limits={"wall_s": 2, "memory_mb": 100}))
    assert (answer.status, counts(answer, rules=False)) == (status, {"keyctl": 1}), answer


def test_the_list_is_bounded_and_counts_the_rest(server):
    answer = server.post(**calling("""
def main():
    refused = [*range(163, 186), *(number for number in range(400, 450) if number not in (435, 436, 437, 439, 441, 449))]
    for number in refused: call(number)
    for number in range(50):
        try: open(f"/root/{number}")
        except OSError: pass
    return len(refused)
""", policy="sandbox"))
    calls = [entry for entry in answer.denied if not entry["what"].startswith(("/root", "further files"))]
    files = answer.denied[len(calls):]
    assert (len(calls), len(files)) == (33, 33), answer
    assert (calls[-1]["rule"], files[-1]["rule"]) == ("further", "further")
    assert sum(entry["count"] for entry in files) == 50
    # Some of these numbers are allowed, and fail for their arguments.
    assert answer.result - 12 <= sum(entry["count"] for entry in calls) <= answer.result


def test_the_same_script_has_the_same_list_each_time(server):
    script = calling(f"""
import socket
def main():
    for step in (lambda: call({PTRACE}), lambda: open("/opt"), socket.socket, lambda: open("/etc/shadow"),
                 lambda: call({MSGGET})):
        try: step()
        except OSError: pass
""")
    lists = [server.post(**script).denied for _ in range(3)]
    assert lists[0] == lists[1] == lists[2]
    assert [entry["what"] for entry in lists[0]] == ["socket(AF_INET)", "ptrace", "msgget", "/opt", "/etc/shadow"]


def test_errors_are_made_as_everywhere(server):
    """The interpreter looks at errors as they are made; their classes must not show it."""
    assert inside(server, """
        import copy, io, pickle, socket
        class WithInit(OSError):
            def __init__(self, first, *, keyword):
                super().__init__(first, keyword)
                self.keyword = keyword
        class WithNew(OSError):
            def __new__(cls, *arguments):
                error = super().__new__(cls, *arguments)
                error.mark = 1
                return error
        class Plain(PermissionError): pass
        def main():
            error = OSError(13, "text", "/f", None, "/g")
            again = pickle.loads(pickle.dumps(error))
            kept = WithInit(1, keyword=2)
            try: OSError(1, 2, wrong=3)
            except TypeError as refused: wrong = str(refused)
            return [
                [type(error).__name__, error.errno, error.strerror, error.filename, error.filename2, str(error)],
                [type(again).__name__, again.args, again.filename, copy.copy(error).filename2],
                [list(kept.args), kept.keyword, kept.errno], [WithNew(2, "a").errno, WithNew(2, "a").mark],
                [repr(OSError.__new__(OSError, 13, "a")), repr(OSError.__new__(Plain, 13, "b")),
                 repr(OSError.__new__(io.UnsupportedOperation, "c")), OSError.__new__(socket.gaierror, 1, "d").errno],
                [repr(PermissionError("x")), repr(OSError()), type(OSError(30, "r")).__name__, wrong],
            ]
        """) == [
        ["PermissionError", 13, "text", "/f", "/g", "[Errno 13] text: '/f' -> '/g'"],
        ["PermissionError", [13, "text"], "/f", "/g"],
        [[1, 2], 2, 1], [2, 1],
        ["PermissionError(13, 'a')", "Plain(13, 'b')", "UnsupportedOperation('c')", 1],
        ["PermissionError('x')", "OSError()", "OSError", "OSError() takes no keyword arguments"],
    ]


def test_signals_are_handled_while_calls_are_refused(server):
    assert inside(server, CALL.replace("\n", "\n        ") + f"""
        import os, signal, time
        def main():
            ticks = []
            signal.signal(signal.SIGALRM, lambda *_: ticks.append(1))
            signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
            # EINTR where a handler without SA_RESTART, as Python sets it, has come first.
            codes = {{(call({PTRACE}), ctypes.get_errno()) for _ in range(2000)}}
            assert (-1, 1) in codes and codes <= {{(-1, 1), (-1, 4)}}, codes
            signal.setitimer(signal.ITIMER_REAL, 0)
            child = os.fork()
            if child == 0:
                while True: call({PTRACE})
            time.sleep(0.2)
            os.kill(child, signal.SIGKILL)
            return [bool(ticks), os.waitpid(child, 0)[1]]
        """) == [True, 9]


# Ends by itself or at its limit: after some thousand refusals each takes its time.
FLOOD = calling(f"""
import threading
def hammer(number):
    for _ in range(200_000 // 64): call(number)
def main(number=64):
    threads = [threading.Thread(target=hammer, args=({PTRACE},)) for _ in range(number)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
""", limits={"wall_s": 3})


@NEEDS_ROOT
def test_a_flood_of_refused_calls_slows_only_itself(server, assert_service_is_well):
    answers = []
    flood = threading.Thread(target=lambda: answers.append(server.post(**FLOOD)))
    flood.start()
    time.sleep(0.3)
    for _ in range(20):
        started = time.monotonic()
        honest = server.post(script="def main(): return 1")
        assert (honest.result, honest.denied) == (1, []), honest
        assert time.monotonic() - started < 0.5 * TIME_FACTOR
    flood.join()
    assert answers[0].status == "timeout" and counts(answers[0], rules=False)["ptrace"] >= 1000, answers
    assert_service_is_well()


def test_scripts_that_run_at_the_same_time_see_only_their_own(server):
    scripts = {
        "mount": f"for _ in range(300): call({MOUNT}, 0, 0, 0, 0, 0)",
        "ptrace": f"for _ in range(200): call({PTRACE})",
        "keyctl": f"for _ in range(100): call({KEYCTL})",
        None: "import time; time.sleep(0.2)",
    }
    answers = {}

    def post(name, body):
        answers[name] = server.post(**calling(f"def main():\n    {body}\n"))

    threads = [threading.Thread(target=post, args=item) for item in scripts.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = {"mount": {"mount": 300}, "ptrace": {"ptrace": 200}, "keyctl": {"keyctl": 100}, None: {}}
    assert {name: counts(answer, rules=False) for name, answer in answers.items()} == expected


def test_the_next_script_of_a_slot_begins_with_an_empty_list(start_server):
    server = start_server("--max-executions", "1", "--pool-size", "1", "--preload-light", "")
    for _ in range(25):
        assert counts(server.post(**calling(f"def main(): call({KEYCTL})")), rules=False) == {"keyctl": 1}
        assert server.post(script="def main(): return 1").denied == []


@NEEDS_ROOT
def test_a_script_can_not_reach_who_counts(server):
    """The first process has the listener and the account: no way to it, nor to another listener."""
    assert inside(server, CALL.replace("\n", "\n        ") + """
        import os, signal
        def refused(step):
            try: step()
            except OSError: return True
            return False
        def main():
            fds = [os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd") if int(fd) > 2
                   and os.path.lexists(f"/proc/self/fd/{fd}")]
            maps = open("/proc/self/maps").read()
            return {
                # Landlock refuses it where it can; a namespace's first process is deaf to it anyhow.
                "a signal": refused(lambda: os.kill(1, signal.SIGSTOP)) or open("/proc/1/stat").read().split()[2] == "S",
                "its descriptors": refused(lambda: os.listdir("/proc/1/fd")),
                "its memory": refused(lambda: open("/proc/1/mem", "rb")),
                "its pages": refused(lambda: open("/proc/1/map_files")),
                "pidfd_getfd": call(438, os.pidfd_open(1), 3, 0) == -1,
                "another filter": call(317, 1, 8, 0) == -1,
                "no listener": not any("seccomp" in fd for fd in fds),
                "no ledger": "ledger" not in maps + str(fds),
            }
        """) == {name: True for name in ("a signal", "its descriptors", "its memory", "its pages", "pidfd_getfd", "another filter",
                                         "no listener", "no ledger")}
