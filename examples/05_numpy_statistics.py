import numpy as np


def main(values):
    data = np.array(values, dtype=float)
    slope, intercept = np.polyfit(np.arange(data.size), data, 1)
    return {
        "mean": float(data.mean()),
        "median": float(np.median(data)),
        "std": round(float(data.std(ddof=1)), 6),
        "quartiles": np.percentile(data, [25, 50, 75]).tolist(),
        "slope": round(float(slope), 6),
        "intercept": round(float(intercept), 6),
        "product": (np.arange(6).reshape(2, 3) @ np.ones((3, 2), dtype=int)).tolist(),
        "seeded": np.random.default_rng(7).integers(0, 100, 3).tolist(),
    }
