"""From the start of the service to its first answers."""

import subprocess
import sys
import threading
import time

from services import Client, cellblock


def imports_s():
    """What importing the preloaded libraries takes a fresh interpreter, once the files are cached."""
    subprocess.run([sys.executable, "-c", "import numpy, pandas"], check=True)
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import numpy, pandas"], check=True)
    return time.perf_counter() - start


def ready_s():
    service = cellblock()
    start = time.perf_counter()
    service.start()
    try:
        service.wait_until(lambda: service.get("/readyz")[0] == 200, pause=0.005)
        return time.perf_counter() - start
    finally:
        service.stop()


def burst_s(service, clients):
    """All at once on an idle service: until the last has its answer."""
    crowd = [Client(service) for _ in range(clients)]
    for client in crowd:
        client.connection.connect()
    gate = threading.Barrier(clients + 1)

    def ask(client):
        gate.wait()
        client.ask("hello")

    threads = [threading.Thread(target=ask, args=[client]) for client in crowd]
    for thread in threads:
        thread.start()
    gate.wait()
    start = time.perf_counter()
    for thread in threads:
        thread.join()
    return time.perf_counter() - start


def measure():
    figures = {"import of numpy and pandas, s": imports_s(), "start until ready, s": ready_s()}
    with cellblock() as service:
        time.sleep(3)
        figures["80 requests at once, idle service, s"] = burst_s(service, 80)
    return figures


if __name__ == "__main__":
    for what, figure in measure().items():
        print(f"{what:44}{figure:12.3f}")
