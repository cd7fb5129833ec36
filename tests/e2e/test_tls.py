"""HTTPS: what a client with the right certificate authority sees, and what hostile handshakes can't do."""

import json
import os
import signal
import socket
import ssl
import subprocess
import tempfile
import time
from pathlib import Path

import httpx
import pytest
from support import BINARY, REPO, TIME_FACTOR, Server, eventually, free_port

HELLO = {"script": "def main(n): print('out'); return n + 1", "args": [41]}
EXECUTE = b"POST /execute HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"


def openssl(*arguments) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=30)


class Authority:
    def __init__(self, folder):
        self.folder, self.file = folder, folder / "ca.pem"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                "/CN=test authority", "-keyout", folder / "ca.key", "-out", self.file)

    def issue(self, name: str, serial: int):
        certificate, key, request = (self.folder / f"{name}.{end}" for end in ("pem", "key", "csr"))
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost",
                "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.file, "-CAkey", self.folder / "ca.key", "-days", "2",
                "-set_serial", serial, "-copy_extensions", "copy", "-out", certificate)
        return certificate, key


class SecureServer(Server):
    """As Server, but its client speaks HTTPS."""

    scheme = "https"

    def __init__(self, authority, *flags, **options):
        self.authority, self.verify = authority, str(authority.file)
        super().__init__(*flags, **options)

    def trusting(self, **changes) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.authority.file))
        for name, value in changes.items():
            setattr(context, name, value)
        return context

    def connect(self, context=None) -> ssl.SSLSocket:
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=10 * TIME_FACTOR)
        return (context or self.trusting()).wrap_socket(plain, server_hostname="localhost")

    def serial(self) -> str:
        with self.connect() as connection:
            return connection.getpeercert()["serialNumber"]


