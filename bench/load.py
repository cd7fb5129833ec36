"""Clients of a service, one or many at once, by wrk."""

import json
import subprocess
import tempfile
from dataclasses import dataclass


@dataclass
class Load:
    rate: float  # answers per second
    p50: float  # milliseconds
    p99: float
    errors: int  # of any kind, also answers that are not 200
    requests: int


PROGRAM = """
wrk.method = "POST"
wrk.body = %s
wrk.headers["Content-Type"] = "application/json"
%s
function done(summary, latency)
  local e = summary.errors
  io.write(string.format("RESULT %%d %%d %%d %%d %%d\\n", summary.requests, summary.duration, latency:percentile(50),
    latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
"""


# For clients that pause between two requests; in milliseconds. What is timed does not include it.
PAUSE = "function delay() return %d end"


def load(service, script, clients, seconds, pause_ms=0):
    """Closed loop: each client asks again as soon as it has its answer, or so many milliseconds later."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as program:
        program.write(PROGRAM % (json.dumps(json.dumps({"script": script})), PAUSE % pause_ms if pause_ms else ""))
        program.flush()
        done = subprocess.run(["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--timeout", "60s", "-s", program.name,
                               f"http://127.0.0.1:{service.port}/execute"], capture_output=True, text=True, check=True)
    line = next(line for line in done.stdout.splitlines() if line.startswith("RESULT"))
    requests, duration_us, p50_us, p99_us, errors = map(int, line.split()[1:])
    return Load(requests / (duration_us / 1e6), p50_us / 1000, p99_us / 1000, errors, requests)
