"""Promise 8, CPU time: it counts for all processes and threads together, however it is spent."""

import pytest
from exact import Limit, assert_ends_exactly
from hostile import NEEDS_ROOT
from programs import named
from support import inside

pytestmark = NEEDS_ROOT
LIMITS = {"cpu_s": 0.6, "wall_s": 30}
SPIN = """
    import os, time
    def spin(seconds):
        end = time.thread_time() + seconds
        while time.thread_time() < end: pass
    """

# Each takes the seconds of CPU time that it spends in all; the limit is 0.6 s.
SPENT = [
    Limit(name, SPIN + script, [0.1], [20], "cpu_limit", "done", limits=LIMITS) for name, script in {
        "in a loop": """
    def main(seconds):
        spin(seconds)
        return "done" """,
        "by twenty children, one after the other": """
    def main(seconds):
        for _ in range(20): child(lambda: spin(seconds / 20))
        return "done" """,
        "by eight children at once": """
    def main(seconds):
        for _ in range(8):
            if os.fork() == 0: os._exit(spin(seconds / 8) or 0)
        for _ in range(8): os.wait()
        return "done" """,
        "by orphans of a double fork in sessions of their own": """
    def orphan(seconds, writable):
        os.setsid()
        if os.fork() == 0:
            os.setsid()
            spin(seconds)
            os.write(writable, b"1")
        return 0
    def main(seconds):
        readable, writable = os.pipe()
        for _ in range(4): child(lambda: orphan(seconds / 4, writable))
        for _ in range(4): os.read(readable, 1)
        return "done" """,
        "by threads": """
    import threading
    def main(seconds):
        threads = [threading.Thread(target=spin, args=[seconds / 10]) for _ in range(10)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        return "done" """,
        "by a process at the lowest priority on one CPU": """
    def main(seconds):
        os.setpriority(os.PRIO_PROCESS, 0, 19)
        os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
        spin(seconds)
        return "done" """,
        "while the warning of the kernel is ignored": """
    import signal
    def main(seconds):
        signal.signal(signal.SIGXCPU, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
        spin(seconds)
        return "done" """,
        "in system calls": """
    def main(seconds):
        end = time.thread_time() + seconds
        zeros = os.open("/dev/zero", os.O_RDONLY)
        while time.thread_time() < end: os.read(zeros, 1 << 20)
        return "done" """,
        "by another program": """
    import subprocess
    def main(seconds):
        loops = int(seconds * 100_000)
        subprocess.run(["sh", "-c", f"i=0; while [ $i -lt {loops} ]; do i=$((i+1)); done"], check=True)
        return "done" """,
        "by a program that takes the place of the interpreter in a child": """
    def main(seconds):
        code = f"import time\\nend = time.process_time() + {seconds / 2}\\nwhile time.process_time() < end: pass"
        return "done" if child(lambda: os.execv("/usr/bin/python3", ["python3", "-Sc", code])) == 0 else "failed" """,
    }.items()]


@pytest.mark.parametrize("program", SPENT, ids=named)
def test_cpu_time_counts_however_it_is_spent(server, assert_service_is_well, program):
    for side in program.sides:
        assert_ends_exactly(server, side)
    assert_service_is_well()


def test_limit_of_a_process_can_not_be_raised(server, assert_service_is_well):
    assert inside(server, """
        import resource
        def main():
            raised = []
            for name in (name for name in dir(resource) if name.startswith("RLIMIT_")):
                number = getattr(resource, name)
                soft, hard = resource.getrlimit(number)
                if hard == resource.RLIM_INFINITY: continue
                try: resource.setrlimit(number, (soft, hard + 1))
                except (OSError, ValueError): continue
                raised.append(name)
            return raised""") == []
    assert_service_is_well()


def test_more_cpus_than_granted_are_not_given(server, assert_service_is_well):
    """One CPU for each execution: four busy children have a second of CPU time in a second, and no more."""
    wall, cpu = inside(server, SPIN + """
    import resource
    def main():
        started = time.monotonic()
        for _ in range(4):
            if os.fork() == 0: os._exit(spin(0.4) or 0)
        for _ in range(4): os.wait()
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return time.monotonic() - started, used.ru_utime + used.ru_stime""")
    assert cpu >= 1.5
    assert cpu / wall < 1.25, "the quota of one CPU, and what a period of 0.1 s may overshoot"
    assert_service_is_well()
