"""What pages read: one tree of values, the same number of queries for one KPI and for fifty."""

from datetime import UTC, date, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kpis import selectors
from kpis.models import ScorecardNode
from kpis.strategy import orphans
from lake.periods import Calendar
from organization.access import access_of
from tests.factories import KpiFactory, ResultFactory, ScorecardFactory, UnitFactory, member

pytestmark = pytest.mark.django_db
DAY = date(2025, 4, 10)


def months(*values, kpi, year=2025, **more):
    return [ResultFactory(kpi=kpi, month=date(year, n, 1), value=v, **more) for n, v in enumerate(values, start=1)]


@pytest.fixture
def group():
    return UnitFactory(name="Group")


@pytest.fixture
def viewer(group):
    return access_of(member("viewer", group), DAY)


def scorecard_of(group, *kpis, **node):
    scorecard = ScorecardFactory(unit=group)
    perspective = ScorecardNode.objects.create(scorecard=scorecard, kind="perspective", name="Customer")
    for kpi in kpis:
        ScorecardNode.objects.create(scorecard=scorecard, parent=perspective, kind="kpi", kpi=kpi, **node)
    return scorecard


def test_a_row_reads_value_target_variance_status_score_and_history(group, viewer):
    kpi = KpiFactory(unit=group, unit_of_measure="percent")
    months(93.0, 96.0, 94.0, kpi=kpi, target=95, status="amber", score=89.5)
    view = selectors.scorecard_view(scorecard_of(group, kpi), group, DAY, viewer)
    reading = view.nodes[0].children[0].reading
    assert (reading.value, reading.period.label, reading.previous, reading.change) == (94.0, "Mar 2025", 96.0, -2.0)
    assert (reading.variance, reading.variance_pct, reading.change_is_good) == (-1.0, None, False)
    assert [point.value for point in reading.sparkline] == [93.0, 96.0, 94.0]
    assert (view.score, view.counts, view.coverage_pct) == (89.5, {"amber": 1}, 100)


def test_latest_is_each_kpis_own_last_complete_period(group, viewer):
    quick, slow = KpiFactory(unit=group), KpiFactory(unit=group)
    months(1.0, 2.0, 3.0, 4.0, kpi=quick)
    months(1.0, 2.0, kpi=slow)
    view = selectors.scorecard_view(scorecard_of(group, quick, slow), group, DAY, viewer)
    assert [row.reading.period.label for row in view.rows() if row.reading] == ["Mar 2025", "Feb 2025"]


def test_an_open_period_has_a_value_but_no_status_unless_asked(group, viewer):
    kpi = KpiFactory(unit=group)
    months(1.0, 2.0, 3.0, 4.0, kpi=kpi)
    april = Calendar().period_of(DAY, "month")
    scorecard = scorecard_of(group, kpi)
    view = selectors.scorecard_view(scorecard, group, DAY, viewer, period=april)
    assert (view.nodes[0].children[0].reading.value, view.nodes[0].children[0].status, view.score) == (
        4.0,
        "open",
        None,
    )
    asked = selectors.scorecard_view(scorecard, group, DAY, viewer, period=april, include_open=True)
    assert (asked.nodes[0].children[0].status, asked.score) == ("green", 100)


def test_a_scorecard_cascades_and_what_was_never_measured_there_does_not_count(group):
    team = UnitFactory(parent=group)
    viewer = access_of(member("viewer", group), DAY)
    here, elsewhere = KpiFactory(unit=group), KpiFactory(unit=group)
    months(1.0, kpi=here, unit=team, score=70.0, status="amber")
    months(1.0, kpi=elsewhere)
    view = selectors.scorecard_view(scorecard_of(group, here, elsewhere), team, DAY, viewer)
    assert (view.score, view.coverage_pct, view.counts) == (70.0, 100, {"amber": 1, "no_data": 1})
    assert [unit.name for unit in view.path] == ["Group", team.name]


def test_a_missing_month_may_be_carried_for_as_long_as_the_node_says(group, viewer):
    kpi = KpiFactory(unit=group)
    months(1.0, 2.0, kpi=kpi, score=60.0, status="amber")
    march = Calendar().period_of(date(2025, 3, 1), "month")
    carried = selectors.scorecard_view(
        scorecard_of(group, kpi, missing="carry", carry_periods=1), group, DAY, viewer, period=march
    )
    assert (carried.score, carried.nodes[0].children[0].carried_from.label) == (60.0, "Feb 2025")
    april = Calendar().period_of(date(2025, 4, 1), "month")
    too_old = selectors.scorecard_view(
        scorecard_of(group, kpi, missing="carry", carry_periods=1), group, date(2025, 5, 1), viewer, period=april
    )
    assert too_old.score is None


