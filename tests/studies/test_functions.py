"""Every public function of analytics is in the registry, described by its signature, and reachable by name."""

import importlib
import inspect
import json
import pkgutil

import numpy as np
import pytest

import analytics
from studies import functions
from studies.functions.calls import plain, result_schema

# Parts that functions are built of. They answer no question of their own: checks, words, rules, estimators, shapes.
PARTS = {
    "analytics.wording": "numbers in sentences",
    "analytics.inputs": "checks of arguments",
    "analytics.hypothesis.finding": "words of a finding",
    "analytics.forecast.candidates": "candidates of `forecast`, chosen by name",
    "analytics.forecast.smoothing": "the fit behind a candidate",
    "analytics.spc.chart": "how charts are put together",
    "analytics.spc.sigma": "estimators, chosen by name",
    "analytics.spc.constants": "tables of constants",
}
PARTS |= {
    f"analytics.spc.rules.{name}": "rules, chosen by the name of their set"
    for name in (
        "alternating avoiding beyond_limits far_side hugging near_limit rule same_side sets trend".split()  # noqa: SIM905
    )
}
INNER = {
    "analytics.spc.charts.subgroups.within_sigma",
    "analytics.spc.charts.subgroups.rows_of",
    "analytics.spc.icons.variation_kind",
    "analytics.forecast.accuracy.naive_scale",
    "analytics.queueing.performance.no_calls",
    "analytics.simulation.monte_carlo.correlated_uniforms",
}
BY_NAME = {function.path: function for function in functions.every()}


def public_functions():
    for module in pkgutil.walk_packages(analytics.__path__, "analytics."):
        loaded = importlib.import_module(module.name)
        for name, thing in vars(loaded).items():
            if inspect.isfunction(thing) and not name.startswith("_") and thing.__module__ == module.name:
                yield f"{module.name}.{name}"


def test_every_public_function_has_an_address():
    held = {f"analytics.{function.module}.{function.name}" for function in functions.every()}
    public = {name for name in public_functions() if name.rpartition(".")[0] not in PARTS and name not in INNER}
    assert held == public


@pytest.mark.parametrize("path", BY_NAME)
def test_its_signature_becomes_json_schema(path):
    function = BY_NAME[path]
    assert function.parameters
    assert len(function.summary) > 10
    json.dumps([parameter.schema for parameter in function.parameters], allow_nan=False)
    assert result_schema(function.result_hint)


def test_choices_and_defaults_are_those_of_the_signature():
    parameters = {one.name: one for one in BY_NAME["hypothesis/t_test"].parameters}
    assert parameters["first"].is_required
    assert parameters["variances"].schema == {"type": "string", "enum": ["unequal", "equal"], "default": "unequal"}
    assert parameters["confidence"].schema == {"type": "number", "default": 0.95}
    rules = {one.name: one for one in BY_NAME["spc/signals"].parameters}["rules"]
    assert {"nelson", "nhs", "western_electric", "anhoej"} <= set(rules.schema["enum"])


