"""What an execution costs, in page faults: they are most of its CPU time and, unlike time, the same on each run of one
system. A change that has every cell copy more of the zygote's pages shows here."""

import time

import pytest
from support import TIME_FACTOR

HELLO = """
import resource
def main():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
"""
GROUPBY = """
import resource
import numpy as np
import pandas as pd
def main():
    df = pd.DataFrame({"a": np.arange(1000) % 7, "b": np.arange(1000.0)})
    assert float(df.groupby("a").b.mean().sum()) == 3496.5
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
"""


# What was counted on Debian 12 and a tenth.
@pytest.mark.parametrize("script, most", [(HELLO, 560), (GROUPBY, 1750)], ids=["hello", "numpy and pandas"])
def test_faults_of_a_cell_from_fork_to_answer(start_server, script, most):
    server = start_server("--pool-size", "6")
    time.sleep(1 * TIME_FACTOR)  # the idle service warms its cells
    counts = sorted(server.run(script).result for _ in range(5))
    assert 100 < counts[2] <= most, counts
