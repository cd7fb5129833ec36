"""policies/seccomp.policy for tests: its entries, and which of them a system call falls under."""

import ctypes
import errno
import re
from dataclasses import dataclass
from pathlib import Path

POLICY = Path(__file__).resolve().parents[2] / "policies/seccomp.policy"
_SECCOMP = ctypes.CDLL("libseccomp.so.2")
_SECCOMP.seccomp_syscall_resolve_num_arch.restype = ctypes.c_char_p


def number_of(name: str) -> int:
    return _SECCOMP.seccomp_syscall_resolve_name(name.encode())


def name_of(number: int) -> str:
    found = _SECCOMP.seccomp_syscall_resolve_num_arch(0xC000003E, number)
    return found.decode() if found else f"number {number}"


@dataclass(frozen=True)
class Entry:
    text: str  # without comment
    name: str
    number: int
    tests: tuple[tuple[int, int, int], ...]  # argument, mask, value

    @property
    def error(self) -> int:
        """What it refuses with; 0 when it allows."""
        words = self.text.split()
        return getattr(errno, words[2]) if words[0] == "errno" else 0

    def covers(self, call: tuple) -> bool:
        """`call` is a number with its arguments, or without any where no entry looks at them."""
        return call[0] == self.number and all(call[1 + index] & mask == value for index, mask, value in self.tests)

    def is_used(self, entered: set[tuple], failed: set[tuple]) -> bool:
        if self.error:
            return (self.number, self.error) in failed
        return any(self.covers(call) for call in entered)


def entries() -> list[Entry]:
    found = []
    for line in POLICY.read_text().splitlines():
        text = re.sub(r" (because|quiet|needs|counted)\b.*", "", " ".join(line.partition("#")[0].split()))
        if not text.startswith(("allow ", "errno ")):
            continue
        tests = tuple((int(index), int(mask or "0xffffffffffffffff", 0), int(value, 0))
                      for index, mask, value in re.findall(r"arg(\d)(?: & (\w+))? == (\w+)", text))
        name = text.split()[1]
        found.append(Entry(text, name, number_of(name), tests))
    return found
