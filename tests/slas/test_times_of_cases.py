"""Times of cases by the clock of the calendar whose office hours they are judged by: London, 9 to 17, in summer."""

from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from alerts.models import InboxEntry
from organization import business_calendars
from organization.business_calendars import Window
from organization.models import BusinessCalendar
from slas import drafting, lifecycle, telling
from slas.clocks.times import Clock, times_of
from slas.models import Exclusion
from tests.pages import text_of

from .sample_clocks import EVENTS, Desk

pytestmark = pytest.mark.django_db
LONDON, PARIS = "Europe/London", "Europe/Paris"
SAID = "Times are by the clock of Europe/London (GMT/BST)."
TODAY = date(2025, 12, 1)
# In UTC. S: Monday from 9 to 15 in London, of 4 hours. T: opened on Sunday 26 October at 01:30, the second time that
# clocks in London showed it. U is open.
LOG = """id,number,state,priority,team,at,opened_at
1,S,New,1,net,2025-07-07 08:00,2025-07-07 08:00
2,S,Resolved,1,net,2025-07-07 14:00,2025-07-07 08:00
3,T,New,1,net,2025-10-26 01:30,2025-10-26 01:30
4,T,Resolved,1,net,2025-10-27 10:00,2025-10-26 01:30
5,U,New,1,net,2025-07-08 08:00,2025-07-08 08:00
"""


@pytest.fixture
def london(client):
    made = Desk(LOG, zone=LONDON)
    made.run()
    made.agreement.refresh_from_db()
    client.force_login(made.signer)
    return made


def page_of(client, name: str, **asked) -> str:
    """The text of the page, without what each page says of times at its foot."""
    text = text_of(client.get(reverse(name, args=["desk"]), {"load": 1, **asked}))
    return text.replace("Times are in UTC unless another clock is named", "")


def by_paris_from_october(desk) -> None:
    """A version from 1 October whose calendar is open 9 to 17 in Paris."""
    bureau = BusinessCalendar.objects.create(code="bureau", name="Bureau")
    windows = [Window(day, time(9), time(17)) for day in range(5)]
    business_calendars.add_version(bureau, timezone=PARIS, windows=windows, by=desk.author)
    draft = drafting.new_version(desk.version, by=desk.author, valid_from=date(2025, 10, 1))
    drafting.change_version(draft, by=desk.author, calendar=bureau)
    lifecycle.sign(lifecycle.offer(draft, by=desk.author), by=desk.signer, day=TODAY, now=timezone.now())
    desk.run()


def test_why_a_case_missed_its_target_is_told_in_office_hours(client, london):
    """From 9:00 on, four business hours: due at 13:00, 12:00 UTC; it stopped at 15:00."""
    page = page_of(client, "clock_explain", case="S")
    assert SAID in page and "UTC" not in page.replace("on 7 Jul 2025 (days are counted in UTC)", "")
    assert "Started 7 Jul 2025, 09:00, without pauses" in page and "Due 7 Jul 2025, 13:00" in page
    assert "Mon 7 Jul 2025, 09:00 Mon 7 Jul 2025, 15:00" in page  # its one interval


def test_the_list_of_cases_says_the_same_and_by_which_clock(client, london):
    page = page_of(client, "agreement_cases", verdict="missed")
    assert SAID in page and "stands behind" not in page
    assert "7 Jul 2025, 13:00 7 Jul 2025, 15:00" in page  # due, stopped


def test_only_the_hour_that_occurs_twice_has_an_offset(client, london):
    page = page_of(client, "clock_explain", case="T")
    assert "Started 26 Oct 2025, 01:30 +00:00, without pauses" in page
    assert "Sun 26 Oct 2025, 01:30 +00:00 Mon 27 Oct 2025, 09:00" in page and "Due 27 Oct 2025, 13:00" in page


