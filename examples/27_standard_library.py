import base64
import collections
import csv
import hashlib
import heapq
import io
import itertools
import random
import re
import statistics
import textwrap
import zlib


def main(text):
    words = re.findall(r"[a-z]+", text.lower())
    rows = list(csv.DictReader(io.StringIO("name,age\nAda,36\nAlan,41\n")))
    return {
        "common": collections.Counter(words).most_common(2),
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "base64": base64.b64encode(zlib.compress(b"a" * 100, 9)).decode(),
        "smallest": heapq.nsmallest(2, words),
        "pairs": list(itertools.combinations("abc", 2)),
        "mean_age": statistics.mean(int(row["age"]) for row in rows),
        "seeded": random.Random(42).sample(range(100), 3),
        "wrapped": textwrap.wrap(text, 20),
    }
