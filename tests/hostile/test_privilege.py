"""Promise 3: no capability in any set, ids that cannot be changed, and no program that gives more."""

from pathlib import Path

import pytest
from hostile import NEEDS_ROOT
from programs import Program, named

pytestmark = NEEDS_ROOT
SEALED = {"Uid": "1000 1000 1000 1000", "Gid": "1000 1000 1000 1000", "Groups": "", "NoNewPrivs": "1", "Seccomp": "2",
          "CapInh": "0" * 16, "CapPrm": "0" * 16, "CapEff": "0" * 16, "CapBnd": "0" * 16, "CapAmb": "0" * 16}

STATUS = """
    def seal(path="/proc/thread-self/status"):
        text = path if "\\n" in path else read(path).decode()
        lines = dict(line.split(":", 1) for line in text.splitlines())
        names = ("Uid", "Gid", "Groups", "NoNewPrivs", "Seccomp", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
        return {name: " ".join(lines[name].split()) for name in names}
    """
# The dynamic loader tells the ids that a program really starts with, and with AT_SECURE whether it gained any.
GAINED = """
    import subprocess
    def gained(path):
        shown = subprocess.run([path], env={"LD_SHOW_AUXV": "1"}, stdin=subprocess.DEVNULL, capture_output=True,
                               timeout=5).stdout.decode(errors="replace")
        facts = dict(line.split(":", 1) for line in shown.splitlines() if line.startswith("AT_"))
        uid, gid = str(os.getuid()), str(os.getgid())
        wanted = {"AT_UID": uid, "AT_EUID": uid, "AT_GID": gid, "AT_EGID": gid, "AT_SECURE": "0"}
        return {name: facts.get(name, "?").strip() for name in wanted} != wanted
    """


def set_uid_programs(server):
    """Those that cells must see: none, where the service's own files have none, as in the image."""
    folder = Path(f"/proc/{server.pid()}/root/usr/bin")
    return [[f"/usr/bin/{path.name}" for path in folder.iterdir()
             if path.is_file() and not path.is_symlink() and path.stat().st_mode & 0o6000]]


