import numpy as np
import pandas as pd


def main():
    sales = pd.DataFrame({
        "day": pd.date_range("2024-01-01", periods=6),
        "city": ["Oslo", "Rome", "Oslo", "Rome", "Oslo", "Rome"],
        "units": [3, 5, 2, 8, 4, 1],
    })
    prices = pd.DataFrame({"city": ["Oslo", "Rome"], "price": [2.5, 3.0]})
    joined = sales.merge(prices, on="city")
    joined["value"] = joined["units"] * joined["price"]
    top = joined[joined.value > 5].sort_values("value", ascending=False)
    matrix = np.array([[2.0, 1.0], [1.0, 3.0]])
    return {
        "shape": joined.shape,
        "totals": joined.groupby("city")["value"].agg(["sum", "mean"]).to_dict(),
        "top": top.head(2)[["city", "value"]].to_dict("records"),
        "describe": joined["value"].describe().round(2).to_dict(),
        "solved": np.linalg.solve(matrix, [1.0, 2.0]).tolist(),
        "text": str(joined.head(1)),
    }
