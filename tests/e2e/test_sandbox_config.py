"""nsjail configurations: what the service makes of one, what it refuses, and what `config explain` says."""

import os
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support import BINARY, REPO, TIME_FACTOR, Server, inside

CONFIGS = sorted((REPO / "examples/config").glob("*.cfg"))
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="makes a directory in /opt and needs level full")


def explain(file, *flags):
    return subprocess.run([BINARY, "config", "explain", str(file), *flags], capture_output=True, text=True,
                          timeout=30 * TIME_FACTOR)


@pytest.mark.parametrize("file", CONFIGS, ids=lambda path: path.name)
def test_explanation_has_a_line_for_each_field(file):
    done = explain(file)
    assert (done.returncode, done.stderr) == (0, ""), done
    rows = [line.split() for line in done.stdout.splitlines() if re.match(r" *\d+  ", line)]
    told = {(int(row[0]), row[1].partition(".")[0]) for row in rows}
    for number, line in enumerate(file.read_text().splitlines(), 1):
        field = re.match(r"(\w+)[:\s]", line)
        # A policy of several strings is told once.
        if field and (number, field[1]) not in told:
            assert field[1] == "seccomp_string", (number, line, done.stdout)
    assert "time-limit = " in done.stdout and done.stdout.endswith("cellblock serve takes it\n")


FAULTY = """\
time_limit: 10
clone_newnet: false
keep_env: true
mount { src: "/opt" dst: "/app" is_bind: true rw: true }
no_such_field: 1
rlimit_nofile: 1
rlimit_as: "much"
"""


@pytest.fixture
def faulty(tmp_path):
    file = tmp_path / "nsjail.cfg"
    file.write_text(FAULTY)
    return file


def test_explanation_of_a_faulty_one_tells_every_fault(faulty):
    done = explain(faulty)
    assert done.returncode == 1, done
    table = [line for line in done.stdout.splitlines() if re.match(r" *\d+  ", line)]
    kinds = {int(line.split()[0]): line for line in table}
    assert "applied" in kinds[1] and "time-limit = 10" in kinds[1]
    for line, word in ((2, "refused"), (3, "refused"), (4, "refused"), (5, "wrong"), (6, "wrong"), (7, "wrong")):
        assert word in kinds[line], done.stdout
    assert "refuses it: 6 fields" in done.stdout


def test_service_does_not_start_with_a_faulty_one(faulty):
    done = subprocess.run([BINARY, "serve", "--port", "0", "--sandbox-config", str(faulty)], capture_output=True,
                          text=True, timeout=30 * TIME_FACTOR)
    assert done.returncode == 2, done
    for line in range(2, 8):
        assert re.search(rf"{re.escape(str(faulty))}: line {line}, column \d+: ", done.stderr), done.stderr


def test_file_that_is_not_there_is_an_error():
    assert explain("/nowhere/at/all").returncode == 2


@pytest.fixture(scope="module")
def furnished():
    """A service whose cells have all that a configuration can add."""
    folder = Path(f"/opt/cellblock-test-{os.getpid()}")
    (folder / "data").mkdir(parents=True)
    (folder / "data/words.txt").write_text("hello")
    (folder / "single.txt").write_text("alone")
    (folder / "nsjail.cfg").write_text(f"""
        time_limit: 9
        hostname: "workshop"
        envar: "GREETING=good morning, all"
        cgroup_pids_max: 50
        mount {{ src: "{folder}/data" dst: "/data" is_bind: true }}
        mount {{ src: "{folder}/single.txt" dst: "/etc/single.conf" is_bind: true }}
        mount {{ src: "{folder}/not-there" dst: "/not-there" is_bind: true mandatory: false }}
        mount {{ dst: "/scratch" fstype: "tmpfs" options: "size=2m" rw: true }}
        seccomp_string: "ERRNO(1) {{ mkdir }}"
        seccomp_string: "DEFAULT ALLOW"
        """)
    running = None
    try:
        running = Server("--sandbox-config", str(folder / "nsjail.cfg"), "--pool-size", "2", "--max-executions", "4",
                         "--time-limit", "8")
        yield running
    finally:
        if running:
            running.stop()
        shutil.rmtree(folder)


@as_root
def test_a_flag_wins_over_the_file_and_the_file_over_the_default(furnished):
    assert "8" in furnished.post(script="def main(): return 1", limits={"wall_s": 9}).error
    assert furnished.post(script="def main(): return 1", limits={"processes": 50}).status == "ok"
    assert "50" in furnished.post(script="def main(): return 1", limits={"processes": 51}).error


@as_root
@pytest.mark.parametrize("pool", ["", "import numpy\n"], ids=["light", "numpy"])
def test_cells_have_name_variable_and_files(furnished, pool):
    result = inside(furnished, pool + """
import os, socket
def main():
    return [socket.gethostname(), os.environ.get("GREETING"), open("/data/words.txt").read(),
            open("/etc/single.conf").read(), os.path.exists("/not-there")]""")
    assert result == ["workshop", "good morning, all", "hello", "alone", False]


