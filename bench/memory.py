"""Memory of ready cells, and of many executions that sleep at the same time."""

import concurrent.futures
import http.client
import json
import threading
import time

from processes import available_bytes, family, name, private_bytes, resident_bytes
from services import cellblock

MEBIBYTE = 1 << 20


def ready_cell():
    """Private memory of the processes of one ready cell, by pool, after the idle service has warmed them."""
    figures = {}
    for pool, flags in {"light": ["--preload", ""], "numpy+pandas": ["--preload-light", ""]}.items():
        with cellblock("--pool-size", "8", *flags) as service:
            time.sleep(3)
            cells = [pid for pid in family(service.process.pid) if name(pid) in ("cellblock-cell", "cellblock-init")]
            count = sum(name(pid) == "cellblock-cell" for pid in cells)
            figures[f"ready {pool} cell, MB"] = sum(map(private_bytes, cells)) / count / MEBIBYTE
    return figures


def sleepers(count, seconds=None):
    """So many executions at once, each asleep until all run."""
    seconds = seconds or max(20, count // 10)
    script = f"import time\ndef main():\n    time.sleep({seconds})\n    return 7"
    body = json.dumps({"script": script})
    with cellblock("--max-executions", str(count), "--max-queued", str(count), "--time-limit", str(seconds + 60)) as service:
        time.sleep(3)
        before, right, lowest, server, most = available_bytes(), 0, [], [], 0

        def ask(_):
            connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=seconds + 120)
            connection.request("POST", "/execute", body, {"Content-Type": "application/json"})
            return json.loads(connection.getresponse().read()).get("result") == 7

        over = threading.Event()

        def watch():
            nonlocal most
            while not over.wait(1):
                lowest.append(available_bytes())
                server.append(resident_bytes(service.process.pid))
                most = max(most, service.health()["pool"]["running"])

        watching = threading.Thread(target=watch)
        watching.start()
        with concurrent.futures.ThreadPoolExecutor(count) as pool:
            right = sum(pool.map(ask, range(count)))
        over.set()
        watching.join()
    return {"executions that slept at once": most, "of them answered rightly": right,
            "memory for each, MB": (before - min(lowest)) / max(most, 1) / MEBIBYTE,
            "server, MB": max(server) / MEBIBYTE}


def measure(count):
    return {**ready_cell(), **sleepers(count)}


if __name__ == "__main__":
    for what, figure in measure(1000).items():
        print(f"{what:44}{figure:12.2f}")
