"""Sixty measures of a service desk: 12 counts, sums, means and ratios, 8 percentiles, 4 distinct counts."""

from benchmarks.engine.tickets import UNITS
from lake.plan import Cut, Measure, UnitLevel

CONDITIONS = [
    None,
    *(f"priority = {n}" for n in range(1, 5)),
    "sla_met",
    "not sla_met",
    "reopened",
    "channel = 'phone'",
    "channel = 'web'",
    "touches > 6",
    "csat >= 4",
]
SUMS = ["cost", "resolve_s", "response_s", "work_s", "touches"]
RANKED = [("resolve_s", None), ("response_s", None), ("work_s", "sla_met"), ("resolve_s", "priority = 1")]
CUTS = (Cut(("month",), None), Cut(("span",), "vendor", depths=(0,)))
ROOT, FIRST_UNIT = 1, 100


def measures() -> list[Measure]:
    def measure(code: str, kind: str, value: str, **more: object) -> Measure:
        return Measure(code, kind, value, time_column="opened_at", cuts=CUTS, **more)  # type: ignore[arg-type]

    found = [measure(f"count_{n}", "simple", "count(*)", where=where) for n, where in enumerate(CONDITIONS)]
    for n, where in enumerate(CONDITIONS):
        found.append(measure(f"sum_{n}", "simple", f"sum({SUMS[n % 5]})", where=where))
        found.append(measure(f"mean_{n}", "simple", f"avg({SUMS[(n + 1) % 5]})", where=where))
        top = CONDITIONS[(n + 5) % 12] or "priority <= 2"
        found.append(measure(f"ratio_{n}", "ratio", f"count_if({top})", denominator="count(*)", where=where))
    for n, (value, where) in enumerate(RANKED):
        found += [
            measure(f"p{int(share * 100)}_{n}", "percentile", value, percentile=share, where=where)
            for share in (0.5, 0.9)
        ]
    columns = ("ticket_id", "vendor", "category", "channel")
    return found + [measure(f"distinct_{column}", "distinct_count", column) for column in columns]


def units() -> list[UnitLevel]:
    levels = [UnitLevel(code, FIRST_UNIT + n, 1) for n, code in enumerate(UNITS)]
    return levels + [UnitLevel(code, ROOT, 0) for code in UNITS] + [UnitLevel(None, ROOT, 0)]
