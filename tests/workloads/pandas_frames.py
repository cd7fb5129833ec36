import importlib.util
import io
import sqlite3

import pandas as pd

EXPECTED = {"csv": [3, "2024-03-01"], "grouped": {"a": 4, "b": 2}, "pivot": [[1.0, 3.0], [2.0, 0.0]],
            "merged": 3, "resampled": [1, 2, 3], "sql": [["a", 4], ["b", 2]], "json": True, "rolling": 2.5,
            "pickle": True, "zipped": True, "excel and parquet as installed": True, "plot": "89504e47"}


def refused_or_round_trip(frame, write, read, module):
    if importlib.util.find_spec(module) is None:
        try:
            write(frame)
        except ImportError:
            return True
        return False
    write(frame)
    return read().equals(frame)


def main():
    frame = pd.read_csv(io.StringIO("key,value,day\na,1,2024-01-01\nb,2,2024-02-01\na,3,2024-03-01\n"),
                        parse_dates=["day"])
    frame.to_csv("frame.csv.gz", index=False)
    frame.to_pickle("frame.pickle")
    image = io.BytesIO()
    frame.plot(x="day", y="value").figure.savefig(image, format="png")
    with sqlite3.connect("frame.db") as base:
        frame.to_sql("frame", base, index=False)
        rows = pd.read_sql("select key, sum(value) from frame group by key", base)
    simple = frame[["key", "value"]]
    return {
        "csv": [len(frame), str(frame.day.max().date())],
        "grouped": frame.groupby("key")["value"].sum().to_dict(),
        "pivot": frame.assign(n=[0, 0, 1]).pivot_table(index="key", columns="n", values="value", fill_value=0)
        .astype(float).values.tolist(),
        "merged": len(frame.merge(pd.DataFrame({"key": ["a", "b"], "name": ["x", "y"]}))),
        "resampled": frame.set_index("day").resample("MS")["value"].sum().tolist(),
        "sql": rows.values.tolist(),
        "json": pd.read_json(io.StringIO(simple.to_json())).equals(simple),
        "rolling": float(frame.value.rolling(2).mean().iloc[-1]),
        "pickle": pd.read_pickle("frame.pickle").equals(frame),
        "zipped": pd.read_csv("frame.csv.gz", parse_dates=["day"]).equals(frame),
        "excel and parquet as installed": all([
            refused_or_round_trip(simple, lambda f: f.to_excel("f.xlsx", index=False),
                                  lambda: pd.read_excel("f.xlsx"), "openpyxl"),
            refused_or_round_trip(simple, lambda f: f.to_parquet("f.parquet"),
                                  lambda: pd.read_parquet("f.parquet"), "pyarrow")]),
        "plot": image.getvalue()[:4].hex(),
    }
