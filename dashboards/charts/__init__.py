"""Interactive charts as plain Plotly figures, built from values and drawn in the browser by `pm.chart`.

Pure functions: values in, a `Chart` out; no Django, no plotly import. A colour is the name of a token
("token:chart-actual"), which the browser looks up, so that one figure serves light and dark. The layout has no
template: the browser's applies.
"""

from dashboards.charts.boxes import boxes
from dashboards.charts.breakdown import breakdown
from dashboards.charts.chart import Chart
from dashboards.charts.control import control
from dashboards.charts.histogram import histogram
from dashboards.charts.interrupted import interrupted
from dashboards.charts.intervals import intervals
from dashboards.charts.pareto import pareto
from dashboards.charts.power import power_curve
from dashboards.charts.run import run_chart
from dashboards.charts.scatter import scatter
from dashboards.charts.trend import trend
from dashboards.charts.waterfall import waterfall

__all__ = [
    "Chart",
    "boxes",
    "breakdown",
    "control",
    "histogram",
    "interrupted",
    "intervals",
    "pareto",
    "power_curve",
    "run_chart",
    "scatter",
    "trend",
    "waterfall",
]
