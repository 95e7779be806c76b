"""Interactive charts as plain Plotly figures, built from values and drawn in the browser by `pm.chart`.

Pure functions: values in, a `Chart` out; no Django, no plotly import. A colour is the name of a token
("token:chart-actual"), which the browser looks up, so that one figure serves light and dark. The layout has no
template: the browser's applies.
"""

from dashboards.charts.breakdown import breakdown
from dashboards.charts.chart import Chart
from dashboards.charts.control import control
from dashboards.charts.pareto import pareto
from dashboards.charts.trend import trend
from dashboards.charts.waterfall import waterfall

__all__ = ["Chart", "breakdown", "control", "pareto", "trend", "waterfall"]