TREE = {"nodes": [{"name": "cost", "kind": "product", "of": ["calls", "price"]}], "output": "cost"}
CALLS = PRICE = {"kind": "triangular", "low": 1, "mode": 2, "high": 4}
INPUTS = {"calls": {"kind": "normal", "mean": 100, "deviation": 10}, "price": PRICE}
TASKS = [{"name": "a", "duration": 2}, {"name": "b", "duration": 3, "after": [{"task": "a"}]}]
VALUES = [3.0, 5, 4, 6, 5, 4, 3, 5, 6, 4, 5, 7, 4, 5, 3, 6, 4, 5, 6, 5, 4, 3, 5, 6]
CHART = {"function": "individuals", "parameters": {"values": VALUES}}
BATCH = {"function": "individuals_batch", "parameters": {"values": [VALUES, VALUES]}}
FIRED = {"function": "signals_batch", "parameters": {"chart": BATCH}}
SIZES = [20.0] * 24
PARTS_OF_A_DAY = {
    "function": "slices",
    "parameters": {"starts": [0, 3600, 7200], "good": [99, 100, 90], "total": [100, 100, 100], "seconds": 3600},
}
OBJECTIVE = {"target": 0.95, "method": "Timeslices", "slice_target": 0.95}
BUDGET = {"parts": PARTS_OF_A_DAY, "objective": OBJECTIVE, "window": {"count": 1}, "at": "1970-01-01T03:00:00Z"}
EXAMPLES = {
    "budgets/slices": PARTS_OF_A_DAY["parameters"],
    "budgets/good_and_total": {"parts": PARTS_OF_A_DAY, "objective": OBJECTIVE},
    "budgets/budget_of": BUDGET,
    "budgets/burn_rate": {
        "parts": PARTS_OF_A_DAY, "objective": {"target": 0.95}, "at": "1970-01-01T03:00:00+00:00", "over": 3600
    },
    "budgets/alerts": {
        "parts": PARTS_OF_A_DAY, "objective": {"target": 0.95}, "at": "1970-01-01T03:00:00Z", "period": 2592000
    },
    "budgets/exhausted_in": {"budget": {"function": "budget_of", "parameters": BUDGET}, "rate": 0.5, "period": 86400},
    "budgets/landing": {"good": 90, "total": 100, "remaining": 20, "required": 0.9, "history": [[880, 1000]]},
    "spc/individuals": {"values": VALUES, "layout": {"phases": [12], "excluded": [3]}},
    "spc/xbar_r": {"subgroups": [VALUES[:5], VALUES[5:10], VALUES[10:15]]},
    "spc/xbar_s": {"subgroups": [VALUES[:5], VALUES[5:10], VALUES[10:15]]},
    "spc/p_chart": {"events": VALUES, "sizes": SIZES},
    "spc/np_chart": {"events": VALUES, "size": 20},
    "spc/c_chart": {"counts": VALUES},
    "spc/u_chart": {"counts": VALUES, "sizes": SIZES},
    "spc/laney_p": {"events": VALUES, "sizes": SIZES},
    "spc/laney_u": {"counts": VALUES, "sizes": SIZES},
    "spc/ewma": {"values": VALUES},
    "spc/cusum": {"values": VALUES},
    "spc/g_chart": {"between": VALUES},
    "spc/t_chart": {"between": VALUES},
    "spc/signals": {"chart": CHART, "rules": "anhoej"},
    "spc/run_chart": {"values": VALUES},
    "spc/variation_icon": {"chart": CHART, "better": "higher"},
    "spc/assurance_icon": {"chart": CHART, "target": 4.5, "better": "higher"},
    "spc/individuals_batch": {"values": [VALUES, [None, *VALUES[1:]]]},
    "spc/p_chart_batch": {"events": [VALUES], "sizes": [SIZES]},
    "spc/u_chart_batch": {"counts": [VALUES], "sizes": [SIZES]},
    "spc/sigma_z": {"chart": {"function": "p_chart_batch", "parameters": {"events": [VALUES], "sizes": [SIZES]}}},
    "spc/widened": {"chart": BATCH, "factor": [1.2, 1]},
    "spc/signals_batch": {"chart": BATCH},
    "spc/variation_kinds": {"chart": BATCH, "fired": FIRED, "better": ["higher", "lower"]},
    "spc/assurance_kinds": {"chart": BATCH, "targets": [4, 5], "better": ["higher", "lower"]},
    "capability/capability": {"values": VALUES, "lsl": 0, "usl": 9},
    "capability/percentile_capability": {"values": VALUES, "usl": 9},
    "capability/gauge_study": {"measurements": [[[1, 1.1], [1.2, 1.1]], [[2, 2.1], [2, 2.2]], [[3, 3.1], [3, 2.9]]]},
    "capability/cohen_kappa": {"first": ["a", "b", "a"], "second": ["a", "b", "b"]},
    "capability/fleiss_kappa": {"ratings": [["a", "a", "b"], ["b", "b", "b"], ["a", "b", "a"]]},
    "hypothesis/t_test": {"first": VALUES, "second": VALUES[:10]},
    "hypothesis/paired_t": {"first": VALUES, "second": VALUES[::-1][:23] + [9]},
    "hypothesis/one_sample_t": {"values": VALUES, "against": 5},
    "hypothesis/share_interval": {"events": 3, "n": 20, "method": "exact"},
    "hypothesis/one_proportion": {"events": 3, "n": 20, "against": 0.2},
    "hypothesis/two_proportions": {"first_events": 3, "first_n": 20, "second_events": 8, "second_n": 25},
    "hypothesis/cohen_h": {"first": 0.2, "second": 0.3},
    "hypothesis/mann_whitney": {"first": VALUES, "second": [9, 8, 7]},
    "hypothesis/kruskal": {"groups": [VALUES, [9, 8, 7], [1, 2, 3]]},
    "hypothesis/anova": {"groups": [VALUES, [9, 8, 7], [1, 2, 3]], "variances": "unequal"},
    "hypothesis/chi_square": {"counts": [[10, 20], [20, 10]]},
    "hypothesis/fisher": {"counts": [[1, 9], [8, 2]]},
    "hypothesis/variance_test": {"groups": [VALUES, [9, 8, 7]]},
    "hypothesis/correlation": {"x": VALUES, "y": VALUES[::-1]},
    "hypothesis/ols": {"y": VALUES, "predictors": [[n] for n in range(24)], "names": ["t"]},
    "hypothesis/logistic": {
        "y": [n % 3 == 0 for n in range(24)], "predictors": [[one] for one in VALUES], "names": ["x"]
    },
    "hypothesis/adjust": {"p_values": [0.01, 0.04, 0.03]},
    "hypothesis/grubbs": {"values": [*VALUES, 50]},
    "hypothesis/size_for_means": {"difference": 1, "deviation": 2},
    "hypothesis/means_power": {"n": 30, "d": 0.5},
    "hypothesis/size_for_proportions": {"first": 0.1, "second": 0.15},
    "hypothesis/size_for_anova": {"effect": 0.25, "groups": 3},
    "hypothesis/detectable_difference": {"n": 30, "deviation": 2},
    "hypothesis/sample_ratio": {"counts": [100, 120], "planned": [1, 1]},
    "hypothesis/ab_test": {"a_events": 50, "a_n": 500, "b_events": 80, "b_n": 510, "planned_n": 1000},
    "hypothesis/interrupted": {"values": VALUES, "at": 12},
    "forecast/forecast": {"values": VALUES, "horizon": 2, "candidates": ["naive", "ets"]},
    "forecast/chance_of_meeting": {
        "made": {"function": "forecast", "parameters": {"values": VALUES, "horizon": 2, "candidates": ["naive"]}},
        "step": 1, "target": 5, "better": "higher",
    },
    "forecast/accuracy": {"actual": VALUES, "forecast": VALUES[::-1]},
    "queueing/erlang_b": {"load": 10, "lines": 17},
    "queueing/lines_required": {"load": 10, "max_blocking": 0.01},
    "queueing/blocking": {"load": [10, 8], "lines": [17, 15]},
    "queueing/erlang_c": {"calls": 100, "aht": 180, "interval": 1800, "agents": 14},
    "queueing/waiting_probability": {"load": [10], "agents": [14]},
    "queueing/erlang_a": {"calls": 100, "aht": 180, "interval": 1800, "agents": 12, "patience": 120},
    "queueing/offered_load": {"calls": 100, "aht": 180, "interval": 1800},
    "queueing/service_level": {"answered_within": 80, "answered": 95, "abandoned": 5},
    "queueing/day_service_level": {"calls": [100, 50], "levels": [0.8, 0.9]},
    "queueing/agents_required": {
        "calls": 100, "aht": 180, "interval": 1800, "limits": {"service_level": 0.8, "max_occupancy": 0.85}
    },
    "queueing/agents_required_batch": {
        "calls": [100, 80], "aht": 180, "interval": 1800, "limits": {"service_level": 0.8}
    },
    "queueing/gross_agents": {"net": 14, "shrinkage": 0.3},
    "queueing/required_hours": {"arrivals": 100, "aht_hours": 0.5},
    "queueing/backlog_plan": {"arrivals": [10, 20, 5], "hours": [8, 8, 8], "aht_hours": 0.5, "due_days": 1},
    "finance/npv": {"rate": 0.1, "flows": [-100, 60, 70], "first_flow": "end_of_period"},
    "finance/discount_factors": {"rate": 0.1, "n": 3},
    "finance/periodic_rate": {"annual_rate": 0.1},
    "finance/payback": {"flows": [-100, 60, 70], "rate": 0.1},
    "finance/returns": {"benefits": [0, 60, 70], "costs": [100, 0, 0]},
    "finance/real_rate": {"nominal": 0.08, "inflation": 0.02},
    "finance/real_flows": {"nominal_flows": [100, 100], "inflation": 0.02},
    "finance/irr": {"flows": [-100, 60, 70]},
    "finance/xirr": {"flows": [-100, 120], "dates": ["2025-01-01", "2026-01-01"]},
    "finance/mirr": {"flows": [-100, 60, 70], "finance_rate": 0.1, "reinvest_rate": 0.05},
    "finance/sensitivity": {
        "evaluate": TREE, "base": {"calls": 100, "price": 2}, "ranges": {"calls": [90, 110], "price": [1, 4]}
    },
    "finance/breakpoint_of": {
        "evaluate": TREE, "base": {"calls": 100, "price": 2}, "name": "price", "low": 1, "high": 4, "limit": 300
    },
    "simulation/simulate": {
        "tree": TREE, "inputs": INPUTS, "target": 250, "draws": 500,
        "correlations": [{"first": "calls", "second": "price", "correlation": 0.3}],
    },
    "simulation/tornado": {"tree": TREE, "inputs": INPUTS},
    "simulation/breaking_point": {"tree": TREE, "inputs": INPUTS, "name": "price", "low": 1, "high": 4, "target": 300},
    "simulation/schedule": {"tasks": TASKS},
    "simulation/simulate_schedule": {"tasks": TASKS, "durations": {"a": PRICE}, "draws": 500},
    "drivers/mix_rate": {
        "members": ["a", "b"], "numerator_before": [1, 2], "denominator_before": [10, 10],
        "numerator_after": [2, 2], "denominator_after": [10, 20], "joint": "split",
    },
    "drivers/contributions": {"members": ["a", "b"], "before": [1, 2], "after": [2, 4]},
    "drivers/price_volume_mix": {
        "members": ["a", "b"], "price_before": [1, 2], "quantity_before": [10, 10], "price_after": [2, 2],
        "quantity_after": [10, 20],
    },
    "process/dpmo": {"defects": 3, "units": 100, "opportunities": 2},
    "process/sigma_level": {"dpmo": 66807},
    "process/dpmo_of_level": {"level": 3},
    "process/rolled_yield": {"entered": [100, 95], "right_first_time": [95, 90]},
    "process/oee": {
        "planned_time": 480, "stop_time": 40, "ideal_cycle_time": 1, "total_units": 400, "good_units": 390
    },
    "process/takt": {"available_time": 480, "demand": 240},
    "process/littles_law": {"in_system": 10, "arrival_rate": 2},
    "process/cycle_efficiency": {"value_add": 2, "lead_time": 20},
    "process/pareto": {"names": ["a", "b"], "amounts": [8, 2]},
    "process/failure_mode": {"severity": 9, "occurrence": 4, "detection": 3},
    "process/wsjf": {"value": 8, "time_criticality": 5, "risk_reduction": 3, "size": 4},
    "process/rice": {"reach": 100, "impact": 2, "confidence": 0.8, "effort": 3},
    "process/ice": {"impact": 8, "confidence": 7, "ease": 5, "how": "mean"},
    "process/weighted_ranking": {
        "ratings": {"a": {"cost": 5, "speed": 3}, "b": {"cost": 3, "speed": 5}}, "weights": {"cost": 2, "speed": 1}
    },
    "percentiles/percentile": {"values": VALUES, "share": 0.95, "method": "R6"},
}  # fmt: skip


