"""Which functions there are, and what their signatures say."""

from __future__ import annotations

import importlib
import inspect
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .kinds import Kind, kind_of


class NoSuchFunction(LookupError):
    """No family or function of this name."""


@dataclass(frozen=True)
class Family:
    """words: what its functions answer. modules: module -> names of its functions."""

    words: str
    modules: dict[str, tuple[str, ...]]


FAMILIES: dict[str, Family] = {
    "spc": Family(
        "Control charts, their rules and icons",
        {
            "spc.charts.individuals": ("individuals",),
            "spc.charts.subgroups": ("xbar_r", "xbar_s"),
            "spc.charts.attributes": ("p_chart", "np_chart", "c_chart", "u_chart", "laney_p", "laney_u"),
            "spc.charts.memory": ("ewma", "cusum"),
            "spc.charts.rare": ("g_chart", "t_chart"),
            "spc.signals": ("signals",),
            "spc.rules.anhoej": ("run_chart",),
            "spc.icons": ("variation_icon", "assurance_icon"),
            "spc.batch": (
                "individuals_batch", "p_chart_batch", "u_chart_batch", "sigma_z", "widened", "signals_batch",
                "variation_kinds", "assurance_kinds",
            ),
        },
    ),
    "capability": Family(
        "Can the process meet its specification, can the measurement be trusted",
        {
            "capability.indices": ("capability", "percentile_capability"),
            "capability.gauge": ("gauge_study",),
            "capability.agreement": ("cohen_kappa", "fleiss_kappa"),
        },
    ),
    "hypothesis": Family(
        "Tests, intervals, sample sizes and interrupted time series",
        {
            "hypothesis.means": ("t_test", "paired_t", "one_sample_t"),
            "hypothesis.proportions": ("share_interval", "one_proportion", "two_proportions", "cohen_h"),
            "hypothesis.ranks": ("mann_whitney", "kruskal"),
            "hypothesis.anova": ("anova",),
            "hypothesis.tables": ("chi_square", "fisher"),
            "hypothesis.variances": ("variance_test",),
            "hypothesis.correlation": ("correlation",),
            "hypothesis.regression": ("ols", "logistic"),
            "hypothesis.multiple": ("adjust",),
            "hypothesis.outliers": ("grubbs",),
            "hypothesis.power": (
                "size_for_means", "means_power", "size_for_proportions", "size_for_anova", "detectable_difference"
            ),
            "hypothesis.ab": ("sample_ratio", "ab_test"),
            "hypothesis.interrupted": ("interrupted",),
        },
    ),
    "forecast": Family(
        "Forecasts with their back-test",
        {"forecast.select": ("forecast", "chance_of_meeting"), "forecast.accuracy": ("accuracy",)},
    ),
    "queueing": Family(
        "Erlang B, C and A, staffing and deferred work",
        {
            "queueing.erlang_b": ("erlang_b", "lines_required", "blocking"),
            "queueing.erlang_c": ("erlang_c", "waiting_probability"),
            "queueing.erlang_a": ("erlang_a",),
            "queueing.performance": ("offered_load",),
            "queueing.service_level": ("service_level", "day_service_level"),
            "queueing.staffing": ("agents_required", "agents_required_batch", "gross_agents"),
            "queueing.deferred": ("required_hours", "backlog_plan"),
        },
    ),
    "finance": Family(
        "The worth of a series of amounts",
        {
            "finance.value": (
                "npv", "discount_factors", "periodic_rate", "payback", "returns", "real_rate", "real_flows"
            ),
            "finance.rates": ("irr", "xirr", "mirr"),
            "finance.sensitivity": ("sensitivity", "breakpoint_of"),
        },
    ),
    "simulation": Family(
        "Monte Carlo over driver trees and task networks",
        {
            "simulation.monte_carlo": ("simulate", "tornado", "breaking_point"),
            "simulation.network": ("schedule", "simulate_schedule"),
        },
    ),
    "drivers": Family(
        "What moved a number, in parts that add up exactly",
        {
            "drivers.mix": ("mix_rate",),
            "drivers.contribution": ("contributions",),
            "drivers.bridge": ("price_volume_mix",),
        },
    ),
    "process": Family(
        "Defects, flow, Pareto, FMEA and priorities",
        {
            "process.defects": ("dpmo", "sigma_level", "dpmo_of_level"),
            "process.flow": ("rolled_yield", "oee", "takt", "littles_law", "cycle_efficiency"),
            "process.pareto": ("pareto",),
            "process.fmea": ("failure_mode",),
            "process.priority": ("wsjf", "rice", "ice", "weighted_ranking"),
        },
    ),
    "budgets": Family(
        "Error budgets, burn rates, and where a running period lands",
        {
            "budgets.slices": ("slices",),
            "budgets.budget": ("good_and_total", "budget_of"),
            "budgets.burn": ("burn_rate", "alerts", "exhausted_in"),
            "budgets.landing": ("landing",),
        },
    ),
    "percentiles": Family("Percentiles by the name of their method", {"percentiles": ("percentile",)}),
}  # fmt: skip


@dataclass(frozen=True)
class Parameter:
    """One argument. default: as JSON has it, where it is not required."""

    name: str
    kind: Kind
    is_required: bool
    default: Any = None

    @property
    def schema(self) -> dict[str, Any]:
        plain = isinstance(self.default, str | int | float | bool)
        return {**self.kind.schema, "default": self.default} if plain else self.kind.schema


@dataclass(frozen=True)
class Function:
    """A function of the floor; its module is imported when its signature, words or result are asked for."""

    family: str
    name: str
    module: str

    @property
    def path(self) -> str:
        return f"{self.family}/{self.name}"

    @cached_property
    def callable(self) -> Callable[..., Any]:
        return getattr(importlib.import_module(f"analytics.{self.module}"), self.name)

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        hints = typing.get_type_hints(self.callable)
        return tuple(
            Parameter(
                name,
                kind_of(hints[name], name),
                given.default is inspect.Parameter.empty,
                None if given.default is inspect.Parameter.empty else given.default,
            )
            for name, given in inspect.signature(self.callable).parameters.items()
        )

    @property
    def result_hint(self) -> Any:
        return typing.get_type_hints(self.callable)["return"]

    @property
    def summary(self) -> str:
        """The first line of its docstring."""
        return self.description.split("\n", 1)[0]

    @property
    def description(self) -> str:
        return inspect.getdoc(self.callable) or ""


_ALL = {
    (family, name): Function(family, name, module)
    for family, held in FAMILIES.items()
    for module, names in held.modules.items()
    for name in names
}


def every() -> Iterator[Function]:
    """All functions, family by family; nothing is imported yet."""
    return iter(_ALL.values())


def find(family: str, name: str) -> Function:
    """Raises NoSuchFunction."""
    try:
        return _ALL[family, name]
    except KeyError:
        raise NoSuchFunction(f"There is no function {family}/{name}.") from None
