"""Backend nsjail: the same answers as from native cells."""

import json
import textwrap
import time

import pytest
from jails import NEEDS_NSJAIL, NSJAIL
from support import REPO, Server

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
