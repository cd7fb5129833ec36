"""How the programs of the hostile suite are written.

Each is a script that tries something and tells what came of it: the name of an error, or a list of what it
has reached. The result is known beforehand, to the letter.
"""

import copy
import ctypes
import errno
import re
import textwrap
from typing import NamedTuple

from hostile import Attack
from support import REPO

# Stands before every script: raw system calls, and the outcome of a call as something that can be compared.
TOOLS = '''
import ctypes, errno, os, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
def call(number, *arguments):
    """A raw system call with zeros for the arguments that are not given: its error's name, or its value."""
    given = [a if isinstance(a, (bytes, ctypes.Array)) else ctypes.c_long(a) for a in arguments]
    value = libc.syscall(ctypes.c_long(number), *given, *[ctypes.c_long(0)] * (6 - len(given)))
    return errno.errorcode.get(ctypes.get_errno(), ctypes.get_errno()) if value == -1 else value
def attempt(action, *arguments, **options):
    """What a call returns, or the name of the error that it raises."""
    try: return action(*arguments, **options)
    except OSError as error: return errno.errorcode.get(error.errno, str(error))
def reached(action, targets):
    """The targets for which a call does not fail."""
    done = []
    for target in targets:
        try: action(target)
        except OSError: continue
        done.append(target)
    return done
def child(action):
    """The exit code of a child that calls this, or minus the signal that ended it."""
    pid = os.fork()
    if pid == 0:
        code = 250
        try: code = action() or 0
        finally: os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
def read(path):
    with open(path, "rb") as file: return file.read()
def machine_code(code, restype=ctypes.c_long, argtypes=(), below_4_gb=False):
    """A function made of these bytes, written as hexadecimal digits."""
    flags = 0x22 | (0x40 if below_4_gb else 0)
    libc.mmap.restype = ctypes.c_void_p
    address = libc.mmap(None, 4096, 7, flags, -1, 0)
    ctypes.memmove(address, bytes.fromhex(code), len(bytes.fromhex(code)))
    return ctypes.CFUNCTYPE(restype, *argtypes)(address)
'''


class Program(Attack):
    """An attack that ends with a known result; `args` may be a function of the server under attack.

    `given` is source that stands before the script, shared by several programs.
    """

    def __init__(self, name, script, result=None, status="ok", given="", **fields):
        super().__init__(name, script, status, result, **{"limits": {"wall_s": 10}, **fields})
        self.script = TOOLS + textwrap.dedent(given) + self.script

    def prepared(self, server):
        ready = copy.copy(self)
        ready.fields = {name: value(server) if callable(value) else value for name, value in self.fields.items()}
        return ready


def named(program) -> str:
    return program.name


class Rule(NamedTuple):
    """A line of policies/seccomp.policy; `error` is None where it allows, `tests` are (argument, mask, value)."""

    call: str
    error: str | None
    tests: list[tuple[int, int, int]]

    def matches(self, index, value):
        """Whether this value of one argument is enough for the rule to apply."""
        return all(at == index and value & mask == wanted for at, mask, wanted in self.tests)


def canonical(name: str) -> str:
    """As a script tells it: EOPNOTSUPP and ENOTSUP are one number."""
    return errno.errorcode[getattr(errno, name)]


def policy() -> list[Rule]:
    text = (REPO / "policies/seccomp.policy").read_text()
    rules = []
    for line in re.findall(r"^((?:allow|errno) [^#\n]*)", text, re.MULTILINE):
        verb, call, *rest = line.split()
        tests = [(int(at), int(mask or "-1", 0), int(value, 0))
                 for at, mask, value in re.findall(r"arg(\d)(?: & (\w+))? == (\w+)", line)]
        rules.append(Rule(call, canonical(rest[0]) if verb == "errno" else None, tests))
    return rules


def refused_calls(numbers) -> dict[str, str]:
    """Number → error of the calls that the policy refuses whatever their arguments are."""
    X86_64 = 0xC000003E
    resolve = ctypes.CDLL("libseccomp.so.2").seccomp_syscall_resolve_name_arch
    rules = [(resolve(X86_64, rule.call.encode()), rule) for rule in policy()]
    allowed = {number for number, rule in rules if rule.error is None}
    errors = {number: rule.error for number, rule in rules if not rule.tests}
    newest = int(re.search(r"kNewestCall = (\d+)", (REPO / "src/sandbox/seccomp_policy.hpp").read_text())[1])
    return {str(number): errors.get(number, "EPERM") if number <= newest else "ENOSYS"
            for number in numbers if number not in allowed}


def refused_values(call, index, values) -> dict[str, str]:
    """Value of this argument → error, for the values that the policy refuses; the first rule that matches counts."""
    rules = [rule for rule in policy() if rule.call == call]
    assert any(rule.tests for rule in rules), "the policy looks at its arguments"
    errors = {value: next((r.error for r in rules if r.matches(index, value)), "EPERM") for value in values}
    return {str(value): error for value, error in errors.items() if error}
