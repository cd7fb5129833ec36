"""Promise 11: what a cell writes to its private channel spoils at most its own answer."""

import pytest
from crowd import Client, ask
from exact import Exact, assert_ends_exactly
from hostile import NEEDS_ROOT
from programs import named
from support import inside

pytestmark = NEEDS_ROOT
FORGED = "Script was killed by signal 9 (SIGKILL) after writing to the service's own channel"
UNSENT = "Script exited with code 70 before main() returned"
OK, EXCEPTION, EXITED = 0, 3, 7

# The frames of src/protocol/frame.hpp, written by hand.
FRAMES = '''
import json, os, socket, struct, threading, time
def is_open(fd):
    try: return os.fstat(fd) is not None
    except OSError: return False
CHANNEL = next(filter(is_open, range(1000, 1200)))
def send(data):
    while data: data = data[os.write(CHANNEL, data):]
def frame(kind, payload, length=None):
    return struct.pack("<IB", len(payload) if length is None else length, kind) + payload
def segment(data): return struct.pack("<I", len(data)) + data
def outcome(kind, result=b"", error=b"", exception=b""):
    return frame(4, bytes([kind]) + segment(result) + segment(error) + segment(exception))
'''


def sends(name, frames, result=None, status="killed", error=None, then="time.sleep(60)", wall=10):
    """A script that sends these bytes from main(), and waits; the service must not."""
    script = f"def main():\n    send({frames})\n    {then}\n    return 'from main'"
    error = FORGED if status == "killed" else error
    return Exact(name, FRAMES + script, result, status, error, limits={"wall_s": wall})


def claims(name, text, **expected):
    """A script that claims to have returned this text as its result."""
    return sends(name, f"outcome({OK}, {text})", **expected)


OWN_ANSWER = [
    sends("an outcome before main has ended", f"outcome({OK}, b'[1]')", [1], "ok"),
    sends("two outcomes: the first counts", f"outcome({OK}, b'1') + outcome({OK}, b'2')", 1, "ok"),
    sends("a thousand outcomes", f"outcome({OK}, b'1') * 1000", 1, "ok"),
    sends("an outcome and then garbage", f"outcome({OK}, b'1') + bytes(range(256)) * 100", 1, "ok"),
    sends("an outcome with words of its own", f"outcome({EXCEPTION}, b'', b'Own: words')", None, "exception",
          "Own: words"),
    sends("an outcome without words", f"outcome({EXITED})", None, "exited", "Script failed"),
    sends("an outcome of another length than its main's", f"outcome({OK}, b'2')", 2, "ok", then="pass"),
    sends("words that are no text", f"outcome({EXCEPTION}, b'', b'a' + bytes([255, 254]))", None, "exception",
          "a\ufffd\ufffd"),
    sends("nothing, and reads what is not there", "b''", "from main", "ok",
          then="os.set_blocking(CHANNEL, False); attempt(os.read, CHANNEL, 65536)"),
    sends("nothing, and sets the channel to all kinds of flags", "b''", "from main", "ok",
          then="import fcntl; fcntl.fcntl(CHANNEL, fcntl.F_SETFL, 0o26000)"),
    sends("descriptors along with an outcome", "b''", 5, "ok", then="""
    channel = socket.socket(fileno=CHANNEL)
    for _ in range(50): attempt(socket.send_fds, channel, [outcome(0, b"5")], [0, 1, 2])
    time.sleep(60)"""),
    sends("nothing, and closes the channel", "b''", None, "exited", UNSENT, then="os.close(CHANNEL)"),
    sends("nothing, and shuts the channel", "b''", None, "exited", UNSENT,
          then="socket.socket(fileno=CHANNEL).shutdown(socket.SHUT_RDWR)"),
    sends("an outcome by a child while main goes on", "b''", "child", "ok", then="""
    if os.fork() == 0: send(outcome(0, b'"child"'))
    time.sleep(60)"""),
]

