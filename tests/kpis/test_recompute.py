"""Rows go in, results come out: only what is touched, nothing half-written, every number by two roads."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pandas as pd
import pytest

from jobs import work
from jobs.models import Job
from kpis import definitions, requests, targets
from kpis.models import KpiVersion, Result, Run, StatusChange
from kpis.recompute import recompute
from lake.contract import Column, ColumnType, Contract, Role
from organization import shared_calendars, tree
from organization.models import FiscalCalendar
from tests.factories import UnitFactory, loaded_dataset, member, perform, upload_csv

pytestmark = pytest.mark.django_db
CONTRACT = Contract(
    (
        Column("id", type=ColumnType.TEXT, roles=(Role.KEY,)),
        Column("opened", type=ColumnType.DATE, roles=(Role.EVENT_TIME,)),
        Column("closed", type=ColumnType.DATE),
        Column("unit", type=ColumnType.TEXT, roles=(Role.UNIT,)),
        Column("priority", type=ColumnType.TEXT, roles=(Role.DIMENSION,)),
        Column("met", type=ColumnType.INTEGER),
        Column("hours", type=ColumnType.NUMBER),
    )
)
DAY = date(2025, 4, 10)


@pytest.fixture(autouse=True)
def without_a_child(request):
    if not request.node.get_closest_marker("child_process"):
        request.getfixturevalue("in_this_process")


def rows(*lines):
    return "id,opened,closed,unit,priority,met,hours\n" + "".join(f"{line}\n" for line in lines)


def north_and_south():
    """2 of 4 met in the north, 2 of 100 in the south, all in January."""
    lines = [f"n{n},2025-01-0{n},2025-01-09,north,high,{int(n <= 2)},{n}" for n in range(1, 5)]
    lines += [f"s{n},2025-01-15,2025-02-03,south,low,{int(n < 2)},{n}" for n in range(100)]
    return rows(*lines)


@pytest.fixture
def group():
    group = UnitFactory(code="group")
    UnitFactory(code="north", parent=group)
    UnitFactory(code="south", parent=group)
    return group


@pytest.fixture
def analyst(group):
    return member("analyst", group)


@pytest.fixture
def dataset(group, analyst):
    return loaded_dataset(north_and_south(), CONTRACT, unit=group, owner=analyst)


def kpi_of(dataset, code="met_share", **values):
    ratio = {"kind": "ratio", "formula": "sum(met)", "denominator": "count(*)"}
    values = values or ratio
    return definitions.create_kpi(
        code=code, name=code, unit=dataset.unit, owner=dataset.owner, by=dataset.owner, dataset=dataset, **values
    ).kpi


def value(kpi, unit, start=date(2025, 1, 1), grain="month", **more):
    found = Result.objects.current().filter(
        kpi=kpi, unit__code=unit, period_start=start, grain=grain, **{"dimension": "", **more}
    )
    return found.get().value if found else None


@pytest.mark.child_process
def test_two_of_four_and_two_of_a_hundred_are_3_85_per_cent(dataset):
    kpi = kpi_of(dataset)
    run = recompute(dataset.pk, day=DAY)
    assert (value(kpi, "north"), value(kpi, "south")) == (0.5, 0.02)
    assert value(kpi, "group") == pytest.approx(4 / 104)
    assert round(100 * value(kpi, "group"), 2) == 3.85
    result = Result.objects.current().get(kpi=kpi, unit__code="group", grain="month")
    assert (result.numerator, result.denominator, result.rows) == (4, 104, 104)
    assert (result.run, result.data_version, result.version.number) == (run, dataset.current_version, 1)
    assert value(kpi, "group", grain="year") == value(kpi, "group", grain="quarter") == pytest.approx(4 / 104)


def test_a_ratio_in_percent_is_kept_as_people_write_it(dataset):
    kpi = kpi_of(dataset, kind="ratio", formula="sum(met)", denominator="count(*)", unit_of_measure="percent")
    recompute(dataset.pk, day=DAY)
    assert round(value(kpi, "group"), 2) == 3.85


def test_a_parents_percentile_is_that_of_its_rows(dataset):
    kpi = kpi_of(dataset, "p90", kind="percentile", formula="hours", percentile=Decimal("0.9"))
    recompute(dataset.pk, day=DAY)
    hours = [1, 2, 3, 4, *range(100)]
    assert value(kpi, "group") == pytest.approx(pd.Series(hours).quantile(0.9))
    assert value(kpi, "north") == pytest.approx(pd.Series([1, 2, 3, 4]).quantile(0.9))


def test_parts_by_a_dimension_add_up_to_the_whole(dataset):
    kpi = kpi_of(dataset, "count", kind="simple", formula="count(*)", dimensions=["priority"])
    recompute(dataset.pk, day=DAY)
    parts = Result.objects.current().filter(kpi=kpi, unit__code="group", grain="month", dimension="priority")
    assert {part.member: part.value for part in parts} == {"high": 4, "low": 100}
    assert value(kpi, "group") == 104


def test_an_event_belongs_to_the_period_of_the_kpis_own_time_column(dataset):
    kpi = kpi_of(dataset, "closed", kind="simple", formula="count(*)", time_column="closed")
    recompute(dataset.pk, day=DAY)
    assert (value(kpi, "group"), value(kpi, "group", date(2025, 2, 1))) == (4, 100)


def test_to_date_counts_the_facts_of_the_window_again(dataset):
    ytd = {"kind": "cumulative", "base_kind": "ratio", "formula": "sum(met)", "denominator": "count(*)"}
    kpi = kpi_of(dataset, "ytd", **ytd, window="ytd")
    upload_csv(dataset, rows("x1,2025-03-01,2025-03-02,north,high,0,1"))
    recompute(dataset.pk, day=DAY)
    assert value(kpi, "north", date(2025, 3, 1)) == pytest.approx(2 / 5)
    assert value(kpi, "group", date(2025, 2, 1)) == pytest.approx(4 / 104)


def test_an_upload_computes_only_the_months_that_it_touches(dataset):
    kpi = kpi_of(dataset)
    recompute(dataset.pk, day=DAY)
    before = Result.objects.get(kpi=kpi, unit__code="south", grain="month")
    upload_csv(dataset, rows("x1,2025-02-01,2025-02-02,north,high,1,1"))
    run = recompute(dataset.pk, day=DAY)
    assert value(kpi, "north", date(2025, 2, 1)) == 1
    assert Result.objects.get(kpi=kpi, unit__code="south", grain="month") == before
    assert {(r.grain, r.period_start) for r in run.results.all()} == {
        ("month", date(2025, 2, 1)),
        ("quarter", date(2025, 1, 1)),
        ("year", date(2025, 1, 1)),
    }


def test_nothing_is_written_when_nothing_changed(dataset):
    kpi_of(dataset)
    first = recompute(dataset.pk, day=DAY)
    from kpis import requests

    requests.everything(dataset, "once more")
    again = recompute(dataset.pk, day=DAY)
    assert (again.results_written, again.results_unchanged) == (0, first.results_written)
    assert not Result.objects.exclude(superseded_at=None).exists()


def test_what_was_known_before_a_correction_can_be_asked_again(dataset):
    kpi = kpi_of(dataset)
    recompute(dataset.pk, day=DAY)
    moment = Result.objects.latest("recorded_at").recorded_at
    upload_csv(dataset, rows("n3,2025-01-03,2025-01-09,north,high,1,3"))
    recompute(dataset.pk, day=DAY)
    asked = Result.objects.filter(kpi=kpi, unit__code="north", grain="month")
    assert (asked.current().get().value, asked.as_known_at(moment).get().value) == (0.75, 0.5)


def test_results_of_rows_that_are_gone_are_superseded(dataset):
    kpi = kpi_of(dataset)
    upload = upload_csv(dataset, rows("x1,2025-02-01,2025-02-02,north,high,1,1"))
    recompute(dataset.pk, day=DAY)
    assert value(kpi, "north", date(2025, 2, 1)) == 1
    from datasets.undo import request_undo

    perform(request_undo(upload, by=dataset.owner))
    recompute(dataset.pk, day=DAY)
    assert value(kpi, "north", date(2025, 2, 1)) is None
    assert value(kpi, "north") == 0.5


def test_targets_give_status_and_score_and_a_change_of_target_needs_no_scan(dataset, group):
    kpi = kpi_of(dataset)
    recompute(dataset.pk, day=DAY)
    goal = targets.Goal(kpi, group, date(2020, 1, 1), value=Decimal("0.5"))
    targets.set_target(goal, by=dataset.owner)
    run = recompute(dataset.pk, day=DAY)
    statuses = {r.unit.code: r.status for r in Result.objects.current().filter(kpi=kpi, grain="month")}
    assert statuses == {"group": "red", "north": "green", "south": "red"}
    assert run.rows_scanned == 0
    assert Result.objects.current().get(kpi=kpi, unit__code="north", grain="month").target == 0.5


def test_a_months_target_of_a_sum_is_none_for_its_quarter(dataset, group):
    kpi = kpi_of(dataset, "count", kind="simple", formula="count(*)")
    targets.set_target(targets.Goal(kpi, group, date(2020, 1, 1), value=Decimal(100)), by=dataset.owner)
    recompute(dataset.pk, day=DAY)
    by_grain = {r.grain: r.target for r in Result.objects.current().filter(kpi=kpi, unit=group)}
    assert by_grain == {"month": 100, "quarter": None, "year": None}


def test_periods_use_the_version_in_force_on_their_first_day(dataset):
    kpi = kpi_of(dataset, "count", kind="simple", formula="count(*)")
    upload_csv(dataset, rows("x1,2025-02-01,2025-02-02,north,high,1,7"))
    version = kpi.versions.get()
    version.state = "certified"
    version.save()
    definitions.edit(version, by=dataset.owner, valid_from=date(2025, 2, 1), formula="sum(hours)")
    recompute(dataset.pk, day=DAY)
    assert (value(kpi, "north"), value(kpi, "north", date(2025, 2, 1))) == (4, 7)
    months = Result.objects.current().filter(kpi=kpi, unit__code="north", grain="month").order_by("period_start")
    assert [r.version.number for r in months] == [1, 2]


def test_a_kpi_that_cannot_be_computed_stops_no_other(dataset):
    good, bad = kpi_of(dataset), kpi_of(dataset, "bad", kind="simple", formula="sum(hours)")
    bad.versions.update(formula="sum(ours)")
    run = recompute(dataset.pk, day=DAY)
    assert value(good, "group") is not None
    assert [fault["kpi"] for fault in run.faults] == ["bad"]
    assert "hours" in run.faults[0]["message"]


def test_the_hours_of_a_span_taken_before_are_a_fault_at_the_next_run(group):
    """25 hours would count as 1."""
    at, until = (Column(name, type=ColumnType.TIMESTAMP) for name in ("at", "until"))
    key = Column("id", type=ColumnType.TEXT, roles=(Role.KEY,))
    contract = Contract((key, replace(at, roles=(Role.EVENT_TIME,)), until))
    rows = "id,at,until\n1,2025-01-01 08:00,2025-01-02 09:00\n"
    spans = loaded_dataset(rows, contract, code="spans", unit=group)
    kpi = kpi_of(spans, "slow", kind="simple", formula="sum(epoch(until - at) / 3600)")
    recompute(spans.pk, day=DAY)
    kpi.versions.update(formula="sum(hour(until - at))")
    upload_csv(spans, rows.replace("1,", "2,", 1))
    (fault,) = recompute(spans.pk, day=DAY).faults
    assert (fault["kpi"], value(kpi, "group")) == ("slow", 25)
    assert "leaves out its days; for all its hours write epoch(until - at) / 3600" in fault["message"]


def test_a_window_that_reaches_before_all_days_stops_no_other_kpi_of_the_dataset(dataset):
    """32,767 months before January 2025 there is no year: that KPI is told to be at fault, the share is computed."""
    kpi = kpi_of(dataset)
    rolled = kpi_of(dataset, "rolled", kind="cumulative", formula="count(*)", window="rolling", window_periods=1300)
    KpiVersion.objects.filter(kpi=rolled).update(window_periods=32_767)  # as one could be written before
    (fault,) = recompute(dataset.pk, day=DAY).faults
    assert (fault["kpi"], value(kpi, "group")) == ("rolled", pytest.approx(4 / 104))
    assert "at most 1,300 of its periods" in fault["message"]
    KpiVersion.objects.filter(kpi=rolled).update(window_periods=1300)
    requests.definition(rolled, "shorter")
    assert recompute(dataset.pk, day=DAY).faults == []
    assert value(rolled, "group") == 104


def test_a_derived_kpi_aggregates_its_inputs_first(dataset):
    met = kpi_of(dataset, "met", kind="simple", formula="sum(met)")
    kpi_of(dataset, "all_rows", kind="simple", formula="count(*)")
    share = definitions.create_kpi(
        code="share", name="Share", unit=dataset.unit, owner=dataset.owner, by=dataset.owner,
        kind="derived", formula="met / all_rows",
    ).kpi  # fmt: skip
    recompute(dataset.pk, day=DAY)
    recompute(None, day=DAY)
    assert value(share, "group") == pytest.approx(4 / 104)
    upload_csv(dataset, rows("n3,2025-01-03,2025-01-09,north,high,1,3"))
    recompute(dataset.pk, day=DAY)
    assert (value(met, "north"), value(share, "north")) == (3, 0.75)


def test_open_periods_are_marked_up_to_where_the_data_is_complete(dataset):
    kpi = kpi_of(dataset)
    recompute(dataset.pk, day=DAY)
    dataset.refresh_from_db()
    assert dataset.complete_through == date(2025, 1, 15)
    assert Result.objects.current().get(kpi=kpi, unit__code="group", grain="month").is_open
    upload_csv(dataset, rows("x1,2025-02-28,2025-02-28,north,high,1,1"))
    recompute(dataset.pk, day=DAY)
    assert requests.recompute_on_schedule(DAY) == 1
    recompute(dataset.pk, day=DAY)
    marks = Result.objects.current().filter(kpi=kpi, unit__code="group")
    opened = {(r.grain, r.period_start.month): r.is_open for r in marks}
    assert opened == {("month", 1): False, ("month", 2): False, ("quarter", 1): True, ("year", 1): True}


def test_what_stays_open_because_its_data_are_late_is_not_computed_every_hour(dataset):
    """January ends on the 31st, its rows on the 15th: neither the share nor what is made of it is due."""
    kpi_of(dataset)
    definitions.create_kpi(
        code="missed", name="Missed", unit=dataset.unit, owner=dataset.owner, by=dataset.owner,
        kind="derived", formula="1 - met_share",
    )  # fmt: skip
    recompute(dataset.pk, day=DAY)
    recompute(None, day=DAY)
    missed = Result.objects.current().filter(kpi__code="missed", unit__code="group", grain="month")
    assert missed.get().is_open
    assert requests.recompute_on_schedule(DAY) == 0
    upload_csv(dataset, rows("x1,2025-02-28,2025-02-28,north,high,1,1"))
    recompute(dataset.pk, day=DAY)
    assert requests.recompute_on_schedule(DAY) == 1  # the share alone
    recompute(dataset.pk, day=DAY)
    assert [result.is_open for result in missed.order_by("period_start")] == [False, False]
    assert requests.recompute_on_schedule(DAY) == 0


def test_a_new_month_with_another_status_is_a_change_of_status(dataset, group):
    kpi = kpi_of(dataset)
    targets.set_target(targets.Goal(kpi, group, date(2020, 1, 1), value=Decimal("0.5")), by=dataset.owner)
    upload_csv(dataset, rows("x1,2025-02-01,2025-02-02,north,high,1,1", "x2,2025-03-31,2025-03-31,north,high,0,1"))
    recompute(dataset.pk, day=DAY)
    changes = {(c.unit.code, c.period_start.month): (c.before, c.after) for c in StatusChange.objects.all()}
    assert changes[("north", 3)] == ("green", "red")
    assert ("north", 2) not in changes


def test_a_worker_that_dies_leaves_the_old_results_and_the_run_is_taken_up_again(dataset, monkeypatch):
    kpi = kpi_of(dataset)
    recompute(dataset.pk, day=DAY)
    upload_csv(dataset, rows("n3,2025-01-03,2025-01-09,north,high,1,3"))
    job = Job.objects.filter(kind="kpis.recompute", state="queued").first()
    from kpis.recompute import run as running

    real = running._finish
    monkeypatch.setattr(running, "_finish", lambda *_: (_ for _ in ()).throw(MemoryError("killed")))
    work.perform(job.pk)
    assert value(kpi, "north") == 0.5
    assert Run.objects.filter(state="failed").count() == 1
    monkeypatch.setattr(running, "_finish", real)
    work.perform(job.pk)
    assert value(kpi, "north") == 0.75
    job.refresh_from_db()
    assert job.state == "done"


def test_a_run_that_was_overtaken_reads_again(dataset, monkeypatch):
    kpi = kpi_of(dataset)
    from kpis.recompute import run as running

    real, raced = running._scanned, []

    def race(*args):
        found = real(*args)
        if not raced:
            raced.append(True)
            upload_csv(dataset, rows("n3,2025-01-03,2025-01-09,north,high,1,3"))
            recompute(dataset.pk, day=DAY)
        return found

    monkeypatch.setattr(running, "_scanned", race)
    recompute(dataset.pk, day=DAY)
    assert value(kpi, "north") == 0.75


def test_a_unit_that_moves_takes_its_past_nowhere(dataset, group, analyst):
    """From February the south belongs to another group: January's total stays, February's goes there."""
    other = UnitFactory(code="other")
    upload_csv(dataset, rows("x1,2025-02-01,2025-02-02,south,high,1,1"))
    kpi = kpi_of(dataset, "count", kind="simple", formula="count(*)")
    tree.move_unit(group.child_placements.get(unit__code="south").unit, other, from_day=date(2025, 2, 1), by=analyst)
    recompute(dataset.pk, day=DAY)
    assert (value(kpi, "group"), value(kpi, "other")) == (104, None)
    assert (value(kpi, "group", date(2025, 2, 1)), value(kpi, "other", date(2025, 2, 1))) == (None, 1)


def test_a_unit_that_moves_deeper_within_a_month_keeps_one_number(dataset, group, analyst):
    """From the 3rd of January the north stands under a team: its January counts whole, the team's from then on."""
    team = UnitFactory(code="team", parent=group)
    north = group.child_placements.get(unit__code="north").unit
    tree.move_unit(north, team, from_day=date(2025, 1, 3), by=analyst)
    count = kpi_of(dataset, "count", kind="simple", formula="count(*)")
    median = kpi_of(dataset, "median", kind="percentile", formula="hours", percentile=0.5)
    ratio = kpi_of(dataset)
    recompute(dataset.pk, day=DAY)
    assert [value(count, unit) for unit in ("north", "team", "south", "group")] == [4, 2, 100, 104]
    assert [value(median, unit) for unit in ("north", "team")] == [2.5, 3.5]  # of 1 to 4 hours, and of 3 and 4
    assert [value(ratio, unit) for unit in ("north", "team")] == [0.5, 0.0]
    assert Result.objects.current().filter(unit=north, kpi=count, grain="month", dimension="").count() == 1


