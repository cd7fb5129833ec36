"""The cell's own space has a size, and nothing in it outlives the execution."""

import pytest
from support import inside


def test_tmp_is_limited_in_bytes(server):
    written, errno = inside(server, """
        def main():
            written, block = 0, b"x" * (1 << 20)
            try:
                for number in range(40):
                    with open(f"file{number}", "wb", buffering=0) as file:
                        for _ in range(8): written += file.write(block)
            except OSError as error:
                return written, error.errno
            return written, None
        """)
    assert errno == 28, "ENOSPC"
    assert 60 << 20 <= written <= 64 << 20


def test_tmp_is_limited_in_inodes(server):
    made, errno = inside(server, """
        import os
        def main():
            for made in range(10_000):
                try: os.mkdir(str(made))
                except OSError as error: return made, error.errno
            return made, None
        """)
    assert errno == 28, "ENOSPC"
    assert 4000 <= made <= 4096


@pytest.mark.parametrize("megabytes, errno", [(10, None), (11, 27)])
def test_one_file_is_limited(server, megabytes, errno):
    assert inside(server, """
        def main(megabytes):
            try:
                with open("file", "wb", buffering=0) as file:
                    for _ in range(megabytes):
                        if file.write(b"x" * (1 << 20)) != 1 << 20: file.write(b"x")
            except OSError as error:
                return error.errno
        """, args=[megabytes]) == errno  # 27 is EFBIG


def test_shared_memory_counts_as_memory(server):
    answer = server.run("""
        import mmap
        def main():
            block = mmap.mmap(-1, 256 << 20)
            for page in range(0, len(block), 4096): block[page] = 1
            return "unbounded"
        """, limits={"memory_mb": 64, "wall_s": 10})
    assert answer.status in ("memory_limit", "killed"), answer


def test_nothing_is_kept_for_the_next_execution(server):
    leave = """
        import builtins, json, math, os, sys
        def main():
            open("/tmp/left", "w").write("left")
            os.environ["LEFT"] = "left"
            math.pi = 3
            builtins.left = json.left = "left"
            sys.path.append("/tmp")
            os.umask(0o777)
            return "left"
        """
    look = """
        import builtins, json, math, os, sys
        def main():
            umask = os.umask(0)
            return [os.listdir("/tmp"), os.environ.get("LEFT"), math.pi == 3, hasattr(builtins, "left"),
                    hasattr(json, "left"), "/tmp" in sys.path, umask == 0o777]
        """
    for _ in range(4):
        assert inside(server, leave) == "left"
        assert inside(server, look) == [[], None, False, False, False, False, False]


def test_random_values_differ_between_executions(server):
    script = """
        import os, random, secrets, tempfile, uuid
        import numpy as np
        def main():
            return {
                "random": random.random(),
                "randrange": random.randrange(1 << 60),
                "numpy": np.random.random(),
                "numpy randint": int(np.random.randint(1 << 60)),
                "default_rng": float(np.random.default_rng().random()),
                "uuid1": str(uuid.uuid1()),
                "uuid4": str(uuid.uuid4()),
                "secrets": secrets.token_hex(8),
                "urandom": os.urandom(8).hex(),
                "tempfile": tempfile.NamedTemporaryFile().name,
                "mkdtemp": tempfile.mkdtemp(),
            }
        """
    drawn = [inside(server, script) for _ in range(12)]
    for source in drawn[0]:
        values = [values[source] for values in drawn]
        assert len(set(values)) == len(values), f"{source} repeats between executions"


def test_random_values_differ_between_processes_of_one_execution(server):
    values = inside(server, """
        import multiprocessing, random
        def draw(_): return random.random()
        def main():
            with multiprocessing.Pool(4) as pool: return pool.map(draw, range(8), chunksize=2)
        """)
    assert len(set(values)) == len(values)


def test_cpu_limit_counts_all_processes_together(server):
    """Four children of 0.9 s each stay below a limit of 1 s one by one, not together."""
    script = """
        import os, time
        def main(seconds):
            children = []
            for _ in range(4):
                child = os.fork()
                if child == 0:
                    end = time.process_time() + seconds
                    while time.process_time() < end: pass
                    os._exit(0)
                children.append(child)
            for child in children: os.waitpid(child, 0)
            return "done"
        """
    over = server.run(script, args=[0.9], limits={"cpu_s": 1})
    assert (over.http, over.status) == (400, "cpu_limit"), over
    assert over.error == "Script exceeded the CPU time limit (1s)"
    under = server.run(script, args=[0.1], limits={"cpu_s": 1})
    assert (under.http, under.result) == (200, "done"), under
