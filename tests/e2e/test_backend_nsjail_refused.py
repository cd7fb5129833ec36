"""Backend nsjail: a program that is missing, or is not what it seems, is found out."""

import os
import resource
import subprocess

import pytest
from jails import NEEDS_NSJAIL, name_of
from support import BINARY, TIME_FACTOR, Server, descendants, eventually, inside, stray_processes


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
