import sys


def main():
    if "pandas" not in sys.modules:
        return None
    import numpy as np
    import pandas as pd

    frame = pd.DataFrame({"key": np.arange(64) % 7, "value": np.arange(64.0)})
    means = frame.groupby("key").value.mean()
    return [float(means.sum()), frame.head(2).to_dict()]
