import numpy as np
import pandas as pd


def main():
    frame = pd.DataFrame({"a": np.arange(1000) % 7, "b": np.arange(1000.0)})
    return {"sum": float(frame.groupby("a").b.mean().sum())}
