import queue
import threading
from concurrent.futures import ThreadPoolExecutor


def main():
    lock = threading.Lock()
    total = 0
    results = queue.Queue()

    def add(amount):
        nonlocal total
        for _ in range(1000):
            with lock:
                total += amount
        results.put(amount)

    threads = [threading.Thread(target=add, args=(n,)) for n in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with ThreadPoolExecutor(max_workers=8) as pool:
        powers = list(pool.map(lambda n: 2**n, range(10)))
    return {"total": total, "seen": sorted(results.queue), "powers": powers}
