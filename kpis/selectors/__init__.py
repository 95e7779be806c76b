"""What pages and the API read: frozen values, a constant number of queries, never a scan of facts."""

from .heatmap import heatmap
from .home import home
from .kpis import breakdown, kpi_series, organisation_drill, status_of
from .scorecard import first_unit_of, scorecard_view, visible_scorecards
from .words import (
    Breakdown,
    BreakdownRow,
    HeatCell,
    HeatMap,
    Home,
    KpiRef,
    NewRed,
    NodeView,
    NotYours,
    PeriodRef,
    Point,
    Reading,
    ScorecardView,
    Series,
    Stale,
    UnitRef,
    Waiting,
)

__all__ = [
    "Breakdown",
    "BreakdownRow",
    "HeatCell",
    "HeatMap",
    "Home",
    "KpiRef",
    "NewRed",
    "NodeView",
    "NotYours",
    "PeriodRef",
    "Point",
    "Reading",
    "ScorecardView",
    "Series",
    "Stale",
    "UnitRef",
    "Waiting",
    "breakdown",
    "first_unit_of",
    "heatmap",
    "home",
    "kpi_series",
    "organisation_drill",
    "scorecard_view",
    "status_of",
    "visible_scorecards",
]