def test_a_missing_month_may_count_as_0_and_says_so_but_an_open_one_is_not_missing(group, viewer):
    there, gone = KpiFactory(unit=group), KpiFactory(unit=group)
    months(1.0, 2.0, 3.0, 4.0, kpi=there, score=80.0)
    months(1.0, 2.0, kpi=gone, score=90.0)
    scorecard = scorecard_of(group, there, gone, missing="zero")
    march, april = (Calendar().period_of(date(2025, month, 1), "month") for month in (3, 4))
    view = selectors.scorecard_view(scorecard, group, DAY, viewer, period=march)
    assert view.score == 40  # (80 + 0) / 2
    assert [leaf.note for leaf in view.nodes[0].children] == ["", "No score: it counts as 0 here."]
    view = selectors.scorecard_view(scorecard_of(group, there, missing="zero"), group, DAY, viewer, period=april)
    assert (view.score, view.nodes[0].children[0].status) == (None, "open")


def test_weights_are_those_of_the_period(group, viewer):
    good, bad = KpiFactory(unit=group), KpiFactory(unit=group)
    months(1.0, 1.0, kpi=good, score=100.0)
    months(1.0, 1.0, kpi=bad, score=0.0, status="red")
    scorecard = scorecard_of(group, good, bad)
    node = scorecard.nodes.get(kpi=good)
    node.weights.create(weight=1, valid_to=date(2025, 2, 1))
    node.weights.create(weight=3, valid_from=date(2025, 2, 1))
    calendar = Calendar()
    scores = [
        selectors.scorecard_view(
            scorecard, group, DAY, viewer, period=calendar.period_of(date(2025, month, 1), "month")
        ).score
        for month in (1, 2)
    ]
    assert scores == [50.0, 75.0]


def test_a_row_on_target_says_when_its_counter_kpi_is_not(group, viewer):
    """Fast answers, while more are reopened: in March, not yet in February."""
    reopened = KpiFactory(unit=group, name="Reopened", direction="lower")
    fast = KpiFactory(unit=group, counter_kpi=reopened)
    months(1.0, 1.0, 2.0, kpi=fast)
    months(9.0, 9.0, kpi=reopened)
    ResultFactory(kpi=reopened, month=date(2025, 3, 1), value=30.0, status="red", score=0)
    scorecard = scorecard_of(group, fast)

    def said(**asked):
        view = selectors.scorecard_view(scorecard, group, DAY, viewer, **asked)
        return view.nodes[0].children[0].note

    february = Calendar().period_of(date(2025, 2, 1), "month")
    assert (said(), said(period=february)) == ("Its counter KPI Reopened is off target.", "")


def test_the_counter_kpi_is_looked_at_in_the_period_of_the_row(group, viewer):
    """Fast answers in March; what was reopened is counted up to February, when it was too much."""
    reopened = KpiFactory(unit=group, name="Reopened", direction="lower")
    fast = KpiFactory(unit=group, counter_kpi=reopened)
    months(1.0, 1.0, 1.0, kpi=fast)
    ResultFactory(kpi=reopened, month=date(2025, 2, 1), value=30.0, status="red", score=0)
    scorecard = scorecard_of(group, fast)
    [row] = selectors.scorecard_view(scorecard, group, DAY, viewer).nodes[0].children
    assert (row.reading.period.label, row.status, row.note) == ("Mar 2025", "green", "")
    february = Calendar().period_of(date(2025, 2, 1), "month")
    [row] = selectors.scorecard_view(scorecard, group, DAY, viewer, period=february).nodes[0].children
    assert row.note == "Its counter KPI Reopened is off target."


def test_another_units_scorecard_is_not_found(group):
    stranger = access_of(member("viewer", UnitFactory()), DAY)
    with pytest.raises(selectors.NotYours):
        selectors.scorecard_view(ScorecardFactory(unit=group), group, DAY, stranger)


