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

    def start(self):
        self.process = subprocess.Popen(self.command, cwd=ROOT / "bench", env=self.environment,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)

    def wait_until(self, holds, pause=0.1):
        deadline = time.monotonic() + 60
        while True:
            try:
                if holds():
                    return
            except (OSError, http.client.HTTPException):
                pass
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise RuntimeError(f"{self.name} did not start: {self.command}")
            time.sleep(pause)

    def _answers(self):
        for script in SCRIPTS:
            Client(self).ask(script)
        return True

    def __enter__(self):
        self.start()
        self.wait_until(self._answers)
        return self

    def __exit__(self, *_):
        self.stop()

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()

    def health(self):
        return json.loads(self.get("/health")[1])


class Client:
    """One keep-alive connection."""

    def __init__(self, service):
        self.connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)

    def ask(self, script):
        """Posts the script of this name, checks the answer; the time in milliseconds."""
        result, took = self._post(SCRIPTS[script])
        if result != EXPECTED[script]:
            raise http.client.HTTPException(f"wrong answer: {str(result)[:200]}")
        return took

    def time_of(self, text):
        """The same with any script; its answer must be 200."""
        return self._post(text)[1]

    def _post(self, text):
        body = json.dumps({"script": text})
        start = time.perf_counter()
        self.connection.request("POST", "/execute", body, {"Content-Type": "application/json"})
        response = self.connection.getresponse()
        answer = response.read()
        took = (time.perf_counter() - start) * 1000
        if response.status != 200:
            raise http.client.HTTPException(f"{response.status}: {answer[:200]}")
        return json.loads(answer).get("result"), took


def cellblock(*flags):
    return Service("cellblock", [str(ROOT / "build/release/cellblock"), "serve", "--log-level", "error", *flags])


def flask_bwrap():
    return Service("Flask + bubblewrap per request",
                   ["/usr/bin/gunicorn", "--workers", "4", "--bind", "127.0.0.1:{port}", "peers.flask_bwrap:app"])
