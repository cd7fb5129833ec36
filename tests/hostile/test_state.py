"""Promise 10: nothing that an execution changes is there for the next, not even in the same slot."""

import pytest
from hostile import NEEDS_ROOT
from programs import TOOLS
from support import inside

pytestmark = NEEDS_ROOT

# name: what looks at a state, what changes it. Both are expressions or lines of a script.
STATES = {
    "files": ("sorted(name for folder in OWN for name in os.listdir(folder))",
              "[os.mkdir(f'{d}/dir') or open(f'{d}/.hidden', 'w') for d in OWN]"),
    "attributes of modules": ("[hasattr(m, 'left') for m in (json, builtins, numpy, pandas, os)]",
                              "[setattr(m, 'left', 1) for m in (json, builtins, numpy, pandas, os)]"),
    "functions of modules": ("[json.dumps(1), len([]), int(numpy.sum([1])), os.getpid() > 0]",
                             "json.dumps = builtins.len = numpy.sum = lambda *_: 7; os.getpid = lambda: -1"),
    "the table of modules": ("['left' in sys.modules, 'pandas' in sys.modules]",
                             "sys.modules['left'] = os; del sys.modules['pandas']"),
    "paths and hooks of imports": ("[len(sys.path), len(sys.meta_path), len(sys.path_hooks)]",
                                   "sys.path.append('/tmp'); sys.meta_path.append(None); sys.path_hooks.append(None)"),
    "the environment": ("[os.environ.get('LEFT'), libc.getenv(b'LEFT')]", "os.environ['LEFT'] = 'x'"),
    "umask, directory, priority": ("[os.umask(os.umask(0) or 0), os.getcwd(), os.nice(0)]",
                                   "os.umask(0o777); os.chdir('/usr'); os.nice(5)"),
    "actions and mask of signals": ("[str(signal.getsignal(15)), len(signal.pthread_sigmask(0, []))]",
                                    "signal.signal(15, signal.SIG_IGN); signal.pthread_sigmask(0, range(30, 60))"),
    "limits of resources": ("[resource.getrlimit(n) for n in range(16)]",
                            "[resource.setrlimit(n, (0, 0)) for n in (1, 5, 8, 12)]"),
    "the process's own settings": (
        "[open('/proc/self/oom_score_adj').read(), open('/proc/self/comm').read(), sorted(os.sched_getaffinity(0))]",
        "call(157, 15, b'left'); os.sched_setaffinity(0, [0])"),
    "settings of the interpreter": (
        "[sys.getrecursionlimit(), sys.getswitchinterval(), gc.get_threshold(), sys.get_int_max_str_digits()]",
        "sys.setrecursionlimit(99); sys.setswitchinterval(9); gc.set_threshold(9, 9, 9); "
        "sys.set_int_max_str_digits(0)"),
    "settings of libraries": (
        "[len(warnings.filters), numpy.geterr(), numpy.get_printoptions()['precision'], decimal.getcontext().prec, "
        "pandas.get_option('display.max_rows'), socket.getdefaulttimeout(), locale.setlocale(0), logging.root.level]",
        "warnings.simplefilter('error'); numpy.seterr('raise'); numpy.set_printoptions(2); "
        "decimal.getcontext().prec = 3; pandas.set_option('display.max_rows', 3); socket.setdefaulttimeout(3); logging.root.setLevel(1)"),
    "the collector's hooks and exit handlers": ("[len(gc.callbacks), atexit._ncallbacks(), threading.active_count()]",
                                                "gc.callbacks.append(print); atexit.register(print)"),
    "constants in memory": ("[int('7') + 0, len((1, 2)), str(None)]",
                            "ctypes.c_long.from_address(id(7) + 24).value = 8"),
    "machine code of libc": ("libc.abs(-5)", "page = ctypes.cast(libc.abs, ctypes.c_void_p).value; "
                             "libc.mprotect(ctypes.c_void_p(page & -4096), ctypes.c_long(8192), 7); "
                             "ctypes.memmove(page, bytes.fromhex('b82a000000c3'), 6)"),
    "data of libraries": ("ctypes.c_int.in_dll(ctypes.pythonapi, 'Py_VerboseFlag').value",
                          "ctypes.c_int.in_dll(ctypes.pythonapi, 'Py_VerboseFlag').value = 9"),
    "shared memory and semaphores": (
        "[name for name in os.listdir('/dev/shm')]",
        "globals().update(kept=multiprocessing.shared_memory.SharedMemory('left', True, 9), s=multiprocessing.Lock())"),
    "names of sockets": ("attempt(lambda: socket.socket(1).connect('\\0left'))",
                         "globals().update(kept=socket.socket(1)); kept.bind('\\0left'); kept.listen()"),
    "standard streams": ("[fcntl.fcntl(fd, command) for fd in range(3) for command in (1, 3)] + [fcntl.fcntl(1, 1032)]",
                         "[fcntl.fcntl(fd, 4, 0o26000) for fd in range(3)]; fcntl.fcntl(1, 1031, 1 << 18)"),
    "open descriptors": ("sorted(reached(os.fstat, range(900)))", "os.open('/usr/bin/env', os.O_RDONLY)"),
    "signals that are sent, timers that are set": (
        "[len(signal.sigpending()), signal.getitimer(0)]",
        "signal.pthread_sigmask(0, [10]); os.kill(os.getpid(), 10); signal.setitimer(0, 60)"),
}
HEAD = TOOLS + """
import atexit, builtins, ctypes, decimal, fcntl, gc, json, locale, logging, multiprocessing.shared_memory, numpy, os
import pandas, resource, signal, socket, sys, threading, warnings
# At level restricted there is the working directory alone.
OWN = {os.getcwd(), *reached(os.listdir, ["/tmp", "/dev/shm"])}
"""


