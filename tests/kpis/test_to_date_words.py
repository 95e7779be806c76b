"""Why a KPI has no numbers to date is said by what it is."""

import pytest

from kpis.models import KpiVersion
from kpis.selectors.to_date import why_none


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"kind": "cumulative", "window": "ytd", "grain": "month"}, "itself to date or rolling"),
        ({"kind": "ratio", "grain": "year"}, "Its periods are years"),
        ({"kind": "ratio", "grain": "month"}, "No period is complete yet"),
        ({"kind": "simple", "formula": "count(*)", "grain": "month"}, "No period is complete yet"),
        ({"kind": "simple", "formula": "avg(hours)", "grain": "month"}, "would not be the year's number"),
        ({"kind": "percentile", "formula": "hours", "grain": "month"}, "Define a cumulative KPI for that"),
    ],
)
def test_what_stands_in_the_place_of_to_date_numbers(words, said):
    assert said in why_none(KpiVersion(**words))
