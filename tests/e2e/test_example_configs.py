"""The ready configurations of examples/config, each on a service that is started with it: both sides of each limit."""

import pytest
from support import REPO, Server

CONFIGS = REPO / "examples/config"
SMALL = ("--pool-size", "1", "--max-executions", "2", "--preload-light", "")
SCRIPT = "def main(): return 1\n"
# Seconds, megabytes, bytes of a script; by the file's name without its ending.
LIMITS = {
    "10s-256mb": (10, 256, 100_000),
    "30s-300mb": (30, 300, 51_200),
    "5s-200kb": (5, 512, 204_800),
    "30s-1gb": (30, 1024, 204_800),
}


FILES = sorted(path.name for path in CONFIGS.iterdir())


def test_there_is_a_file_for_each_case():
    assert {name.rpartition(".")[0] for name in FILES} == set(LIMITS)
    assert {f"{case}.{kind}" for case in LIMITS for kind in ("toml", "cfg")} == set(FILES)


@pytest.fixture(scope="module", params=FILES)
def configured(request):
    case, _, kind = request.param.rpartition(".")
    flags = ("--config", str(CONFIGS / request.param))
    if kind == "cfg":  # nsjail's, which knows nothing of scripts
        flags = ("--sandbox-config", str(CONFIGS / request.param), "--max-script-bytes", str(LIMITS[case][2]))
    running = Server(*flags, *SMALL)
    yield running, *LIMITS[case]
    running.stop()


def test_limits_are_those_of_the_file(configured):
    server, seconds, megabytes, size = configured
    padded = SCRIPT + "#" * (size - len(SCRIPT))
    most = {"wall_s": seconds, "cpu_s": seconds, "memory_mb": megabytes}
    answer = server.post(script=padded, limits=most)
    assert (answer.http, answer.result) == (200, 1), answer
    for name, limit in most.items():
        above = server.post(script=SCRIPT, limits={name: limit + 1})
        assert (above.http, above.status) == (400, "invalid_request"), above
        assert name in above.error and str(limit) in above.error, above
    larger = server.post(script=padded + "#")
    assert (larger.http, larger.status) == (400, "script_too_large"), larger
    assert str(size) in larger.error
