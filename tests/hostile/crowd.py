"""Many clients at once, each with a connection of its own, which is closed after the answer."""

import threading
import time

import httpx
from support import TIME_FACTOR, Answer


class Client(threading.Thread):
    """Calls `action` with a number, again and again until it is told to stop, or `times`; keeps what it returns."""

    def __init__(self, action, number, times=None):
        super().__init__(daemon=True)
        self.action, self.number, self.times = action, number, times
        self.seen, self.failure, self.stopped = [], None, threading.Event()
        self.start()

    def run(self):
        try:
            while not self.stopped.is_set() and (self.times is None or len(self.seen) < self.times):
                self.seen.append(self.action(self.number))
        except Exception as error:  # noqa: BLE001 - told by finish()
            self.failure = error

    def finish(self):
        self.stopped.set()
        self.join(timeout=60 * TIME_FACTOR)
        assert not self.is_alive(), "a client got no answer"
        if self.failure:
            raise self.failure
        return self.seen


def ask(server, **fields) -> Answer:
    """One request on a connection of its own."""
    return Answer(httpx.post(f"{server.url}/execute", json=fields, timeout=60 * TIME_FACTOR, trust_env=False))


def ask_in_time(server, **fields) -> tuple[Answer, float]:
    started = time.monotonic()
    return ask(server, **fields), time.monotonic() - started