@pytest.mark.parametrize("path", BY_NAME)
def test_it_answers_plain_values_with_plain_values(path):
    """Plain: JSON without NaN; and a result of the same fields as its schema promises."""
    result = functions.call(*path.split("/"), EXAMPLES[path])
    json.dumps(result, allow_nan=False)
    promised = result_schema(BY_NAME[path].result_hint).get("properties")
    assert promised is None or set(promised) == set(result)


def test_what_a_number_is_on_the_way():
    assert plain((np.float64("nan"), np.inf, np.int64(3), np.array([1.0, np.nan]), np.bool_(True))) == [
        None, None, 3, [1.0, None], True
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "parameters", "place"),
    [
        ("hypothesis/t_test", {"first": [1, 2]}, "second"),
        ("hypothesis/t_test", {"first": [1, 2], "second": ["3", 4]}, "second"),
        ("hypothesis/t_test", {"first": [1, 2], "second": [3, 4], "tails": 2}, "tails"),
        ("hypothesis/t_test", {"first": [1, 2], "second": [3, 4], "variances": "some"}, "variances"),
        ("hypothesis/t_test", {"first": "1", "second": [3, 4]}, "first"),
        ("finance/xirr", {"flows": [-1, 2], "dates": ["yesterday", "2025-01-01"]}, "dates.0"),
        ("queueing/agents_required", {"calls": 1, "aht": 1, "interval": 1, "limits": {"speed": 1}}, "limits.speed"),
        ("spc/signals", {"chart": {"function": "pareto", "parameters": {}}}, "chart"),
        ("spc/signals", {"chart": {"function": "individuals", "parameters": {}}}, "chart.parameters.values"),
        ("simulation/tornado", {"tree": TREE, "inputs": {"calls": {"kind": "beta"}}}, "inputs.calls.kind"),
        ("budgets/budget_of", {**BUDGET, "at": "1970-01-01T03:00:00"}, "at"),
        ("percentiles/percentile", {"values": [0] * 200_001, "share": 0.5}, "values"),
    ],
)
def test_what_cannot_be_read_is_named_by_its_place(path, parameters, place):
    with pytest.raises(functions.Unreadable) as caught:
        functions.call(*path.split("/"), parameters)
    assert caught.value.place == place


@pytest.mark.parametrize(
    ("path", "parameters", "name"),
    [
        ("hypothesis/t_test", {"first": [1, None], "second": [3, 4]}, "first"),
        ("hypothesis/t_test", {"first": [1, 2], "second": []}, "second"),
        ("hypothesis/t_test", {"first": [1, 2], "second": [3, 4], "confidence": 2}, "confidence"),
        ("capability/capability", {"values": VALUES, "lsl": 9, "usl": 1}, "lsl"),
        ("spc/individuals", {"values": []}, "values"),
        ("spc/p_chart", {"events": [1, 2], "sizes": [10, 0]}, "sizes"),
        ("finance/mirr", {"flows": [1, 2], "finance_rate": 0.1, "reinvest_rate": 0.1}, "flows"),
        ("queueing/erlang_c", {"calls": 100, "aht": 180, "interval": 1800, "agents": 10}, "agents"),
        ("hypothesis/interrupted", {"values": VALUES, "at": 99}, "at"),
    ],
)
def test_a_refusal_names_the_parameter(path, parameters, name):
    from analytics.inputs import BadInput

    with pytest.raises(BadInput) as caught:
        functions.call(*path.split("/"), parameters)
    assert functions.parameter_of(BY_NAME[path], caught.value) == name
