"""Bands as they are typed: a line each, read back equal."""

import pytest

from kpis.band_text import NotBands, read_bands_text, write_bands_text

TYPED = "green 95\namber 90 %\namber -2.5 points\nred"
BANDS = [
    {"status": "green", "at": 95.0, "basis": "absolute"},
    {"status": "amber", "at": 90.0, "basis": "percent_of_target"},
    {"status": "amber", "at": -2.5, "basis": "points"},
    {"status": "red"},
]


def test_a_line_is_a_band_and_is_written_as_it_was_typed():
    assert read_bands_text(TYPED) == BANDS
    assert write_bands_text(BANDS) == TYPED
    assert read_bands_text("  Green 1,000.5 \n\n RED \n") == [
        {"status": "green", "at": 1000.5, "basis": "absolute"},
        {"status": "red"},
    ]
    assert read_bands_text("") == []


@pytest.mark.parametrize(
    ("line", "word"), [("blue 95", "blue"), ("green ninety", "ninety"), ("green 1 to 2", "1 to 2")]
)
def test_a_line_that_is_no_band_is_named(line, word):
    with pytest.raises(NotBands, match=word):
        read_bands_text(line)
