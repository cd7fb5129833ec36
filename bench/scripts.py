"""The two scripts that everything is measured with."""

HELLO = """def main():
    return {"message": "hi"}
"""

GROUPBY = """import numpy as np, pandas as pd

def main():
    df = pd.DataFrame({"a": np.arange(1000) % 7, "b": np.arange(1000.0)})
    return {"sum": float(df.groupby("a").b.mean().sum())}
"""

SCRIPTS = {"hello": HELLO, "numpy+pandas": GROUPBY}
EXPECTED = {"hello": {"message": "hi"}, "numpy+pandas": {"sum": 3496.5}}
