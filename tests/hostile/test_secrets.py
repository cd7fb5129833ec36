"""Promise 2: nothing of the server's memory, environment, descriptors or sockets is inside."""

import os
import re
from pathlib import Path

import pytest
from hostile import NEEDS_ROOT, assert_ends_as_promised
from programs import Program, named
from support import BINARY, CANARY, cgroup_directories, inside

pytestmark = NEEDS_ROOT


def in_disguise(text) -> str:
    """A pattern that matches the text and not itself, so that a search does not find its own needle."""
    return "[" + text[0] + "]" + re.escape(text[1:])


def service_id(server):
    """The jailer's name for this service, which the server hands to it beside the operator's settings."""
    ids = {re.search(rf"cellblock-({server.process.pid}-\w+)$", path) for path in cgroup_directories()}
    return next(found[1] for found in ids if found)


def own_variables(server):
    """Names in the server's environment, without those that a cell has itself."""
    ours = {"PATH", "HOME", "LANG", "TZ", "USER", "LOGNAME", "TMPDIR"}
    text = Path(f"/proc/{server.pid()}/environ").read_text()
    return [sorted({line.partition("=")[0] for line in text.split("\0") if line} - ours)]


def names_of_the_host(_server):
    files = ("/etc/hostname", "/etc/machine-id", "/proc/sys/kernel/random/boot_id")
    return [[os.uname().nodename, *(Path(f).read_text().strip() for f in files if os.path.exists(f))]]


MEMORY = """
    import re
    def count_in_memory(*patterns):
        found = [0] * len(patterns)
        patterns = [re.compile(pattern.encode()) for pattern in patterns]
        with open("/proc/self/mem", "rb", 0) as memory, open("/proc/self/maps") as maps:
            for line in maps.read().splitlines():
                start, end = (int(number, 16) for number in line.split()[0].split("-"))
                if " r" not in line or "[v" in line: continue
                memory.seek(start)
                try: block = memory.read(end - start)
                except OSError: continue
                for number, pattern in enumerate(patterns): found[number] += len(pattern.findall(block))
        return found
    """
# Counts its own memory in one go with a control: what the program has put there itself must be found.
SEARCH = MEMORY + """
    def main(*patterns):
        control = bytearray(b"planted-") + bytearray(b"control")
        *found, own = count_in_memory(*patterns, "[p]lanted-control")
        return [found, own > 0]
    """

