"""System calls that no cell may make: refused with a plain errno, which never kills the program."""

import errno

import pytest
from support import inside

REFUSED = {errno.EPERM, errno.EACCES, errno.ENOSYS}
NEW_USER = 0x10000000

# name, x86-64 number, arguments
CALLS = [
    ("unshare", 272, [NEW_USER]), ("unshare net", 272, [0x40000000]), ("clone with namespace", 56,
     [NEW_USER | 17, 0, 0, 0, 0]), ("setns", 308, [0, 0]), ("mount", 165, [0, 0, 0, 0, 0]),
    ("umount2", 166, [0, 0]), ("pivot_root", 155, [0, 0]), ("chroot", 161, [0]), ("fsopen", 430, [0, 0]),
    ("open_tree", 428, [-100, 0, 1]), ("move_mount", 429, [0, 0, 0, 0, 0]),
    ("mount_setattr", 442, [0, 0, 0, 0, 0]), ("ptrace", 101, [0, 0, 0, 0]),
    ("process_vm_readv", 310, [1, 0, 0, 0, 0, 0]), ("process_vm_writev", 311, [1, 0, 0, 0, 0, 0]),
    ("pidfd_getfd", 438, [0, 0, 0]), ("kcmp", 312, [1, 1, 0, 0, 0]), ("bpf", 321, [0, 0, 0]),
    ("perf_event_open", 298, [0, 0, -1, -1, 0]), ("keyctl", 250, [0, 0, 0, 0, 0]),
    ("add_key", 248, [0, 0, 0, 0, 0]), ("request_key", 249, [0, 0, 0, 0]),
    ("io_uring_setup", 425, [1, 0]), ("userfaultfd", 323, [0]), ("open_by_handle_at", 304, [0, 0, 0]),
    ("name_to_handle_at", 303, [-100, 0, 0, 0, 0]), ("kexec_load", 246, [0, 0, 0, 0]),
    ("init_module", 175, [0, 0, 0]), ("finit_module", 313, [0, 0, 0]), ("delete_module", 176, [0, 0]),
    ("reboot", 169, [0, 0, 0, 0]), ("swapon", 167, [0, 0]), ("acct", 163, [0]), ("syslog", 103, [3, 0, 0]),
    ("settimeofday", 164, [0, 0]), ("sethostname", 170, [0, 0]), ("iopl", 172, [3]),
    ("quotactl", 179, [0, 0, 0, 0]), ("fanotify_init", 300, [0, 0]), ("vmsplice", 278, [0, 0, 0, 0]),
    ("x32 getpid", 0x40000000 + 39, []),
]

SCRIPT = """
    import ctypes
    def main(number, arguments):
        libc = ctypes.CDLL(None, use_errno=True)
        libc.syscall.restype = ctypes.c_long
        value = libc.syscall(ctypes.c_long(number), *map(ctypes.c_long, arguments))
        return [value, ctypes.get_errno()]
    """


@pytest.mark.parametrize("number, arguments", [c[1:] for c in CALLS], ids=[c[0] for c in CALLS])
def test_system_call_is_refused(server, number, arguments):
    value, code = inside(server, SCRIPT, args=[number, arguments])
    assert (value, code in REFUSED) == (-1, True), (value, errno.errorcode.get(code, code))


def test_clone3_does_not_exist_so_that_libc_falls_back(server):
    assert inside(server, SCRIPT, args=[435, [0, 0]]) == [-1, errno.ENOSYS]


def test_system_call_is_refused_on_another_thread_and_in_a_child(server):
    refused = inside(server, """
        import ctypes, os, threading
        def refused():
            libc = ctypes.CDLL(None, use_errno=True)
            return libc.unshare(0x10000000) == -1 and ctypes.get_errno() in (1, 13, 38)
        def main():
            seen = []
            thread = threading.Thread(target=lambda: seen.append(refused()))
            thread.start()
            thread.join()
            child = os.fork()
            if child == 0: os._exit(7 if refused() else 8)
            return seen + [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7]
        """)
    assert refused == [True, True]


@pytest.mark.parametrize("family", ["AF_NETLINK", "AF_PACKET", "AF_VSOCK", "AF_ALG", "AF_BLUETOOTH"])
def test_socket_family_is_refused(server, family):
    assert inside(server, """
        import socket
        def main(name):
            try: socket.socket(getattr(socket, name), socket.SOCK_RAW if name != "AF_ALG" else 5)
            except OSError: return "OSError"
            return "made"
        """, args=[family]) == "OSError"


def test_set_uid_programs_gain_nothing(server):
    assert inside(server, """
        import os, subprocess
        def main():
            found = [p for p in ("/usr/bin/su", "/usr/bin/passwd", "/usr/bin/mount") if os.path.exists(p)]
            for path in found: subprocess.run([path, "--help"], capture_output=True)
            try: os.setuid(0)
            except OSError: return os.getuid() != 0
            return False
        """) is True


def test_calls_that_honest_programs_make_are_allowed(server):
    assert inside(server, """
        import ctypes, fcntl, mmap, os, resource, select, signal, socket, threading, time
        def main():
            left, right = socket.socketpair()
            left.send(b"x")
            poll = select.epoll()
            poll.register(right, select.EPOLLIN)
            assert poll.poll(1)
            signal.signal(signal.SIGALRM, lambda *_: None)
            signal.setitimer(signal.ITIMER_REAL, 0.01)
            time.sleep(0.05)
            with open("locked", "w") as file:
                fcntl.lockf(file, fcntl.LOCK_EX)
                fcntl.flock(file, fcntl.LOCK_EX)
            os.mkfifo("fifo")
            os.symlink("locked", "link")
            os.sched_yield()
            os.memfd_create("memory")
            resource.getrusage(resource.RUSAGE_CHILDREN)
            mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC)
            return [os.cpu_count() > 0, ctypes.CDLL(None).getpid() == os.getpid(), os.readlink("link")]
        """) == [True, True, "locked"]
