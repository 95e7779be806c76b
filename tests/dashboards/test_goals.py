"""The target of a number as pages write it: one value, both ends of a band, and the limits beside it."""

import re
from decimal import Decimal
from types import SimpleNamespace

import pytest

from dashboards.templatetags.figures import further_goals, goal

NOTHING = {"target": None, "target_low": None, "target_high": None, "red_limit": None, "stretch": None}


def rated(**values: str) -> SimpleNamespace:
    return SimpleNamespace(**NOTHING | {name: Decimal(value) for name, value in values.items()})


def text(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", "", html).replace("\xa0", " ").replace("\u202f", " ").split())


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({"target": "80"}, "80.0 %"),
        ({"target_low": "75", "target_high": "85"}, "75.0 %–85.0 %"),
        ({"target_low": "0", "target_high": "5"}, "0.0 %–5.0 %"),
        ({}, "–"),
    ],
)
def test_a_target_is_one_value_or_both_ends_of_its_band(values, shown):
    assert text(goal(rated(**values), "percent:1")) == shown


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({"red_limit": "60", "stretch": "90"}, "red limit 60.0 %, stretch 90.0 %"),
        ({"red_limit": "0"}, "red limit 0.0 %"),
        ({"stretch": "90"}, "stretch 90.0 %"),
        ({}, ""),
    ],
)
def test_limits_beside_it_are_named_as_far_as_they_are_set(values, shown):
    assert text(further_goals(rated(**values), "percent:1")) == shown