PROGRAMS = [
    Program("looks for rights in every process and thread that it can make", """
        import subprocess, threading
        def main(sealed):
            seen = [seal(), seal("/proc/self/status"), seal("/proc/1/status")]
            threads = [threading.Thread(target=lambda: seen.append(seal())) for _ in range(3)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            end, start = os.pipe()
            child(lambda: child(lambda: os.write(start, repr(seal()).encode()) and 0))
            seen.append(eval(os.read(end, 4096)))
            for command in (["cat", "/proc/self/status"], ["sh", "-c", "exec cat /proc/self/status"]):
                seen.append(seal(subprocess.run(command, stdout=subprocess.PIPE, text=True).stdout))
            return [len(seen), [facts for facts in seen if facts != sealed]]
        """, [9, []], args=[SEALED], given=STATUS),
    Program("becomes somebody else by every call there is", """
        def main():
            NUMBERS = {"setuid": (105, 1), "setgid": (106, 1), "setreuid": (113, 2), "setregid": (114, 2),
                       "setresuid": (117, 3), "setresgid": (119, 3), "setfsuid": (122, 1), "setfsgid": (123, 1)}
            before = [*os.getresuid(), *os.getresgid(), os.getgroups()]
            results = {call(number, *[id] * count) for number, count in NUMBERS.values()
                       for id in (0, 1, 999, 1000, 65534, 1_900_000_000, 1_900_000_001)}
            groups = {call(116, count, (ctypes.c_uint32 * 4)(0, 1, 4, 27)) for count in range(5)}
            return [sorted(results), sorted(groups), before == [*os.getresuid(), *os.getresgid(), os.getgroups()]]
        """, [["EPERM"], ["EPERM"], True]),
    Program("raises capabilities", """
        import struct
        def main():
            header = struct.pack("Ii", 0x20080522, 0)
            full = struct.pack("6I", *[0xffffffff] * 6)
            sets = ctypes.create_string_buffer(24)
            assert call(125, header, sets) == 0
            one_by_one = {call(126, header, struct.pack("6I", *([1 << n] * 3 + [0] * 3))) for n in range(32)}
            PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, PR_CAPBSET_READ = 47, 2, 23
            return [sets.raw == bytes(24), call(126, header, full), sorted(one_by_one),
                    sorted({call(157, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, n) for n in range(41)}),
                    sorted({call(157, PR_CAPBSET_READ, n) for n in range(41)})]
        """, [True, "EPERM", ["EPERM"], ["EPERM"], [0]]),
    Program("unlocks its securebits", """
        def main():
            PR_SET_KEEPCAPS, PR_SET_SECUREBITS, PR_CAPBSET_DROP = 8, 28, 24
            return [sorted({call(157, PR_SET_SECUREBITS, bits) for bits in (0, 1, 0x2f, 0xff)}),
                    call(157, PR_SET_KEEPCAPS, 1), call(157, PR_CAPBSET_DROP, 21)]""", [["EPERM"], "EPERM", "EPERM"]),
    Program("takes no_new_privs back", """
        def main():
            PR_SET_NO_NEW_PRIVS, PR_GET_NO_NEW_PRIVS = 38, 39
            taken = [call(157, PR_SET_NO_NEW_PRIVS, value) for value in (0, 2)]
            return [*taken, call(157, PR_GET_NO_NEW_PRIVS)]
        """, ["EINVAL", "EINVAL", 1]),
    Program("starts every set-uid and set-gid program", """
        def main(known):
            find = ["find", "/", "/usr/bin", "-path", "/proc", "-prune", "-o", "-type", "f", "-perm", "/6000", "-print0"]
            programs = {*subprocess.run(find, stdout=subprocess.PIPE).stdout.decode().split("\\0")[:-1]}
            can_start = [path for path in programs if os.access(path, os.X_OK)]
            return [sorted({*known} - programs), [path for path in can_start if gained(path)]]""", [[], []], given=GAINED,
            args=set_uid_programs, limits={"wall_s": 25}),
    Program("starts every program with file capabilities", """
        def main():
            def has_capabilities(path): os.getxattr(path, "security.capability")
            programs = reached(has_capabilities, [entry.path for entry in os.scandir("/usr/bin")])
            return [path for path in programs if gained(path)]""", [], given=GAINED),
    Program("makes set-uid programs of its own", """
        def main():
            import shutil
            def ids(path): return subprocess.run([path], stdout=subprocess.PIPE, text=True).stdout.split()[:2]
            own, grown = ids("id"), []
            for mode in (0o4755, 0o2755, 0o6755, 0o6777):
                shutil.copy("/usr/bin/id", "./own")
                os.chmod("./own", mode)
                grown.append([ids("./own"), gained("./own")])
            return [facts for facts in grown if str(os.getuid()) not in own[0] or facts != [own, False]]
        """, [], given=GAINED),
    Program("asks su, sudo and their kin for a shell", """
        def main():
            commands = ["su -c id", "su - -c id", "sudo -n id", "sudo -n -u nobody id", "pkexec id", "doas id",
                        "sg root -c id", "newgrp root", "runuser -u root id", "setpriv --reuid 0 id", "chroot / id",
                        "capsh --uid=0 -- -c id", "mount -t tmpfs none /tmp", "umount /tmp", "fusermount3 -u /tmp",
                        "passwd -d root", "chsh -s /bin/sh", "crontab -l", "at now", "systemd-run id"]
            def run(command):
                return subprocess.run(command, shell=True, input=b"id\\n\\n", capture_output=True, timeout=5)
            done = {command: run(command) for command in commands}
            return [command for command, end in done.items()
                    if end.returncode == 0 and (b"uid=" not in end.stdout or b"uid=0" in end.stdout)]
        """, [], given=GAINED),
    Program("writes the maps of its user namespace", """
        def main():
            files = [f"/proc/{pid}/{name}" for name in ("uid_map", "gid_map", "projid_map", "setgroups")
                     for pid in ("self", "thread-self", "1")]
            inside, outside, count = read("/proc/self/uid_map").decode().split()
            return [sorted({attempt(os.open, path, os.O_WRONLY) for path in files}), [inside, count],
                    read("/proc/self/setgroups").decode()]""", [["EACCES"], ["1000", "1"], "deny\n"]),
    Program("raises its limits", """
        import struct
        def main():
            raised = []
            for resource in range(16):
                old = ctypes.create_string_buffer(16)
                assert call(302, 0, resource, 0, old) == 0
                hard = struct.unpack("QQ", old.raw)[1]
                if hard < 2**64 - 1 and call(302, 0, resource, struct.pack("QQ", hard + 1, hard + 1), 0) != "EPERM":
                    raised.append(resource)
            return raised""", []),
    Program("puts itself before others", """
        def main():
            SCHED_FIFO, SCHED_RR, SCHED_DEADLINE, RT_CLASS = 1, 2, 6, 1 << 13
            return [attempt(os.nice, -1), attempt(os.setpriority, os.PRIO_PROCESS, 0, -20),
                    *(attempt(os.sched_setscheduler, 0, kind, os.sched_param(1)) for kind in (SCHED_FIFO, SCHED_RR)),
                    call(314, 0, bytes([56, 0, 0, 0, SCHED_DEADLINE]) + bytes(51), 0), call(251, 1, 0, RT_CLASS),
                    attempt(os.open, "/proc/self/oom_score_adj", os.O_WRONLY), call(151, 1)]
        """, ["EPERM", "EACCES", "EPERM", "EPERM", "EPERM", "EPERM", "EACCES", "EPERM"]),
    Program("claims to be root over a socket", """
        import socket, struct
        def main():
            left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
            SCM_CREDENTIALS = 2
            claims = [(1, 1000, 1000), (os.getpid(), 0, 1000), (os.getpid(), 1000, 0), (2**22, 1000, 1000)]
            return [attempt(left.sendmsg, [b"x"], [(socket.SOL_SOCKET, SCM_CREDENTIALS, struct.pack("3i", *claim))])
                    for claim in claims]""", ["EPERM", "EINVAL", "EINVAL", "EPERM"]),
]


@pytest.mark.parametrize("program", PROGRAMS, ids=named)
def test_no_privilege_is_gained(withstands, program):
    withstands(program)