def test_the_number_of_queries_does_not_grow_with_the_kpis(group, viewer):
    counts = []
    for number in (1, 50):
        kpis = [KpiFactory(unit=group) for _ in range(number)]
        for kpi in kpis:
            months(1.0, 2.0, kpi=kpi)
        scorecard = scorecard_of(group, *kpis)
        with CaptureQueriesContext(
            connection,
        ) as card:
            selectors.scorecard_view(scorecard, group, DAY, viewer)
        with CaptureQueriesContext(connection) as heat:
            selectors.heatmap([k.pk for k in kpis], [group.pk], "month", DAY, viewer)
        user = member("viewer", group)
        with CaptureQueriesContext(connection) as home:
            selectors.home(user, viewer, DAY, datetime(2025, 4, 10, tzinfo=UTC))
        counts.append((len(card), len(heat), len(home)))
    assert counts[0] == counts[1]
    assert max(counts[0]) <= 10


def test_a_series_knows_what_was_known_on_a_day(group, viewer):
    kpi = KpiFactory(unit=group)
    may = datetime(2025, 5, 3, tzinfo=UTC)
    ResultFactory(
        kpi=kpi, value=1.0, recorded_at=datetime(2025, 2, 1, tzinfo=UTC), superseded_at=datetime(2025, 5, 4, tzinfo=UTC)
    )
    ResultFactory(kpi=kpi, value=2.0, recorded_at=datetime(2025, 5, 4, tzinfo=UTC))
    now = selectors.kpi_series(kpi, group, "month", DAY, viewer)
    then = selectors.kpi_series(kpi, group, "month", DAY, viewer, as_known_at=may)
    assert ([p.value for p in now.points], [p.value for p in then.points]) == ([2.0], [1.0])


def test_a_series_brings_the_same_period_a_year_before(group, viewer):
    kpi = KpiFactory(unit=group)
    months(5.0, kpi=kpi, year=2024)
    months(6.0, kpi=kpi, year=2025)
    series = selectors.kpi_series(kpi, group, "month", DAY, viewer, periods=1)
    assert ([p.value for p in series.points], series.last_year) == ([6.0], (5.0,))


def test_a_breakdown_brings_its_parts_beside_the_whole(group, viewer):
    kpi = KpiFactory(unit=group)
    ResultFactory(kpi=kpi, value=3 / 26, numerator=3, denominator=26, rows=26)
    ResultFactory(kpi=kpi, value=0.5, numerator=2, denominator=4, rows=4, dimension="priority", member="high")
    ResultFactory(kpi=kpi, value=1 / 22, numerator=1, denominator=22, rows=22, dimension="priority", member="low")
    parts = selectors.breakdown(kpi, group, "priority", "month", DAY, viewer)
    assert [(row.name, row.rows) for row in parts.rows] == [("low", 22), ("high", 4)]
    assert sum(row.numerator for row in parts.rows) == parts.total.numerator


def test_the_organisation_drill_hides_what_is_not_to_be_seen(group):
    mine, other = UnitFactory(name="Group 10", parent=group), UnitFactory(name="Group 9", parent=group)
    kpi = KpiFactory(unit=group)
    for unit in (group, mine, other):
        ResultFactory(kpi=kpi, unit=unit)
    whole = access_of(member("viewer", group), DAY)
    drill = selectors.organisation_drill(kpi, group, "month", DAY, whole)
    assert ([row.name for row in drill.rows], drill.hidden) == (["Group 9", "Group 10"], 0)
    with pytest.raises(selectors.NotYours):
        selectors.organisation_drill(kpi, group, "month", DAY, access_of(member("viewer", mine), DAY))


def test_home_lists_reds_worst_first(group, viewer):
    worse, bad, fine = (KpiFactory(unit=group, code=code) for code in ("worse", "bad", "fine"))
    months(1.0, kpi=worse, status="red", score=10.0)
    months(1.0, kpi=bad, status="red", score=20.0)
    months(1.0, kpi=fine)
    home = selectors.home(member("viewer", group), viewer, DAY, datetime(2025, 4, 10, tzinfo=UTC))
    assert [r.kpi.code for r in home.reds] == ["worse", "bad"]
    assert home.counts == {"red": 2, "green": 1}


def test_home_does_not_list_what_is_out_of_use(group, viewer):
    kept, gone = KpiFactory(unit=group, code="kept"), KpiFactory(unit=group, code="gone")
    for kpi in (kept, gone):
        months(1.0, kpi=kpi, status="red", score=10.0)
    gone.versions.update(state="deprecated", deprecated_from=DAY, valid_to=DAY)
    home = selectors.home(member("viewer", group), viewer, DAY, datetime(2025, 4, 10, tzinfo=UTC))
    assert ([r.kpi.code for r in home.reds], home.counts) == (["kept"], {"red": 1})
    assert [kpi.code for kpi in orphans(viewer).kpis] == ["kept"]