@pytest.fixture(autouse=True)
def is_well_after_each(assert_one_slot_is_well):
    yield
    assert_one_slot_is_well()


@pytest.mark.parametrize("look, change", STATES.values(), ids=STATES)
def test_change_is_gone_in_the_next_executions(one_slot, look, change):
    script = f"{HEAD}\ndef main(change):\n    if change:\n        {change}\n    return {look}"
    before = inside(one_slot, script, args=[False])
    changed = inside(one_slot, script, args=[True])
    assert changed != before, "the change was seen where it was made"
    for _ in range(4):
        assert inside(one_slot, script, args=[False]) == before


def test_reading_and_writing_leaves_no_time_in_shared_files(one_slot):
    assert inside(one_slot, HEAD + """
def times(): return [os.stat(path)[7:] for path in PATHS]
PATHS = ["/", "/dev", "/etc", "/usr/bin", "/dev/null", "/dev/zero", "/dev/urandom", "/etc/passwd", "/usr/bin/env"]
def main():
    before = times()
    for path in PATHS: os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(1)
    for path in ("/dev/null", "/dev/zero"): open(path, "wb").write(b"x")
    attempt(os.utime, "/dev/null")
    return times() == before""") is True


# What belongs to a slot's user or control group: used up in one execution, there again in the next.
ALLOWANCES = {
    "processes": "until_refused(lambda: os.fork() or libc.pause())",
    "queued signals": "until_refused(lambda: raised(call(222, 0, 0, ctypes.create_string_buffer(8))))",
    "descriptors in flight": "until_refused(lambda: socket.send_fds(pair[0], [b'x'], [0]))",
    "buffers of pipes": "until_refused(lambda: fcntl.fcntl(os.pipe()[1], 1031, 1 << 20))",
    "space for files": "until_refused(lambda: os.write(os.open(os.urandom(4).hex(), 65), bytes(4 << 20)))",
}


@pytest.mark.parametrize("use_up", ALLOWANCES.values(), ids=ALLOWANCES)
def test_allowance_of_a_slot_is_whole_again(one_slot, use_up):
    script = f"""{HEAD}
def raised(outcome):
    if outcome != 0: raise OSError(outcome)
def until_refused(action):
    for count in range(10_000):
        try: action()
        except OSError: return count
pair = socket.socketpair(type=socket.SOCK_SEQPACKET)
pair[0].setblocking(False)
def main(): return {use_up}"""
    first, *others = [inside(one_slot, script) for _ in range(6)]
    assert first > 10
    assert others == [first] * 5


def test_memory_and_cpu_time_of_the_last_tenant_are_not_charged_to_the_next(one_slot):
    greedy = HEAD + """
def main():
    for number in range(12): os.write(os.open(str(number), 65), bytes(4 << 20))
    pipes = [os.pipe() for _ in range(30)]
    for _, fd in pipes: fcntl.fcntl(fd, 1031, 1 << 20) and os.write(fd, bytes(1 << 20))
    return sum(range(10_000_000)) > 0"""
    for _ in range(4):
        assert inside(one_slot, greedy, limits={"memory_mb": 128})
        modest = "def main(): return len(b'x' * (30 << 20))"
        answer = one_slot.post(script=modest, limits={"memory_mb": 40, "cpu_s": 0.3})
        assert (answer.http, answer.status) == (200, "ok"), answer
        assert answer.body["usage"]["cpu_ms"] < 200