@pytest.fixture(scope="module")
def folder():
    """One that the service's own user may look into, which pytest's are not."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="module")
def secure(folder):
    authority = Authority(folder)
    certificate, key = authority.issue("first", 17)
    served, served_key, log = folder / "served.pem", folder / "served.key", folder / "log"
    served.write_bytes(certificate.read_bytes())
    served_key.write_bytes(key.read_bytes())
    # So the service can read it again when it has given root up.
    os.chown(served_key, 0, 1_899_999_999)
    served_key.chmod(0o640)
    running = SecureServer(authority, "--tls-certificate", str(served), "--tls-key", str(served_key), "--pool-size", "4",
                           "--max-connections", "50", "--header-timeout", "2", "--idle-timeout", "2",
                           program=("sh", "-c", 'exec "$0" "$@" 2>"$LOG"', BINARY), ENVIRONMENT="production", LOG=str(log))
    running.served, running.served_key, running.log = served, served_key, log
    yield running
    running.stop()


def read_answer(connection) -> tuple[bytes, bytes]:
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65536)
    return head, body


def request() -> bytes:
    body = json.dumps(HELLO).encode()
    return EXECUTE % (len(body), body)


def ended(connection) -> bool:
    try:
        return connection.recv(65536) == b""
    except (ConnectionResetError, ssl.SSLError):
        return True


def test_an_execution_over_tls(secure):
    answer = secure.post(**HELLO)
    assert (answer.http, answer.result, answer.stdout) == (200, 42, "out\n")


def test_many_requests_on_one_connection_and_large_bodies(secure):
    with secure.connect() as connection:
        for _ in range(5):
            connection.sendall(request())
            assert json.loads(read_answer(connection)[1])["result"] == 42
    large = secure.post(script="def main(text): return text[::-1]", args=["ab" * 1_500_000])
    assert large.result == "ba" * 1_500_000


def test_a_stream_over_tls(secure):
    with secure.client.stream("POST", "/execute", json=HELLO, headers={"accept": "application/x-ndjson"}) as answer:
        events = [json.loads(line) for line in answer.iter_lines()]
    assert [event["event"] for event in events][-1] == "result" and events[-1]["data"]["result"] == 42


def test_curl_trusts_the_authority_and_no_other(secure, tmp_path):
    url = f"https://localhost:{secure.port}/health"
    command = ["curl", "-sS", "--noproxy", "*", "--max-time", "20", url]
    good = subprocess.run([*command, "--cacert", secure.authority.file], capture_output=True, text=True)
    assert good.returncode == 0 and json.loads(good.stdout)["status"] == "healthy", good
    other = Authority(tmp_path).file
    assert subprocess.run([*command, "--cacert", other], capture_output=True).returncode == 60
    assert secure.post(**HELLO).result == 42


@pytest.mark.parametrize(("version", "accepted"), [
    (ssl.TLSVersion.TLSv1, False), (ssl.TLSVersion.TLSv1_1, False),
    (ssl.TLSVersion.TLSv1_2, True), (ssl.TLSVersion.TLSv1_3, True)])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_versions(secure, version, accepted):
    context = secure.trusting()
    context.set_ciphers("ALL:@SECLEVEL=0")  # else it is this side that refuses
    context.minimum_version = context.maximum_version = version
    if accepted:
        with secure.connect(context) as connection:
            assert connection.version() == version.name.replace("_", ".")
    else:
        with pytest.raises((ssl.SSLError, ConnectionResetError)) as refused:
            secure.connect(context)
        assert "PROTOCOL_VERSION" in str(refused.value).upper(), refused.value


def test_plain_http_is_told_what_is_spoken_here(secure):
    answer = httpx.get(f"http://127.0.0.1:{secure.port}/health", trust_env=False, timeout=10)
    assert (answer.status_code, answer.json()) == \
        (400, {"error": "This port speaks HTTPS, not HTTP", "status": "invalid_request"})
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize("bytes_sent", [b"", b"\x16", b"\x16\x03\x01\x02\x00\x01", b"\0" * 100, b"\x16\x03\x01\xff\xff" + b"x" * 70000])
def test_a_handshake_that_is_never_finished_is_cut(secure, bytes_sent):
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", secure.port), timeout=10 * TIME_FACTOR) as connection:
        try:
            connection.sendall(bytes_sent)
        except (BrokenPipeError, ConnectionResetError):
            pass
        while not ended(connection):
            pass
    assert time.monotonic() - began < 4 * TIME_FACTOR
    assert secure.post(**HELLO).result == 42


def test_idle_handshakes_do_not_use_the_service_up(secure):
    idle = [socket.create_connection(("127.0.0.1", secure.port)) for _ in range(150)]
    try:
        for _ in range(3):
            began = time.monotonic()
            with secure.connect() as connection:
                connection.sendall(request())
                assert json.loads(read_answer(connection)[1])["result"] == 42
            assert time.monotonic() - began < 5 * TIME_FACTOR
    finally:
        for connection in idle:
            connection.close()


def test_a_client_that_leaves_ends_its_execution(secure):
    body = json.dumps({"script": "import time\ndef main(): time.sleep(20)"}).encode()
    connection = secure.connect()
    connection.sendall(EXECUTE % (len(body), body))
    eventually(lambda: secure.pool()["running"] == 1, 5, "it runs")
    connection.close()
    eventually(lambda: secure.pool()["running"] == 0, 5, "it was ended")


def test_the_end_of_a_connection_is_told(secure):
    context = secure.trusting()
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
    with secure.connect(context) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        read_answer(connection)
        # Without the word of TLS for it, this would raise an error.
        connection.suppress_ragged_eofs = False
        assert connection.recv(100) == b""


def reload(server) -> dict:
    ends = ("reloaded", "reload refused")

    def lines():
        return [line for line in map(json.loads, server.log.read_text().splitlines()) if line["event"] in ends]

    before = len(lines())
    server.process.send_signal(signal.SIGHUP)
    eventually(lambda: len(lines()) > before, 10, "the reload is logged")
    return lines()[-1]


def test_a_reload_gives_the_new_certificate(secure):
    assert secure.serial() == "11"
    with secure.connect() as held:
        certificate, key = secure.authority.issue("second", 34)
        before = secure.served.read_bytes(), secure.served_key.read_bytes()
        secure.served.write_bytes(certificate.read_bytes())
        # With the old key, the new certificate is no pair: nothing changes.
        assert reload(secure)["event"] == "reload refused" and secure.serial() == "11"
        assert "tls-key" in secure.log.read_text()
        secure.served_key.write_bytes(key.read_bytes())
        assert reload(secure)["event"] == "reloaded" and secure.serial() == "22"
        held.sendall(request())
        assert json.loads(read_answer(held)[1])["result"] == 42, "a connection goes on with what it began with"
    for file, content in zip((secure.served, secure.served_key), before):
        file.write_bytes(content)
    assert reload(secure)["event"] == "reloaded" and secure.serial() == "11"


@pytest.mark.parametrize(("arguments", "mode", "told"), [
    (("--tls-certificate", "{cert}"), 0o600, "only one of them"),
    (("--tls-key", "{key}"), 0o600, "only one of them"),
    (("--tls-certificate", "{cert}", "--tls-key", "{key}"), 0o644, "option tls-key, file {key}: others can read"),
    (("--tls-certificate", "{cert}", "--tls-key", "{cert}"), 0o600, "option tls-key, file {cert}: "),
    (("--tls-certificate", "{key}", "--tls-key", "{key}"), 0o600, "option tls-certificate, file {key}: "),
    (("--tls-certificate", "{cert}", "--tls-key", "/nowhere/key"), 0o600, "option tls-key, file /nowhere/key: No such file"),
    (("--tls-certificate", "/nowhere/cert", "--tls-key", "{key}"), 0o600, "option tls-certificate, file /nowhere/cert"),
    (("--tls-certificate", "{cert}", "--tls-key", "{other}"), 0o600, "option tls-key, file {other}: "),
    (("--tls-certificate", "{cert}", "--tls-key", "{locked}"), 0o600, "option tls-key, file {locked}: "),
])
def test_a_start_tells_what_is_wrong(secure, tmp_path, arguments, mode, told):
    certificate, key = secure.authority.issue("start", 51)
    _, other = secure.authority.issue("other", 52)
    locked = tmp_path / "locked.key"
    openssl("ec", "-in", key, "-aes128", "-passout", "pass:secret", "-out", locked)
    certificate.chmod(0o600)
    locked.chmod(0o600)
    key.chmod(mode)
    names = {"cert": certificate, "key": key, "other": other, "locked": locked}
    done = subprocess.run([BINARY, "serve", "--port", str(free_port()), *(word.format(**names) for word in arguments)],
                          capture_output=True, text=True, timeout=30 * TIME_FACTOR, stdin=subprocess.DEVNULL)
    assert done.returncode == 2 and told.format(**names) in done.stderr, done.stderr


def test_the_containers_health_check_speaks_both(secure, server):
    for running in (secure, server):
        done = subprocess.run(["/usr/bin/python3", "-I", REPO / "packaging/docker/healthcheck"], timeout=30,
                              env={**os.environ, "PORT": str(running.port)}, capture_output=True, text=True)
        assert done.returncode == 0, done


def test_a_client_that_half_closes_counts_as_gone_and_gets_no_byte_beside_tls(secure):
    body = json.dumps({"script": "import time\ndef main(): time.sleep(20)"}).encode()
    connection = secure.connect()
    connection.sendall(EXECUTE % (len(body), body))
    eventually(lambda: secure.pool()["running"] == 1, 5, "it runs")
    plain = socket.socket(fileno=os.dup(connection.fileno()))
    plain.settimeout(10 * TIME_FACTOR)
    plain.shutdown(socket.SHUT_WR)
    eventually(lambda: secure.pool()["running"] == 0, 5, "it was ended")
    received = b""
    while chunk := plain.recv(65536):
        received += chunk
    assert b"HTTP" not in received, received
    plain.close()
    connection.close()
