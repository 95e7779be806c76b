"""Numbers inside sentences: no exponent where people write digits, a true minus, shares in percent."""

from analytics.wording import digits, in_points, percent

MINUS, SPACE = "\N{MINUS SIGN}", "\N{NO-BREAK SPACE}"


def test_digits_are_written_as_people_write_them():
    assert [digits(one, 3) for one in (22381.4, 999.7, 41.49, 0.03149, 0, -1.2)] == [
        "22,381", "1,000", "41.5", "0.0315", "0", f"{MINUS}1.2"
    ]  # fmt: skip
    assert [digits(one) for one in (999.6, 0.0000224, None, float("inf"))] == ["999.6", "2.24e-05", "–", "inf"]
    assert (digits(1.5, signed=True), digits(0, signed=True)) == ("+1.5", "0")


def test_shares_are_percent_and_their_difference_points():
    assert (percent(0.824), percent(1), percent(-0.0123, 1)) == (f"82{SPACE}%", f"100{SPACE}%", f"{MINUS}1.2{SPACE}%")
    assert (in_points(-0.836), in_points(0.05)) == (f"{MINUS}83.6", "+5.0")


def test_what_is_shown_as_zero_has_no_sign():
    assert (in_points(-0.0004), in_points(-0.0006)) == ("0.0", f"{MINUS}0.1")
    assert percent(-0.004, signed=True) == percent(0.004, signed=True) == percent(0)
    assert percent(-0.004, 1, signed=True).startswith(f"{MINUS}0.4")
