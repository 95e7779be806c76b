"""One number, wherever one looks: scorecard, KPI page, the rows behind it, exports and API say the same.

In February 2025 the north met 3 of 4 and the south 7 of 8: together 10 of 12 = 83.3 %, not the 81.25 % of averaged
ratios. Their hours are 1 to 4 and 1 to 8: the 90th percentile of these twelve rows is 6.9, not the mean of 3.7 and 7.3.
"""

import csv
import io
from decimal import Decimal

import numpy as np
import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from kpis import definitions, scorecards
from kpis.recompute import recompute
from tests.kpis.sample_desk import DAY, desk

pytestmark = pytest.mark.django_db
FEBRUARY = "2025-02-01"
SHARE, P90 = 100 * 10 / 12, float(np.quantile([1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 7, 8], 0.9))


@pytest.fixture
def made():
    made = desk()
    definitions.create_kpi(
        code="hours_p90",
        name="Hours, 90th percentile",
        unit=made.group,
        owner=made.manager,
        by=made.analyst,
        kind="percentile",
        dataset=made.dataset,
        formula="hours",
        percentile=Decimal("0.9"),
        unit_of_measure="hours",
        decimals=1,
    )
    recompute(made.dataset.pk, day=DAY)
    card = scorecards.create_scorecard(
        code="desk", name="Desk", unit=made.group, owner=made.manager, grain="month", by=made.manager
    )
    for code in ("in_time", "hours_p90"):
        scorecards.add_node(card, kind="kpi", kpi=definitions.Kpi.objects.get(code=code), by=made.manager)
    return made


@pytest.fixture
def pages(client, made):
    client.force_login(made.viewer)
    asked = {"unit": "group", "period": FEBRUARY, "as_of": DAY.isoformat()}
    return lambda name, *args, **more: client.get(reverse(name, args=args), {**asked, **more})


@pytest.fixture
def api(made):
    client = APIClient()
    client.force_authenticate(made.viewer)

    def get(path, **asked):
        answer = client.get(f"/api/v1/{path}", asked)
        assert answer.status_code == 200, answer.content
        return answer.json()

    return get


def cells(answer) -> list[dict]:
    """The lines of a CSV export under its headings."""
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


@pytest.mark.parametrize(("code", "value", "shown"), [("in_time", SHARE, "83.3"), ("hours_p90", P90, "6.9")])
def test_scorecard_page_rows_exports_and_api_agree(pages, api, code, value, shown):
    assert shown in pages("scorecard", "desk").content.decode()
    assert shown in pages("kpi", code).content.decode()
    name = {"in_time": "Incidents solved in time", "hours_p90": "Hours, 90th percentile"}[code]
    (line,) = (line for line in cells(pages("scorecard_export", "desk", "csv")) if line["Name"].strip() == name)
    assert float(line["Actual"]) == pytest.approx(value)
    (line,) = (
        line
        for line in cells(pages("kpi_export", code, "csv"))
        if (line["Period start"], line["Split by"]) == (FEBRUARY, "")
    )
    assert float(line["Value"]) == pytest.approx(value)
    found = api("results/", kpi=code, unit="group", grain="month")["results"]
    (result,) = (one for one in found if one["period_start"] == FEBRUARY)
    assert result["value"] == pytest.approx(value)
    behind = api(f"results/{result['id']}/rows/", limit=100)["rows"]
    assert (len(behind), result["rows"]) == (12, 12)
    if code == "in_time":
        total = sum(row["_numerator"] for row in behind) / sum(row["_denominator"] for row in behind)
        assert 100 * total == pytest.approx(value)
    else:
        assert np.quantile([float(row["_value"]) for row in behind], 0.9) == pytest.approx(value)