def test_the_board_and_its_warnings(client, london):
    page = page_of(client, "agreement_board")
    assert "As of 27 Oct 2025, 10:00, the newest moment of the data. " + SAID in page
    assert "8 Jul 2025, 13:00 missed" in page  # due
    assert "missed 8 Jul 2025, 13:00 8 Jul 2025, 13:00" in page  # a warning: reached, due


def test_the_board_of_an_earlier_day_ends_with_that_day_in_london(client, london):
    page = page_of(client, "agreement_board", as_of="2025-07-08")
    assert "As of 9 Jul 2025, 00:00: the log replayed up to the end of that day." in page


def test_a_case_goes_by_its_own_calendar_where_a_later_version_has_another(client, london):
    by_paris_from_october(london)
    page = page_of(client, "agreement_cases")
    assert "Times are by the clock of Europe/Paris (CET/CEST). Where the calendar of a case has another clock," in page
    assert "7 Jul 2025, 13:00 Europe/London 7 Jul 2025, 15:00 Europe/London" in page
    assert "27 Oct 2025, 13:00 27 Oct 2025, 11:00" in page  # T, due and stopped in Paris
    july = page_of(client, "agreement_cases", verdict="missed")  # S and U, both of July: one clock, named once
    assert SAID in july and "7 Jul 2025, 13:00 7 Jul 2025, 15:00" in july
    board = page_of(client, "agreement_board")
    assert "As of 27 Oct 2025, 11:00" in board and "8 Jul 2025, 13:00 Europe/London missed" in board
    assert SAID in page_of(client, "clock_explain", case="S")
    assert "Started 26 Oct 2025, 02:30 +01:00" in page_of(client, "clock_explain", case="T")


def test_day_and_night_has_the_clock_by_which_days_are_counted():
    desk = Desk(LOG, replace(EVENTS, reporting_timezone=PARIS), zone=LONDON)
    draft = drafting.new_version(desk.version, by=desk.author, valid_from=date(2025, 2, 1))
    drafting.change_version(draft, by=desk.author, calendar=None)
    lifecycle.sign(lifecycle.offer(draft, by=desk.author), by=desk.signer, day=TODAY, now=timezone.now())
    desk.run()
    assert times_of(desk.agreement, TODAY).clock == Clock(PARIS)


def test_what_does_not_count_is_typed_and_shown_by_the_same_clock(client, london):
    client.force_login(london.author)
    address = reverse("agreement_exclusion_new", args=["desk"])
    assert SAID in text_of(client.get(address))
    words = {"kind": "maintenance", "reason": "Moved", "starts_at": "2025-07-07T09:30", "ends_at": "2025-07-07T10:30"}
    client.post(address, words)
    kept = Exclusion.objects.get()
    assert (kept.starts_at, kept.ends_at) == (
        datetime(2025, 7, 7, 8, 30, tzinfo=UTC),
        datetime(2025, 7, 7, 9, 30, tzinfo=UTC),
    )
    page = page_of(client, "agreement_exclusions")
    assert "7 Jul 2025, 09:30 – 7 Jul 2025, 10:30" in page and SAID in page


def test_a_message_names_the_zone(london):
    telling.warnings(london.agreement, now=datetime(2025, 12, 1, tzinfo=UTC))
    (entry,) = InboxEntry.objects.filter(user=london.author)
    assert "Due 8 Jul 2025, 13:00 Europe/London." in entry.notice.text


def test_rest_stays_in_utc(london):
    client = APIClient()
    client.force_authenticate(london.signer)
    found = client.get("/api/v1/clocks/desk/cases/", {"verdict": "missed", "target": "p1"}).json()
    replayed = client.get("/api/v1/clocks/desk/board/", {"as_of": "2025-07-08"}).json()
    assert replayed["as_of"] == "2025-07-09T00:00:00Z"
    assert {row["due_at"] for row in found["cases"]} == {"2025-07-07T12:00:00Z", "2025-07-08T12:00:00Z"}
