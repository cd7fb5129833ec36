"""Runs a program as `docker run` would without further flags, as far as it matters to a sandbox: with Docker's
default capabilities, and a filter that refuses namespaces and mounts as Docker's default profile does. With
"profile", as root under the shipped seccomp profile, which allows them.

    like_docker.py root|user|profile PROGRAM [ARGUMENT...]
"""

import ctypes
import errno
import os
import sys

CAPABILITIES = ("chown", "dac_override", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap",
                "net_bind_service", "net_raw", "sys_chroot", "mknod", "audit_write", "setfcap")
REFUSED = ("unshare", "setns", "mount", "umount2", "pivot_root", "fsopen", "fsmount", "move_mount", "open_tree",
           "keyctl", "add_key", "request_key", "bpf", "perf_event_open", "open_by_handle_at", "init_module")
CLONE_NAMESPACES = 0x7E020000  # every CLONE_NEW*
SCMP_ACT_ALLOW, SCMP_CMP_MASKED_EQ = 0x7FFF0000, 7


class Compare(ctypes.Structure):
    _fields_ = [("argument", ctypes.c_uint), ("operator", ctypes.c_int),
                ("first", ctypes.c_uint64), ("second", ctypes.c_uint64)]


def refuse(code: int) -> int:
    return 0x00050000 | code


def load_filter() -> None:
    seccomp = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    seccomp.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(seccomp.seccomp_init(ctypes.c_uint32(SCMP_ACT_ALLOW)))

    def add(name, code, *tests):
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        done = seccomp.seccomp_rule_add_array(context, ctypes.c_uint32(refuse(code)), number, len(tests),
                                              (Compare * len(tests))(*tests))
        assert done == 0, (name, done)

    for name in REFUSED:
        add(name, errno.EPERM)
    add("clone3", errno.ENOSYS)
    for bit in (1 << shift for shift in range(32)):
        if bit & CLONE_NAMESPACES:
            add("clone", errno.EPERM, Compare(0, SCMP_CMP_MASKED_EQ, bit, bit))
    assert seccomp.seccomp_load(context) == 0


def hide_cgroups() -> None:
    """A container sees its own cgroup, and may not write to it."""
    libc = ctypes.CDLL(None, use_errno=True)
    CLONE_NEWNS, MS_RDONLY, MS_REC, MS_PRIVATE = 0x20000, 1, 0x4000, 1 << 18
    assert libc.unshare(CLONE_NEWNS) == 0
    assert libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None) == 0
    assert libc.mount(b"none", b"/sys/fs/cgroup", b"tmpfs", MS_RDONLY, None) == 0


if __name__ == "__main__":
    hide_cgroups()
    if sys.argv[1] != "profile":
        load_filter()
    kept = ",".join("+" + name for name in CAPABILITIES)
    user = ["--reuid=65534", "--regid=65534", "--clear-groups"] if sys.argv[1] == "user" else []
    os.execvp("setpriv", ["setpriv", f"--bounding-set=-all,{kept}", *user, *sys.argv[2:]])
