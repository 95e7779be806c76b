"""What the whole room says of the real extracts is what pandas says of the same files.

Left: files through intake, lake, engine and database. Right: the same file, read and grouped by pandas here.
"""

from pathlib import Path

import pandas as pd
import pytest

from kpis.models import Result
from organization.models import UnitAlias

DATA = Path(__file__).parents[2] / "demo" / "data"
EVENTS = DATA / "itsm_incident_log" / "incident_event_log_full_prefixes_stripped.csv.gz"
ATTENDANCES = DATA / "nhs_ae_england" / "ae_attendances.csv.gz"
LINES = DATA / "vendor_delivery_scms" / "scms_delivery_history.csv.gz"
REQUESTS = DATA / "service_requests_311_baltimore" / "downtown_service_requests.csv.gz"
TRAINS = DATA / "tgv_punctuality_sncf" / "regularite-mensuelle-tgv-aqst.csv.gz"

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo")]


def results(kpi: str, unit: str, grain: str = "month", dimension: str = "") -> pd.Series:
    """The values that stand in the database, by (period start, member) or by period start; no value is left out."""
    found = Result.objects.current().filter(
        kpi__code=kpi, unit__code=unit, grain=grain, dimension=dimension, value__isnull=False
    )
    table = pd.DataFrame(found.values_list("period_start", "member", "value"), columns=["start", "member", "value"])
    table["start"] = pd.to_datetime(table["start"])
    return table.set_index(["start", "member"] if dimension else "start")["value"].sort_index()


def same(found: pd.Series, expected: pd.Series) -> None:
    expected = expected.sort_index().astype(float)
    assert len(found) and list(found.index) == list(expected.index)
    assert found.tolist() == pytest.approx(expected.tolist(), rel=1e-12)


@pytest.fixture(scope="module")
def incidents() -> pd.DataFrame:
    """One row an incident: its last in the log."""
    log = pd.read_csv(EVENTS, dtype=str, keep_default_na=False)
    last = log.drop_duplicates("number", keep="last").copy()
    for column in ("opened_at", "resolved_at"):
        last[column] = pd.to_datetime(last[column].replace("?", None), format="%d/%m/%Y %H:%M")
    last["month"] = last["opened_at"].dt.to_period("M").dt.start_time
    last["made"] = 100.0 * (last["made_sla"] == "true")
    last["hours"] = (last["resolved_at"] - last["opened_at"]).dt.total_seconds() / 3600
    return last


def test_incidents_opened_per_month(incidents):
    same(results("incidents_opened", "IT"), incidents.groupby("month").size())


def test_incidents_opened_per_month_of_one_assignment_group(incidents):
    mine = incidents[incidents["assignment_group"] == "70"].groupby("month").size()
    found = results("incidents_opened", "IT-70")
    same(found[found > 0], mine)


def test_share_of_incidents_within_their_sla_by_priority(incidents):
    same(results("incidents_sla", "IT"), incidents.groupby("month")["made"].mean())
    by_priority = incidents.groupby(["month", "priority"])["made"].mean()
    same(results("incidents_sla", "IT", dimension="priority"), by_priority)


def test_median_hours_to_resolution(incidents):
    resolved = incidents.dropna(subset=["hours"])
    same(results("incidents_median_hours", "IT"), resolved.groupby("month")["hours"].median())
    by_quarter = resolved.groupby(resolved["month"].dt.to_period("Q").dt.start_time)["hours"].median()
    same(results("incidents_median_hours", "IT", "quarter"), by_quarter)


def test_four_hour_performance_by_month_and_type():
    table = pd.read_csv(ATTENDANCES, parse_dates=["period"], dtype={"type": str})
    sums = table.groupby(["period", "type"])[["attendances", "breaches"]].sum()
    same(results("ae_four_hours", "EMERGENCY", dimension="type"), 100 * (1 - sums["breaches"] / sums["attendances"]))
    sums = table.groupby("period")[["attendances", "breaches"]].sum()
    same(results("ae_four_hours", "EMERGENCY"), 100 * (1 - sums["breaches"] / sums["attendances"]))


def test_punctuality_of_trains_by_year():
    table = pd.read_csv(TRAINS, sep=";", encoding="utf-8-sig")
    ran = table["Nombre de circulations prévues"] - table["Nombre de trains annulés"]
    in_time = ran - table["Nombre de trains en retard à l'arrivée"]
    year = pd.to_datetime(table["Date"], format="%Y-%m").dt.to_period("Y").dt.start_time
    same(results("rail_punctuality", "RAIL", "year"), 100 * in_time.groupby(year).sum() / ran.groupby(year).sum())


def test_deliveries_on_time_by_year_and_vendor():
    lines = pd.read_csv(LINES, encoding="utf-8-sig", dtype=str, keep_default_na=False)
    for column in ("Scheduled Delivery Date", "Delivered to Client Date"):
        lines[column] = pd.to_datetime(lines[column], format="%d-%b-%y")
    lines["on_time"] = 100.0 * (lines["Delivered to Client Date"] <= lines["Scheduled Delivery Date"])
    lines["year"] = lines["Scheduled Delivery Date"].dt.to_period("Y").dt.start_time
    same(results("deliveries_on_time", "SUPPLY", "year"), lines.groupby("year")["on_time"].mean())
    vendors = dict(UnitAlias.objects.filter(system="scms").values_list("code", "unit__code"))
    assert set(lines["Vendor"]) <= set(vendors)
    checked = 0
    for unit, mine in lines.groupby(lines["Vendor"].map(vendors)):
        if unit.startswith("V-"):
            same(results("deliveries_on_time", unit, "year"), mine.groupby("year")["on_time"].mean())
            checked += 1
    assert checked > 50