@as_root
def test_what_is_shown_is_read_only(furnished):
    result = inside(furnished, """
        def main():
            refused = []
            for path in ("/data/words.txt", "/data/new", "/etc/single.conf"):
                try:
                    open(path, "w")
                except OSError as error:
                    refused.append(path)
            return refused""")
    assert result == ["/data/words.txt", "/data/new", "/etc/single.conf"]


@as_root
def test_locks_on_what_is_shown_stay_in_the_cell(furnished):
    script = """
import fcntl, time
def main():
    files = [open(path) for path in ("/data/words.txt", "/etc/single.conf")]
    for file in files:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    time.sleep(0.5)
    return time.time()"""
    with ThreadPoolExecutor(3) as pool:
        ends = list(pool.map(lambda _: inside(furnished, script), range(3)))
    # At the same time, not by turns.
    assert max(ends) - min(ends) < 0.5 * TIME_FACTOR


@as_root
def test_scratch_is_writable_bounded_and_empty_each_time(furnished):
    script = """
        import os
        def main():
            before = os.listdir("/scratch")
            with open("/scratch/most", "wb") as file:
                file.write(bytes(2 << 20))
            try:
                with open("/scratch/more", "wb") as file:
                    file.write(bytes(8192))
            except OSError as error:
                return [before, error.errno]"""
    assert inside(furnished, script) == [[], 28]
    assert inside(furnished, script) == [[], 28]


@as_root
def test_call_that_the_policy_takes_away_is_refused_and_named(furnished):
    answer = furnished.run("""
        import os
        def main():
            os.mkdir("here")""")
    assert answer.status == "exception" and "Operation not permitted" in answer.error, answer
    assert [(denial["what"], denial["rule"]) for denial in answer.denied] == [("mkdir", "default")], answer


@as_root
def test_variables_that_cells_have_are_already_so(tmp_path, furnished):
    """What a cell without anybody's word has, asked for again: the two tables of it are the same."""
    variables = inside(furnished, "import os\ndef main(): return dict(os.environ)")
    assert variables.pop("GREETING") == "good morning, all"
    file = tmp_path / "nsjail.cfg"
    file.write_text("".join(f'envar: "{name}={value}"\n' for name, value in sorted(variables.items())))
    done = explain(file)
    assert done.returncode == 0 and done.stdout.count("already so") == len(variables) >= 12, done.stdout


@as_root
def test_usual_variables_of_python_reach_scripts_and_what_they_start(tmp_path):
    file = tmp_path / "nsjail.cfg"
    file.write_text("""
        envar: "PATH=/usr/local/bin:/usr/bin:/bin"
        envar: "LANG=en_US.UTF-8"
        envar: "TZ=Europe/Berlin"
        envar: "PYTHONDONTWRITEBYTECODE=1"
        """)
    running = Server("--sandbox-config", str(file), "--pool-size", "1", "--max-executions", "2", "--preload-light", "")
    try:
        seen = inside(running, """
import os, subprocess, sys, time
def main():
    child = subprocess.run([sys.executable, "-c", "import sys; print(sys.flags.dont_write_bytecode)"],
                           capture_output=True, text=True).stdout.strip()
    return [os.environ["PATH"], os.environ["LANG"], time.tzname[0], child]""")
        assert seen == ["/usr/local/bin:/usr/bin:/bin", "en_US.UTF-8", "CET", "1"]
    finally:
        running.stop()


def test_variable_that_cant_be_is_named_with_the_value_that_cells_have(tmp_path):
    file = tmp_path / "nsjail.cfg"
    file.write_text('envar: "HOME=/root"\nenvar: "LD_PRELOAD=/x.so"\nenvar: "LANG"\nenvar: "OMP_NUM_THREADS=8"\n')
    done = explain(file)
    assert done.returncode == 1 and "refuses it: 4 fields" in done.stdout, done.stdout
    for text in ("cells have HOME=/tmp", "LD_PRELOAD decides which libraries", "cells have LANG=C.UTF-8",
                 "cells have OMP_NUM_THREADS=1"):
        assert text in done.stdout, done.stdout


@as_root
def test_private_files_need_an_alarming_option(tmp_path):
    file = tmp_path / "nsjail.cfg"
    file.write_text('mount { src: "/etc/ssl" dst: "/ssl" is_bind: true }')
    assert explain(file).returncode == 1
    assert "dangerously-show-private-files" in explain(file).stdout
    assert explain(file, "--dangerously-show-private-files").returncode == 0
    file.write_text('mount { src: "/run" dst: "/ssl" is_bind: true }')
    assert explain(file, "--dangerously-show-private-files").returncode == 1
