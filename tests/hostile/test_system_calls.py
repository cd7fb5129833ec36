"""Promise 5: what the policy does not name is refused with a plain errno, which never ends the program."""

import pytest
from hostile import NEEDS_ROOT
from programs import Program, named, refused_calls, refused_values

pytestmark = NEEDS_ROOT
LAST = 700  # well above the last call of any kernel
# uretprobe and uprobe: recent kernels let them pass every filter, and end a program that calls them by itself.
NOT_FILTERED = {335, 336}
REFUSED = refused_calls(number for number in range(LAST) if number not in NOT_FILTERED)
# Each program stays below the number of refusals after which a cell is slowed down.
IOCTLS = [*range(0x20), *range(0x5400, 0x5490), *range(0x8900, 0x89F0), 0x1260, 0x5206, 0xAE00, 0x40045201, 0x80045200,
          0x401C5820, 0x40086602, 0xC0045877, 0x4020940D, 0xC0189436, 0xC0105512, 0xC018AA3F, 0x40082104]
ON_A_FILE = """
    import socket
    def descriptors():
        left, right = socket.socketpair()
        found = [1, os.open("/usr/bin/env", os.O_RDONLY), left.detach(), os.open("/dev/null", os.O_RDWR), os.pidfd_open(1)]
        # Without a cgroup there are no memory files, and at level restricted no directories.
        others = [call(319, b"memory", 0), attempt(os.open, "/usr", os.O_RDONLY)]
        return found + [fd for fd in others if fd not in ("EPERM", "EACCES")]
    """

PROGRAMS = [
    Program("every call that the policy does not allow", """
        def main(refused):
            assert len(refused) > 300
            ends = {number: call(int(number)) for number in refused}
            return {number: end for number, end in ends.items() if end != refused[number]}""", {}, args=[REFUSED]),
    Program("the same with pointers for arguments", """
        def main(refused):
            block = ctypes.create_string_buffer(b"/tmp/mark", 4096)
            ends = {number: call(int(number), *[block] * 6) for number in refused}
            return {number: end for number, end in ends.items() if end != refused[number]}""", {}, args=[REFUSED]),
    Program("calls that the kernel makes for itself", """
        def main(numbers):
            SIGILL, REFUSALS = 4, ("EPERM", "ENOSYS", "ENXIO")
            return [child(lambda: 7 if call(number) in REFUSALS else 8) in (7, -SIGILL) for number in numbers]
        """, [True, True], args=[sorted(NOT_FILTERED)]),
    Program("numbers outside the table", """
        def main():
            FIRST_BAD = [-1, -2, 1 << 29, 0x3fffffff, 0x7fffffff, 0x80000000, 0xfffffffe, -(1 << 31), -4096]
            return [[number for number in FIRST_BAD if call(number) not in ("EPERM", "ENOSYS")],
                    call((1 << 32) | 272, 0x10000000), call((0xfff << 40) | 321, 0), call((1 << 63) | 101, 0)]
        """, [[], "EPERM", "EPERM", "EPERM"]),
    Program("every ioctl on every kind of descriptor", """
        def main(refused):
            assert len(refused) > 400
            return [[fd, request] for fd in descriptors() for request in refused
                    if call(16, fd, int(request), bytes(4096)) != refused[request]]""", [], given=ON_A_FILE,
            args=[refused_values("ioctl", 1, IOCTLS)]),
    Program("characters typed into a terminal, with and without a disguise", """
        def main():
            TIOCSTI, TIOCLINUX, TIOCSCTTY, TIOCSETD, TIOCCONS = 0x5412, 0x541c, 0x540e, 0x5423, 0x541d
            requests = [TIOCSTI, TIOCLINUX, TIOCSCTTY, TIOCSETD, TIOCCONS]
            disguised = [request | bits << 32 for request in [0x5401, 0x5413, *requests] for bits in (1, 1 << 31)]
            return [sorted({call(16, fd, request, b"x") for fd in descriptors() for request in requests + disguised}),
                    attempt(os.open, "/dev/tty", os.O_RDWR), attempt(os.getpgrp) == attempt(os.getpid)]
        """, [["EPERM"], "ENOENT", True], given=ON_A_FILE),
    Program("every fcntl on every kind of descriptor", """
        def main(refused):
            return [[fd, command] for fd in descriptors() for command in refused
                    if call(72, fd, int(command), 1) != refused[command]]""", [], given=ON_A_FILE,
            args=[refused_values("fcntl", 1, [*range(48), *range(1024, 1048), 1 << 32])]),
    Program("every prctl", """
        def main(refused):
            return [option for option in refused if call(157, int(option), 1, 1, 1, 1) != refused[option]]""", [],
            args=[refused_values("prctl", 0, [*range(128), 0x59616d61, 0x41555856, 0x53564d41, 1 << 32 | 38])]),
    Program("the filter taken off or replaced", """
        def main():
            PR_SET_SECCOMP, PR_GET_SECCOMP = 22, 21
            allow = bytes([6, 0, 0, 0, 0, 0, 0xff, 0x7f])
            block = ctypes.create_string_buffer(allow)
            program = (1).to_bytes(8, "little") + ctypes.addressof(block).to_bytes(8, "little")
            return [[call(317, operation, flags, program) for operation in range(4) for flags in (0, 1, 8, 16)],
                    [call(157, PR_SET_SECCOMP, mode, program) for mode in (0, 1, 2)], call(157, PR_GET_SECCOMP)]
        """, [["EPERM"] * 16, ["EPERM"] * 3, 2]),
]


@pytest.mark.parametrize("program", PROGRAMS, ids=named)
def test_refused_with_a_plain_error(withstands, program):
    withstands(program)
