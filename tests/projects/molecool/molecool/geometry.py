"""Lengths and angles between points in space."""

import math
from collections.abc import Sequence


def distance(first: Sequence[float], second: Sequence[float]) -> float:
    """The distance of two points."""
    return math.dist(first, second)


def angle(first: Sequence[float], middle: Sequence[float], last: Sequence[float]) -> float:
    """The angle at the middle one of three points, in degrees."""
    left = [a - b for a, b in zip(first, middle, strict=True)]
    right = [a - b for a, b in zip(last, middle, strict=True)]
    product = sum(a * b for a, b in zip(left, right, strict=True))
    return math.degrees(math.acos(product / (math.hypot(*left) * math.hypot(*right))))
