"""Which system calls a cell makes, as the kernel's tracer sees them from outside. Needs root and tracefs."""

import errno
import os
import re
import subprocess
import tempfile
import threading
from pathlib import Path

ENTRY = re.compile(rb"sys_enter: NR (\d+) \(([0-9a-f, ]+)\)")
EXIT = re.compile(rb"sys_exit: NR (\d+) = -(\d+)")
# What a filter may answer; a call that it refuses shows only when it returns.
ERRORS = (errno.EPERM, errno.ENOSYS, errno.ENOTTY, errno.EOPNOTSUPP, errno.ENETUNREACH)


def tracing_is_refused() -> str | None:
    """Why this host does not let itself be traced; None when it does."""
    if os.geteuid() != 0:
        return "needs root"
    try:
        with SyscallTrace():
            return None
    except (OSError, subprocess.CalledProcessError) as error:
        return f"the kernel's tracer is not there: {error}"


class SyscallTrace:
    """An instance of the kernel's tracer of its own, so that other users of it are not disturbed."""

    def __init__(self):
        self.mount = tempfile.mkdtemp(prefix="tracefs-")
        self.base = Path(self.mount, "instances", f"cellblock-{os.getpid()}")
        try:
            subprocess.run(["mount", "-t", "tracefs", "tracefs", self.mount], check=True, capture_output=True)
            self.base.mkdir()
        except BaseException:
            subprocess.run(["umount", self.mount], capture_output=True)
            os.rmdir(self.mount)
            raise
        self.entries, self.exits = (self.base / f"events/raw_syscalls/sys_{end}" for end in ("enter", "exit"))
        (self.base / "buffer_size_kb").write_text("16384")
        # Children of the followed processes are followed too.
        (self.base / "options/event-fork").write_text("1")

    def close(self) -> None:
        self.base.rmdir()
        subprocess.run(["umount", self.mount], check=True)
        os.rmdir(self.mount)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def calls_during(self, pids, work, plain: set[int]) -> tuple[set[tuple], set[tuple]]:
        """
        What these processes and their children do while work() runs: every (number, arguments) that the kernel
        was entered with, and every (number, errno) of ERRORS that came back. Of the calls in `plain` one each
        is enough: the tracer drops the rest, so that its buffer does not run over.
        """
        entered: set[tuple] = set()
        failed: set[tuple] = set()
        (self.base / "set_event_pid").write_text(" ".join(map(str, pids)))
        (self.entries / "filter").write_text("0")
        (self.exits / "filter").write_text(" || ".join(f"ret == -{code}" for code in ERRORS))
        over = threading.Event()
        reader = threading.Thread(target=self._read, args=(entered, failed, plain, over))
        for event in (self.entries, self.exits):
            (event / "enable").write_text("1")
        reader.start()
        try:
            work()
        finally:
            for event in (self.entries, self.exits):
                (event / "enable").write_text("0")
            over.set()
            reader.join()
            (self.base / "set_event_pid").write_text("")
        lost = sum(int(re.search(r"overrun: (\d+)", p.read_text())[1]) for p in self.base.glob("per_cpu/cpu*/stats"))
        assert lost == 0, f"the tracer lost {lost} calls"
        return entered, failed

    def _read(self, entered, failed, plain, over) -> None:
        pipe = os.open(self.base / "trace_pipe", os.O_RDONLY | os.O_NONBLOCK)
        dropped: set[int] = set()
        rest = b""
        while True:
            last = over.is_set()
            try:
                rest += os.read(pipe, 1 << 20)
            except BlockingIOError:
                if last:
                    break
                over.wait(0.01)
                continue
            whole, _, rest = rest.rpartition(b"\n")
            for number, arguments in ENTRY.findall(whole):
                call = (int(number), *(int(value, 16) for value in arguments.split(b",")))
                entered.add(call[:1] if call[0] in plain else call)
            failed.update((int(number), int(code)) for number, code in EXIT.findall(whole))
            known = {call[0] for call in entered} & plain
            if known > dropped and not last:
                dropped = known
                (self.entries / "filter").write_text(" && ".join(f"id != {number}" for number in sorted(known)))
        os.close(pipe)
