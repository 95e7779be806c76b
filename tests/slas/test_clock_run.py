"""A clock run on a small desk: what each row says, when it is written again, and who is warned. Times are UTC."""

from datetime import UTC, date, datetime, time

import pytest

from datasets.facts import facts_of
from datasets.scan import fetch_here
from lake.contract import Column, ColumnType, Contract, Role
from organization import business_calendars
from organization.business_calendars import Window
from organization.models import BusinessCalendar
from slas import drafting, exclusions, lifecycle
from slas.clocks.requests import request_run
from slas.clocks.run import run
from slas.models import ClockWarning
from tests.factories import UnitFactory, loaded_dataset, member, perform, upload_csv

pytestmark = pytest.mark.django_db
HOUR = 3600
EVENTS = Contract(
    columns=(
        Column("id", roles=(Role.KEY,)),
        Column("number"),
        Column("state"),
        Column("priority", roles=(Role.DIMENSION,)),
        Column("team", roles=(Role.UNIT,)),
        Column("at", type=ColumnType.TIMESTAMP, roles=(Role.EVENT_TIME,)),
        Column("opened_at", type=ColumnType.TIMESTAMP),
    )
)
# Monday 6 January 2025; the desk is open 9 to 17. Targets: priority 1 four hours, priority 2 eight.
LOG = """id,number,state,priority,team,at,opened_at
1,A,New,1,net,2025-01-06 10:00,2025-01-06 09:00
2,A,Active,1,db,2025-01-06 11:00,2025-01-06 09:00
3,A,Resolved,1,db,2025-01-06 13:00,2025-01-06 09:00
4,B,New,1,net,2025-01-06 09:00,2025-01-06 09:00
5,B,Waiting,1,net,2025-01-06 10:00,2025-01-06 09:00
6,B,Active,1,db,2025-01-06 16:00,2025-01-06 09:00
7,B,Resolved,1,net,2025-01-07 12:00,2025-01-06 09:00
8,C,New,2,net,2025-01-06 15:00,2025-01-06 15:00
9,C,Active,1,net,2025-01-06 16:00,2025-01-06 15:00
10,C,Resolved,1,net,2025-01-07 11:00,2025-01-06 15:00
11,D,New,2,db,2025-01-07 09:00,2025-01-07 09:00
12,D,Cancelled,2,db,2025-01-07 10:00,2025-01-07 09:00
13,E,New,2,db,2025-01-07 09:00,2025-01-07 09:00
14,F,New,1,db,2025-01-07 09:00,2025-01-07 09:00
15,G,New,2,db,2025-01-07 16:00,2025-01-07 16:00
"""
CLOCK = {
    "case_column": "number",
    "pause": "state = 'Waiting'",
    "stop": "state = 'Resolved'",
    "cancel": "state = 'Cancelled'",
    "started_column": "opened_at",
    "holder_column": "team",
    "priority_column": "priority",
    "reason_column": "state",
}


class Desk:
    """An agreement on a log of seven incidents, signed, not yet run."""

    def __init__(self, **words):
        self.unit = UnitFactory(code="desk")
        self.teams = [UnitFactory(code=code, parent=self.unit) for code in ("net", "db")]
        self.author, self.signer = member("analyst", self.unit), member("manager", self.unit)
        self.log = loaded_dataset(LOG, EVENTS, code="events", unit=self.unit)
        self.calendar = BusinessCalendar.objects.create(code="office", name="Office hours")
        windows = [Window(day, time(9), time(17)) for day in range(5)]
        business_calendars.add_version(self.calendar, timezone="UTC", windows=windows, by=self.author)
        version = drafting.create_agreement(
            code="desk", name="Desk", kind="sla", unit=self.unit, owner=self.author, by=self.author,
            valid_from=date(2025, 1, 1), calendar=self.calendar,
        )  # fmt: skip
        for priority, hours in (("1", 4), ("2", 8)):
            drafting.set_target(
                version, f"p{priority}", by=self.author, name=f"Priority {priority}", metric="resolution",
                condition=f"priority = '{priority}'", threshold_seconds=hours * HOUR, required_pct=90,
                clock=CLOCK | {"dataset": self.log} | words,
            )  # fmt: skip
        lifecycle.offer(version, by=self.author)
        self.version = lifecycle.sign(version, by=self.signer, day=date(2025, 1, 8))
        self.agreement = self.version.agreement

    def run(self):
        self.agreement.refresh_from_db()
        return run(self.agreement)

    def rows(self, columns="*"):
        """case -> the named columns of its one row."""
        self.agreement.refresh_from_db()
        facts = facts_of(self.agreement.dataset)
        found = fetch_here(f'select "case", {columns} from ({facts.relation}) order by 1', facts.files)
        return {row.pop("case"): row for row in found}


@pytest.fixture
def desk():
    made = Desk()
    made.run()
    return made


def moment(text):
    return datetime.fromisoformat(text)


def test_each_case_has_its_time_its_target_and_its_verdict(desk):
    """The newest event is Tuesday 16:00, so open cases run up to then."""
    rows = desk.rows("target, elapsed_s / 3600 as hours, paused_s / 3600 as paused, verdict, used_pct")
    assert {case: tuple(row.values()) for case, row in rows.items()} == {
        "A": ("p1", 4, 0, "met", 100),  # 9 to 13, from its opening: exactly the target is met
        "B": ("p1", 5, 6, "missed", 125),  # 9-10, 16-17, 9-12; waiting from 10 to 16
        "C": ("p1", 4, 0, "met", 100),  # judged by its last priority, the hour at priority 2 counts as well
        "D": ("p2", 1, 0, "cancelled", 12.5),
        "E": ("p2", 7, 0, "in_flight", 87.5),
        "F": ("p1", 7, 0, "missed", 175),  # open, and past its target: missed now
        "G": ("p2", 0, 0, "in_flight", 0),
    }


