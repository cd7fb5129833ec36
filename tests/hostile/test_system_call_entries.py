"""Promise 5, the ways in: other architectures' entries, other threads, other programs meet the same filter."""

import pytest
from hostile import NEEDS_ROOT
from programs import Program, named

pytestmark = NEEDS_ROOT
UNSHARE, NEW_USER, BPF = 272, 0x10000000, 321

# i386: the number and one argument in, the result out. Kernels without these entries end the child by a signal.
INT_80 = """
    # push rbx; mov eax, edi; mov ebx, esi; xor ecx, ecx; xor edx, edx; int 0x80; cdqe; pop rbx; ret
    enter = machine_code("53 89f8 89f3 31c9 31d2 cd80 4898 5b c3", argtypes=[ctypes.c_long] * 2)
    """

PROGRAMS = [
    Program("every x32 number", """
        def main():
            X32 = 0x40000000
            return sorted({call(X32 + number) for number in range(700)})""", ["ENOSYS"]),
    Program("every i386 number by the old interrupt", """
        def main():
            EXIT, SIGSEGV = 1, 11
            def attack(): return 7 if {enter(number, 0) for number in range(480)} == {-errno.ENOSYS} else 8
            return child(attack) in (7, -SIGSEGV)""", True, given=INT_80),
    Program("i386 calls that would help", """
        def main():
            I386 = dict(setuid=23, ptrace=26, mount=21, chroot=61, socketcall=102, ipc=117, unshare=310, setns=346,
                        bpf=357)
            def attack(): return 7 if {enter(n, 1) for n in I386.values()} == {-errno.ENOSYS} else 8
            return child(attack) in (7, -11)""", True, given=INT_80),
    Program("the i386 entry by SYSENTER", """
        def main():
            SIGILL, SIGSEGV = 4, 11
            # mov eax, 20 (getpid); sysenter; ret
            return child(lambda: machine_code("b814000000 0f34 c3")() and 0) in (-SIGILL, -SIGSEGV)""", True),
    Program("a 32-bit code segment", """
        def main():
            SIGSEGV = 11
            def attack():
                libc.mmap.restype = ctypes.c_void_p
                page = libc.mmap(None, 8192, 7, 0x22 | 0x40, -1, 0)  # below 4 GB
                back = page + 128
                # In 32 bits: mov eax, 20 (getpid); int 0x80; ljmp 0x33:back. Then in 64 bits again: cdqe; mov rsp, r12;
                # pop r12; ret.
                thirty_two = b"\\xb8\\x14\\0\\0\\0\\xcd\\x80\\xea" + back.to_bytes(4, "little") + b"\\x33\\0"
                ctypes.memmove(page + 64, thirty_two, len(thirty_two))
                ctypes.memmove(back, bytes.fromhex("4898 4c89e4 415c c3"), 8)
                # push r12; mov r12, rsp; lea rsp, [page + 4096]; push 0x23; push page + 64; retfq
                enter = bytes.fromhex("4154 4989e4 48c7c4") + (page + 4096).to_bytes(4, "little") + \\
                    bytes.fromhex("6a23 68") + (page + 64).to_bytes(4, "little") + bytes.fromhex("48cb")
                ctypes.memmove(page, enter, len(enter))
                return 7 if ctypes.CFUNCTYPE(ctypes.c_long)(page)() == -errno.ENOSYS else 8
            end = child(attack)
            return end == 7 or end < 0 or end""", True),
    Program("the SYSCALL instruction of its own", """
        def main(unshare, user, bpf):
            # mov rax, rdi; mov rdi, rsi; xor esi, esi; xor edx, edx; syscall; ret
            enter = machine_code("4889f8 4889f7 31f6 31d2 0f05 c3", argtypes=[ctypes.c_long] * 2)
            return [errno.errorcode[-enter(number, argument)] for number, argument in ((unshare, user), (bpf, 0))]
        """, ["EPERM", "EPERM"], args=[UNSHARE, NEW_USER, BPF]),
    Program("instructions of the kernel", """
        def main():
            PRIVILEGED = dict(hlt="f4", cli="fa", in_al="e460", out_al="e660", rdmsr="0f32", wrmsr="0f30", invd="0f08",
                              lgdt="0f0110", mov_cr0="0f20c0", mov_cr3="0f22d8", wbinvd="0f09", swapgs="0f01f8")
            ends = {name: child(lambda: machine_code(code + "c3")() and 0) for name, code in PRIVILEGED.items()}
            return [name for name, end in ends.items() if end != -11]""", []),
    Program("the right to ports and segments", """
        def main():
            IOPL, IOPERM, MODIFY_LDT, SET_THREAD_AREA = 172, 173, 154, 205
            return [call(IOPL, 3), call(IOPERM, 0x70, 4, 1), call(MODIFY_LDT, 1, bytes(16), 16),
                    call(SET_THREAD_AREA, bytes(16))]
        """, ["EPERM"] * 4),
    Program("on threads of every age", """
        import threading
        def main(unshare, user):
            seen = []
            def look(depth):
                seen.append(call(unshare, user))
                if depth:
                    thread = threading.Thread(target=look, args=[depth - 1])
                    thread.start()
                    thread.join()
            threads = [threading.Thread(target=look, args=[3]) for _ in range(4)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            return [len(seen), sorted(set(seen))]""", [16, ["EPERM"]], args=[UNSHARE, NEW_USER]),
    Program("in children by every kind of fork", """
        def main(unshare, user):
            FORK, CLONE, SIGCHLD, CLONE_FILES, CLONE_PTRACE, CLONE_UNTRACED = 57, 56, 17, 0x400, 0x2000, 1 << 23
            ends, with_flags = [], [0, CLONE_FILES, CLONE_PTRACE, CLONE_UNTRACED]
            for number, flags in [(FORK, 0), *((CLONE, SIGCHLD | flags) for flags in with_flags)]:
                pid = call(number, flags)
                if pid == 0: os._exit(7 if call(unshare, user) == "EPERM" else 8)
                ends.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
            return ends""", [7] * 5, args=[UNSHARE, NEW_USER]),
    Program("in a signal handler", """
        import signal
        def main(unshare, user):
            seen = []
            signal.signal(signal.SIGUSR1, lambda *_: seen.append(call(unshare, user)))
            os.kill(os.getpid(), signal.SIGUSR1)
            return seen""", ["EPERM"], args=[UNSHARE, NEW_USER]),
    Program("in other programs", """
        import shutil, subprocess
        def main(unshare, user):
            commands = [["python3", "-c", f"import ctypes; print(ctypes.CDLL(None).syscall({unshare}, {user}))"],
                        ["perl", "-e", f"print syscall({unshare}, {user})"]]
            ran = [command for command in commands if shutil.which(command[0])]
            ends = [subprocess.run(command, stdout=subprocess.PIPE, text=True).stdout.strip() for command in ran]
            return [len(ends) > 0, sorted(set(ends))]""", [True, ["-1"]], args=[UNSHARE, NEW_USER]),
    Program("in a program that is only in memory", """
        def main(unshare, user):
            # A whole ELF file: mov eax, unshare; mov edi, user; syscall; neg eax; mov edi, eax; mov eax, 60; syscall
            code = bytes.fromhex("b8 10010000 bf 00000010 0f05 f7d8 89c7 b8 3c000000 0f05".replace(" ", ""))
            n = lambda value, size: value.to_bytes(size, "little")
            head = b"\\x7fELF\\2\\1\\1" + bytes(9) + n(2, 2) + n(62, 2) + n(1, 4) + n(0x400078, 8) + n(64, 8)
            head += bytes(12) + n(64, 2) + n(56, 2) + n(1, 2) + bytes(6)
            head += n(1, 4) + n(5, 4) + bytes(8) + n(0x400000, 8) * 2 + n(120 + len(code), 8) * 2 + n(4096, 8)
            fd = os.memfd_create("program")
            os.write(fd, head + code)
            return child(lambda: os.execve(fd, ["program"], {})) == errno.EPERM""", True, args=[UNSHARE, NEW_USER]),
]


@pytest.mark.parametrize("program", PROGRAMS, ids=named)
def test_every_way_in_has_the_filter(withstands, program):
    withstands(program)
