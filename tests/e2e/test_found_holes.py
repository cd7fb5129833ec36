"""Holes that attacks on the built program have found, each kept shut by a test."""

from support import inside


def test_flags_set_on_standard_input_do_not_reach_later_cells(server):
    flags = """
        import fcntl, os
        def main(add):
            before = fcntl.fcntl(0, fcntl.F_GETFL)
            fcntl.fcntl(0, fcntl.F_SETFL, before | (os.O_NONBLOCK | os.O_APPEND if add else 0))
            return [before, fcntl.fcntl(0, fcntl.F_GETFL)]
        """
    clean, changed = inside(server, flags, args=[True])
    assert clean != changed
    for _ in range(5):
        assert inside(server, flags, args=[False])[0] == clean


def test_a_child_cannot_be_given_to_the_zygote(server):
    assert inside(server, """
        import ctypes, errno, os
        def main():
            libc = ctypes.CDLL(None, use_errno=True)
            SYS_CLONE, CLONE_PARENT, SIGCHLD = 56, 0x8000, 17
            pid = libc.syscall(SYS_CLONE, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0)
            if pid == 0: os._exit(0)
            return [pid, errno.errorcode[ctypes.get_errno()]]
        """) == [-1, "EPERM"]


def test_socket_filters_and_peer_pidfds_are_refused(server):
    assert inside(server, """
        import errno, socket
        def main():
            left, _ = socket.socketpair()
            def refused(call, *arguments):
                try: call(socket.SOL_SOCKET, *arguments)
                except OSError as error: return errno.errorcode[error.errno]
                return "allowed"
            SO_ATTACH_FILTER, SO_PEERPIDFD = 26, 77
            return [refused(left.setsockopt, SO_ATTACH_FILTER, b"x" * 16), refused(left.getsockopt, SO_PEERPIDFD, 4),
                    refused(left.setsockopt, socket.SO_RCVBUF, 4096), refused(left.getsockopt, socket.SO_TYPE)]
        """) == ["EPERM", "EPERM", "allowed", "allowed"]


def test_standard_input_may_be_larger_than_a_file_that_the_script_may_write(server):
    text = "x" * (3 << 20)
    assert inside(server, "import sys\ndef main(): return len(sys.stdin.read())", stdin=text,
                  limits={"file_mb": 1}) == len(text)


def test_page_cache_of_one_tenant_is_not_charged_to_the_next(start_server):
    """One slot after the other: with a stock of one, both scripts run in few slots again and again."""
    server = start_server("--max-executions", "1", "--pool-size", "1", "--preload-light", "")
    read_much = """
        import os
        def main():
            total = 0
            for folder, _, names in os.walk("/usr/lib/x86_64-linux-gnu"):
                for name in names:
                    path = os.path.join(folder, name)
                    if os.path.isfile(path) and not os.path.islink(path):
                        with open(path, "rb") as file: total += len(file.read())
                if total > 100 << 20: break
            return total
        """
    for _ in range(8):
        assert inside(server, read_much) > 0
        answer = server.run("def main(): return len(bytearray(b'x' * (26 << 20)))", limits={"memory_mb": 64})
        assert (answer.http, answer.status) == (200, "ok"), answer
        assert answer.body["usage"]["memory_peak_kb"] > 20 << 10, answer
