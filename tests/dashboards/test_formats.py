"""Numbers as the reader writes them."""

from decimal import Decimal

import pytest

from dashboards import formats

NB = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("value", "spec", "expected"),
    [
        (97.348, "percent:1", f"97.3{NB}%"),
        (0.97348, "share:1", f"97.3{NB}%"),  # a share is shown as a percentage
        (2 / 104 * 2, "share:2", f"3.85{NB}%"),
        (1234567, "count", "1,234,567"),
        (Decimal("-1234.5"), "GBP:2", "−£1,234.50"),
        (1234.5, "CHF:0", f"CHF{NB}1,235"),  # half up, as by hand: not 1,234
        (0.125, "number:2", "0.13"),
        (44.3, "hours", f"44.3{NB}h"),
        (12, "km:1", f"12.0{NB}km"),
        (4.2, "", "4.20"),
        (42.19, "", "42.2"),
        (4200, "", "4,200"),
        (-0.04, "percent:1", f"0.0{NB}%"),  # no sign before a zero
        (273900, "duration", f"3{NB}d{NB}4{NB}h"),
        (59, "duration", f"59{NB}s"),
    ],
)
def test_a_quantity_has_its_unit_rounding_and_separators(value, spec, expected):
    assert formats.text(value, spec) == expected


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), "", "n/a", True])
def test_what_is_no_number_is_an_en_dash(value):
    assert formats.text(value, "percent:1") == "–"


@pytest.mark.parametrize(
    ("difference", "spec", "expected"),
    [
        (1.25, "percent:1", f"+1.3{NB}pts"),  # a percentage changes by points, not by percent
        (-0.0125, "share:1", f"−1.3{NB}pts"),
        (0, "count", "0"),
        (-244, "count", "−244"),
        (3.7, "hours:1", f"+3.7{NB}h"),
        (-0.04, "percent:1", f"0.0{NB}pts"),  # what is shown as nothing has no sign
        (0.4, "duration", f"0{NB}s"),
        (-0.4, "duration", f"0{NB}s"),
        (-0.5, "duration", f"−1{NB}s"),
    ],
)
def test_a_change_always_shows_its_sign(difference, spec, expected):
    assert str(formats.change(difference, spec)) == expected


@pytest.mark.parametrize(
    ("difference", "is_good", "spec", "expected"),
    [
        (-0.04, False, "percent:1", "no change"),  # shown as 0.0 pts
        (-0.06, False, "percent:1", "worse"),
        (0.0004, True, "share:1", "no change"),
        (0.0006, True, "share:1", "better"),
        (0, None, "count", "no change"),
        (3, None, "count", ""),  # no direction
        (None, None, "count", ""),
    ],
)
def test_what_is_shown_as_no_change_is_neither_better_nor_worse(difference, is_good, spec, expected):
    assert formats.side_of(difference, is_good, spec) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1_284_000, "£1.3m"),
        (-950, "−£950"),
        (2_000_000_000, "£2.0bn"),
        (999_940, "£999.9k"),
        (999_950, "£1.0m"),
        (999_960_000, "£1.0bn"),
        (999.96, "£1,000"),
    ],
)
def test_a_compact_number_keeps_its_magnitude(value, expected):
    assert str(formats.shown(value, "GBP", compact=True)) == expected
