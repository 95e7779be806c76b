"""A vendor's scorecard from results, survey answers and attainment, checked by hand and by a second road."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from slas.models import Agreement, AttainmentKpi
from tests.factories import KpiFactory, UnitFactory, UserFactory
from vendors import surveys, templates
from vendors.cards import card_of, cards_of, newest_period_start
from vendors.models import TemplateVersion

from .factories import DAY, NOW, THIRD, a_result, a_template, a_vendor_below

pytestmark = pytest.mark.django_db
SECOND = date(2025, 4, 1)


@pytest.fixture
def template(group, kpis):
    return a_template(group, kpis)


def card(vendor, at=THIRD, day=DAY, grain="quarter", **more):
    return card_of(vendor, grain=grain, at=at, day=day, **more)


def test_a_card_by_hand(group, kpis, template):
    vendor, rival = (a_vendor_below(group, name, template=template) for name in ("Orgenics", "Trinity"))
    a_result(kpis[0], vendor, 89.0)
    a_result(kpis[1], vendor, 10.0)
    a_result(kpis[1], rival, 8.0)
    found = card(vendor)
    on_time, freight = found.lines
    assert on_time.score == pytest.approx(100 * (89 - 80) / (95 - 80))  # 60
    assert freight.score == pytest.approx(80)  # the rival's 8 over 10
    assert found.score == pytest.approx(0.6 * 60 + 0.4 * 80)  # 68
    assert (found.grade, found.coverage_pct, found.period_label) == ("C", 100, "2025 Q3")
    assert (on_time.kpi, on_time.period_start, on_time.format) == (kpis[0].code, THIRD, "percent:1")
    assert sum(line.points for line in found.lines) == pytest.approx(found.score)


def test_a_closed_gate_is_named(group, kpis, template):
    vendor = a_vendor_below(group, template=template)
    a_result(kpis[0], vendor, 84.9)
    a_result(kpis[1], vendor, 2.0)
    found = card(vendor)
    assert [(line.name, line.gate) for line in found.gates] == [("On time", "below 85: C at best")]
    assert found.grade == "D"  # 19.6 x 0.6 + 100 x 0.4 = 51.8: the gate does not lift it


def test_a_missing_number_is_left_out_and_said(group, kpis, template):
    vendor = a_vendor_below(group, template=template)
    a_result(kpis[0], vendor, 95.0)
    found = card(vendor)
    assert (found.score, found.coverage_pct) == (100, 60)
    assert found.lines[1].note == "No result for 2025 Q3."
    assert (found.lines[0].used, found.lines[1].used) == (100, None)


def test_an_open_period_and_one_that_ends_later_do_not_count(group, kpis, template):
    vendor = a_vendor_below(group, template=template)
    a_result(kpis[0], vendor, 95.0, date(2025, 10, 1))
    assert card(vendor, at=date(2025, 10, 1)).lines[0].note == "2025 Q4 has not ended."
    assert card(vendor, at=date(2025, 10, 1), day=date(2026, 1, 1)).score == 100


def test_a_coarser_kpi_gives_its_last_complete_number(group, kpis, template):
    yearly = KpiFactory(unit=group, grain="year", unit_of_measure="percent")
    other = a_template(UnitFactory(), (yearly, kpis[1]))
    vendor = a_vendor_below(group, template=other)
    a_result(yearly, vendor, 95.0, date(2024, 1, 1), "year")
    line = card(vendor).lines[0]
    assert (line.value, line.grain, line.period_label) == (95.0, "year", "2024")


def test_a_new_version_counts_from_its_first_day(group, kpis, template):
    vendor, by = a_vendor_below(group, template=template), UserFactory()
    for start in (SECOND, THIRD):
        a_result(kpis[0], vendor, 95.0, start)
        a_result(kpis[1], vendor, 10.0, start)
    draft = templates.draft(template, by=by)
    freight = draft.criteria.get(code="freight")
    templates.set_criterion(draft, criterion=freight, by=by, weight=Decimal(10))
    with pytest.raises(templates.TemplateRefused, match="add up to 70 %"):
        templates.publish(draft, from_day=THIRD, now=NOW, by=by)
    templates.set_criterion(draft, criterion=draft.criteria.get(code="on_time"), by=by, weight=Decimal(90))
    templates.publish(draft, from_day=THIRD, now=NOW, by=by)
    assert [(card(vendor, at).version, card(vendor, at).lines[0].weight) for at in (SECOND, THIRD)] == [
        (1, 60),
        (2, 90),
    ]
    with pytest.raises(templates.TemplateRefused, match="stays as it is"):
        templates.set_criterion(TemplateVersion.objects.get(number=1, template=template), by=by, code="x", name="x")


def test_without_a_scorecard_there_is_no_score(group):
    vendor = a_vendor_below(group)
    assert (card(vendor).score, card(vendor).note) == (None, "The vendor has no scorecard: choose one for it.")


def test_survey_answers_are_averaged_and_counted(group, kpis):
    template = a_template(group, kpis, survey=True)
    vendor = a_vendor_below(group, template=template)
    question = template.versions.get().criteria.get(source="survey").question
    people = [UserFactory() for _ in range(3)]
    for person in people:
        surveys.ask(vendor, person, by=vendor.manager)
    for person, rating in zip(people[:2], (5, 3), strict=True):
        surveys.answer(vendor, question, day=THIRD, rating=rating, by=person)
    surveys.answer(vendor, question, day=THIRD, rating=2, by=people[1])  # they think again
    line = card(vendor).lines[2]
    assert (line.value, line.rows, line.note) == (3.5, 2, "2 answers, 3 asked.")
    assert line.score == pytest.approx(62.5)
    with pytest.raises(surveys.SurveyRefused, match="not asked"):
        surveys.answer(vendor, question, day=THIRD, rating=2, by=UserFactory())


def test_attainment_is_summed_over_agreements_not_averaged(group):
    """2 of 4 and 98 of 100 are 96.2 %, not the 74 % of averaged percentages."""
    template = a_template(group, publish=False)
    draft = template.versions.get()
    draft.criteria.all().delete()
    templates.set_criterion(
        draft, by=draft.made_by, code="kept", name="Promises kept", weight=Decimal(100), source="attainment",
        floor=Decimal(80), target=Decimal(100),
    )  # fmt: skip
    templates.publish(draft, from_day=date(2000, 1, 1), now=NOW, by=draft.made_by)
    vendor = a_vendor_below(group, template=template)
    assert card(vendor).lines[0].note == "No agreement with attainment."
    for number, (met, counted) in enumerate([(2, 4), (98, 100)]):
        agreement = Agreement.objects.create(code=f"uc-{number}", name="x", kind="uc", unit=group, owner=vendor.manager)
        agreement.providers.add(vendor.unit)
        kpi = KpiFactory(unit=group, unit_of_measure="percent")
        AttainmentKpi.objects.create(agreement=agreement, target_code="on_day", kpi=kpi)
        a_result(kpi, vendor, 100 * met / counted, numerator=met, denominator=counted, rows=counted)
    line = card(vendor).lines[0]
    assert (line.value, line.rows) == (pytest.approx(100 * 100 / 104), 104)


def test_many_vendors_cost_as_many_queries_as_one(group, kpis, template):
    vendors = [a_vendor_below(group, f"Vendor {n}", template=template) for n in range(20)]
    for vendor in vendors:
        a_result(kpis[0], vendor, 90.0)

    def queries(some) -> int:
        with CaptureQueriesContext(connection) as captured:
            cards_of(some, grain="quarter", at=THIRD, day=DAY)
        return len(captured)

    assert queries(vendors) <= queries(vendors[:1]) <= 10
    one, many = card(vendors[3]), cards_of(vendors, grain="quarter", at=THIRD, day=DAY)[vendors[3].pk]
    assert one == many


def test_the_newest_period_is_the_last_complete_one_with_a_number(group, kpis, template):
    vendor = a_vendor_below(group, template=template)
    assert newest_period_start([vendor], "quarter", DAY) is None
    a_result(kpis[0], vendor, 90.0, SECOND)
    a_result(kpis[0], vendor, 90.0, date(2025, 10, 1), is_open=True)
    assert newest_period_start([vendor], "quarter", DAY) == SECOND
