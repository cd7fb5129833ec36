from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from enum import Enum
from typing import NamedTuple


class Colour(str, Enum):
    RED = "red"
    BLUE = "blue"


class Point(NamedTuple):
    x: int
    y: int


@dataclass(frozen=True, order=True)
class Shape:
    name: str
    colour: Colour = Colour.RED
    points: list[Point] = field(default_factory=list, compare=False)


def main():
    triangle = Shape("triangle", points=[Point(0, 0), Point(1, 0), Point(0, 1)])
    line = replace(triangle, name="line", colour=Colour.BLUE, points=triangle.points[:2])
    return {
        "shapes": [asdict(shape) for shape in sorted([triangle, line])],
        "repr": repr(line),
        "module": Shape.__module__,
    }
