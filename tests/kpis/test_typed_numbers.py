"""Numbers as people paste them: what may mean two things is refused."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpis.typed_numbers import NotANumber, is_band, read_band, read_number, written


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("95", "95"),
        (" 95.5 ", "95.5"),
        ("95,5", "95.5"),
        ("95,5 %", "95.5"),
        ("1,234.5", "1234.5"),
        ("1.234,5", "1234.5"),
        ("1 234 567", "1234567"),
        ("1'234.50", "1234.50"),
        ("1,234,567", "1234567"),
        ("−3", "-3"),
        ("£ 7.25", "7.25"),
        ("0,125", "0.125"),
        ("1e3", "1000"),
    ],
)
def test_is_read(text, value):
    assert read_number(text) == Decimal(value)


@pytest.mark.parametrize(
    "text",
    ["", "x", "1,234", "12,34,56", "1.2.3,4", "NaN", "Infinity", "--3", "1 2 x", "٣", "9" * 61, "=1+1", "1,23.4,5"],
)
def test_is_refused(text):
    with pytest.raises(NotANumber):
        read_number(text)


def test_what_may_be_two_numbers_names_both():
    with pytest.raises(NotANumber, match=r"may be 1234 or 1\.234"):
        read_number("1,234")


@pytest.mark.parametrize("text", ["90..95", "90 to 95", "90 - 95", "90-95", "90%-95%", "90–95"])
def test_a_band(text):
    assert read_band(text) == (Decimal(90), Decimal(95))


@pytest.mark.parametrize("text", ["-5", "1e-3", "1,234.5", "95 %"])
def test_one_number_is_no_band(text):
    assert not is_band(text)


@settings(max_examples=50)
@given(st.decimals(min_value=-(10**12), max_value=10**12, places=4))
def test_what_is_written_is_read_as_the_same(value):
    assert read_number(written(value)) == value
