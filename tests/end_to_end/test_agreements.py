"""The demo's agreements say what pandas says of the same files, and their credits can be checked by hand."""

from datetime import date
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

import pandas as pd
import pytest

from slas.figures import read_figures
from slas.models import Agreement, CreditClaim
from tests.end_to_end.test_real_numbers import LINES, REQUESTS

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo")]
CENT = Decimal("0.01")


@pytest.fixture(scope="module")
def lines() -> pd.DataFrame:
    """Order lines since 2013 with the quarter of their scheduled day, whether they came in time, and their freight."""
    table = pd.read_csv(LINES, dtype=str, keep_default_na=False)
    due = pd.to_datetime(table["Scheduled Delivery Date"], format="%d-%b-%y")
    done = pd.to_datetime(table["Delivered to Client Date"], format="%d-%b-%y")
    table["due"], table["good"] = due.dt.to_period("Q").dt.start_time.dt.date, done <= due
    table["counted"] = done.where(done <= due, due).dt.to_period("Q").dt.start_time.dt.date
    is_amount = table["Freight Cost (USD)"].str.fullmatch(r"[0-9.]+")
    table["freight"] = [Decimal(f) if ok else Decimal(0) for f, ok in zip(table["Freight Cost (USD)"], is_amount)]  # noqa: B905
    return table


@pytest.mark.parametrize(
    ("agreement", "vendor"),
    [("orgenics-delivery", "Orgenics, Ltd"), ("aurobindo-delivery", "Aurobindo Pharma Limited")],
)
def test_deliveries_in_time_per_quarter_and_their_freight(lines, agreement, vendor):
    """A line counts in the quarter in which it came, or was missed; the freight is that of the lines due in it."""
    own = lines[lines["Vendor"] == vendor]
    for period in Agreement.objects.get(code=agreement).periods.all():
        counted = own[own["counted"] == period.period_start]
        figure = read_figures(period.figures)["due-date"]
        assert (int(figure.good), int(figure.total)) == (int(counted["good"].sum()), len(counted)), period
        freight = sum(own[own["due"] == period.period_start]["freight"], Decimal(0))
        assert Decimal(period.figures["charge"]) == freight.quantize(CENT, ROUND_HALF_UP), period


def test_the_credit_of_orgenics_for_the_third_quarter_of_2014(lines):
    """Below 75 %: 6 % of the freight, half as much again for a repeated miss, at most 10 % of it."""
    claim = CreditClaim.objects.get(agreement__code="orgenics-delivery", period__period_start=date(2014, 7, 1))
    figure = read_figures(claim.period.figures)["due-date"]
    assert figure.attainment < 75
    earned = (claim.charge * 6 / 100 * Decimal("1.5")).quantize(CENT, ROUND_HALF_UP)
    assert claim.amount == min(earned, (claim.charge / 10).quantize(CENT, ROUND_DOWN))
    assert claim.state == "agreed"


def test_city_requests_are_judged_by_their_own_dates():
    """Whatever the source says of them. One request is no case: its agency is not known, so its row was rejected."""
    from datasets.facts import facts_of
    from datasets.scan import fetch_here

    table = pd.read_csv(REQUESTS, dtype=str, keep_default_na=False)
    table = table[table["Agency"].str.strip() != "ECC"]
    created, due, closed = (pd.to_datetime(table[f"{name} Date"]) for name in ("Created", "Due", "Close"))
    as_of = max(created.max(), closed.max())
    expected = {
        "met": (closed <= due).sum(),
        "missed": (closed > due).sum() + (closed.isna() & (due < as_of)).sum(),
        "in_flight": (closed.isna() & (due >= as_of)).sum(),
    }
    assert expected == {"met": 5460, "missed": 3739, "in_flight": 87}
    facts = facts_of(Agreement.objects.get(code="city-requests").dataset)
    counts = fetch_here(f"select verdict, count(*) as n from ({facts.relation}) group by 1", facts.files)
    assert {row["verdict"]: row["n"] for row in counts} == expected
