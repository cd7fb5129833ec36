"""HTTP spoken byte by byte, where a client library would be too polite."""

import json
import socket

from support import TIME_FACTOR

BODY = json.dumps({"script": "def main(n): return n", "args": [7]}).encode()


class Wire:
    """A raw connection that reads whole answers."""

    def __init__(self, server, address="127.0.0.1"):
        """From this address: all of 127.0.0.0/8 are on the loopback."""
        self.server = server
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=10 * TIME_FACTOR,
                                               source_address=(address, 0))
        self.stream = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stream.close()
        self.socket.close()

    def send(self, *lines: str, body: bytes = b"") -> None:
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + body)

    def read(self, has_body: bool = True) -> tuple[int, dict, bytes]:
        version, code, *_ = self.stream.readline().decode().split(" ")
        assert version.startswith("HTTP/1."), version
        headers = {}
        while (line := self.stream.readline().rstrip(b"\r\n")):
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        length = int(headers.get("content-length", 0)) if has_body else 0
        body = self.stream.read(length)
        assert len(body) == length
        self.server.checked.interface().check_any(int(code), body)
        return int(code), headers, body

    def closed(self) -> bool:
        try:
            return self.stream.read(1) == b""
        except ConnectionResetError:
            return True


def send_all_it_takes(connection: socket.socket, data: bytes) -> None:
    """A server that has answered already may hang up under the rest."""
    try:
        connection.sendall(data)
    except (BrokenPipeError, ConnectionResetError):
        pass


def post(body: bytes = BODY, version: str = "1.1", *extra: str) -> tuple[str, ...]:
    return (f"POST /execute HTTP/{version}", "Host: localhost", "Content-Type: application/json",
            f"Content-Length: {len(body)}", *extra)


def result(answer) -> object:
    code, headers, body = answer
    assert code == 200, body
    assert headers["content-type"].startswith("application/json")
    return json.loads(body)["result"]