BROKEN = [
    *[sends(f"a frame of kind {kind}", f"frame({kind}, b'')") for kind in (0, 1, 2, 3, 5, 6, 7, 127, 255)],
    sends("a failed step of sealing", "frame(1, struct.pack('<QQ', 3, 13))"),
    sends("an outcome of no bytes", "frame(4, b'')"),
    *[sends(f"an outcome of kind {kind}", f"outcome({kind}, b'1')") for kind in (9, 10, 128, 255)],
    sends("an outcome with a piece missing", "frame(4, bytes([0]) + segment(b'1') + segment(b''))"),
    sends("an outcome with a piece too many", "frame(4, bytes([0]) + segment(b'1') * 4)"),
    sends("a piece that is longer than its frame", "frame(4, bytes([0]) + struct.pack('<I', 2**32 - 1) + b'1')"),
    sends("words of more than two megabytes", f"outcome({EXCEPTION}, b'', b'x' * ((2 << 20) + 1))"),
    sends("an account of more than two megabytes", f"outcome({EXCEPTION}, b'', b'', b'x' * ((2 << 20) + 1))"),
    sends("a header that announces four gigabytes", "frame(4, b'', 2**32 - 1)", None, "result_too_large"),
    sends("random bytes", "b'\\xff' * 4096"),
    sends("half a header", "b'\\x10\\x00'", None, "timeout", wall=0.5),
    sends("half a frame", "frame(4, b'x' * 50, 100)", None, "timeout", wall=0.5),
    sends("half a frame, which swallows the true outcome", "frame(4, b'', 1000)", None, "timeout", then="pass",
          wall=0.5),
    sends("the head of a frame before the true outcome", "frame(4, b'', 10)", then="pass"),
    sends("a frame that never ends", "frame(4, b'', 16 << 20)", None, "timeout", wall=1,
          then="while True: send(b'x')"),
    claims("half of UTF-8", "b'\"' + bytes([0xc3]) + b'\"'"), claims("a surrogate", "b'\"\\xed\\xa0\\x80\"'"),
    claims("an escaped lone surrogate", "rb'\"\\ud800\"'"), claims("an overlong slash", "b'\"\\xc0\\xaf\"'"),
    claims("a NUL", "b'\"\\x00\"'"), claims("a line break in a string", "b'\"\\n\"'"), claims("nothing", "b''"),
    claims("NaN", "b'NaN'"), claims("infinity", "b'[-Infinity]'"), claims("a number with a zero before it", "b'01'"),
    claims("two values", "b'1 2'"), claims("a comment", "b'1 // one'"), claims("a trailing comma", "b'[1,]'"),
    claims("single quotes", 'b"\'one\'"'), claims("a mark of byte order", "b'\\xef\\xbb\\xbf1'"),
    claims("further fields of the answer", "b'1, \"status\": \"ok\", \"id\": \"of another\"'"),
    claims("the end of the answer", "b'1}\\r\\n\\r\\nHTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\n{}'"),
    claims("brackets without end", "b'[' * 1_000_000"), claims("deep nesting", "b'[' * 1101 + b']' * 1101"),
    claims("a result just beyond its size", "b'\"' + b'x' * ((16 << 20) - 1) + b'\"'", status="result_too_large"),
]


@pytest.mark.parametrize("program", OWN_ANSWER + BROKEN, ids=named)
def test_bytes_of_a_cell_reach_no_other_answer(server, assert_service_is_well, program):
    answer = assert_ends_exactly(server, program)
    assert len(answer.body["id"]) == 32
    assert_service_is_well()


def test_account_of_an_error_has_its_shape_whatever_the_cell_says(server, assert_service_is_well):
    forged = {"type": ["list"], "message": None, "traceback": {"a": 1}, "line": "12", "column": 2**70, "text": 5,
              "id": "of another", "status": "ok", "result": 1}
    claim = "    send(outcome(3, b'', b'words', json.dumps(forged).encode()))\n    time.sleep(60)"
    answer = server.post(script=f"{FRAMES}def main(forged):\n{claim}", args=[forged])
    assert (answer.http, answer.status, answer.error) == (400, "exception", "words"), answer
    assert answer.exception == {"type": "", "message": "", "traceback": "", "line": None}
    assert_service_is_well()


def test_forgers_do_not_mislead_the_answers_of_others(server, assert_service_is_well):
    """Cells send all that a frame may hold and no end of it; others get what is theirs, and the server stays small."""
    forge = FRAMES + "def main():\n    send(frame(4, bytes(15_000_000), 19_000_000))\n    time.sleep(60)"
    forgers = [Client(lambda _: ask(server, script=forge, limits={"wall_s": 2}), n, times=1) for n in range(10)]
    for number in range(40):
        assert inside(server, "def main(n): return {'mine': n}", args=[number]) == {"mine": number}
    for forger in forgers:
        assert [answer.status for answer in forger.finish()] == ["timeout"]
    assert server.memory() < 400 << 20, "what was sent for nothing is given back"
    assert_service_is_well()
