"""Whatever comes in, a function refuses with `BadInput` or answers without NaN (and, as ever, without warning)."""

from dataclasses import fields, is_dataclass

import numpy as np
import pytest

from analytics.capability.indices import capability, percentile_capability
from analytics.drivers.contribution import contributions
from analytics.drivers.mix import mix_rate
from analytics.finance.rates import irr, mirr
from analytics.finance.value import npv, payback, real_flows, returns
from analytics.forecast.accuracy import accuracy
from analytics.forecast.select import forecast
from analytics.hypothesis.anova import anova
from analytics.hypothesis.correlation import correlation
from analytics.hypothesis.interrupted import interrupted
from analytics.hypothesis.means import one_sample_t, paired_t, t_test
from analytics.hypothesis.multiple import adjust
from analytics.hypothesis.outliers import grubbs
from analytics.hypothesis.ranks import kruskal, mann_whitney
from analytics.hypothesis.regression import ols
from analytics.hypothesis.tables import chi_square
from analytics.hypothesis.variances import variance_test
from analytics.inputs import BadInput
from analytics.percentiles import percentile
from analytics.process.pareto import pareto
from analytics.queueing.deferred import backlog_plan
from analytics.queueing.service_level import day_service_level
from analytics.spc.charts import (
    c_chart,
    cusum,
    ewma,
    g_chart,
    individuals,
    laney_p,
    laney_u,
    np_chart,
    p_chart,
    t_chart,
    u_chart,
    xbar_r,
)
from analytics.spc.rules.anhoej import run_chart
from analytics.spc.signals import signals

ROUND = [3.0, 5, 4, 6, 5, 4, 3, 5, 6, 4, 5, 7, 4, 5, 3, 6, 4, 5, 6, 5, 4, 3, 5, 6]
SERIES = {
    "empty": [],
    "one": [4.0],
    "two": [4.0, 6.0],
    "three equal": [4.0] * 3,
    "constant": [4.0] * 24,
    "zeros": [0.0] * 24,
    "nan": [1.0, float("nan"), 3.0] * 5,
    "infinite": [1.0, float("inf"), 3.0] * 5,
    "text": ["a", "b", "c"],
    "negative": [-3.0, -5.0, -4.0, -6.0] * 6,
    "both signs": [-3.0, 5.0, -4.0, 6.0] * 6,
    "one off": [4.0] * 23 + [9.0],
    "beyond floats": [1e60, 2e60] * 12,
    "one huge": [*ROUND[:23], 1e200],
    "tiny": [x * 1e-12 for x in ROUND],
    "huge": [x * 1e15 for x in ROUND],
    "plain": ROUND,
}
CALLS = {
    "individuals": lambda x: signals(individuals(x), "nelson"),
    "individuals, sd": lambda x: individuals(x, estimator="standard_deviation"),
    "chart": individuals,
    "anhoej": lambda x: signals(individuals(x), "anhoej"),
    "xbar_r": lambda x: xbar_r([x, x]),
    "p": lambda x: p_chart(x, np.full(len(x), 10.0)),
    "p of itself": lambda x: p_chart(x, x),
    "laney_p": lambda x: laney_p(x, np.full(len(x), 10.0)),
    "np": lambda x: np_chart(x, 10),
    "c": c_chart,
    "u": lambda x: u_chart(x, x),
    "laney_u": lambda x: laney_u(x, np.arange(1, len(x) + 1)),
    "ewma": ewma,
    "cusum": cusum,
    "g": g_chart,
    "t": t_chart,
    "run chart": run_chart,
    "capability": lambda x: capability(x, lsl=0, usl=8, target=4),
    "percentile capability": lambda x: percentile_capability(x, usl=8),
    "empirical capability": lambda x: percentile_capability(x, usl=8, distribution="empirical"),
    "percentile": lambda x: percentile(x, 0.9),
    "t test": lambda x: t_test(x, ROUND),
    "paired": lambda x: paired_t(x, x[::-1]),
    "one sample": lambda x: one_sample_t(x, 5),
    "mann whitney": lambda x: mann_whitney(x, ROUND),
    "kruskal": lambda x: kruskal([x, ROUND]),
    "anova": lambda x: anova([x, ROUND]),
    "welch anova": lambda x: anova([x, ROUND], variances="unequal"),
    "variances": lambda x: variance_test([x, ROUND]),
    "pearson": lambda x: correlation(x, list(range(len(x)))),
    "spearman": lambda x: correlation(x, list(range(len(x))), method="spearman"),
    "ols": lambda x: ols(x, list(range(len(x))), ["t"]),
    "interrupted": lambda x: interrupted(x, 12),
    "grubbs": grubbs,
    "adjust": adjust,
    "chi square": lambda x: chi_square([x, x]),
    "forecast": lambda x: forecast(x, 3, origins=1, candidates=["ets", "theta"]),
    "seasonal forecast": lambda x: forecast(x, 3, seasons=(4,), origins=1, candidates=["ets", "theta"]),
    "accuracy": lambda x: accuracy(x, x[::-1], training=x),
    "npv": lambda x: npv(0.1, x),
    "irr": irr,
    "mirr": lambda x: mirr(x, finance_rate=0.1, reinvest_rate=0.1),
    "payback": payback,
    "returns": lambda x: returns(x, x),
    "real flows": lambda x: real_flows(x, 0.02),
    "mix": lambda x: mix_rate([str(i) for i in range(len(x))], x, x, x, x[::-1]),
    "contributions": lambda x: contributions([str(i) for i in range(len(x))], x, x[::-1]),
    "pareto": lambda x: pareto([str(i) for i in range(len(x))], x),
    "backlog": lambda x: backlog_plan(arrivals=x, hours=x, aht_hours=0.5, due_days=2),
    "day": lambda x: day_service_level(x, x),
}


def nans(value, path="result"):
    """Paths of the NaN in a result, however deep."""
    if is_dataclass(value):
        return [p for field in fields(value) for p in nans(getattr(value, field.name), f"{path}.{field.name}")]
    if isinstance(value, (tuple, list)):
        return [p for i, item in enumerate(value) for p in nans(item, f"{path}[{i}]")]
    if isinstance(value, (float, np.floating, np.ndarray)) and np.asarray(value).dtype.kind == "f":
        return [path] if np.isnan(value).any() else []
    return []


@pytest.mark.parametrize("call", CALLS)
def test_an_answer_without_nan_or_a_refusal(call):
    for name, series in SERIES.items():
        try:
            result = CALLS[call](series)
        except BadInput as refusal:
            assert len(str(refusal)) > 10, name
        else:
            assert nans(result) == [], name
