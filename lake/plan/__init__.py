"""What a measure is, and how many of them become a few primitives that one scan can gather."""

from lake.plan.fuse import Fusion, Parts, Primitive, Terms, parts_of
from lake.plan.measure import Cut, Kind, Measure, MeasureError, TimeRule, UnitLevel, Window

__all__ = [
    "Cut",
    "Fusion",
    "Kind",
    "Measure",
    "MeasureError",
    "Parts",
    "Primitive",
    "Terms",
    "TimeRule",
    "UnitLevel",
    "Window",
    "parts_of",
]
