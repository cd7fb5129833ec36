import pandas as pd


def main(rows):
    frame = pd.DataFrame(rows, columns=["city", "month", "sales"])
    by_city = frame.groupby("city")["sales"].agg(["sum", "mean", "max"])
    print(by_city.to_string())
    pivot = frame.pivot_table(index="city", columns="month", values="sales", fill_value=0)
    return {
        "by_city": by_city.to_dict(orient="index"),
        "best": frame.loc[frame["sales"].idxmax()].to_dict(),
        "pivot": pivot.astype(float).to_dict(),
        "records": frame.eval("double = sales * 2").query("double > 50").to_dict(orient="records"),
    }
