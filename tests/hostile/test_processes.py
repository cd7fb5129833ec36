"""Promise 7: a script sees, signals and traces its own processes, and no others."""

import os

import pytest
from hostile import NEEDS_ROOT
from programs import Program, named
from support import process_table
from traces import processes

pytestmark = NEEDS_ROOT


def foreign_pids(server):
    """The server, the jailer, the zygote, other cells, the tests, and the first and last of the host's."""
    family, cells = processes(server)
    pids = [*family, *sorted(cells)[:4], os.getpid(), os.getppid(), max(process_table())]
    return [[pid for pid in pids if pid > 100]]


PROGRAMS = [
    Program("lists processes", """
        def main():
            own = os.getpid()
            seen = {int(name) for name in os.listdir("/proc") if name.isdigit()}
            hidden = [pid for pid in range(70_000) if pid not in (1, own) and os.path.exists(f"/proc/{pid}")]
            return [seen == {1, own}, hidden, os.getppid()]""", [True, [], 0]),
    Program("asks for every number whether it is a process", """
        def main():
            asked = dict(kill=lambda pid: os.kill(pid, 0), pidfd=lambda pid: os.close(os.pidfd_open(pid)),
                         group=os.getpgid, session=os.getsid, affinity=os.sched_getaffinity)
            own = {1, os.getpid()}
            return {name: sorted(set(reached(ask, range(1, 70_000))) - own) for name, ask in asked.items()}
        """, {"kill": [], "pidfd": [], "group": [], "session": [], "affinity": []}, limits={"wall_s": 20}),
    Program("kills every number but its own", """
        import signal
        def main():
            others = [pid for pid in range(2, 70_000) if pid != os.getpid()]
            return reached(lambda pid: os.kill(pid, signal.SIGKILL), others)""", []),
    Program("sends every signal to the service's processes", """
        def main(pids):
            assert len(pids) > 5
            KILL, TKILL, TGKILL, RT_SIGQUEUEINFO, RT_TGSIGQUEUEINFO, SIGKILL = 62, 200, 234, 129, 297, 9
            done = {call(number, pid, signal) for number in (KILL, TKILL) for pid in pids for signal in range(65)}
            from_itself = ctypes.create_string_buffer(bytes([SIGKILL, *[0] * 7, *[255] * 4]), 128)
            for pid in pids:
                done |= {call(KILL, -pid, SIGKILL), call(TGKILL, pid, pid, SIGKILL),
                         call(RT_SIGQUEUEINFO, pid, SIGKILL, from_itself),
                         call(RT_TGSIGQUEUEINFO, pid, pid, SIGKILL, from_itself)}
            # EPERM: a way that the policy refuses altogether.
            return [sorted(done - {"ESRCH", "EPERM"}), "ESRCH" in done]""", [[], True], args=foreign_pids),
    Program("changes the service's processes", """
        import resource
        def main(pids):
            ways = [lambda pid: resource.prlimit(pid, resource.RLIMIT_NOFILE, (8, 8)), os.sched_getscheduler,
                    lambda pid: resource.prlimit(pid, resource.RLIMIT_CPU), os.sched_getparam,
                    lambda pid: os.setpriority(os.PRIO_PROCESS, pid, 19),
                    lambda pid: os.setpriority(os.PRIO_PGRP, pid, 19),
                    lambda pid: os.getpriority(os.PRIO_PROCESS, pid), lambda pid: os.sched_setaffinity(pid, {0}),
                    lambda pid: os.setpgid(pid, 0), lambda pid: os.setpgid(0, pid),
                    lambda pid: os.waitid(os.P_PID, pid, os.WEXITED)]
            return [number for number, way in enumerate(ways) if reached(way, pids)]""", [], args=foreign_pids),
    Program("opens the service's processes", """
        import fcntl
        def main(pids):
            end, _ = os.pipe()
            numbers = dict(ptrace=101, process_vm_readv=310, kcmp=312, get_robust_list=274, migrate_pages=256,
                           move_pages=279, perf_event_open=298, ioprio_get=252)
            return [reached(os.pidfd_open, pids), reached(os.listdir, [f"/proc/{pid}" for pid in pids]),
                    reached(lambda pid: fcntl.fcntl(end, fcntl.F_SETOWN, pid), pids),
                    sorted({call(number, pid, 0, 0) for pid in pids for number in numbers.values()})]
        """, [[], [], [], ["EPERM"]], args=foreign_pids),
    Program("sends every signal to process 1", """
        import time
        def main():
            for signal in range(65):
                for way in (lambda: os.kill(1, signal), lambda: os.kill(-1, 0)):
                    try: way()
                    except OSError: pass
                call(200, 1, signal), call(234, 1, 1, signal), call(424, os.pidfd_open(1), signal, 0, 0)
                if signal % 16 == 0: os.closerange(3, 100)
            time.sleep(0.1)
            state = read("/proc/1/stat").split(b")")[1].split()[0].decode()
            # It still takes in orphans: the grandchild is nobody's zombie.
            child(lambda: child(lambda: 0))
            return [state, os.listdir("/proc/1/task")]""", ["S", ["1"]]),
    Program("takes the limits, the priority and the processors of process 1", """
        import resource
        def main():
            taken = {attempt(resource.prlimit, 1, limit, (0, 0)) for limit in range(16)}
            attempt(os.setpriority, os.PRIO_PROCESS, 1, 19), attempt(os.sched_setaffinity, 1, {0})
            # It still answers refused calls, and takes in orphans.
            return [list(taken), {call(272, 0x10000000) for _ in range(1000)} == {"EPERM"},
                    child(lambda: child(lambda: 8))]
        """, [["EPERM"], True, 8]),
    Program("reads process 1", """
        def main():
            names = ["auxv", "clear_refs", "cwd", "environ", "exe", "fd", "fdinfo", "io", "map_files", "maps", "mem",
                     "ns", "numa_maps", "pagemap", "patch_state", "personality", "root", "smaps", "smaps_rollup",
                     "stack", "syscall", "mountstats"]
            def look(path):
                action = os.listdir if os.path.isdir(path) else os.readlink if os.path.islink(path) else read
                action(path)
            paths = [f"/proc/1/{where}{name}" for where in ("", "task/1/") for name in names]
            # Older kernels let everybody read its POSIX timers; it has none.
            def has_timers(path):
                if not read(path): raise OSError
            timers = reached(has_timers, ["/proc/1/timers", "/proc/1/task/1/timers"])
            return [reached(look, paths), timers, read("/proc/1/cmdline").decode().strip("\\0").startswith("cellblock")]
        """, [[], [], True]),
    Program("stops, traces and freezes its family", """
        import signal
        def main():
            children = []
            for _ in range(10):
                pid = os.fork()
                if pid == 0:
                    while True: signal.pause()
                children.append(pid)
            os.kill(-1, signal.SIGSTOP)
            traced = {call(101, request, pid, 0, 0) for request in (16, 0x4206) for pid in children}
            os.kill(-1, signal.SIGKILL)
            return [sorted(traced), sorted({os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children})]
        """, [["EPERM"], [-9]]),
    Program("sends signals through the owner of a pipe and the thread of a timer", """
        import fcntl, signal
        def main(pids):
            end, start = os.pipe()
            # struct sigevent: SIGKILL, SIGEV_THREAD_ID, the thread.
            def event(tid): return bytes([*[0] * 8, 9, 0, 0, 0, 4, 0, 0, 0]) + tid.to_bytes(4, "little") + bytes(44)
            owned = reached(lambda pid: fcntl.fcntl(end, fcntl.F_SETOWN, pid), pids)
            owned += reached(lambda pid: fcntl.fcntl(end, fcntl.F_SETOWN, -pid), pids)
            timers = {call(222, 0, event(pid), bytes(8)) for pid in pids}
            clocks = {call(228, ~pid << 3 | 2, bytes(16)) for pid in pids}
            return [owned, sorted(timers), sorted(clocks)]""", [[], ["EINVAL"], ["EINVAL"]], args=foreign_pids),
    Program("gives its child to somebody else", """
        def main():
            CLONE_PARENT, PR_SET_CHILD_SUBREAPER = 0x8000, 36
            made = [call(56, CLONE_PARENT | flags) for flags in (0, 17, 0x10000 | 0x100 | 0x800)]
            return [made, call(157, PR_SET_CHILD_SUBREAPER, 1), attempt(os.setpgid, 0, 1),
                    attempt(os.tcsetpgrp, 1, 1) in ("EPERM", "ENOTTY")]""", [["EPERM"] * 3, "EPERM", "EPERM", True]),
]


@pytest.mark.parametrize("program", PROGRAMS, ids=named)
def test_only_its_own_processes_are_reached(withstands, program):
    withstands(program)
