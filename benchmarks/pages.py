"""Server time and queries of the pages that show most numbers: python -m benchmarks.pages [--kpis N] [--units N]

200 KPIs in 51 units (a group and 50 below it) over 36 months, charted: 367,200 results. Each page is asked for through
the whole stack of Django, signed in, by the test client; the median of some calls is printed beside the same page with
10 KPIs. Scorecard, heat map and KPI page must stay under 100 ms; the queries must be as many with 10 KPIs as with 200.
"""

import argparse
import os
import statistics
import time
from datetime import UTC, date, datetime

from benchmarks import database
from perfmgr.web_worker import spare_the_collector

MONTHS = 36
FIRST, DAY = date(2023, 1, 1), date(2026, 1, 10)
LIMIT_MS = 100
LIMITED = ("scorecard", "heat map", "KPI")
FEW = 10

RESULTS = """
INSERT INTO kpis_result (kpi_id, version_id, unit_id, grain, period_start, period_end, dimension, member, value,
    numerator, denominator, rows, reason, target, status, score, is_open, is_provisional, recorded_at)
SELECT v.kpi_id, v.id, u.id, 'month', m, m + interval '1 month', '', '', x, NULL, NULL, 100, '', 95,
    CASE WHEN x >= 95 THEN 'green' WHEN x >= 90 THEN 'amber' ELSE 'red' END, greatest(0, least(100, 10 * (x - 85))),
    false, false, now()
FROM kpis_kpiversion AS v, organization_unit AS u,
    generate_series(%s::date, %s::date, interval '1 month') AS m,
    LATERAL (SELECT 90 + 5 * sin(v.id * 1.3 + u.id * 0.7 + extract(epoch FROM m) / 4e6)
        + 2 * sin(v.id * 7.1 + u.id * 3.3 + extract(epoch FROM m) / 7e5) AS x) AS made
"""


def main() -> None:
    options = _options()
    os.environ["PERFMGR_AS_OF"] = DAY.isoformat()
    with database.throwaway(durable=False):
        many, few, user, batch = _fill(options.kpis, options.units)
        pages = _pages(many, few)
        spare_the_collector()  # as a web worker does when it begins
        measured = {name: [_measure(user, address, options.repeat) for address in both] for name, both in pages.items()}
    print(f"{options.kpis} KPIs, {options.units + 1} units, {MONTHS} months; medians of {options.repeat}")
    print(f"{'control charts of all of them':32}{batch:8.2f} s   {options.kpis * (options.units + 1):,} series")
    print(f"{'page':20}{'ms':>8}{'queries':>9}{f'ms, {FEW} KPIs':>14}{'queries':>9}")
    failed = []
    for name, ((slow, queries), (fast, fewer)) in measured.items():
        print(f"{name:20}{slow:8.0f}{queries:9}{fast:14.0f}{fewer:9}")
        if queries != fewer:
            failed.append(f"{name}: {queries} queries, {fewer} with {FEW} KPIs")
        if name in LIMITED and slow > LIMIT_MS:
            failed.append(f"{name}: {slow:.0f} ms of the {LIMIT_MS} it may take")
    if failed:
        raise SystemExit("; ".join(failed))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages", description=__doc__)
    parser.add_argument("--kpis", type=int, default=200)
    parser.add_argument("--units", type=int, default=50)
    parser.add_argument("--repeat", type=int, default=15)
    return parser.parse_args()


def _fill(kpis: int, units: int):
    """(scorecard of all KPIs, scorecard of few, a viewer, seconds of charting all series)."""
    from django.db import connection

    from kpis import signalling
    from kpis.models import Kpi
    from organization.models import Role
    from tests.factories import KpiFactory, TargetFactory, UnitFactory, member

    group = UnitFactory(code="group", name="Group")
    for number in range(units):
        UnitFactory(code=f"unit-{number}", name=f"Unit {number}", parent=group)
    user = member(Role.VIEWER, group)
    made = [KpiFactory(unit=group, owner=user, kind="manual", unit_of_measure="percent") for _ in range(kpis)]
    for kpi in made:
        TargetFactory(kpi=kpi, value=95, set_by=user)
    with connection.cursor() as cursor:
        last = date(FIRST.year + (MONTHS - 1) // 12, (MONTHS - 1) % 12 + 1, 1)
        cursor.execute(RESULTS, [FIRST, last])
        cursor.execute("ANALYZE")
    print(f"{kpis * (units + 1) * MONTHS:,} results written", flush=True)
    begin = time.perf_counter()
    ids = list(Kpi.objects.values_list("pk", flat=True))
    signalling.find_signals(ids, day=DAY, now=datetime.combine(DAY, datetime.min.time(), UTC))
    seconds = time.perf_counter() - begin
    return _scorecard(group, user, made), _scorecard(group, user, made[:FEW]), user, seconds


def _scorecard(group, user, kpis):
    from tests.factories import ScorecardFactory

    card = ScorecardFactory(unit=group, owner=user)
    for number in range(4):
        node = card.nodes.create(kind="perspective", name=f"Perspective {number}", position=number)
        for kpi in kpis[number::4]:
            card.nodes.create(kind="kpi", kpi=kpi, parent=node).weights.create(weight=1)
    return card


def _pages(many, few) -> dict[str, tuple[str, str]]:
    """Page -> its address over all KPIs, and over few."""
    from kpis.models import Kpi

    kpi = f"/kpis/{Kpi.objects.order_by('pk').first().code}/"
    return {
        "scorecard": (f"/scorecards/{many.code}/", f"/scorecards/{few.code}/"),
        "heat map": (f"/heatmap/?scorecard={many.code}", f"/heatmap/?scorecard={few.code}"),
        "KPI": (kpi, kpi),
        "control chart": (f"{kpi}chart/", f"{kpi}chart/"),
        "review": (f"/review/?scorecard={many.code}", f"/review/?scorecard={few.code}"),
    }


def _measure(user, address: str, repeat: int) -> tuple[float, int]:
    """(median milliseconds, queries) of a page that is asked for again and again."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(SERVER_NAME="localhost")
    client.force_login(user)
    for _ in range(2):
        answer = client.get(address)
        assert answer.status_code == 200, (address, answer.status_code)
    with CaptureQueriesContext(connection) as made:
        client.get(address)
    queries = len(made)  # now: the next request empties the log
    spent = []
    for _ in range(repeat):
        begin = time.perf_counter()
        client.get(address)
        spent.append(1000 * (time.perf_counter() - begin))
    return statistics.median(spent), queries


if __name__ == "__main__":
    main()
