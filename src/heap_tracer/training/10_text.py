import collections
import dataclasses
import datetime
import functools
import itertools
import json
import math
import random
import re
import statistics


@dataclasses.dataclass
class Point:
    x: int
    y: int = 0


@functools.lru_cache
def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


def main():
    words = re.findall(r"\w+", "the quick brown fox jumps over the lazy dog")
    print(f"{len(words)} words")
    groups = collections.defaultdict(list)
    for word in sorted(words, key=len):
        groups[len(word)].append(word)
    try:
        int("x")
    except ValueError as error:
        problem = repr(error)
    day = datetime.datetime(2024, 2, 29) + datetime.timedelta(days=1)
    return {
        "groups": {str(key): value for key, value in groups.items()},
        "count": collections.Counter(words).most_common(2),
        "point": dataclasses.asdict(Point(1)),
        "fibonacci": fibonacci(20),
        "pairs": list(itertools.combinations(range(4), 2)),
        "mean": statistics.mean([1, 2, 3.5]),
        "root": math.sqrt(2),
        "random": random.Random(1).random(),
        "day": day.isoformat(),
        "json": json.loads('{"a": [1, 2.5, null, true]}'),
        "problem": problem,
    }
