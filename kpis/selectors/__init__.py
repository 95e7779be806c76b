"""What pages and the API read: frozen values, a constant number of queries, never a scan of facts.

    scorecard_view(scorecard, unit, day, access, *, period=None, include_open=False) -> ScorecardView
    heatmap(kpis, units, grain, day, access, *, period=None, include_open=False) -> HeatMap
    kpi_series(kpi, unit, grain, day, access, *, dimension="", member="", periods=36, as_known_at=None) -> Series
    breakdown(kpi, unit, dimension, grain, day, access, *, period=None) -> Breakdown
    organisation_drill(kpi, unit, grain, day, access, *, period=None) -> Breakdown
    status_of(kpi, unit, day, access, *, grain=None, period=None) -> Reading
    home(user, access, day, now) -> Home

`period` is a PeriodRef or lake.periods.Period; None is the last complete one at `day`, for each KPI its own.
"""
