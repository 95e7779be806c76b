"""Any days against any others, put together from stored results; or a refusal that says which days to choose."""

from datetime import date

import pytest

from kpis.selectors.windows import NoWindow, Windows, by_habit, windows
from lake.periods import Calendar, Span
from organization.access import access_of
from tests.factories import KpiFactory, ResultFactory

from .pages import opened
from .rest import client_of
from .sample_desk import DAY

pytestmark = pytest.mark.django_db


def span(first: str, last: str) -> Span:
    return Span(date.fromisoformat(first), date.fromordinal(date.fromisoformat(last).toordinal() + 1))


def compared(made, now: Span, before: Span, kpi=None) -> Windows:
    kpi = kpi or made.kpi
    return windows(kpi, kpi.unit, now, before, DAY, access_of(made.viewer, DAY))


def test_a_ratio_of_several_months_is_sum_over_sum(made):
    """12 incidents a month, 10 in time in even months and 9 in odd ones. February to March 2025: 19 of 24; a year
    before the same. January to March 2025: 28 of 36 against December alone: 10 of 12."""
    same = compared(made, span("2025-02-01", "2025-03-31"), span("2024-02-01", "2024-03-31"))
    assert (same.now.value, same.change, same.change_is_good) == (pytest.approx(100 * 19 / 24), 0, None)
    other = compared(made, span("2025-01-01", "2025-03-31"), span("2024-12-01", "2024-12-31"))
    assert (other.now.value, other.before.value) == (pytest.approx(100 * 28 / 36), pytest.approx(100 * 10 / 12))
    assert (other.change, other.change_is_good) == (pytest.approx(100 * (28 / 36 - 10 / 12)), False)
    assert (other.now.rows, other.before.rows, other.notes) == (36, 12, ())


def test_a_sum_says_when_one_is_longer_or_both_share_days(made):
    kpi = KpiFactory(unit=made.group, kind="simple", dataset=made.dataset, formula="count(*)")
    for month in range(1, 5):
        ResultFactory(kpi=kpi, month=date(2024, month, 1), value=10.0 * month)
    found = compared(made, span("2024-02-01", "2024-04-30"), span("2024-01-01", "2024-02-29"), kpi=kpi)
    assert (found.now.value, found.before.value, found.change) == (90, 30, 60)
    assert found.notes == ("90 days against 60: the longer ones add up to more.", "29 of the days are in both.")


def test_days_before_the_first_result_have_no_number_and_say_so(made):
    found = compared(made, span("2024-01-01", "2024-12-31"), span("2023-01-01", "2023-12-31"))
    assert (found.before.value, found.change) == (None, None)
    assert found.notes == ("Its first number is that of 1 Jan 2024.",)


@pytest.mark.parametrize(
    ("now", "before", "message"),
    [
        (("2025-01-15", "2025-03-31"), ("2024-01-01", "2024-03-31"), "15 Jan 2025 lies within Jan 2025.* by month: "
         "begin on 1 Jan 2025 or 1 Feb 2025"),
        (("2025-01-01", "2025-03-30"), ("2024-01-01", "2024-03-31"), "end on 28 Feb 2025 or 31 Mar 2025"),
        (("2025-04-01", "2025-04-30"), ("2024-04-01", "2024-04-30"), "Apr 2025 is not over on 10 Apr 2025"),
        (("1900-01-01", "1900-01-31"), ("1901-01-01", "1901-01-31"), "no number of these days"),
    ],
)  # fmt: skip
def test_what_cannot_be_compared_says_which_days_can(made, now, before, message):
    with pytest.raises(NoWindow, match=message):
        compared(made, span(*now), span(*before))


def test_what_does_not_add_up_is_refused(made):
    late = KpiFactory(unit=made.group, kind="percentile", dataset=made.dataset, formula="hours")
    with pytest.raises(NoWindow, match="would not be the number of all of their rows"):
        compared(made, span("2025-01-01", "2025-01-31"), span("2024-12-01", "2024-12-31"), kpi=late)


def test_a_habit_is_a_year_and_the_one_before():
    now, before = by_habit(Calendar(), "month", date(2025, 4, 1))
    assert (now, before) == (span("2024-04-01", "2025-03-31"), span("2023-04-01", "2024-03-31"))


def test_the_page_proposes_days_answers_and_refuses(client, made, on_the_day):
    page = opened(client, made.viewer, "kpi_drivers", "in_time")
    assert 'name="first" value="2024-04-01"' in page and 'name="against_last" value="2024-03-31"' in page
    asked = {"first": "2025-02-01", "last": "2025-03-31", "against_first": "2024-02-01", "against_last": "2024-03-31"}
    page = opened(client, made.viewer, "kpi_drivers", "in_time", **asked)
    assert "1 Feb 2025 to 31 Mar 2025" in page and "79.2" in page
    page = opened(client, made.viewer, "kpi_drivers", "in_time", **asked | {"first": "2025-02-03"})
    assert "These days are not compared." in page and "begin on 1 Feb 2025 or 1 Mar 2025" in page
    page = opened(client, made.viewer, "kpi_drivers", "in_time", **asked | {"last": "2025-01-31"})
    assert "31 Jan 2025 is before 1 Feb 2025" in page


def test_rest_compares_them_too(made, on_the_day):
    address = "/api/v1/kpis/in_time/windows/?first=2025-02-01&last={}&against_first=2024-02-01&against_last=2024-03-31"
    viewer = client_of(made.viewer)
    found = viewer.get(address.format("2025-03-31")).json()
    assert (found["now"]["value"], found["now"]["end"], found["change"]) == (pytest.approx(475 / 6), "2025-04-01", 0)
    refused = viewer.get(address.format("2025-03-30"))
    assert (refused.status_code, refused.json()["code"]) == (400, "no_window")
    backwards = viewer.get(address.format("2025-01-30"))
    assert (backwards.status_code, backwards.json()["errors"][0]["field"]) == (400, "last")
    assert client_of(made.stranger).get(address.format("2025-03-31")).status_code == 404
