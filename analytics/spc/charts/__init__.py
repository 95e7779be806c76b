"""Control charts: each a function from values and a `Layout` to a `ControlChart`."""

from analytics.spc.charts.attributes import c_chart, laney_p, laney_u, np_chart, p_chart, u_chart
from analytics.spc.charts.individuals import individuals
from analytics.spc.charts.memory import cusum, ewma
from analytics.spc.charts.rare import g_chart, t_chart
from analytics.spc.charts.subgroups import xbar_r, xbar_s

__all__ = [
    "c_chart",
    "cusum",
    "ewma",
    "g_chart",
    "individuals",
    "laney_p",
    "laney_u",
    "np_chart",
    "p_chart",
    "t_chart",
    "u_chart",
    "xbar_r",
    "xbar_s",
]
