"""Promise 4, mounts: neither the old calls nor the new ones change what is mounted where."""

import pytest
from hostile import NEEDS_ROOT
from programs import Program, named

pytestmark = NEEDS_ROOT

MOUNT = """
    MS = dict(rdonly=1, nosuid=2, remount=32, bind=4096, move=8192, rec=16384, unbindable=1 << 17, private=1 << 18,
              slave=1 << 19, shared=1 << 20)
    def mount(source, target, kind, flags=0, data=0): return call(165, source, target, kind, flags, data)
    """

PROGRAMS = [
    Program("mounts new file systems", """
        def main():
            kinds = ["tmpfs", "proc", "sysfs", "devtmpfs", "devpts", "ramfs", "cgroup", "cgroup2", "mqueue", "overlay",
                     "fuse", "ext4", "squashfs", "nfs", "9p", "binfmt_misc", "debugfs", "tracefs", "securityfs", "bpf"]
            return sorted({mount(b"none", b"/tmp", kind.encode()) for kind in kinds})""", ["EPERM"], given=MOUNT),
    Program("makes the tree writable again", """
        def main():
            flags = MS["remount"] | MS["bind"]
            return sorted({mount(0, path, 0, more) for path in (b"/", b"/usr/bin", b"/etc", b"/proc", b"/dev/null")
                           for more in (flags, MS["remount"], flags | MS["rec"])})""", ["EPERM"], given=MOUNT),
    Program("binds and moves mounts", """
        def main():
            os.mkdir("own")
            flags = [MS["bind"], MS["bind"] | MS["rec"], MS["move"]]
            pairs = [(b"/proc/1/root", b"own"), (b"/usr", b"/tmp/own"), (b"/tmp", b"/usr"), (b"/proc", b"own")]
            return sorted({mount(source, target, 0, flag) for flag in flags for source, target in pairs})
        """, ["EPERM"], given=MOUNT),
    Program("changes the propagation of mounts", """
        def main():
            kinds = ("unbindable", "private", "slave", "shared")
            return sorted({mount(0, b"/", 0, MS[kind] | more) for kind in kinds for more in (0, MS["rec"])})
        """, ["EPERM"], given=MOUNT),
    Program("uncovers what lies under its mounts", """
        def main():
            MNT_FORCE, MNT_DETACH, MNT_EXPIRE, UMOUNT_NOFOLLOW = 1, 2, 4, 8
            return sorted({call(166, path, flag) for path in (b"/proc", b"/tmp", b"/dev/shm", b"/usr/bin", b"/")
                           for flag in (0, MNT_FORCE, MNT_DETACH, MNT_EXPIRE, UMOUNT_NOFOLLOW)})""", ["EPERM"]),
    Program("changes its root", """
        def main():
            os.makedirs("own/old")
            PIVOT_ROOT, CHROOT = 155, 161
            changed = [call(PIVOT_ROOT, b"own", b"own/old"), call(PIVOT_ROOT, b".", b"."), call(CHROOT, b"own"),
                       call(CHROOT, b"/proc/1/root")]
            return [changed, os.path.samestat(os.stat("/"), os.stat("/proc/self/root/."))]""", [["EPERM"] * 4, True]),
    Program("mounts by the newer calls", """
        def main():
            OPEN_TREE_CLONE, MOVE_MOUNT_F_EMPTY_PATH = 1, 4
            calls = [(428, -100, b"/", OPEN_TREE_CLONE), (428, -100, b"/proc", 0),
                     (429, -100, b"/usr", -100, b"/tmp", 0), (429, 0, b"", -100, b"/tmp", MOVE_MOUNT_F_EMPTY_PATH),
                     (430, b"tmpfs", 0), (430, b"proc", 1), (431, 0, 6), (432, 0, 0, 0), (433, -100, b"/", 0),
                     (442, -100, b"/", 0, bytes(32), 32), (457, bytes(64), bytes(64), 64, 0),
                     (458, bytes(64), bytes(64), 8, 0), (467, -100, b"/", 1, bytes(32), 32)]
            return sorted({call(*arguments) for arguments in calls} - {"ENOSYS"})  # newer than the policy
        """, ["EPERM"]),
    Program("starts programs that mount", """
        import shutil, subprocess
        def main():
            commands = ["mount -t tmpfs none /tmp", "mount --bind /usr /tmp", "mount -o remount,rw /", "umount /proc",
                        "umount -l /proc", "mount -t proc proc /proc", "fusermount /tmp", "fusermount3 -u /tmp",
                        "ntfs-3g /dev/sda /tmp", "losetup -f /usr/bin/env", "swapon /tmp/own", "mount.fuse3 x /tmp"]
            ran = [command for command in commands if shutil.which(command.split()[0])]
            before = read("/proc/self/mountinfo")
            def run(command): return subprocess.run(command.split(), capture_output=True, timeout=8).returncode
            done = [command for command in ran if run(command) == 0]
            return [len(ran) > 3, done, before == read("/proc/self/mountinfo")]
        """, [True, [], True]),
    Program("looks for devices to mount", """
        def main():
            names = ["fuse", "loop0", "loop-control", "sda", "vda", "mapper", "nvme0n1", "kvm", "mem", "port", "kmsg",
                     "tty", "console", "ptmx", "pts", "net/tun", "vhost-vsock", "userfaultfd", "dri", "input", "rtc",
                     "hpet", "cuse", "autofs", "btrfs-control", "log", "mqueue"]
            found = reached(os.stat, [f"/dev/{name}" for name in names])
            return [found, attempt(os.openpty)]""", [[], "ENOENT"]),
]


@pytest.mark.parametrize("program", PROGRAMS, ids=named)
def test_mounts_stay_as_they_are(withstands, program):
    withstands(program)
