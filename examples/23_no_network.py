import socket
import time
import urllib.error
import urllib.request

import requests


def attempt(call):
    started = time.monotonic()
    try:
        call()
    except OSError as error:  # requests' and urllib's errors are OSErrors, too
        return [type(error).__name__, time.monotonic() - started < 2]
    return "connected"


def main():
    return {
        "requests": attempt(lambda: requests.get("http://example.invalid/", timeout=10)),
        "urllib": attempt(lambda: urllib.request.urlopen("http://192.0.2.1/", timeout=10)),
        "name": attempt(lambda: socket.getaddrinfo("example.invalid", 80)),
        "address": attempt(lambda: socket.create_connection(("192.0.2.1", 80), timeout=10)) != "connected",
    }