PROGRAMS = [
    Program("searches its memory for the server's environment", SEARCH, [[0, 0], True],
            args=[in_disguise(CANARY), in_disguise("CELLBLOCK_TEST_SECRET")]),
    Program("searches its memory for the settings of the service", SEARCH, [[0], True],
            args=lambda server: [in_disguise(service_id(server))]),
    Program("searches every object of the interpreter", """
        import gc
        def main(pattern):
            import re
            pattern, seen, found = re.compile(pattern), set(), 0
            queue = gc.get_objects() + list(sys._current_frames().values()) + [sys.modules]
            while queue:
                thing = queue.pop()
                if id(thing) in seen: continue
                seen.add(id(thing))
                if isinstance(thing, str): found += bool(pattern.search(thing))
                elif isinstance(thing, bytes): found += bool(pattern.search(thing.decode("latin1")))
                else: queue.extend(gc.get_referents(thing))
            return [found, len(seen) > 10_000]""", [0, True], args=[in_disguise(CANARY)]),
    Program("looks for the server's variables", """
        def main(names):
            environ = ctypes.POINTER(ctypes.c_char_p).in_dll(libc, "environ")
            own, number = [], 0
            while environ[number]:
                own.append(environ[number])
                number += 1
            for pid in os.listdir("/proc"):
                try: own += read(f"/proc/{pid}/environ").split(b"\\0")
                except OSError: pass
            seen = {line.partition(b"=")[0].decode() for line in own} | set(os.environ)
            return ["HOME" in seen, sorted(seen & set(names))]""", [True, []], args=own_variables),
    Program("looks for the host's names", """
        import socket
        def main(names):
            uname = os.uname()
            seen = [*uname, socket.gethostname(), socket.getfqdn(), attempt(read, "/etc/hostname"),
                    attempt(read, "/etc/machine-id"), attempt(read, "/var/lib/dbus/machine-id"),
                    attempt(read, "/proc/sys/kernel/random/boot_id"), attempt(read, "/proc/sys/kernel/hostname")]
            return [uname.nodename, sorted({text for text in seen if text in names}), seen[-5:]]
        """, ["cell", [], ["ENOENT"] * 5], args=names_of_the_host),
    Program("looks for the service's own path in /proc", """
        def main(path):
            texts = {}
            for name in ("maps", "smaps", "numa_maps", "mountinfo", "cmdline", "environ", "auxv", "cgroup"):
                for pid in ("self", "1"): texts[f"/proc/{pid}/{name}"] = attempt(read, f"/proc/{pid}/{name}")
            texts["/proc/self/exe"] = os.readlink("/proc/self/exe").encode()
            return sorted(name for name, text in texts.items() if isinstance(text, bytes) and path.encode() in text)
        """, [], args=[str(Path(BINARY).resolve().parent) + "/"]),
    Program("reads the paths of its control groups", """
        def main():
            return sorted({line.rpartition(":")[2] for line in open("/proc/self/cgroup").read().split()})""", ["/"]),
    Program("reads physical addresses", """
        def main():
            page = ctypes.create_string_buffer(b"x" * 4096, 4096)
            with open("/proc/self/pagemap", "rb", 0) as pagemap:
                pagemap.seek(ctypes.addressof(page) // 4096 * 8)
                entry = int.from_bytes(pagemap.read(8), "little")
            return [entry >> 63, entry & ((1 << 55) - 1)]""", [1, 0]),
    Program("reads kernel addresses", """
        import re
        ADDRESS = re.compile(rb"(?<![0-9a-f])ffff[89a-f][0-9a-f]{11}(?![0-9a-f])")
        KNOWN = re.compile(rb"ffffffffff60[01]000|untag_mask.*")  # the vsyscall page is everywhere at the same place
        def main():
            seen = []
            for folder, _, files in os.walk("/proc/self"):
                for path in (os.path.join(folder, name) for name in files if name not in ("mem", "pagemap")):
                    try: text = KNOWN.sub(b"", read(path))
                    except OSError: continue
                    if ADDRESS.search(text): seen.append(path)
            return [seen, reached(os.stat, ["/proc/kallsyms", "/dev/kmsg"]),
                    *(call(103, action, bytes(4096), 4096) for action in range(11))]
        """, [[], [], *["EPERM"] * 11]),
    Program("reads memory that it has not written", """
        import mmap
        def main():
            block = mmap.mmap(-1, 64 << 20)
            with open("hole", "wb") as file: file.truncate(8 << 20)
            with open("/dev/shm/hole", "wb") as file: os.posix_fallocate(file.fileno(), 0, 8 << 20)
            texts = [block[:], read("hole"), read("/dev/shm/hole")]
            return [text.count(0) == len(text) for text in texts]""", [True] * 3),
    Program("asks for keys in every way", """
        def main():
            operations = {call(250, number, special) for number in range(33) for special in (0, -1, -2, -3, -4, -5)}
            return [sorted(operations), call(248, b"user", b"mark", b"x", 1, -3), call(249, b"user", b"mark", 0, -3)]
        """, [["EPERM"], "EPERM", "EPERM"]),
]


@pytest.mark.parametrize("program", PROGRAMS, ids=named)
def test_no_secret_is_found(withstands, program):
    withstands(program)


def test_secrets_of_another_request_are_not_in_memory(server, assert_service_is_well):
    secret = "secret-of-another-client-51c7"
    assert inside(server, f"SECRET = {secret!r}\ndef main(a, *, b): print(a); return b", args=[secret],
                  kwargs={"b": secret}, stdin=secret) == secret
    for _ in range(3):
        assert_ends_as_promised(server, Program("searches for it", SEARCH, [[0], True], args=[in_disguise(secret)]))
    assert_service_is_well()
