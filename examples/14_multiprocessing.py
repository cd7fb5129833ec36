import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor


def square(number):
    return number * number


def report(queue, name):
    print("printed by a child process", flush=True)
    queue.put({"name": name, "other_process": os.getpid() != PARENT})


PARENT = os.getpid()


def main():
    with multiprocessing.Pool(3) as pool:
        squares = pool.map(square, range(6))
    with ProcessPoolExecutor(max_workers=2) as pool:
        futures = list(pool.map(square, [10, 20]))
    queue = multiprocessing.Queue()
    shared = multiprocessing.Value("i", 41)
    child = multiprocessing.Process(target=report, args=(queue, "child"))
    child.start()
    answer = queue.get(timeout=10)
    child.join()
    with shared.get_lock():
        shared.value += 1
    return {
        "squares": squares,
        "futures": futures,
        "answer": answer,
        "exitcode": child.exitcode,
        "shared": shared.value,
        "method": multiprocessing.get_start_method(),
    }
