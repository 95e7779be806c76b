"""What makes the clocks run again and judge otherwise: new data, another calendar, exclusions, choices of a rule."""

from datetime import UTC, date, datetime

import pytest
from django.utils import timezone

from alerts.models import InboxEntry
from lake.contract import Column, ColumnType, Contract
from organization import business_calendars
from organization.access import access_of
from slas import closing, drafting, exclusions, lifecycle, periods, telling
from slas.clocks import compare
from slas.clocks.requests import request_run
from slas.models import ClockWarning, PeriodResult
from tests.factories import UnitFactory, member, perform, upload_csv
from tests.matrix.description import as_described

from .sample_clocks import EVENTS, HOUR, LOG, Desk
from .test_clock_api import client_of

pytestmark = pytest.mark.django_db
TODAY = date(2026, 1, 1)


@pytest.fixture
def desk(own_desk):
    """Each test has a desk of its own here."""
    return own_desk


def access(user):
    return access_of(user, TODAY)


def test_a_change_of_priority_may_start_the_clock_anew():
    desk = Desk(on_priority_change="reset")
    desk.run()
    row = desk.rows("started_at, elapsed_s / 3600 as hours")["C"]
    assert row == {"started_at": datetime(2025, 1, 6, 16), "hours": 3}


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
    exclusions.decide(named, by=desk.signer, is_approved=True, now=timezone.now())
    in_time = exclusions.propose(
        desk.agreement, by=desk.author, kind="maintenance", reason="Power", condition="priority = '1'",
        starts_at=datetime(2025, 1, 7, 13, tzinfo=UTC), ends_at=datetime(2025, 1, 7, 14, tzinfo=UTC),
    )  # fmt: skip
    exclusions.decide(in_time, by=desk.signer, is_approved=True, now=timezone.now())
    desk.run()
    excluded = {case: row["excluded"] for case, row in desk.rows("excluded").items() if row["excluded"]}
    assert excluded == {"B": "customer", "F": "maintenance"}


def test_a_condition_fits_the_cases_and_one_about_measured_rows_does_not_touch_them(desk):
    with pytest.raises(drafting.AgreementRefused, match="no column `state`"):
        exclusions.propose(desk.agreement, by=desk.author, kind="customer", reason="x", condition="state = 'New'")
    desk.agreement.exclusions.create(kind="customer", reason="Of rows, by a version to come", target_code="quality",
                                     condition="state = 'New'", state="approved", proposed_by=desk.author,
                                     decided_by=desk.signer, decided_at=datetime(2025, 1, 9, tzinfo=UTC))  # fmt: skip
    desk.run()
    assert not any(row["excluded"] for row in desk.rows("excluded").values())


def test_a_closed_period_stays_bit_equal_after_data_calendar_and_target_change(desk):
    """January: A and C met, B and F missed. Then: G resolved late, a Monday closed, six hours from February on."""
    upload_csv(desk.log, LOG + "16,Z,New,2,db,2025-02-03 09:00,2025-02-03 09:00\n")
    desk.run()
    periods.refresh(desk.agreement, day=date(2025, 2, 3))
    january = closing.close_period(
        desk.agreement.periods.get(period_start=date(2025, 1, 1)), by=desk.signer, day=TODAY, now=timezone.now()
    )
    kept = PeriodResult.objects.filter(pk=january.pk).values("figures", "figures_hash", "cases_hash", "sources")
    before = kept.get()
    assert (before["figures"]["targets"]["p1"]["good"], before["figures"]["targets"]["p1"]["total"]) == ("2", "4")

    late = "17,G,Resolved,2,db,2025-01-09 16:00,2025-01-07 16:00\n"
    upload_csv(desk.log, LOG + late + "16,Z,New,2,db,2025-02-03 09:00,2025-02-03 09:00\n")
    business_calendars.set_day(
        desk.calendar.versions.get(), date(2025, 1, 7), windows=[], name="Closed", by=desk.author
    )
    draft = drafting.new_version(desk.version, by=desk.author, valid_from=date(2025, 2, 1))
    drafting.set_target(draft, "p1", by=desk.author, threshold_seconds=6 * HOUR)
    lifecycle.sign(lifecycle.offer(draft, by=desk.author), by=desk.signer, day=TODAY, now=timezone.now())
    desk.run()
    periods.refresh(desk.agreement, day=date(2025, 2, 3))
    assert kept.get() == before
    (restatement,) = january.restatements.all()
    p1, p2 = (restatement.after["targets"][code] for code in ("p1", "p2"))
    assert restatement.before == before["figures"]
    assert (p1["good"], p1["total"]) == ("3", "4")  # B used 2 of its 4 hours: Tuesday was closed; F waits on
    assert (p2["good"], p2["total"]) == ("0", "2")  # E and G, late either way


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


