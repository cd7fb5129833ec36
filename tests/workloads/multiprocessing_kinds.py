import math
import multiprocessing as mp
import multiprocessing.shared_memory
import operator
import os

EXPECTED = {"fork": [1, 2, 6], "spawn": [1, 2, 6], "forkserver": [1, 2, 6], "queue": [0, 1, 4], "pipe": "sent",
            "lock": 400, "manager": {"a": 1}, "shared memory": [7, True], "array": [0, 2, 4], "exit code": 5,
            "terminated": -15, "map async": [2, 3], "event": True}
LIMITS = {"wall_s": 30}


def fill(queue):
    for number in range(3):
        queue.put(number * number)


def count(lock, value):
    for _ in range(100):
        with lock:
            value.value += 1


def attach(name):
    block = mp.shared_memory.SharedMemory(name)
    block.buf[0] += 1
    block.close()


def finish(process):
    process.start()
    process.join(20)
    return process.exitcode


def main():
    seen = {}
    # The functions of the standard library, since a script has no file that a new interpreter could import.
    for method in ("fork", "spawn", "forkserver"):
        with mp.get_context(method).Pool(2) as pool:
            seen[method] = pool.map(math.factorial, (1, 2, 3))
    fork = mp.get_context("fork")
    queue = fork.Queue()
    assert finish(fork.Process(target=fill, args=(queue,))) == 0
    left, right = fork.Pipe()
    assert finish(fork.Process(target=left.send, args=("sent",))) == 0
    value, lock, arrived = fork.Value("i", 0), fork.Lock(), fork.Event()
    counters = [fork.Process(target=count, args=(lock, value)) for _ in range(4)]
    for counter in counters:
        counter.start()
    for counter in counters:
        counter.join()
    assert finish(fork.Process(target=arrived.set)) == 0
    with fork.Manager() as manager:
        table = manager.dict()
        assert finish(fork.Process(target=table.update, args=({"a": 1},))) == 0
        managed = dict(table)
    block = mp.shared_memory.SharedMemory(create=True, size=4096)
    block.buf[0] = 6
    visible = block.name in os.listdir("/dev/shm")
    assert finish(fork.Process(target=attach, args=(block.name,))) == 0
    shared = block.buf[0]
    block.close()
    block.unlink()
    array = fork.Array("i", 3)
    assert finish(fork.Process(target=lambda: array.__setitem__(slice(None), [0, 2, 4]))) == 0
    endless = fork.Process(target=fork.Event().wait)
    endless.start()
    endless.terminate()
    endless.join()
    with fork.Pool(2) as pool:
        later = pool.map_async(operator.abs, (-2, 3)).get(20)
    return {**seen, "queue": [queue.get(timeout=5) for _ in range(3)], "pipe": right.recv(), "lock": value.value,
            "manager": managed, "shared memory": [shared, visible], "array": list(array),
            "exit code": finish(fork.Process(target=os._exit, args=(5,))), "terminated": endless.exitcode,
            "map async": later, "event": arrived.is_set()}
