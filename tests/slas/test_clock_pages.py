"""Explaining a clock, the board, the comparison with the source, the replay of a draft; on the run's sample desk."""

from datetime import UTC, date, datetime

import pytest
from django.urls import reverse

from organization.access import access_of
from slas import drafting
from slas.clocks import bench, board, explain
from tests.factories import UnitFactory, member

from .sample_clocks import HOUR

pytestmark = pytest.mark.django_db
TODAY = date(2026, 1, 1)


def access(user):
    return access_of(user, TODAY)


def explained(desk, case, user=None):
    rows = explain.rows_of_case(desk.agreement, case, access(user or desk.signer))
    return explain.explain(desk.agreement, rows[0])


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_every_interval_of_a_clock_with_its_state_and_what_was_used_by_then(desk):
    found = explained(desk, "B")
    shown = [
        (one.start, one.kind, one.holder, one.business_s / HOUR, one.used_pct, one.has_due) for one in found.intervals
    ]
    assert shown == [
        (utc("2025-01-06 09:00"), "running", "net", 1, 25, False),
        (utc("2025-01-06 10:00"), "paused", "net", 6, 25, False),
        (utc("2025-01-06 16:00"), "running", "db", 1, 50, False),
        (utc("2025-01-06 17:00"), "out_of_hours", "db", 0, 50, False),
        (utc("2025-01-07 09:00"), "running", "db", 3, 125, True),
    ]
    assert [one.why for one in found.intervals if one.kind == "paused"] == ["Waiting"]
    assert sum(one.business_s for one in found.intervals if one.kind == "running") == found.row["elapsed_s"]


def test_the_due_time_is_the_original_one_moved_by_each_pause(desk):
    found = explained(desk, "B")
    assert found.original_due == utc("2025-01-06 13:00")
    assert [(one.why, one.business_s, one.due) for one in found.moved] == [
        ("Waiting", 6 * HOUR, utc("2025-01-07 11:00"))
    ]
    assert found.due == utc("2025-01-07 11:00")


def test_who_held_it_and_who_had_it_at_the_breach(desk):
    held = [
        (one.holder, one.business_s / HOUR, one.paused_s / HOUR, one.at_breach) for one in explained(desk, "B").held
    ]
    assert held == [("db", 4, 0, True), ("net", 1, 6, False)]


def test_an_open_clock_is_explained_up_to_the_as_of_time_of_the_whole_log(desk):
    assert explained(desk, "E").intervals[-1].end == utc("2025-01-07 16:00")


def test_a_case_of_another_unit_is_not_there(desk):
    stranger = member("viewer", UnitFactory(code="elsewhere"))
    with pytest.raises(explain.NoSuchClock):
        explained(desk, "B", stranger)
    db = member("viewer", desk.teams[1])
    with pytest.raises(explain.NoSuchClock):
        explained(desk, "B", db)  # its last team is net
    assert explained(desk, "A", db).row["unit"] == "db"


def test_the_board_has_the_open_cases_worst_first(desk):
    found = board.board(desk.agreement, access(desk.signer), day=TODAY)
    assert [(row["case"], row["used_pct"]) for row in found.rows] == [("F", 175), ("E", 87.5), ("G", 0)]
    assert found.bands == [("Missed", 1), ("90 % and more", 0), ("75 to 90 %", 1), ("Below 75 %", 1)]
    assert found.as_of == utc("2025-01-07 16:00")
    only = board.board(desk.agreement, access(desk.signer), day=TODAY, target="p1", priority="1")
    assert [row["case"] for row in only.rows] == ["F"]


def test_the_board_of_an_earlier_day_replays_the_log_up_to_its_end(desk):
    """At midnight of Monday B had run from 9 to 10 and from 16 to 17, C from 15 to 17."""
    found = board.board(desk.agreement, access(desk.signer), day=date(2025, 1, 6))
    assert [(row["case"], row["used_pct"]) for row in found.rows] == [("B", 50), ("C", 50)]
    assert found.is_earlier
    db = board.board(desk.agreement, access(member("viewer", desk.teams[1])), day=date(2025, 1, 6))
    assert [row["case"] for row in db.rows] == ["B"]  # db had it then


def test_a_draft_is_replayed_before_it_is_signed(desk):
    """Six hours at priority 1: B (5 hours) is met instead of missed; F (7) stays missed. Nothing is written."""
    draft = drafting.new_version(desk.version, by=desk.author, valid_from=date(2026, 1, 1))
    drafting.set_target(draft, "p1", by=desk.author, threshold_seconds=6 * HOUR)
    before = desk.agreement.dataset.current_version
    trial = bench.try_on_history(draft, access(desk.signer), day=TODAY)
    assert trial.flips == {("missed", "met"): 1}
    assert [(row["case"], row["was"], row["becomes"]) for row in trial.rows] == [("B", "missed", "met")]
    assert (trial.totals["p1"].good, trial.totals["p1"].total) == ("3", "4")
    assert (trial.totals["p2"].in_flight, trial.totals["p2"].cancelled) == (2, 1)
    desk.agreement.dataset.refresh_from_db()
    assert desk.agreement.dataset.current_version == before


def test_a_replay_says_what_the_version_would_have_owed(desk):
    """January: two of four met, 50 % of 90: the tier takes 10 % of 1,000."""
    draft = drafting.new_version(desk.version, by=desk.author, valid_from=date(2026, 1, 1))
    drafting.change_version(draft, by=desk.author, currency="EUR", monthly_charge=1000)
    drafting.set_tiers(draft, [{"target": None, "below_pct": 90, "credit_pct": 10}], by=desk.author)
    draft.refresh_from_db()
    trial = bench.try_on_history(draft, access(desk.signer), day=TODAY)
    assert [(month.start, month.credit) for month in trial.months] == [(date(2025, 1, 1), 100)]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("agreement_board", "As of 7 Jan 2025, 16:00"),
        ("agreement_replay", "None: every case keeps its verdict"),
        ("clock_compare", "The log has no yes/no column"),
    ],
)
def test_the_pages_open_at_once_and_load_their_part(desk, client, name, words):
    client.force_login(desk.signer)
    address = reverse(name, args=["desk"])
    assert client.get(address).status_code == 200
    assert words in client.get(f"{address}?load=1").content.decode()


def test_the_page_of_a_clock(desk, client):
    client.force_login(desk.signer)
    page = client.get(reverse("clock_explain", args=["desk"]), {"case": "B", "target": "p1"}).content.decode()
    for words in ("125.0", "Waiting", "had it at the breach", "7 Jan 2025, 11:00", "office from 1900-01-01"):
        assert words in page
    assert client.get(reverse("clock_explain", args=["desk"]), {"case": "Z"}).status_code == 404


def test_the_way_from_an_attainment_to_the_breaches_behind_it(client, desk):
    client.force_login(desk.signer)
    address = reverse("agreement_cases", args=["desk"])
    assert "Reading the cases" in client.get(address).content.decode()
    page = client.get(address, {"load": 1, "verdict": "missed"}).content.decode()
    assert page.index("case=F&amp;target=p1") < page.index("case=B&amp;target=p1")
    assert "case=A&amp;" not in page and "verdict=missed&amp;held_by=db" in page
    assert "case=A&amp;" in client.get(address, {"load": 1, "verdict": "met"}).content.decode()
    assert "No such case" in client.get(address, {"load": 1, "priority": "9' or true --"}).content.decode()
    assert client.get(address, {"period": "2024-01-01"}).status_code == 404
