import concurrent.futures
import math
import queue
import threading
import time

EXPECTED = {"threads": [0, 1, 4, 9, 16], "thread pool": [1, 2, 6, 24], "process pool": [1, 2, 6, 24],
            "timer": True, "barrier": 4, "condition": "given", "local": True, "semaphore": 2, "many": 100,
            "timeout": "TimeoutError", "cancelled": True}


def main():
    squares, barrier, passed, inside, peak = {}, threading.Barrier(4), [], [], []

    def square(number):
        squares[number] = number * number

    def meet():
        barrier.wait(5)
        passed.append(1)

    slots = threading.Semaphore(2)

    def enter():
        with slots:
            inside.append(1)
            peak.append(len(inside))
            time.sleep(0.01)
            inside.pop()

    def run(target, count):
        threads = [threading.Thread(target=target, args=(n,) if target is square else ()) for n in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    run(square, 5)
    run(meet, 4)
    run(enter, 8)
    rung = threading.Event()
    threading.Timer(0.01, rung.set).start()
    box, given = queue.Queue(), threading.Condition()

    def take():
        with given:
            given.wait_for(lambda: not box.empty(), 5)
        passed.append(box.get())

    taker = threading.Thread(target=take)
    taker.start()
    with given:
        box.put("given")
        given.notify_all()
    taker.join()
    with concurrent.futures.ThreadPoolExecutor(100) as pool:
        together = threading.Barrier(100)
        many = sum(pool.map(lambda _: together.wait(10) is not None, range(100)))
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        products = list(pool.map(math.factorial, (1, 2, 3, 4)))
        slow, waiting = pool.submit(time.sleep, 0.2), pool.submit(time.sleep, 60)
        try:
            slow.result(0.01)
        except TimeoutError as error:
            timeout = type(error).__name__
        cancelled = waiting.cancel()
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        in_processes = list(pool.map(math.factorial, (1, 2, 3, 4)))
    local = threading.local()
    local.value = 1
    other = []
    threading.Thread(target=lambda: other.append(hasattr(local, "value"))).start()
    return {"threads": [squares[n] for n in range(5)], "thread pool": products, "process pool": in_processes,
            "timer": rung.wait(5), "barrier": passed.count(1), "condition": passed[-1], "local": other == [False],
            "semaphore": max(peak), "many": many, "timeout": timeout, "cancelled": cancelled}
