"""Promise 10: no source of random values gives the same in two executions, one after the other or at once."""

import textwrap

from crowd import Client, ask
from hostile import NEEDS_ROOT
from support import inside

pytestmark = NEEDS_ROOT

DRAW = """
    import os, random, secrets, ssl, tempfile, uuid
    import multiprocessing, numpy as np, pandas as pd
    def main():
        return {
            "random": random.random(), "gauss": random.gauss(0, 1), "own": random.Random().random(),
            "sample": random.sample(range(10**6), 3), "system": random.SystemRandom().random(),
            "numpy": np.random.random(), "normal": float(np.random.normal()),
            "state": int(np.random.RandomState().randint(1 << 62)), "seed": str(np.random.SeedSequence().entropy),
            "default_rng": float(np.random.default_rng().random()),
            "pandas": [int(value) for value in pd.Series(range(10**6)).sample(3)],
            "uuid1": str(uuid.uuid1()), "uuid4": str(uuid.uuid4()), "secrets": secrets.token_hex(),
            "urandom": os.urandom(8).hex(), "getrandom": os.getrandom(8).hex(), "ssl": ssl.RAND_bytes(8).hex(),
            "mkdtemp": tempfile.mkdtemp(), "mktemp": tempfile.mktemp(),
            "authkey": bytes(multiprocessing.current_process().authkey).hex(),
        }
    """


def assert_all_differ(drawn):
    for source in drawn[0]:
        values = [str(values[source]) for values in drawn]
        assert len(set(values)) == len(values), f"{source} repeats between executions"


def test_random_values_never_repeat_in_forty_executions(server, assert_service_is_well):
    assert_all_differ([inside(server, DRAW) for _ in range(40)])
    assert_service_is_well()


def test_random_values_never_repeat_in_forty_executions_at_once(server, assert_service_is_well):
    script = textwrap.dedent(DRAW)
    clients = [Client(lambda _: ask(server, script=script), number, times=1) for number in range(40)]
    assert_all_differ([client.finish()[0].result for client in clients])
    assert_service_is_well()