def test_when_it_was_due_how_pauses_moved_that_and_who_had_it_then(desk):
    rows = desk.rows("original_due_at, due_at, held_at_breach, counted_at, stopped_at, actual_s")
    assert rows["B"] == {
        "original_due_at": moment("2025-01-06 13:00"),
        "due_at": moment("2025-01-07 11:00"),  # 1 hour on Monday morning, 1 before closing, 2 on Tuesday
        "held_at_breach": "db",
        "counted_at": moment("2025-01-07 11:00"),  # missed counts when it missed, not when somebody resolved it
        "stopped_at": moment("2025-01-07 12:00"),
        "actual_s": 21 * HOUR,  # 27 hours less 6 of waiting, day and night
    }
    assert rows["A"]["counted_at"] == rows["A"]["stopped_at"] == moment("2025-01-06 13:00")
    assert rows["F"]["stopped_at"] is None
    assert rows["F"]["counted_at"] == moment("2025-01-07 13:00")
    assert rows["E"]["counted_at"] is rows["D"]["counted_at"] is None


def test_rows_name_unit_priority_and_the_versions_that_govern(desk):
    row = desk.rows("unit, priority, holder, agreement_version, calendar_version, excluded, started_at")["B"]
    assert row == {
        "unit": "net",
        "priority": "1",
        "holder": "net",
        "agreement_version": 1,
        "calendar_version": "office from 1900-01-01",
        "excluded": None,
        "started_at": moment("2025-01-06 09:00"),
    }


def test_a_change_of_priority_may_start_the_clock_anew():
    desk = Desk(on_priority_change="reset")
    desk.run()
    row = desk.rows("started_at, elapsed_s / 3600 as hours")["C"]
    assert row == {"started_at": moment("2025-01-06 16:00"), "hours": 3}


def test_the_same_inputs_again_write_nothing_and_each_change_writes_a_version(desk):
    first = desk.agreement.dataset.current_version
    assert desk.run().written is False
    upload_csv(desk.log, LOG + "16,G,Resolved,2,db,2025-01-07 17:00,2025-01-07 16:00\n")
    second = desk.run()
    assert (second.written, desk.rows("verdict")["G"]["verdict"]) == (True, "met")
    assert second.version > first
    version = desk.calendar.versions.get()
    business_calendars.set_day(version, date(2025, 1, 6), windows=[], name="Closed", by=desk.author)
    assert desk.run().written is True
    assert desk.rows("elapsed_s")["A"]["elapsed_s"] == 0  # Monday is closed now


def test_an_approved_exclusion_marks_its_cases(desk):
    named = exclusions.propose(desk.agreement, by=desk.author, kind="customer", reason="Theirs", cases=["B"])
    exclusions.decide(named, by=desk.signer, is_approved=True)
    in_time = exclusions.propose(
        desk.agreement, by=desk.author, kind="maintenance", reason="Power", condition="priority = '1'",
        starts_at=datetime(2025, 1, 7, 13, tzinfo=UTC), ends_at=datetime(2025, 1, 7, 14, tzinfo=UTC),
    )  # fmt: skip
    exclusions.decide(in_time, by=desk.signer, is_approved=True)
    desk.run()
    excluded = {case: row["excluded"] for case, row in desk.rows("excluded").items() if row["excluded"]}
    assert excluded == {"B": "customer", "F": "maintenance"}


def test_only_cases_that_start_while_a_version_is_valid_are_its(desk):
    lifecycle.terminate(desk.version, by=desk.signer, day=date(2025, 1, 7), reason="Test")
    desk.run()
    assert sorted(desk.rows("verdict")) == ["A", "B", "C"]


def test_open_cases_are_warned_of_once_at_each_threshold(desk):
    def found():
        return sorted(ClockWarning.objects.values_list("case", "threshold"))

    assert found() == [("E", 75), ("F", 75), ("F", 90), ("F", 100)]
    breach = ClockWarning.objects.get(case="F", threshold=100)
    assert (breach.reached_at, breach.holder) == (datetime(2025, 1, 7, 13, tzinfo=UTC), "db")
    assert ClockWarning.objects.get(case="F", threshold=75).reached_at == datetime(2025, 1, 7, 12, tzinfo=UTC)
    upload_csv(desk.log, LOG + "16,H,New,2,db,2025-01-07 16:30,2025-01-07 16:30\n")
    desk.run()
    assert found() == [("E", 75), ("E", 90), ("F", 75), ("F", 90), ("F", 100)]  # E is at 7.5 of 8 hours now


def test_the_job_runs_after_each_load_and_the_attainment_follows(desk):
    job = request_run(desk.agreement)
    assert perform(job)["written"] is False
    upload_csv(desk.log, LOG + "16,H,New,2,db,2025-01-07 16:30,2025-01-07 16:30\n")
    waiting = type(job).objects.unfinished().get(kind="slas.clocks")
    assert perform(waiting)["rows"] == 8
    assert set(desk.agreement.attainment_kpis.values_list("target_code", flat=True)) == {"p1", "p2"}
