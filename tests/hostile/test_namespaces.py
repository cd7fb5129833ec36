"""Promise 4: seven namespaces of its own, and none can be made, joined or looked into from inside."""

import pytest
from hostile import NEEDS_ROOT
from programs import Program, named

pytestmark = NEEDS_ROOT
FLAGS = {"time": 0x80, "mount": 0x20000, "cgroup": 0x2000000, "uts": 0x4000000, "ipc": 0x8000000, "user": 0x10000000,
         "pid": 0x20000000, "network": 0x40000000}
EVERY_FLAG = sum(FLAGS.values())
# Without the one for time, whose bit is part of the exit signal in the old call.
CLONE_FLAGS = {name: flag for name, flag in FLAGS.items() if name != "time"}

# A child that was made after all must end at once, and not go on as a second main().
CLONE = """
    def clone(flags):
        pid = call(56, flags | 17)
        if pid == 0: os._exit(0)
        return pid
    """

PROGRAMS = [
    *(Program(f"unshares its {name} namespace", "def main(flag): return call(272, flag)", "EPERM", args=[flag])
      for name, flag in FLAGS.items()),
    *(Program(f"clones into a new {name} namespace", "def main(flag): return clone(flag)", "EPERM", args=[flag],
              given=CLONE) for name, flag in CLONE_FLAGS.items()),
    Program("clones into all new namespaces, with every harmless flag beside", """
        def main(flags):
            harmless = [0, 0x100, 0x200, 0x400, 0x800, 0x4000, 0x100000, 0x200000, 0x80000000, 1 << 32, 1 << 63]
            return sorted({clone(flags | more) for more in harmless})""", ["EPERM"],
            args=[sum(CLONE_FLAGS.values())], given=CLONE),
    Program("clones by the newer call", """
        def main(flags):
            def clone3(flag): return b"".join(n.to_bytes(8, "little") for n in (flag, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0))
            return sorted({call(435, clone3(flag), size) for flag in flags for size in (64, 80, 88)})
        """, ["ENOSYS"], args=[[0, 0x200000000, EVERY_FLAG, *FLAGS.values()]]),
    Program("joins its own namespaces", """
        def main():
            fds = [os.open(f"/proc/self/ns/{name}", os.O_RDONLY) for name in os.listdir("/proc/self/ns")]
            return [len(fds) >= 8, sorted({call(308, fd, kind) for fd in fds for kind in (0, 0x10000000, 0x40000000)})]
        """, [True, ["EPERM"]]),
    Program("joins the namespaces behind a process", """
        def main():
            fds = [os.pidfd_open(pid) for pid in (1, os.getpid())]
            return sorted({call(308, fd, kind) for fd in fds for kind in (0x10000000, 0x20000000, 0x7e020000)})
        """, ["EPERM"]),
    Program("opens the namespaces of process 1", """
        def main():
            names = os.listdir("/proc/self/ns")
            def open_it(path): os.close(os.open(path, os.O_RDONLY))
            paths = [f"/proc/1/{where}ns/{name}" for name in names for where in ("", "task/1/")]
            return [reached(open_it, paths), reached(os.readlink, paths), reached(os.stat, paths)]""", [[], [], []]),
    Program("asks namespaces for their parents and owners", """
        def main():
            fds = [os.open(f"/proc/self/ns/{name}", os.O_RDONLY) for name in os.listdir("/proc/self/ns")]
            requests = [0xb701, 0xb702, 0xb703, 0xb704, 0x8008b705, 0x8004b706, 0x8004b707, 0x8004b708, 0x8004b709,
                        0x8010b70a, 0x8010b70b, 0x8010b70c, 0x8008b70d]
            return sorted({call(16, fd, request, bytes(64)) for fd in fds for request in requests})""", ["EPERM"]),
    Program("asks process descriptors for namespaces", """
        def main():
            fds = [os.pidfd_open(pid) for pid in (1, os.getpid())]
            return sorted({call(16, fd, 0xff00 + number) for fd in fds for number in range(16)})""", ["EPERM"]),
    Program("asks a socket for its network namespace", """
        import socket
        def main():
            SIOCGSKNS = 0x894c
            return [call(16, line.fileno(), SIOCGSKNS) for line in socket.socketpair()]""", ["EPERM", "EPERM"]),
    Program("starts programs that make or join namespaces", """
        import shutil, subprocess
        def main():
            commands = ["unshare -r id", "unshare -U true", "unshare -m true", "unshare -n true", "unshare -p -f true",
                        "unshare -i true", "unshare -u true", "unshare -C true", "unshare -T true",
                        "nsenter -t 1 -a id", "nsenter -t 1 -m true", "bwrap --bind / / true",
                        "newuidmap 1 0 0 1", "newgidmap 1 0 0 1", "ip netns add x", "lxc-usernsexec true",
                        "systemd-nspawn -D / true", "flatpak-spawn true",
                        "podman unshare true", "chroot / true", "pivot_root / /tmp", "switch_root / /bin/true"]
            ran = [command for command in commands if shutil.which(command.split()[0])]
            def run(command): return subprocess.run(command.split(), capture_output=True, timeout=8).returncode
            return [len(ran) > 5, [command for command in ran if run(command) == 0]]""", [True, []]),
    Program("makes a namespace from a thread, a child and another program", """
        import subprocess, threading
        def main(flag):
            seen = []
            thread = threading.Thread(target=lambda: seen.append(call(272, flag)))
            thread.start()
            thread.join()
            seen.append(child(lambda: child(lambda: call(272, flag) == "EPERM")))
            code = f"import ctypes; print(ctypes.CDLL(None).unshare({flag}))"
            seen.append(subprocess.run(["python3", "-c", code], stdout=subprocess.PIPE, text=True).stdout)
            return seen""", ["EPERM", 1, "-1\n"], args=[FLAGS["user"]]),
    Program("shifts the clocks of a time namespace", """
        def main(): return attempt(os.open, "/proc/self/timens_offsets", os.O_WRONLY)""", "EACCES"),
    Program("renames the host", """
        import subprocess
        def main():
            renamed = [call(170, b"mark", 4), call(171, b"mark", 4)]
            subprocess.run(["hostname", "mark"], capture_output=True)
            return [renamed, os.uname().nodename, os.uname()[5:]]""", [["EPERM", "EPERM"], "cell", []]),
    Program("makes System V objects and message queues", """
        def main():
            IPC = {"shmget": 29, "shmat": 30, "shmctl": 31, "semget": 64, "semop": 65, "semctl": 66, "shmdt": 67,
                   "msgget": 68, "msgsnd": 69, "msgrcv": 70, "msgctl": 71, "semtimedop": 220, "mq_open": 240,
                   "mq_unlink": 241, "mq_timedsend": 242, "mq_timedreceive": 243, "mq_notify": 244,
                   "mq_getsetattr": 245}
            made = [call(29, 0x6d61726b, 4096, 0o1666), call(64, 0x6d61726b, 1, 0o1666), call(68, 0x6d61726b, 0o1666),
                    call(240, b"mark", os.O_CREAT | os.O_RDWR, 0o666)]
            return [made, sorted({call(number) for number in IPC.values()}),
                    reached(os.stat, ["/proc/sysvipc", "/dev/mqueue"])]""", [["EPERM"] * 4, ["EPERM"], []]),
    Program("reaches for the control groups", """
        import subprocess
        def main():
            mounted = [line for line in open("/proc/self/mountinfo") if " cgroup" in line]
            writable = reached(lambda path: os.open(path, os.O_WRONLY), ["/proc/self/cgroup", "/proc/1/cgroup"])
            return [mounted, os.path.exists("/sys"), writable, call(165, b"none", b"/tmp", b"cgroup2", 0, 0)]
        """, [[], False, [], "EPERM"]),
]


@pytest.mark.parametrize("program", PROGRAMS, ids=named)
def test_namespaces_stay_closed(withstands, program):
    withstands(program)
