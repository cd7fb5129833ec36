"""What an nsjail configuration can make of a cell: ids, where scripts start, files, links, places without programs."""

import base64
import os
import shutil
from pathlib import Path

import pytest
from support import Server, inside

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="makes a directory in /opt and needs level full")
SMALL = ("--pool-size", "1", "--max-executions", "2", "--preload-light", "")


@pytest.fixture(scope="module")
def folder():
    folder = Path(f"/opt/cellblock-test-places-{os.getpid()}")
    (folder / "app/inner").mkdir(parents=True)
    (folder / "app/module.py").write_text("WHERE = 'app'\n")
    shutil.copy("/usr/bin/true", folder / "app/true")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def server(folder):
    (folder / "nsjail.cfg").write_text(f"""
        cwd: "/work"
        uidmap {{ inside_id: "99999" outside_id: "" count: 1 }}
        gidmap {{ inside_id: "5" outside_id: "" count: 1 }}
        mount {{ dst: "/tmp" fstype: "tmpfs" rw: true noexec: true nosuid: true nodev: true }}
        mount {{ dst: "/work" fstype: "tmpfs" options: "size=4m" rw: true }}
        mount {{ dst: "/dev/shm" fstype: "tmpfs" options: "size=2m" rw: true }}
        mount {{ src: "{folder}/app" dst: "/app" is_bind: true noexec: true }}
        mount {{ src_content: "nameserver 192.0.2.1\\n" dst: "/etc/resolv.conf" }}
        mount {{ src: "/usr/bin/python3" dst: "/app-python" is_symlink: true }}
        mount {{ src: "/proc/self/fd" dst: "/dev/fd" is_symlink: true }}
        """)
    running = Server("--sandbox-config", str(folder / "nsjail.cfg"), *SMALL)
    yield running
    running.stop()


def left_by(answer):
    return {file["path"]: base64.b64decode(file["content_base64"]) for file in answer.body["files"]}


def test_scripts_see_the_ids_that_are_asked_for_and_have_others_outside(server):
    assert inside(server, """
        import getpass, grp, os, pwd
        def main():
            return [os.getresuid(), os.getresgid(), pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name,
                    os.stat("/tmp").st_uid, getpass.getuser()]
        """) == [[99999] * 3, [5] * 3, "script", "script", 99999, "script"]


def test_files_go_with_a_place_that_is_the_scripts_own(server):
    answer = server.post(script="""
import os, sys
def main():
    os.mkdir("output")
    open("output/copy.txt", "w").write(open("given.txt").read() + sys.stdin.read())
    return os.getcwd()
""", stdin="!", files=[{"path": "given.txt", "content": "hello"}])
    assert (answer.status, answer.result) == ("ok", "/work"), answer
    assert left_by(answer) == {"output/copy.txt": b"hello!"}


def test_nothing_is_started_from_places_without_programs(server):
    assert inside(server, """
        import shutil, subprocess
        def attempt(path):
            try:
                return subprocess.run([path]).returncode
            except OSError as error:
                return error.errno
        def main():
            for place in ("/tmp", "/work"):
                shutil.copy("/usr/bin/true", place)
            return [attempt("/tmp/true"), attempt("/app/true"), attempt("/work/true"), attempt("/usr/bin/true")]
        """) == [13, 13, 0, 0]


def test_written_files_links_and_size_of_shared_memory(server):
    assert inside(server, """
        import os
        def main():
            shm = os.statvfs("/dev/shm")
            return [open("/etc/resolv.conf").read(), os.readlink("/app-python"), os.path.exists("/app-python"),
                    os.access("/etc/resolv.conf", os.W_OK), shm.f_blocks * shm.f_frsize]
        """) == ["nameserver 192.0.2.1\n", "/usr/bin/python3", True, False, 2 << 20]


def test_scripts_start_in_what_is_bound_and_their_files_stay(folder):
    file = folder / "bound.cfg"
    file.write_text(f'cwd: "/app/inner"\nmount {{ src: "{folder}/app" dst: "/app" is_bind: true }}\n')
    running = Server("--sandbox-config", str(file), *SMALL)
    try:
        answer = running.post(script="""
import os, sys
def main():
    os.mkdir("/tmp/output")
    open("/tmp/output/copy.txt", "w").write(open("/tmp/given.txt").read() + sys.stdin.read())
    return [os.getcwd(), os.listdir("..")]
""", stdin="!", files=[{"path": "given.txt", "content": "hello"}])
        assert answer.status == "ok" and answer.result[0] == "/app/inner" and "module.py" in answer.result[1], answer
        assert left_by(answer) == {"output/copy.txt": b"hello!"}
    finally:
        running.stop()
