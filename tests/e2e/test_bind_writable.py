"""Directories of the host that scripts can write to: only with the alarming option, only there, and told everywhere."""

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from support import BINARY, TIME_FACTOR, Server, inside

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="makes a directory in /opt and needs level full")
SMALL = ("--pool-size", "1", "--max-executions", "2", "--preload-light", "")


@pytest.fixture(scope="module")
def folder():
    folder = Path(f"/opt/cellblock-test-{os.getpid()}")
    for name in ("shared", "other"):
        (folder / name).mkdir(parents=True)
        (folder / name).chmod(0o1777)
    (folder / "nsjail.cfg").write_text(f"""
        mount {{ src: "{folder}/shared" dst: "/shared" is_bind: true rw: true }}
        mount {{ src: "{folder}/other" dst: "/other" is_bind: true }}
        """)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def server(folder):
    running = Server("--sandbox-config", str(folder / "nsjail.cfg"), "--dangerously-bind-writable", *SMALL)
    yield running
    running.stop()


def serve(*flags):
    return subprocess.run([BINARY, "serve", "--port", "0", *flags], capture_output=True, text=True,
                          timeout=30 * TIME_FACTOR)


def test_without_the_option_the_service_does_not_start(folder):
    by_file = serve("--sandbox-config", str(folder / "nsjail.cfg"))
    assert by_file.returncode == 2 and "mount.rw = true: refused" in by_file.stderr, by_file
    by_flag = serve("--bind", f"{folder}/shared:/shared:rw")
    assert by_flag.returncode == 3, by_flag
    for text in (by_file.stderr, by_flag.stderr):
        assert "dangerously-bind-writable" in text, text


@pytest.mark.parametrize("bind, reason", [
    ("/opt:/usr/local/lib/python3.11:rw", "bind"),
    ("/usr/share:/data:rw", "/usr has code and settings"),
    ("/run:/data:rw", "the host's services"),
    ("/etc:/data:rw", "accounts"),
    ("/:/data:rw", "bind"),
])
def test_what_has_code_can_never_be_written_to(bind, reason):
    done = serve("--bind", bind, "--dangerously-bind-writable")
    assert done.returncode in (2, 3) and reason in done.stderr, done


def test_what_one_script_leaves_the_next_and_the_host_find(server, folder):
    inside(server, "def main(): open('/shared/left.txt', 'w').write('by the first')")
    assert inside(server, "def main(): return open('/shared/left.txt').read()") == "by the first"
    left = folder / "shared/left.txt"
    assert left.read_text() == "by the first"
    # Of nobody's on the host.
    assert left.stat().st_uid >= 65536


def test_only_that_place_is_writable_and_only_for_files(server, folder):
    result = inside(server, """
        import os, socket
        def main():
            done = {}
            def attempt(name, step):
                try:
                    step()
                    done[name] = "done"
                except OSError as error:
                    done[name] = error.errno
            attempt("here", lambda: open("/shared/here", "w").close())
            attempt("folder", lambda: os.mkdir("/shared/folder"))
            attempt("other", lambda: open("/other/x", "w").close())
            attempt("root", lambda: open("/x", "w").close())
            attempt("usr", lambda: open("/usr/lib/x", "w").close())
            attempt("up", lambda: open("/shared/../x", "w").close())
            attempt("link", lambda: os.symlink("/etc/passwd", "/shared/link"))
            attempt("fifo", lambda: os.mkfifo("/shared/fifo"))
            attempt("socket", lambda: socket.socket(socket.AF_UNIX).bind("/shared/socket"))
            attempt("device", lambda: os.mknod("/shared/null", 0o020666, os.makedev(1, 3)))
            attempt("over", lambda: os.rename("/shared/here", "/other/here"))
            return done""")
    assert (result.pop("here"), result.pop("folder")) == ("done", "done")
    assert set(result.values()) <= {1, 13, 18, 30}, result  # EPERM, EACCES, EXDEV, EROFS
    assert sorted(path.name for path in (folder / "shared").iterdir() if path.name != "left.txt") == ["folder", "here"]
    assert list((folder / "other").iterdir()) == []


def test_set_uid_programs_and_devices_have_no_effect(server, folder):
    program = folder / "shared/id"
    shutil.copy("/usr/bin/id", program)
    program.chmod(0o4755)
    os.mknod(folder / "shared/zero", stat.S_IFCHR | 0o666, os.makedev(1, 5))
    try:
        flags = inside(server, "import os\ndef main(): return os.statvfs('/shared').f_flag")
        assert flags & os.ST_NOSUID and flags & 4 and not flags & os.ST_RDONLY  # 4: ST_NODEV
        ids = inside(server, """
            import subprocess
            def main(): return subprocess.run(["/shared/id", "-u"], capture_output=True, text=True).stdout.strip()""")
        assert ids == "1000"
        assert inside(server, """
            def main():
                try:
                    open("/shared/zero", "rb").read(1)
                except OSError as error:
                    return error.errno""") == 13
    finally:
        program.unlink()
        (folder / "shared/zero").unlink()


def test_health_doctor_and_log_tell_the_wall_that_is_missing(folder, capfd):
    running = Server("--sandbox-config", str(folder / "nsjail.cfg"), "--dangerously-bind-writable", *SMALL)
    try:
        wall = running.client.get("/health").json()["isolation"]["walls"]["host_files"]
        metrics = running.client.get("/metrics").text
    finally:
        running.stop()
    assert f"/shared ({folder}/shared of the host)" in str(wall) and "/other" not in str(wall), wall
    assert 'cellblock_wall_stands{wall="host_files"} 0' in metrics
    log = capfd.readouterr().err
    assert any("host_files" in line and "/shared" in line for line in log.splitlines()), log
    done = subprocess.run([BINARY, "doctor", "--bind", f"{folder}/shared:/shared:rw", "--dangerously-bind-writable"],
                          capture_output=True, text=True, timeout=120 * TIME_FACTOR)
    assert f"missing  host_files         all scripts write to /shared ({folder}/shared of the host)" in done.stdout, done


def test_without_such_a_place_the_wall_stands():
    running = Server(*SMALL)
    try:
        assert 'cellblock_wall_stands{wall="host_files"} 1' in running.client.get("/metrics").text
    finally:
        running.stop()
