"""Promise 12: twenty attackers at work, and twenty honest clients get right answers; afterwards at once again."""

import contextlib
import json
import socket
import time

import httpx
import pytest
from crowd import Client, ask, ask_in_time
from hostile import NEEDS_ROOT
from programs import TOOLS
from support import TIME_FACTOR
from test_cell_bytes import FRAMES

pytestmark = NEEDS_ROOT
ATTACKERS = HONEST = 20
FEW = {"wall_s": 2, "memory_mb": 64, "processes": 32}

ATTACKS = [TOOLS + script for script in (
    "def main():\n    while True: pass",
    "def main():\n    while True: attempt(os.fork)",
    "def main():\n    hoard = []\n    while True: hoard.append(b'x' * (1 << 20))",
    "def main():\n    while True: os.write(1, b'x' * 65536)",
    "def main(): libc.pause()",
    "def main():\n    while True: libc.unshare(0x10000000), attempt(open, '/etc/shadow')",
    "def main(): os.kill(-1, 9) or os.kill(os.getpid(), 9)",
    "def main():\n    for number in range(4000): open(str(number), 'w')\n    os.abort()",
    "def main(): return 'x' * 20_000_000",
    "def main(): raise ValueError('x' * 20_000_000)",
    "import threading\ndef main():\n    for _ in range(30): threading.Thread(target=sum, args=[iter(int, 1)]).start()",
    FRAMES + "def main(): send(frame(4, b'x' * 8_000_000, 16_000_000)); libc.pause()",
    FRAMES + "def main():\n    while True: send(bytes(65536))",
)]


def attack(server, number):
    """One attack by script, and one by connection: it hangs up, or sends half of a request."""
    script = ATTACKS[number % len(ATTACKS)]
    with contextlib.suppress(httpx.TransportError):
        if number % 3:
            ask(server, script=script, limits=FEW)
        else:
            httpx.post(f"{server.url}/execute", json={"script": script, "limits": FEW}, timeout=0.3, trust_env=False)
    with socket.create_connection(("127.0.0.1", server.port)) as half:
        half.sendall(b"POST /execute HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{")


def honest(server, number):
    answer, took = ask_in_time(server, script="import numpy\ndef main(n): print(n); return int(numpy.arange(n).sum())",
                               args=[number])
    assert (answer.http, answer.result, answer.stdout) == (200, number * (number - 1) // 2, f"{number}\n"), answer
    return took


def test_honest_clients_are_answered_while_others_attack(server, assert_service_is_well):
    attackers = [Client(lambda n: attack(server, n), number) for number in range(ATTACKERS)]
    clients = [Client(lambda n: honest(server, n), 1000 + number, times=5) for number in range(HONEST)]
    for client in clients:
        client.join(timeout=120 * TIME_FACTOR)
    took = [seconds for client in clients for seconds in client.finish()]
    for attacker in attackers:
        attacker.finish()
    assert len(took) == HONEST * 5
    assert sorted(took)[len(took) // 2] < 5 * TIME_FACTOR, "half of them"
    assert_service_is_well()


@pytest.mark.parametrize("script", ATTACKS, ids=range(len(ATTACKS)))
def test_answer_comes_at_once_after_a_burst_of_one_attack(server, assert_service_is_well, script):
    burst = [Client(lambda _: ask(server, script=script, limits={**FEW, "wall_s": 0.5}), number, times=1)
             for number in range(ATTACKERS)]
    for attacker in burst:
        (answer,) = attacker.finish()
        assert answer.http in (200, 400), answer
    started = time.monotonic()
    assert ask(server, script="def main(): return 42").result == 42
    assert time.monotonic() - started < 2 * TIME_FACTOR
    assert_service_is_well()


def test_body_that_is_hostile_to_a_parser_costs_no_time(server, assert_service_is_well):
    """Sixteen megabytes of what is slow to parse, and an honest question while it is parsed."""
    many = {"script": "def main(**k): return len(k)", "kwargs": {str(n): n for n in range(500_000)}}
    bodies = [b"[" * 15_000_000, b'{"script":' * 1_000_000, b'"' + b"\\u0000" * 2_500_000 + b'"', b"1" * 15_000_000,
              json.dumps(many).encode()]

    def send(number):
        return httpx.post(f"{server.url}/execute", content=bodies[number], timeout=60, trust_env=False,
                          headers={"Content-Type": "application/json"}).status_code

    senders = [Client(send, number, times=1) for number in range(len(bodies))]
    for _ in range(10):
        answer, took = ask_in_time(server, script="def main(): return 42")
        assert (answer.result, took < 2 * TIME_FACTOR) == (42, True)
    assert [sender.finish() for sender in senders] == [[400], [400], [400], [400], [200]]
    assert_service_is_well()
