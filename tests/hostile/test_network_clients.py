"""Promise 6, as programs meet it: whatever library is asked, the answer is an OSError, and it comes at once."""

import os

import pytest
from hostile import NEEDS_ROOT
from programs import Program, named
from support import TIME_FACTOR

pytestmark = NEEDS_ROOT


def addresses_of_the_host(server):
    """Where the service listens, and everything else that a script may hope to find."""
    hosts = ["127.0.0.1", "127.0.0.2", "0.0.0.0", "169.254.169.254", "10.0.0.1", "172.17.0.1", "192.168.0.1",
             "192.0.2.1", "255.255.255.255", "224.0.0.1", "8.8.8.8", "::1", "::", "::ffff:127.0.0.1", "fe80::1",
             "fd00:ec2::254", "2001:db8::1"]
    return [hosts, server.port]


# Runs an attempt and tells how it failed: "OSError" only if it did so at once.
TIMED = """
    import asyncio, io, socket, subprocess, time
    def failed(action):
        started = time.monotonic()
        try: action()
        except OSError: outcome = "OSError"
        except BaseException as error: outcome = type(error).__name__
        else: outcome = "reached"
        return outcome if time.monotonic() - started < AT_ONCE else outcome + ", late"
    """.replace("AT_ONCE", str(TIME_FACTOR))

PROGRAMS = [
    Program("connections to the host, the service and the cloud's metadata", """
        def main(hosts, own_port):
            ends = [(host, port, failed(lambda: socket.create_connection((host, port), timeout=5)))
                    for host in hosts for port in (own_port, 22, 53, 80, 443)]
            return [len(ends), [end for end in ends if end[2] != "OSError"]]""", [85, []], args=addresses_of_the_host,
            given=TIMED),
    Program("datagrams and raw packets", """
        def main():
            kinds = [(2, 2, 0), (10, 2, 0), (2, 3, 1), (2, 3, 255), (10, 3, 58), (17, 3, 0x300), (2, 2, 1)]
            return sorted({failed(lambda: socket.socket(*kind).sendto(b"x", ("127.0.0.1", 53))) for kind in kinds})
        """, ["OSError"], given=TIMED),
    Program("servers of its own", """
        import http.server, multiprocessing.connection, socketserver, xmlrpc.server
        def main():
            ways = [lambda: socket.create_server(("127.0.0.1", 0)), lambda: socket.create_server(("::", 0), family=10),
                    lambda: http.server.HTTPServer(("", 8000), None), lambda: xmlrpc.server.SimpleXMLRPCServer(("", 0)),
                    lambda: socketserver.UDPServer(("", 0), None),
                    lambda: multiprocessing.connection.Listener(("localhost", 0))]
            return [failed(way) for way in ways]""", ["OSError"] * 6, given=TIMED),
    Program("clients of the standard library", """
        import ftplib, http.client, imaplib, poplib, smtplib, ssl, urllib.request, xmlrpc.client
        def main():
            fetch = lambda url: urllib.request.urlopen(url, timeout=5)
            ways = [lambda: fetch("http://127.0.0.1/"), lambda: fetch("https://192.0.2.1/"),
                    lambda: fetch("ftp://192.0.2.1/"), lambda: fetch("http://metadata.google.internal/"),
                    lambda: fetch("http://example.com/"), lambda: asyncio.run(stream()),
                    lambda: http.client.HTTPSConnection("192.0.2.1", timeout=5).request("GET", "/"),
                    lambda: ftplib.FTP("192.0.2.1", timeout=5), lambda: imaplib.IMAP4("192.0.2.1"),
                    lambda: poplib.POP3("192.0.2.1"), lambda: smtplib.SMTP("192.0.2.1"),
                    lambda: xmlrpc.client.ServerProxy("http://192.0.2.1/").x(),
                    lambda: ssl.get_server_certificate(("192.0.2.1", 443))]
            return [failed(way) for way in ways]
        async def stream(): await asyncio.open_connection("192.0.2.1", 80)
        """, ["OSError"] * 13, given=TIMED),
    Program("clients of the installed packages", """
        import pandas, requests, urllib3
        def main():
            return [failed(lambda: requests.get("http://169.254.169.254/latest/meta-data/", timeout=5)),
                    failed(lambda: requests.get("https://example.com/", timeout=5)),
                    failed(lambda: pandas.read_csv("http://192.0.2.1/x.csv")),
                    failed(lambda: pandas.read_html("http://192.0.2.1/x.html")) in ("OSError", "ImportError")]
        """, ["OSError", "OSError", "OSError", True], given=TIMED),
    Program("names", """
        async def ask(): await asyncio.get_running_loop().getaddrinfo("example.com", 80)
        def main(name):
            ways = [lambda: socket.getaddrinfo("example.com", 80), lambda: socket.gethostbyname("example.com"),
                    lambda: socket.gethostbyname_ex(name), lambda: socket.gethostbyaddr("192.0.2.1"),
                    lambda: socket.getaddrinfo("metadata.google.internal", 80), lambda: asyncio.run(ask()),
                    lambda: socket.getnameinfo(("192.0.2.1", 80), socket.NI_NAMEREQD)]
            return [failed(way) for way in ways]""", ["OSError"] * 7, args=[os.uname().nodename], given=TIMED),
    Program("programs that talk", """
        import shutil
        def main(port):
            url = f"http://127.0.0.1:{port}/health"
            commands = [["curl", "-sS", url], ["wget", "-q", "-O-", "-t1", url], ["ping", "-c1", "-W1", "127.0.0.1"],
                        ["nc", "-w1", "127.0.0.1", str(port)], ["ssh", "-o", "ConnectTimeout=1", "127.0.0.1"],
                        ["getent", "hosts", "example.com"], ["git", "ls-remote", url],
                        ["socat", "-", f"TCP:127.0.0.1:{port}"],
                        ["openssl", "s_client", "-connect", f"127.0.0.1:{port}"],
                        ["ip", "link", "set", "lo", "up"], ["bash", "-c", f"echo > /dev/tcp/127.0.0.1/{port}"],
                        ["perl", "-MIO::Socket::INET", "-e", f"IO::Socket::INET->new('127.0.0.1:{port}') or exit 1"]]
            ran = [command for command in commands if shutil.which(command[0])]
            def run(command):
                return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=5).returncode
            return [len(ran) > 2, [command for command in ran if run(command) == 0]]""", [True, []],
            args=lambda server: [server.port], given=TIMED),
]


@pytest.mark.parametrize("program", PROGRAMS, ids=named)
def test_an_ordinary_error_at_once(withstands, program):
    withstands(program)
