"""Scripts that are running while something else happens: victims of other cells, or objects to look at."""

import contextlib
import os
import secrets
import signal
import textwrap
import threading

import httpx
from programs import TOOLS
from support import TIME_FACTOR, eventually
from traces import processes, read

# Tells that it is ready by the name of its process, which the host can see, and waits to be let go.
STAY = """
import signal
def main(name, *args):
    prepared = prepare(*args)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
    PR_SET_NAME = 15
    libc.prctl(PR_SET_NAME, name.encode())
    signal.sigwait([signal.SIGUSR1])
    return finish(prepared)
"""


@contextlib.contextmanager
def resident(server, script, result=True, args=()):
    """Runs a script with prepare() and finish(); gives its pid on the host, and asks for its result at the end."""
    name = "r-" + secrets.token_hex(6)
    request = {"script": TOOLS + textwrap.dedent(script) + STAY, "args": [name, *args], "limits": {"wall_s": 25}}
    answers = []
    thread = threading.Thread(target=lambda: answers.append(httpx.post(
        server.url + "/execute", json=request, timeout=60 * TIME_FACTOR, trust_env=False).json()))
    thread.start()

    def found():
        assert not answers, answers
        return [pid for pid in processes(server)[1] if read(f"/proc/{pid}/comm").strip() == name]

    handle = None
    try:
        [pid] = eventually(found, 10, "the resident is ready", pause=0.05)
        handle = os.pidfd_open(pid)  # its number may be another's by the time that it is let go
        yield pid
    finally:
        if handle is not None:
            with contextlib.suppress(ProcessLookupError):  # it has ended by itself, and its answer tells why
                signal.pidfd_send_signal(handle, signal.SIGUSR1)
            os.close(handle)
        thread.join()
    assert (answers[0]["status"], answers[0]["result"]) == ("ok", result), answers[0]


def cell_of(pid) -> list[int]:
    """Every process in the same user namespace."""
    own = os.readlink(f"/proc/{pid}/ns/user")
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if os.readlink(f"/proc/{entry}/ns/user") == own:
                found.append(int(entry))
    return sorted(found)
