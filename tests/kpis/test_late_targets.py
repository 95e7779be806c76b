"""Targets set after the fact: complete periods are rated anew only with a reason, which stands where the target does.

North's numbers are complete from January 2024 to March 2025 (the sample of `made`).
"""

from datetime import date
from decimal import Decimal

import pytest

from kpis import targets
from kpis.late_targets import ReasonNeeded
from kpis.models import LateTarget, Target
from kpis.targets import Goal
from organization.models import AuditEntry
from tests.factories import ApiTokenFactory
from tests.kpis.pages import opened, sent
from tests.pages import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_this_process", "on_the_day")]
JAN, FEB, APR = date(2025, 1, 1), date(2025, 2, 1), date(2025, 4, 1)
GRID = {"kpi": "in_time", "unit": "group", "year": "2025-01-01"}
WHY = "Agreed in December, written down late"


def goal(made, *days, value=80, **words) -> Goal:
    return Goal(made.kpi, made.group, *days, value=Decimal(value), **words)


def kept() -> list[tuple]:
    return [(one.did, one.first, one.last, one.reason) for one in LateTarget.objects.order_by("pk")]


def test_days_that_are_complete_need_a_reason_and_nothing_is_set_without(made):
    with pytest.raises(ReasonNeeded, match="say why"):
        targets.set_target(goal(made, JAN, FEB), by=made.manager)
    assert not Target.objects.exists()
    targets.set_target(goal(made, JAN, FEB), by=made.manager, reason=WHY)
    assert kept() == [("set", JAN, JAN, WHY)]
    assert AuditEntry.objects.get(action="target set").details["after_the_fact"] == WHY


def test_days_to_come_and_what_rates_nothing_need_none(made):
    targets.set_target(goal(made, date(2030, 1, 1)), by=made.manager, reason="Not needed, and not kept")
    targets.set_target(goal(made, JAN, FEB, comparator="budget"), by=made.manager)
    assert (Target.objects.count(), kept()) == (2, [])
    assert "after_the_fact" not in AuditEntry.objects.filter(action="target set").first().details


def test_changing_ending_and_removing_need_one_too(made):
    """80 from January on: another number for January; then an end before February; then gone."""
    (target,) = targets.set_many([goal(made, JAN, APR)], by=made.manager, reason=WHY)
    for change in (
        lambda **said: targets.set_many([goal(made, JAN, APR, value=70)], by=made.manager, **said),
        lambda **said: targets.end_target(target, date(2025, 1, 31), by=made.manager, **said),
        lambda **said: targets.remove_target(target, by=made.manager, **said),
    ):
        with pytest.raises(ReasonNeeded):
            change()
        change(reason="Contract 7")
    march = date(2025, 3, 1)
    assert kept() == [
        ("set", JAN, march, WHY),
        ("set", JAN, march, "Contract 7"),
        ("ended", FEB, march, "Contract 7"),
        ("removed", JAN, JAN, "Contract 7"),
    ]


def test_an_annual_target_of_a_year_that_has_begun_needs_one(made):
    year = {"year_of": JAN, "phasing": "even", "by": made.manager}
    with pytest.raises(ReasonNeeded):
        targets.set_annual(made.kpi, made.group, Decimal(100), **year)
    annual = targets.set_annual(made.kpi, made.group, Decimal(100), **year, reason=WHY)
    with pytest.raises(ReasonNeeded):
        targets.remove_annual(annual, by=made.manager)
    targets.remove_annual(annual, by=made.manager, reason="Another budget")
    assert [(did, reason) for did, _, _, reason in kept()] == [("set", WHY), ("removed", "Another budget")]


def test_the_pages_ask_for_it_and_say_who_and_why(client, made):
    name = f"c_{made.group.pk}_2025-01-01"
    refused = sent(client, made.manager, "targets", query=GRID, before="{}", **{name: "80"})
    assert refused.status_code == 422 and not Target.objects.exists()
    assert "would be rated anew: say why" in text_of(refused) and 'value="80"' in refused.content.decode()
    assert sent(client, made.manager, "targets", query=GRID, before="{}", reason=WHY, **{name: "80"}).status_code == 302
    for page, words in (("targets", GRID), ("kpi", {"unit": "north", "period": "2025-01-01"})):
        args = ["in_time"] if page == "kpi" else []
        said = opened(client, made.viewer, page, *args, **words)
        assert "set after the fact by" in said and WHY in said, page
    assert WHY not in opened(client, made.viewer, "kpi", "in_time", unit="north", period="2025-02-01")


def test_periods_are_told_by_the_days_on_which_they_begin(made):
    one, more = (ReasonNeeded(date(2025, 1, 1), last, made.kpi) for last in (date(2025, 1, 1), date(2025, 3, 1)))
    assert str(one).startswith(f"The complete period of {made.kpi.name} that begins on 1 Jan 2025 would be rated anew")
    assert str(more).startswith(f"Complete periods of {made.kpi.name} that begin from 1 Jan 2025 to 1 Mar 2025 would")


def test_over_rest(client, made):
    token = ApiTokenFactory(user=made.manager, scopes=["read", "define"])
    options = {"headers": {"Authorization": f"Bearer {token.secret}"}, "content_type": "application/json"}
    body = {"kpi": "in_time", "unit": "group", "value": "80", "valid_from": "2025-01-01", "valid_to": "2025-02-01"}
    refused = client.post("/api/v1/targets/", body, **options)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "reason")
    made_one = client.post("/api/v1/targets/", body | {"reason": WHY}, **options)
    assert made_one.status_code == 201
    where = f"/api/v1/targets/{made_one.json()['id']}/"
    assert client.delete(where, **options).status_code == 400
    assert client.delete(f"{where}?reason=It+was+never+agreed", **options).status_code == 204
    late = client.get("/api/v1/late-targets/?kpi=in_time", headers=options["headers"]).json()["results"]
    assert {(one["did"], one["unit"], one["first"], one["reason"]) for one in late} == {
        ("set", "group", "2025-01-01", WHY),
        ("removed", "group", "2025-01-01", "It was never agreed"),
    }


def test_a_refused_change_stays_open_with_what_was_typed(client, made):
    target = targets.set_target(
        Goal(made.kpi, made.group, date(2024, 1, 1), value=Decimal(70)), by=made.manager, reason=WHY
    )
    query = {"kpi": made.kpi.code, "unit": made.group.code, "year": "2025-01-01"}
    answer = sent(client, made.manager, "target_change", target.pk, "end", query=query, last_day="2024-12-31")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="2024-12-31"' in page
    assert 'class="menu" open' in page
    assert text_of(answer).count("would be rated anew: say why") == 2  # above the grid, and beside the field
    said = {"last_day": "2024-12-31", "reason": WHY}
    assert sent(client, made.manager, "target_change", target.pk, "end", query=query, **said).status_code == 302
