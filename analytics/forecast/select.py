"""Choose a candidate by a rolling-origin back-test and forecast with it; one is never given without the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from analytics.forecast.accuracy import Accuracy, accuracy, naive_scale
from analytics.forecast.candidates import CANDIDATES, DEFAULT, Path
from analytics.inputs import BadInput, Floats, NotFinite, TooFewPoints, choice, number, table, vector

STEADY = "combined"  # what is kept when the back-test does not clearly say otherwise
SHORTEST = 6  # training values of the earliest origin


class TooShort(TooFewPoints):
    """Too few values to forecast and to back-test the forecast."""


class UnknownFuture(BadInput):
    """Events are not given for the periods to be forecast."""


@dataclass(frozen=True, slots=True)
class BackTest:
    """One candidate over all origins together; skill: 1 - its MASE / that of the benchmark, above 0 is better."""

    candidate: str
    accuracy: Accuracy
    skill: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Forecast:
    """Point forecasts with interval, (horizon,) each, the candidate that made them, and every candidate's back-test.

    widened: factor by which the interval was
    stretched so that it covered what the back-test saw. event_effects: additive effect per event column.
    """

    mean: Floats
    low: Floats
    high: Floats
    confidence: float
    chosen: str
    benchmark: str
    back_tests: tuple[BackTest, ...]
    origins: tuple[int, ...]
    seasons: tuple[int, ...]
    widened: float
    event_effects: tuple[float, ...]
    notes: tuple[str, ...]

    @property
    def back_test(self) -> BackTest:
        """That of the chosen candidate."""
        return next(test for test in self.back_tests if test.candidate == self.chosen)


def forecast(
    values: ArrayLike,
    horizon: int,
    *,
    seasons: Sequence[int] = (),
    candidates: Sequence[str] = DEFAULT,
    origins: int = 4,
    margin: float = 0.25,
    confidence: float = 0.8,
    events: ArrayLike | None = None,
    floor: float | None = None,
) -> Forecast:
    """Forecast the next `horizon` values.

    values: (n,) in time order, no gaps. seasons: periods of the seasons, e.g. (12,) or (169, 845); one that does not
    fit twice into the earliest training part is dropped, with a note. candidates: names of `CANDIDATES`; the benchmark
    (seasonal naive, or naive without season) is always among them and wins ties. origins: how many times to go back
    and forecast, a third of the horizon apart; each candidate is refitted on what was known then. The lowest MASE over
    all origins wins; but "combined" is kept unless another, be it the benchmark, beats it by more than `margin`,
    because a few origins cannot tell good candidates apart and the mean of two errs less than the luckier one.
    confidence: of the interval; it is widened by the back-test where the model is too sure of itself.
    events: (n + horizon, k) of 0/1 or amounts, holidays and campaigns with their future; their additive effects are
    taken out by least squares beside trend and season, and put back. floor: bound for all that is returned, e.g. 0.
    Raises EmptyInput, NotFinite, TooShort, OutOfRange, UnknownFuture.
    Source: Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., 5.8-5.10.
    """
    array = vector(values, "values")
    steps = int(number(horizon, "horizon", at_least=1))
    z = float(ndtri(0.5 + number(confidence, "confidence", above=0, below=1) / 2))
    wanted = [choice(name, "candidate", CANDIDATES) for name in candidates]
    cuts = _origins(array.size, steps, int(number(origins, "origins", at_least=1)))
    used, notes = _seasons_held_twice(seasons, cuts[0])
    benchmark, *rivals = _entrants(wanted, seasonal=bool(used))
    design = _event_table(events, array.size, steps)
    if np.ptp(array) == 0:
        notes.append("The past values are all equal, so is the forecast; its interval has no width.")
        rivals = []
    names = [benchmark, *rivals]
    tests, widening = _back_tests(array, steps, used, names, benchmark, cuts, z, confidence, design)
    chosen = _choose(tests, number(margin, "margin", at_least=0))
    path, effects = _forecast_once(array, steps, used, chosen, z, design)
    path = _widen(path, widening[chosen])
    if floor is not None:
        path = Path(*(np.maximum(part, floor) for part in (path.mean, path.low, path.high)))
    return Forecast(
        path.mean,
        path.low,
        path.high,
        confidence,
        chosen,
        benchmark,
        tuple(tests),
        tuple(cuts),
        used,
        widening[chosen],
        tuple(effects.tolist()),
        tuple(notes),
    )


def chance_of_meeting(made: Forecast, step: int, target: float, better: Literal["higher", "lower"]) -> float:
    """Chance that the value `step` periods ahead (0 is the next) meets the target, by a normal curve over the interval.

    better: "higher" or "lower"; exactly on the target is met. Raises OutOfRange.
    """
    choice(better, "better", ("higher", "lower"))
    number(step, "step", at_least=0, at_most=made.mean.size - 1)
    z = float(ndtri(0.5 + made.confidence / 2))
    spread = float(made.high[step] - made.low[step]) / (2 * z)
    gap = float(made.mean[step]) - target
    gap = gap if better == "higher" else -gap
    return float(gap >= 0) if spread == 0 else float(ndtr(gap / spread))


def _origins(n: int, horizon: int, wanted: int) -> list[int]:
    """Training lengths, rising; the last one leaves exactly `horizon` values to be tested on."""
    step = max(1, horizon // 3)
    cuts = [n - horizon - step * i for i in range(wanted)]
    kept = sorted(cut for cut in cuts if cut >= max(SHORTEST, horizon // 2))
    if not kept:
        raise TooShort(
            f"{n} values cannot be forecast {horizon} ahead with a back-test; "
            f"give {horizon + max(SHORTEST, horizon // 2)} or more, or a shorter horizon."
        )
    return kept


def _seasons_held_twice(seasons: Sequence[int], length: int) -> tuple[tuple[int, ...], list[str]]:
    """Those that fit twice into `length` values, rising, and a note for each that does not."""
    used = tuple(sorted({int(m) for m in seasons if m > 1 and length >= 2 * m}))
    left_out = [m for m in seasons if m > 1 and m not in used]
    return used, [f"A season of {m} was left out: {length} values do not hold it twice." for m in left_out]


def _entrants(wanted: list[str], *, seasonal: bool) -> list[str]:
    """The benchmark, then each of `wanted` once; without a season none that needs one."""
    benchmark, without = ("seasonal_naive", ()) if seasonal else ("naive", ("seasonal_naive", "mstl"))
    return [benchmark, *(name for name in dict.fromkeys(wanted) if name not in (benchmark, *without))]


def _event_table(events: ArrayLike | None, n: int, horizon: int) -> Floats | None:
    if events is None:
        return None
    happens = table(events, "events")
    if len(happens) < n + horizon:
        raise UnknownFuture(f"events cover {len(happens)} of {n + horizon} periods; add the {horizon} to be forecast.")
    if not np.isfinite(happens).all():
        raise NotFinite("An event is missing; use 0 for periods without it.")
    return happens[: n + horizon]


def _forecast_once(
    values: Floats, horizon: int, seasons: tuple[int, ...], name: str, z: float, events: Floats | None
) -> tuple[Path, Floats]:
    """One candidate on one training part, event effects taken out before and put back after."""
    if events is None:
        return CANDIDATES[name](values, horizon, seasons, z), np.zeros(0)
    effects = _event_effects(values, events[: values.size], min(seasons, default=1))
    path = CANDIDATES[name](values - events[: values.size] @ effects, horizon, seasons, z)
    future = events[values.size : values.size + horizon] @ effects
    return Path(path.mean + future, path.low + future, path.high + future), effects


def _event_effects(values: Floats, events: Floats, season: int) -> Floats:
    """Least squares of values on trend, season and events; an event that never happened in training has no effect."""
    t = np.arange(values.size)
    dummies = (t[:, None] % season == np.arange(1, season)).astype(np.float64)
    base = np.column_stack([np.ones(t.size), t, dummies])
    seen = np.ptp(events, axis=0) > 0
    effects = np.zeros(events.shape[1])
    solution = np.linalg.lstsq(np.column_stack([base, events[:, seen]]), values, rcond=None)[0]
    effects[seen] = solution[base.shape[1] :]
    return effects


def _back_tests(
    values: Floats,
    horizon: int,
    seasons: tuple[int, ...],
    names: list[str],
    benchmark: str,
    cuts: list[int],
    z: float,
    confidence: float,
    events: Floats | None,
) -> tuple[list[BackTest], dict[str, float]]:
    """Each candidate's errors over all origins in one, and how far its interval must be stretched."""
    actual = np.concatenate([values[cut : cut + horizon] for cut in cuts])
    scale = naive_scale(values[: cuts[0]], max(seasons, default=1))
    found: dict[str, Accuracy] = {}
    widening: dict[str, float] = {}
    for name in names:
        paths = [_forecast_once(values[:cut], horizon, seasons, name, z, events)[0] for cut in cuts]
        whole = Path(*(np.concatenate([getattr(path, part) for path in paths]) for part in ("mean", "low", "high")))
        widening[name] = _widening(actual, whole, confidence)
        wide = _widen(whole, widening[name])
        measured = accuracy(actual, wide.mean, low=wide.low, high=wide.high)
        found[name] = replace(measured, mase=measured.mae / scale if scale > 0 else None)
    reference = found[benchmark].mase
    tests = [
        BackTest(name, result, None if not reference or result.mase is None else 1 - result.mase / reference)
        for name, result in found.items()
    ]
    return tests, widening


def _choose(tests: list[BackTest], margin: float) -> str:
    scores = {test.candidate: round(_score(test), 12) for test in tests}
    best = min(scores, key=lambda name: scores[name])  # the benchmark stands first and so wins ties
    mean = scores.get(STEADY)
    if mean is not None and mean <= scores[best] * (1 + margin):
        return best if mean == scores[best] else STEADY
    return best


def _widening(actual: Floats, path: Path, confidence: float) -> float:
    """At least 1: the stretch at which the interval holds `confidence` of the back-tested values."""
    room = np.where(actual >= path.mean, path.high - path.mean, path.mean - path.low)
    needed = np.divide(np.abs(actual - path.mean), room, out=np.ones_like(actual), where=room > 0)
    return max(1.0, float(np.quantile(needed, confidence)))


def _widen(path: Path, factor: float) -> Path:
    return Path(path.mean, path.mean - factor * (path.mean - path.low), path.mean + factor * (path.high - path.mean))


def _score(test: BackTest) -> float:
    return test.accuracy.mae if test.accuracy.mase is None else test.accuracy.mase
