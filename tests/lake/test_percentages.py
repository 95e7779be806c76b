"""91 % counts as 91 in a derived expression: how many times over a value is multiplied by 100."""

import pytest

from lake.formula.percentages import Scale


@pytest.mark.parametrize(
    ("expression", "times"),
    [
        ("availability", 1),
        ("availability * performance", 2),
        ("availability * performance * quality / 10000", 1),
        ("availability / 100 * performance / 100 * quality", 1),
        ("0.01 * availability * performance", 1),
        ("availability / performance", 0),
        ("100 * availability / performance", 1),
        ("100 - availability", 1),
        ("(100 - availability) * orders / 100", 0),
        ("failed / orders", 0),
        ("2 * failed", 0),
        ("availability - performance", 1),
        ("(availability + performance) / 2", 1),
        ("round(availability * performance, 1)", 2),
        ("coalesce(availability, 0)", 1),
        ("3 + 4", 0),
    ],
)
def test_a_value_is_so_many_times_multiplied_by_100(expression, times):
    assert Scale.of(expression, {"availability", "performance", "quality"}).degree == times


@pytest.mark.parametrize(
    "expression",
    [
        "availability + orders",
        "1 - availability",
        "sqrt(availability * performance)",
        "case when orders > 10 then availability else 0 end",
    ],
)
def test_what_cannot_be_told_is_not_told(expression):
    assert Scale.of(expression, {"availability", "performance"}).degree is None


def test_a_factor_alone_neither_multiplies_nor_divides_two_numbers():
    scale = Scale.of("2 * availability / 4", {"availability"})
    assert (scale.multiplies, scale.divides) == (False, False)
    scale = Scale.of("orders * availability / days", {"availability"})
    assert (scale.multiplies, scale.divides) == (True, True)
