"""Starts and stops the services under measurement, on loopback, and asks them questions."""

import http.client
import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

from scripts import EXPECTED, SCRIPTS

ROOT = Path(__file__).resolve().parent.parent


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Service:
    """A running service; use as a context manager."""

    def __init__(self, name, command, **environment):
        self.name = name
        self.port = free_port()
        self.command = [part.replace("{port}", str(self.port)) for part in command]
        self.environment = {**os.environ, "PORT": str(self.port), **environment}

    def __enter__(self):
        self.process = subprocess.Popen(self.command, cwd=ROOT / "bench", env=self.environment,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while True:
            try:
                for script in SCRIPTS:
                    Client(self).ask(script)
                return self
            except (OSError, http.client.HTTPException):
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise RuntimeError(f"{self.name} did not start: {self.command}") from None
                time.sleep(0.1)

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


class Client:
    """One keep-alive connection."""

    def __init__(self, service):
        self.connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)

    def ask(self, script):
        """Posts the script, checks the answer; the time in milliseconds."""
        body = json.dumps({"script": SCRIPTS[script]})
        start = time.perf_counter()
        self.connection.request("POST", "/execute", body, {"Content-Type": "application/json"})
        answer = self.connection.getresponse().read()
        took = (time.perf_counter() - start) * 1000
        result = json.loads(answer).get("result")
        if result != EXPECTED[script]:
            raise http.client.HTTPException(f"wrong answer: {answer[:200]}")
        return took


def cellblock():
    return Service("cellblock", [str(ROOT / "build/release/cellblock"), "serve", "--log-level", "error"])


def flask_bwrap():
    return Service("Flask + bubblewrap per request",
                   ["/usr/bin/gunicorn", "--workers", "4", "--bind", "127.0.0.1:{port}", "peers.flask_bwrap:app"])
