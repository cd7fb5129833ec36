"""Promise 1, the other half: a script writes to its own /tmp and /dev/shm and changes nothing else."""

import pytest
from hostile import NEEDS_ROOT
from programs import Program, named

pytestmark = NEEDS_ROOT
WHOLE_TREE = {"wall_s": 25}  # as many files as the host has in /usr

# Things of the host that the tree shows, each in another way: bind, copy, device node, /proc, the tree itself.
TARGETS = """
    TARGETS = ["/", "/usr", "/usr/bin", "/usr/bin/env", "/usr/lib/python3", "/usr/share/zoneinfo/UTC", "/etc",
               "/etc/passwd", "/etc/ld.so.cache", "/dev", "/dev/null", "/dev/zero", "/dev/full", "/dev/random",
               "/dev/urandom", "/proc", "/proc/self", "/proc/self/exe", "/proc/1", os.__file__]
    """

PROGRAMS = [
    Program("makes a file in every directory", """
        import subprocess
        def main():
            command = ["find", "/", "-path", "/proc", "-prune", "-o", "-type", "d", "-print0"]
            folders = subprocess.run(command, stdout=subprocess.PIPE).stdout.split(b"\\0")[:-1]
            assert len(folders) > 1000
            def make(folder): os.close(os.open(os.path.join(folder, b"mark"), os.O_CREAT | os.O_WRONLY))
            return sorted(folder.decode() for folder in reached(make, folders))""", ["/dev/shm", "/tmp"],
            limits=WHOLE_TREE),
    Program("makes unnamed files and gives them names elsewhere", """
        def main():
            folders = ["/", "/usr", "/usr/bin", "/etc", "/dev", "/proc", "/proc/self"]
            unnamed = reached(lambda f: os.close(os.open(f, os.O_TMPFILE | os.O_RDWR)), folders)
            fd = os.open("/tmp", os.O_TMPFILE | os.O_RDWR)
            named = reached(lambda f: os.link(f"/proc/self/fd/{fd}", f"{f}/mark", follow_symlinks=True), folders)
            AT_EMPTY_PATH = 0x1000
            # ENOENT: older kernels ask for a capability first.
            refused = [call(265, fd, b"", -100, f"{f}/mark".encode(), AT_EMPTY_PATH) for f in folders]
            return [unnamed, named, set(refused) <= {"EROFS", "ENOENT"}]
        """, [[], [], True]),
    Program("opens every file for writing", """
        import subprocess
        def main():
            command = ["find", "/", "-path", "/proc", "-prune", "-o", "!", "-type", "d", "!", "-type", "l", "-print0"]
            files = subprocess.run(command, stdout=subprocess.PIPE).stdout.split(b"\\0")[:-1]
            assert len(files) > 5000
            done = reached(lambda path: os.close(os.open(path, os.O_WRONLY)), files)
            return sorted(path.decode() for path in done)""", ["/dev/full", "/dev/null", "/dev/zero"],
            limits=WHOLE_TREE),
    Program("opens what is in /proc for writing", """
        def main():
            names = [os.path.join(folder, name) for folder, folders, files in os.walk("/proc/self")
                     for name in files if "/fd" not in folder and "/map_files" not in folder]
            assert "/proc/self/mem" in names and len(names) > 100
            names += [f"/proc/1/{name}" for name in os.listdir("/proc/1")]
            return reached(lambda path: os.close(os.open(path, os.O_WRONLY)), names)""", []),
    Program("sets the times of files", """
        def main(): return reached(os.utime, TARGETS)""", [], given=TARGETS),
    Program("changes modes", """
        def main(): return reached(lambda path: os.chmod(path, 0o777), TARGETS)""", [], given=TARGETS),
    Program("changes owners", """
        def main():
            own = [id for id in (0, 1, 999, 1000, 65534)]
            return [path for uid in own for gid in own for path in reached(lambda p: os.chown(p, uid, gid), TARGETS)]
        """, [], given=TARGETS),
    Program("sets extended attributes", """
        def main():
            open("own", "w").close()
            names = ["user.mark", "security.capability", "security.selinux", "trusted.mark", "system.posix_acl_access"]
            paths = TARGETS + ["own"]
            return [[path for name in names for path in reached(lambda p: os.setxattr(p, name, b"x"), paths)],
                    [path for name in names for path in reached(lambda p: os.removexattr(p, name), paths)]]
        """, [[], []], given=TARGETS),
    Program("truncates, renames and removes", """
        def main():
            open("own", "w").close()
            ways = [lambda p: os.truncate(p, 0), os.remove, os.rmdir, lambda p: os.rename(p, p + "-mark"),
                    lambda p: os.rename("own", p), lambda p: os.rename(p, "/tmp/taken"),
                    lambda p: os.symlink("/tmp", p + "-mark"), lambda p: os.mkfifo(p + "-mark")]
            return [path for way in ways for path in reached(way, TARGETS)]""", [], given=TARGETS),
    Program("takes hard links of files that it does not own", """
        def main():
            fds = [os.open(path, os.O_PATH) for path in ("/usr/bin/env", "/etc/passwd", "/dev/null", "/proc/self/exe")]
            sources = TARGETS + [f"/proc/self/fd/{fd}" for fd in fds]
            return [reached(lambda path: os.link(path, "/tmp/taken"), TARGETS),
                    reached(lambda path: os.link(path, "/tmp/taken", follow_symlinks=True), sources)]
        """, [[], []], given=TARGETS),
    Program("exchanges its own file for one of the tree", """
        def main():
            RENAME_NOREPLACE, RENAME_EXCHANGE, RENAME_WHITEOUT = 1, 2, 4
            open("own", "w").close()
            done = [target for target in TARGETS for flag in (RENAME_NOREPLACE, RENAME_EXCHANGE, RENAME_WHITEOUT)
                    if call(316, -100, b"/tmp/own", -100, target.encode(), flag) == 0]
            return [done, os.path.exists("own")]""", [[], True], given=TARGETS),
    Program("makes device nodes", """
        import stat
        def main():
            devices = [os.makedev(*d) for d in ((1, 1), (1, 2), (1, 4), (1, 11), (4, 0), (5, 1), (8, 0), (10, 200),
                                                (10, 229), (10, 232), (254, 0), (259, 0), (7, 0))]
            kinds = [stat.S_IFCHR, stat.S_IFBLK]
            return sorted({attempt(os.mknod, f"{folder}/node", kind | 0o666, device)
                           for folder in ("/tmp", "/dev/shm") for kind in kinds for device in devices} |
                          {call(133, b"/tmp/node", kind | 0o666, 259) for kind in kinds})""", ["EPERM"]),
    Program("leaves a whiteout, which is a device", """
        def main():
            open("own", "w").close()
            call(316, -100, b"own", -100, b"moved", 4)
            return reached(lambda path: os.close(os.open(path, os.O_RDWR)), ["own"] if os.path.lexists("own") else [])
        """, []),
    Program("writes through a mapping of a file that it may only read", """
        import mmap
        def main():
            fd = os.open("/usr/bin/env", os.O_RDONLY)
            PROT_READ, BOTH, MAP_SHARED = 1, 3, 1
            libc.mmap.restype = ctypes.c_void_p
            address = libc.mmap(None, 4096, PROT_READ, MAP_SHARED, fd, 0)
            return [call(9, 0, 4096, BOTH, MAP_SHARED, fd), call(10, address, 4096, BOTH),
                    attempt(os.open, "/proc/self/mem", os.O_RDWR), attempt(os.ftruncate, fd, 0),
                    call(285, fd, 0, 0, 1)]""", ["EACCES", "EACCES", "EACCES", "EINVAL", "EBADF"]),
    Program("writes into the page cache through a pipe", """
        def main():
            before = read("/usr/bin/env")
            for offset in (0, 4096, 8192):
                end, start = os.pipe()
                os.write(start, b"x" * 65536)
                os.read(end, 65536)
                file = os.open("/usr/bin/env", os.O_RDONLY)
                assert os.sendfile(start, file, offset, 1) == 1
                os.write(start, b"hostile" * 100)
            return [read("/usr/bin/env") == before, call(275, file, 0, start, 0, 1), call(278, start, 0, 1),
                    call(276, end, start, 1)]""", [True, "EPERM", "EPERM", "EPERM"]),
    Program("patches a library in its memory", """
        def main():
            path = next(line.split()[-1] for line in open("/proc/self/maps") if "libc.so.6" in line)
            before = read(path)
            address = ctypes.cast(libc.abs, ctypes.c_void_p).value
            assert libc.mprotect(ctypes.c_void_p(address & -4096), 8192, 7) == 0
            ctypes.memmove(address, bytes.fromhex("b807000000c3"), 6)
            libc.msync(ctypes.c_void_p(address & -4096), 8192, 4)
            return [libc.abs(-1), read(path) == before, child(lambda: libc.abs(-1))]""", [7, True, 7]),
    Program("feeds the kernel's random pool", """
        def main():
            RNDADDTOENTCNT, RNDADDENTROPY, RNDCLEARPOOL, RNDRESEEDCRNG = 0x40045201, 0x40085203, 0x5206, 0x5207
            fd = os.open("/dev/urandom", os.O_RDONLY)
            requests = [RNDADDTOENTCNT, RNDADDENTROPY, RNDCLEARPOOL, RNDRESEEDCRNG]
            return [*(attempt(os.open, path, os.O_WRONLY) for path in ("/dev/random", "/dev/urandom")),
                    *(call(16, fd, request, bytes(64)) for request in requests)]
        """, ["EACCES", "EACCES", "EPERM", "EPERM", "EPERM", "EPERM"]),
    Program("watches and leases files that all cells share", """
        import fcntl
        def main():
            F_SETLEASE, F_NOTIFY, F_SETSIG = 1024, 1026, 10
            fd, folder = os.open("/usr/bin/env", os.O_RDONLY), os.open("/usr/bin", os.O_RDONLY)
            return [call(253), call(294), call(254, 3, b"/usr", 0xfff), call(300, 0, 0), call(301, 3, 1, 1, -100, b"/"),
                    *(attempt(fcntl.fcntl, fd, F_SETLEASE, kind) for kind in (fcntl.F_RDLCK, fcntl.F_WRLCK)),
                    attempt(fcntl.fcntl, folder, F_NOTIFY, 0x3f), attempt(fcntl.fcntl, fd, F_SETSIG, 10)]
        """, ["EPERM"] * 9),
]


@pytest.mark.parametrize("program", PROGRAMS, ids=named)
def test_nothing_of_the_host_is_changed(withstands, program):
    withstands(program)
