"""Promise 8, memory: whatever it is made of, it counts, and the cell that takes too much ends for it."""

import pytest
from exact import Exact, Limit, assert_ends_exactly
from hostile import NEEDS_ROOT
from programs import named

pytestmark = NEEDS_ROOT
LIMITS = {"memory_mb": 32, "wall_s": 10}

# What memory can be made of; each takes the number of megabytes and returns it.
KINDS = {
    "bytes": "def main(n): return len(b'x' * (n << 20)) >> 20",
    "a growing list": """
        def main(n):
            grown = []
            for number in range((n << 20) // 100): grown.append([number])
            return n""",
    "a string that is doubled": """
        def main(n):
            text = "x"
            while len(text) < n << 20: text += text
            return len(text) >> 20""",
    "an array of numpy": "import numpy\ndef main(n): return int(numpy.ones(n << 17).sum()) >> 17",
    "a private mapping": """
        import mmap
        def main(n):
            return len(mmap.mmap(-1, n << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE)) >> 20""",
    "a shared mapping": """
        import mmap
        def main(n):
            return len(mmap.mmap(-1, n << 20, mmap.MAP_SHARED | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE)) >> 20""",
    "changed copies of a file that is mapped": """
        import mmap
        def main(n):
            kept, size = [], os.path.getsize("/usr/bin/python3.11")
            for _ in range(0, n << 20, size):
                with open("/usr/bin/python3.11", "rb") as file:
                    kept.append(mmap.mmap(file.fileno(), 0, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_WRITE))
                for page in range(0, size, 4096): kept[-1][page] = 1
            return n""",
    "memory files": """
        def main(n):
            for _ in range(0, n, 8): assert os.write(os.memfd_create("part"), b"x" * (8 << 20)) == 8 << 20
            return n""",
    "sealed memory files that are mapped": """
        import fcntl, mmap
        def main(n):
            for _ in range(0, n, 8):
                fd = os.memfd_create("part", os.MFD_ALLOW_SEALING)
                os.ftruncate(fd, 8 << 20)
                fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW)
                mmap.mmap(fd, 8 << 20).write(b"x" * (8 << 20))
            return n""",
    "files": """
        def main(n):
            for part in range(0, n, 8): assert os.write(os.open(str(part), 65), b"x" * (8 << 20)) == 8 << 20
            return n""",
    "files in /dev/shm": """
        def main(n):
            for part in range(0, n, 8): assert os.write(os.open(f"/dev/shm/{part}", 65), b"x" * (8 << 20)) == 8 << 20
            return n""",
    "preallocated files": """
        def main(n):
            for part in range(0, n, 8): os.posix_fallocate(os.open(str(part), 65), 0, 8 << 20)
            return n""",
    "files that are deleted but open": """
        def main(n):
            for part in range(0, n, 8):
                fd = os.open("part", 65)
                os.unlink("part")
                os.write(fd, b"x" * (8 << 20))
            return n""",
}
PROGRAMS = [Limit(name, script, [16], [48], "memory_limit", 16, limits=LIMITS) for name, script in KINDS.items()]


@pytest.mark.parametrize("program", PROGRAMS, ids=named)
def test_memory_counts_whatever_it_is_made_of(server, assert_service_is_well, program):
    for side in program.sides:
        assert_ends_exactly(server, side)
    assert_service_is_well()


def test_children_share_one_limit(server, assert_service_is_well):
    """The kernel ends the largest process, and the script goes on without it."""
    program = Limit("children together", """
        def main(n):
            signs, children = [], []
            for _ in range(4):
                readable, writable = os.pipe()
                signs.append(readable)
                children.append(os.fork())
                if children[-1] == 0:
                    hoard = b"x" * ((n << 20) // 4)
                    os.write(writable, b"1")
                    os.read(os.pipe()[0], 1)
                os.close(writable)
            for readable in signs: os.read(readable, 1)
            return [os.waitpid(child, os.WNOHANG)[0] for child in children] == [0] * 4
        """, [16], [48], result=True, too_much=False, limits=LIMITS)
    for side in program.sides:
        assert_ends_exactly(server, side)
    assert_service_is_well()


def test_files_that_a_cell_reads_make_room_for_its_memory(server, assert_service_is_well):
    """The page cache that a cell causes is charged to it, and given up when the cell needs the memory."""
    assert_ends_exactly(server, Exact("reads more than its memory", """
        def main():
            total = 0
            for folder, _, names in os.walk("/usr/lib/python3"):
                for path in (os.path.join(folder, name) for name in names):
                    if os.path.isfile(path): total += len(read(path))
                if total > 64 << 20: return len(b"x" * (12 << 20)) >> 20""", 12, limits=LIMITS))
    assert_service_is_well()


def test_memory_that_is_refused_and_not_counted_is_an_error_of_the_call(server, assert_service_is_well):
    assert_ends_exactly(server, Exact("locks memory, makes a mapping beyond the address space", """
        import mmap, resource
        PRIVATE = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
        def main():
            def lock(size): return libc.mlock(ctypes.create_string_buffer(size), ctypes.c_long(size))
            return [lock(16 << 10), call(149, libc.malloc(1 << 20) or 0, 1 << 20) != 0,
                    attempt(mmap.mmap, -1, 1 << 47, PRIVATE), resource.getrlimit(resource.RLIMIT_MEMLOCK)]
        """, [0, True, "ENOMEM", [65536, 65536]], limits=LIMITS))
    assert_service_is_well()
