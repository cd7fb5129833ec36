"""Promise 5, the kernel's wide surfaces by name: virtual machines, rings, tracing, the machine itself, its memory."""

import pytest
from hostile import NEEDS_ROOT
from programs import Program, named

pytestmark = NEEDS_ROOT

PROGRAMS = [
    Program("programs for the kernel's virtual machine", """
        def main():
            return sorted({call(321, command, bytes(128), size) for command in range(48) for size in (16, 72, 128)})
        """, ["EPERM"]),
    Program("rings for calls that no filter sees", """
        def main():
            parameters = ctypes.create_string_buffer(120)
            return [[call(425, entries, parameters) for entries in (1, 8, 4096)], call(426, 3, 1, 1, 0, 0, 0),
                    sorted({call(427, 3, operation) for operation in range(32)})]
        """, [["EPERM"] * 3, "EPERM", ["EPERM"]]),
    Program("page faults served by itself", """
        def main():
            return [*(call(323, flags) for flags in (0, 1, 0x800, 0x80000)), attempt(os.stat, "/dev/userfaultfd")]
        """, ["EPERM"] * 4 + ["ENOENT"]),
    Program("pages of shared files, thrown out for all who read them", """
        import mmap
        def main():
            fd = os.open("/usr/bin/python3.11", os.O_RDONLY)
            whole = mmap.mmap(fd, 0, mmap.MAP_SHARED, mmap.PROT_READ)
            MADV_COLD, MADV_PAGEOUT = 20, 21
            return [[attempt(os.posix_fadvise, fd, 0, 0, advice) for advice in range(6)],
                    call(221, fd, 0, 0, 4 + 2**32),
                    [attempt(whole.madvise, advice) for advice in (MADV_COLD, MADV_PAGEOUT)]]
        """, [[None] * 4 + ["EPERM"] * 2, "EPERM", ["EPERM"] * 2]),
    Program("pages of others, found out by merging equal ones", """
        import mmap
        def main():
            page = mmap.mmap(-1, 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
            MADV_DONTNEED, MADV_MERGEABLE, MADV_UNMERGEABLE = 4, 12, 13
            return [attempt(page.madvise, advice) for advice in (MADV_DONTNEED, MADV_MERGEABLE, MADV_UNMERGEABLE)]
        """, [None, "EPERM", "EPERM"]),
    Program("locks that hand priorities on", """
        def main():
            word = ctypes.create_string_buffer(4)
            LOCK_PI = (6, 7, 8, 11, 12, 13)
            flags = (0, 128, 256, 128 | 256, 1 << 32)
            return sorted({call(202, word, operation | flag, 0, 0, word, 0) for operation in LOCK_PI for flag in flags})
        """, ["ENOSYS"]),
    Program("urgent bytes of a local socket", """
        import socket
        def main():
            left, right = socket.socketpair()
            done = [attempt(left.send, b"x", socket.MSG_OOB), attempt(left.sendmsg, [b"x"], [], socket.MSG_OOB)]
            left.send(b"plain")
            return [*done, attempt(right.recv, 1, socket.MSG_OOB), attempt(right.recvmsg, 1, 0, socket.MSG_OOB),
                    right.recv(9).decode()]
        """, ["ENOTSUP"] * 4 + ["plain"]),
    Program("features of the processor", """
        def main():
            space = ctypes.create_string_buffer(8)
            REQUEST, CPUID, VDSO, SHADOW_STACK, TAGS = 0x1023, 0x1012, 0x2001, 0x5001, 0x4002
            return [sorted({call(158, code, space) for code in (REQUEST, CPUID, VDSO, SHADOW_STACK, TAGS)}),
                    call(158, 0x1003, space)]
        """, [["EPERM"], 0]),
    Program("counters of the processor", """
        def main():
            def event(kind): return kind.to_bytes(4, "little") + (128).to_bytes(4, "little") + bytes(120)
            return sorted({call(298, event(kind), pid, cpu, -1, flags) for kind in range(6) for pid in (0, -1, 1)
                           for cpu in (-1, 0) for flags in (0, 8)})
        """, ["EPERM"]),
    Program("tracing itself, its child and process 1", """
        def main():
            pid = os.fork()
            if pid == 0: os.read(os.pipe()[0], 1)
            requests = [*range(14), 16, 17, 24, 31, 0x4200, 0x4202, 0x4206, 0x4207, 0x4208, 0x420a, 0x420d, 0x420e]
            targets = (0, 1, pid, os.getpid())
            return sorted({call(101, request, target, 0, 0) for request in requests for target in targets})
        """, ["EPERM"]),
    Program("memory of another process", """
        def main():
            secret = ctypes.create_string_buffer(b"the child's", 16)
            pid = os.fork()
            if pid == 0: os.read(os.pipe()[0], 1)
            vector = ctypes.addressof(secret).to_bytes(8, "little") + (16).to_bytes(8, "little")
            PROCESS_VM_READV, PROCESS_VM_WRITEV, KCMP, PROCESS_MADVISE, PROCESS_MRELEASE = 310, 311, 312, 440, 448
            by_pid = (PROCESS_VM_READV, PROCESS_VM_WRITEV, KCMP, 279, 256)  # the last two move its pages
            by_fd, fd = (PROCESS_MADVISE, PROCESS_MRELEASE), os.pidfd_open(pid)
            return sorted({call(number, target, vector, 1, vector, 1) for target in (1, pid) for number in by_pid} |
                          {call(number, fd, vector, 1, 4) for number in by_fd})
        """, ["EPERM"]),
    Program("the machine itself: modules, another kernel, swap, quota, accounting, reboot", """
        def main():
            numbers = dict(init_module=175, finit_module=313, delete_module=176, kexec_load=246, kexec_file_load=320,
                           reboot=169, swapon=167, swapoff=168, acct=163, quotactl=179, quotactl_fd=443, vhangup=153,
                           sysfs=139, ustat=136, uselib=134, nfsservctl=180, syncfs=306, sync=162, syslog=103)
            reboot = call(169, 0xfee1dead, 672274793, 0x1234567, 0)
            return [sorted({call(number, b"/tmp", 0, 0) for number in numbers.values()}), reboot]
        """, [["EPERM"], "EPERM"]),
    Program("the clocks of the machine", """
        import time
        def main():
            numbers = dict(settimeofday=164, clock_settime=227, adjtimex=159, clock_adjtime=305)
            REALTIME_ALARM, BOOTTIME_ALARM, TIMER_CREATE, TIMERFD_CREATE = 8, 9, 222, 283  # these wake it from sleep
            return [[attempt(time.clock_settime, clock, 0) for clock in (0, 1, 7)],
                    [call(number, 0, bytes(256)) for number in numbers.values()],
                    [call(TIMER_CREATE, clock, 0, bytes(8)) in ("EPERM", "ENOTSUP")  # without a clock that can
                     for clock in (REALTIME_ALARM, BOOTTIME_ALARM)],
                    [call(TIMERFD_CREATE, clock, 0) for clock in (REALTIME_ALARM, BOOTTIME_ALARM)]]
        """, [["EPERM"] * 3, ["EPERM"] * 4, [True] * 2, ["EPERM"] * 2]),
    Program("huge pages, which no limit counts", """
        def main():
            PRIVATE_ANONYMOUS, HUGETLB, MFD_HUGETLB, SHM_HUGETLB = 0x22, 0x40000, 4, 0o4000
            sizes = [0, 21 << 26, 30 << 26]  # the default, 2 MB, 1 GB
            return [sorted({call(9, 0, 1 << 21, 3, PRIVATE_ANONYMOUS | HUGETLB | size, -1) for size in sizes}),
                    sorted({str(call(319, b"memory", MFD_HUGETLB | size)) for size in sizes}),
                    call(29, 1, 1 << 21, SHM_HUGETLB | 0o1600)]""", [["EPERM"], ["EPERM"], "EPERM"]),
    Program("a personality that makes attacks easier", """
        def main():
            flags = dict(ADDR_NO_RANDOMIZE=0x40000, READ_IMPLIES_EXEC=0x400000, MMAP_PAGE_ZERO=0x100000, PER_LINUX32=8,
                         ADDR_LIMIT_3GB=0x8000000, UNAME26=0x20000, STICKY_TIMEOUTS=0x4000000, all=0xfffffffe)
            now = call(135, 0xffffffff)  # a question, which may be refused too
            return [sorted({call(135, flag) for flag in flags.values()}), now in (0, "EPERM")]""", [["EPERM"], True]),
    Program("pages that belong to the kernel", """
        def main():
            MAP_FIXED_ANONYMOUS, HWPOISON, SOFT_OFFLINE = 0x32, 100, 101
            page = ctypes.create_string_buffer(8192)
            at = (ctypes.addressof(page) + 4095) & -4096
            addresses = (0, 1 << 56, -(1 << 31), -4096)  # with five levels of page tables, 1 << 47 is a program's own
            mapped = [a for a in addresses if not isinstance(call(9, a, 4096, 3, MAP_FIXED_ANONYMOUS, -1), str)]
            # EINVAL: a kernel that can't poison pages at all.
            refused = [call(28, at, 4096, advice) in ("EPERM", "EINVAL") for advice in (HWPOISON, SOFT_OFFLINE)]
            return [mapped, refused]""", [[], [True, True]]),
]


@pytest.mark.parametrize("program", PROGRAMS, ids=named)
def test_surface_is_closed(withstands, program):
    withstands(program)
