"""Promise 1: no file of the host can be read beyond the read-only tree, and nothing private is in the tree."""

import os
from pathlib import Path

import pytest
from programs import Program, named
from hostile import NEEDS_ROOT
from support import BINARY, REPO

pytestmark = NEEDS_ROOT
SHOWN = {"/usr/bin", "/usr/lib", "/usr/lib64", "/usr/share"}
KERNEL = {"/proc", "/sys", "/dev"}
WHOLE_TREE = {"wall_s": 25}  # as many files as the host has in /usr


def paths_of_the_host(_server):
    """What is on the host near its root, and what the service itself consists of; not what the tree shows."""
    tops = {f"/{name}" for name in os.listdir("/")} - KERNEL - {"/bin", "/sbin", "/lib", "/lib32", "/lib64"}
    seconds = {f"{top}/{name}" for top in tops if os.path.isdir(top) for name in os.listdir(top)}
    below_dev = {f"/dev/{name}" for name in os.listdir("/dev")}
    own = {"/tmp", "/usr", "/etc", *SHOWN, *(f"/dev/{n}" for n in DEVICES), *(f"/etc/{n}" for n in ETC)}
    config = {str(Path(BINARY).resolve()) + suffix for suffix in ("", "-jailer", "-zygote")} | {str(REPO)}
    return [sorted((tops | seconds | below_dev | config) - own)]


DEVICES = ["fd", "full", "null", "random", "shm", "stderr", "stdin", "stdout", "urandom", "zero"]
ETC = ["alternatives", "fonts", "group", "hosts", "ld.so.cache", "localtime", "matplotlibrc", "mime.types",
       "nsswitch.conf", "passwd", "protocols", "python3.11", "services", "ssl", "timezone"]

FIND = """
    import subprocess
    def find(*tests):
        command = ["find", "/", "-path", "/proc", "-prune", "-o", *tests, "-print0"]
        found = subprocess.run(command, stdout=subprocess.PIPE).stdout
        return [path.decode(errors="replace") for path in found.split(b"\\0") if path]
    """