def test_a_unit_may_stand_above_another_and_later_below_it(dataset, group, analyst):
    """South stands under north until the 3rd, then north under south: every row counts once for each."""
    north, south = (group.child_placements.get(unit__code=code).unit for code in ("north", "south"))
    tree.move_unit(south, north, from_day=date(2020, 1, 1), by=analyst)
    tree.move_unit(south, group, from_day=date(2025, 1, 3), by=analyst)
    tree.move_unit(north, south, from_day=date(2025, 1, 3), by=analyst)
    count = kpi_of(dataset, "count", kind="simple", formula="count(*)")
    recompute(dataset.pk, day=DAY)
    assert [value(count, unit) for unit in ("north", "south", "group")] == [
        4,
        102,
        104,
    ]  # n3 and n4 count for the south


def test_another_fiscal_calendar_divides_the_past_anew(dataset, group, analyst):
    """Weeks in 4-4-5, the year up to January's last Sunday: the five weeks from 23 December hold all rows."""
    retail = FiscalCalendar.objects.create(code="retail", name="Retail", kind="445", start_month=2)
    kpi = kpi_of(dataset)
    recompute(dataset.pk, day=DAY)
    tree.change_unit(group, fiscal_calendar=retail, by=analyst)
    recompute(dataset.pk, day=DAY)
    months = Result.objects.current().filter(kpi=kpi, unit=group, grain="month", dimension="")
    assert [(r.period_start, r.period_end, r.numerator) for r in months] == [(date(2024, 12, 23), date(2025, 1, 27), 4)]
    shared_calendars.change(retail, kind="454", start_month=1, by=analyst)
    recompute(dataset.pk, day=DAY)
    starts = sorted(months.values_list("period_start", "numerator"))  # the year from 30 December, four weeks first
    assert starts == [(date(2024, 12, 30), 4)]