def told_to(user) -> list[tuple[str, str]]:
    return [(e.notice.subject, e.notice.link) for e in InboxEntry.objects.filter(user=user).order_by("notice__subject")]


def test_a_warning_reaches_the_owner_s_inbox_once_whatever_stops_the_worker(desk):
    assert told_to(desk.author) == []  # the run noted four warnings and was stopped before anybody was told
    assert perform(request_run(desk.agreement))["told"] == 4
    assert told_to(desk.author) == [
        ("E has used 75 % of Priority 2", "/agreements/desk/explain/?case=E&target=p2"),
        ("F has missed Priority 1", "/agreements/desk/explain/?case=F&target=p1"),  # its 75 and 90 % are past
    ]
    assert perform(request_run(desk.agreement))["told"] == 0
    assert len(told_to(desk.author)) == 2


def test_many_warnings_at_once_are_one_entry(desk):
    lines = "".join(f"{100 + n},N{n},New,1,net,2025-01-07 09:00,2025-01-07 09:00\n" for n in range(telling.MOST_ALONE))
    upload_csv(desk.log, LOG + lines)
    perform(request_run(desk.agreement))
    ((subject, link),) = told_to(desk.author)
    assert (subject, link) == ("Desk: 12 open cases need attention", "/agreements/desk/board/")
    assert InboxEntry.objects.get().notice.text == "11 missed, 1 past 75 % of their time."


def test_the_job_runs_after_each_load_and_the_attainment_follows(desk):
    job = request_run(desk.agreement)
    assert perform(job)["written"] is False
    upload_csv(desk.log, LOG + "16,H,New,2,db,2025-01-07 16:30,2025-01-07 16:30\n")
    waiting = type(job).objects.unfinished().get(kind="slas.clocks")
    assert perform(waiting)["rows"] == 8
    assert set(desk.agreement.attainment_kpis.values_list("target_code", flat=True)) == {"p1", "p2"}


def test_the_source_s_own_verdict_beside_the_clock_s():
    """The source says that A was missed (day and night its four hours are four too: it is stricter) and B was kept."""
    lines = LOG.strip().split("\n")[1:]
    kept = [f"{line},{'false' if line.startswith('3,') else 'true'}" for line in lines]
    text = "\n".join(["id,number,state,priority,team,at,opened_at,kept", *kept, ""])
    desk = Desk(text, Contract(columns=(*EVENTS.columns, Column("kept", type=ColumnType.BOOLEAN))))
    desk.run()
    desk.agreement.refresh_from_db()
    assert compare.verdict_columns(desk.agreement) == ["kept"]
    found = compare.compare(desk.agreement, access(desk.signer), column="kept", metric="resolution")
    assert (found.cases, found.agree, found.differ) == (4, 1, 3)  # A, B, C, F have a verdict; C agrees
    assert {(row["case"], row["said"], row["met"], row["reason"]) for row in found.rows} == {
        ("A", False, True, "stricter"),
        ("B", True, False, "lenient"),
        ("F", True, False, "lenient"),
    }
    only = compare.compare(desk.agreement, access(desk.signer), column="kept", metric="resolution", reason="stricter")
    assert [row["case"] for row in only.rows] == ["A"]
    address = "/api/v1/clocks/desk/compare/?column=kept&metric=resolution"
    over_rest = as_described("get", address, client_of(desk.signer).get(address)).json()
    assert (over_rest["cases"], [row["case"] for row in over_rest["differing"]]) == (4, ["F", "B", "A"])


def test_a_vendors_contact_sees_the_cases_of_its_own_vendor_only(desk):
    """The desk has a vendor as its provider: its cases carry the vendor, another vendor's contact finds nothing."""
    acme, zeta = (UnitFactory(code=code, kind="vendor") for code in ("acme", "zeta"))
    desk.agreement.providers.add(acme)
    assert desk.run().written
    own, other = (client_of(member("vendor_contact", unit)) for unit in (acme, zeta))
    assert len(own.get("/api/v1/clocks/desk/board/").json()["cases"]) == 3
    assert own.get("/api/v1/clocks/desk/explain/?case=B").status_code == 200
    assert other.get("/api/v1/clocks/desk/").status_code == 404
    assert other.get("/api/v1/clocks/desk/explain/?case=B").status_code == 404