PROGRAMS = [
    Program("looks for every path of the host", """
        def main(paths):
            assert len(paths) > 50
            return reached(os.lstat, paths)""", [], args=paths_of_the_host),
    Program("looks for names under which secrets are kept", """
        SECRET = (".*/(g?shadow-?|sudoers|authorized_keys|known_hosts|id_(rsa|dsa|ecdsa|ed25519)|ssh_host_.*_key|"
                  "[.](aws|ssh|kube|docker|netrc|pgpass|git-credentials|bash_history|env)|machine-id|kubeconfig|"
                  "application_default_credentials[.]json)")
        def main():
            assert len(find("-name", "python3*", "-type", "f")) > 0
            return find("-type", "f", "-regextype", "posix-extended", "-regex", SECRET)""", [],
            given=FIND, limits=WHOLE_TREE),
    Program("opens every file that is not for everybody", """
        def main():
            private = find("(", "-type", "f", "!", "-perm", "-004", "-o", "-type", "d", "!", "-perm", "-001", ")")
            assert private.pop(private.index("/tmp")), "its own"
            return reached(lambda path: os.close(os.open(path, os.O_RDONLY)), private)""", [], given=FIND,
            limits=WHOLE_TREE),
    Program("lists the top of the tree", """
        import re
        def main():
            names = {path: sorted(os.listdir(path)) for path in ("/", "/dev", "/etc", "/usr", "/tmp", "/dev/shm")}
            names["/"] = [name for name in names["/"] if not re.fullmatch("s?bin|lib(32|64|x32)?", name)]
            names["/usr"] = [name for name in names["/usr"] if name != "lib64"]
            names["/etc"] = [name for name in names["/etc"] if name not in ETC]
            return names""".replace("ETC", repr(ETC)),
            {"/": ["dev", "etc", "proc", "tmp", "usr"], "/dev": DEVICES, "/etc": [], "/tmp": [], "/dev/shm": [],
             "/usr": ["bin", "lib", "share"]}),
    Program("climbs above its root", """
        def main():
            root, climbed = os.stat("/"), []
            ways = ["/..", "/tmp/../..", "/proc/self/root/..", "/proc/self/root/../proc/self/root/..",
                    "/proc/self/cwd/../..", "/dev/fd/../../../../..", "/proc/thread-self/root/../.."]
            for way in ways + ["../" * 60]:
                os.chdir("/tmp")
                fd = os.open(way, os.O_RDONLY)
                for _ in range(60):
                    fd, last = os.open("..", os.O_RDONLY, dir_fd=fd), fd
                    os.close(last)
                os.fchdir(fd)
                os.chdir("../" * 60)
                if not os.path.samestat(root, os.fstat(fd)) or not os.path.samestat(root, os.stat(".")):
                    climbed.append(way)
                os.close(fd)
            return climbed""", []),
    Program("follows symbolic links to the host", """
        def main():
            targets = ["/etc/shadow", "/../../etc/shadow", "/proc/1/root/etc/shadow", "/proc/1/cwd", "/oldroot",
                       "/proc/1/fd/0", "/proc/self/root/../etc/shadow", "/proc/self/task/1/root/etc/shadow",
                       "/proc/1/map_files", "/dev/fd/3", "/proc/self/fd/1000/..", "/root/.ssh/id_rsa"]
            for number, target in enumerate(targets): os.symlink(target, f"link{number}")
            return reached(lambda link: os.close(os.open(link, os.O_RDONLY)), os.listdir("."))""", []),
    Program("opens files by their handles", """
        def main():
            ROOT_INODE = (8).to_bytes(4, "little") + (1).to_bytes(4, "little") + (2).to_bytes(4, "little") + bytes(128)
            fd = os.open("/usr/bin", os.O_RDONLY)
            return [call(303, -100, b"/etc/passwd", ctypes.create_string_buffer(136), bytes(8), 0),
                    call(304, fd, ROOT_INODE, os.O_RDONLY), call(304, -100, ROOT_INODE, os.O_PATH)]
        """, ["EPERM"] * 3),
    Program("opens with every flag of openat2", """
        def main():
            how = lambda resolve: b"".join(n.to_bytes(8, "little") for n in (os.O_RDONLY, 0, resolve))
            return sorted({call(437, -100, b"/etc/passwd", how(1 << bit), 24) for bit in range(7)})""", ["EPERM"]),
    Program("asks the kernel for what /proc no longer shows", """
        def main():
            names = ["acpi", "bus", "cgroups", "cmdline", "config.gz", "cpuinfo", "devices", "diskstats", "driver",
                     "filesystems", "fs", "interrupts", "iomem", "ioports", "irq", "kallsyms", "kcore", "key-users",
                     "keys", "kmsg", "kpagecount", "kpageflags", "loadavg", "locks", "meminfo", "misc", "modules",
                     "mounts", "net", "partitions", "pressure", "sched_debug", "scsi", "slabinfo", "stat", "swaps",
                     "sys", "sysrq-trigger", "sysvipc", "timer_list", "tty", "uptime", "version", "vmallocinfo",
                     "vmstat", "zoneinfo"]
            listed = [name for name in os.listdir("/proc") if not name.isdigit()]
            return [sorted(listed), reached(os.stat, [f"/proc/{name}" for name in names])]
        """, [["self", "thread-self"], []]),
    Program("looks at what is mounted", """
        def main():
            devices = [f"/dev/{name}" for name in ("null", "zero", "full", "random", "urandom")]
            writable = ["/tmp", "/dev/shm", "/proc", *devices]
            points = {line.split()[4] for line in open("/proc/self/mountinfo")}
            loose = [p for p in points if p not in writable and not os.statvfs(p).f_flag & os.ST_RDONLY]
            return [sorted(loose), [p for p in points if not os.statvfs(p).f_flag & os.ST_NOSUID],
                    sorted(p for p in points if not p.startswith(("/usr/", "/lib", "/bin", "/sbin", "/dev/")))]
        """, [[], [], ["/", "/proc", "/tmp"]]),
    Program("leaves a core dump with the host", """
        import resource, signal
        def main():
            pid = os.fork()
            if pid == 0: os.abort()
            status = os.waitpid(pid, 0)[1]
            # Any other number would let a host whose dumps go into a pipe have it.
            for number in ((0, 0), (0, 1)):
                try: resource.setrlimit(resource.RLIMIT_CORE, number)
                except ValueError: pass
            PRLIMIT64, SETRLIMIT = 302, 160
            call(PRLIMIT64, 0, resource.RLIMIT_CORE, bytes(16)), call(SETRLIMIT, resource.RLIMIT_CORE, bytes(16))
            return [resource.getrlimit(resource.RLIMIT_CORE), os.WTERMSIG(status), os.WCOREDUMP(status),
                    os.listdir("/tmp")]
        """, [[1, 1], 6, False, []]),
]


@pytest.mark.parametrize("program", PROGRAMS, ids=named)
def test_host_files_stay_out_of_sight(withstands, program):
    withstands(program)
