"""Where the open period will land: a forecast with its interval, its back-test, and the chance of meeting the target.

Made by a job behind the signals and stored; a page reads it. For each KPI at the unit that answers for it, at units
with a target of their own, and wherever somebody asked for one; by the KPI's own grain.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from jobs.models import Job
from jobs.work import Claim, submit
from organization import audit
from organization.access import Access
from organization.models import Unit

from .calendars import period_of
from .models import Forecast, Kpi, KpiVersion, Target
from .selectors.readings import Book
from .selectors.results import Row, last_rows
from .selectors.units import require_visible
from .selectors.words import PeriodRef
from .target_book import TargetBook

KIND = "kpis.forecasts"
FEWEST = 12  # complete periods in a row
LONGEST = 240
ORIGINS = 8
CONFIDENCE = 0.8
CANDIDATES = ("naive", "seasonal_naive", "ets", "theta", "combined")
SEASONS = {"day": 7, "week": 52, "month": 12, "quarter": 4}


class NoForecast(ValueError):
    """Why a series has none; in words for its reader."""


@dataclass(frozen=True, slots=True)
class Made:
    """What one job did: forecasts made, those that still held, series too short for one."""

    made: int = 0
    unchanged: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Landing:
    """The forecast of the period after the last complete one, or why there is none. so_far: its number until now."""

    forecast: Forecast | None = None
    period: PeriodRef | None = None
    why_not: str = ""
    may_ask: bool = False
    so_far: float | None = None

    @property
    def tests(self) -> list[dict]:
        """The back-tests of the model and of the benchmark that it was held against."""
        found = self.forecast.back_test if self.forecast else {}
        chosen, benchmark = found.get("chosen", {}), found.get("benchmark", {})
        same = chosen.get("model") == benchmark.get("model")
        return [chosen | {"is_benchmark": same}, *([] if same else [benchmark | {"is_benchmark": True}])]


def request(kpis: Iterable[int], *, run: int | None = None, by=None, unit: int | None = None) -> Job:
    """Ask for the forecasts of some KPIs; `unit`: at this unit besides."""
    kpis = sorted(kpis)
    key = f"forecasts:run-{run}" if run else f"forecasts:{unit or ''}:{','.join(map(str, kpis))}"[:200]
    return submit(KIND, key, by=by, kpis=kpis, run=run, unit=unit)


@transaction.atomic
def ask(kpi: Kpi, unit: Unit, *, by) -> Job:
    """Forecast `kpi` at `unit` from now on."""
    audit.record(by, "forecast asked for", kpi, unit=unit)
    return request([kpi.pk], unit=unit.pk, by=by)


def make_forecasts(
    kpis: Sequence[int],
    *,
    day: date,
    now: datetime,
    run: int | None = None,
    unit: int | None = None,
    claim: Claim | None = None,
) -> Made:
    """Make and store the forecasts of some KPIs as of `day`; what has not changed stays. Raises LeaseLost."""
    book, targets = Book(kpis, day), TargetBook(kpis)
    pairs = _places(book, unit)
    series = last_rows(pairs, day, LONGEST)
    counts = {"made": 0, "unchanged": 0, "refused": 0}
    for place, (kpi, at, _) in enumerate(pairs):
        try:
            values = _forecast(book, targets, kpi, series.get((kpi, at), []))
        except NoForecast:
            counts["refused"] += 1
            continue
        counts["made" if _store(kpi, at, values, now, run) else "unchanged"] += 1
        if claim and place % 10 == 9:
            claim.progress(100 * place // len(pairs), f"{place + 1} of {len(pairs)} series")
    return Made(**counts)


def _places(book: Book, unit: int | None) -> list[tuple[int, int, str]]:
    kpis = list(book.versions)
    places = {(kpi, version.kpi.unit_id) for kpi, version in book.versions.items()}
    places |= set(Target.objects.filter(kpi__in=kpis, dimension="").values_list("kpi_id", "unit_id"))
    places |= set(Forecast.objects.filter(kpi__in=kpis).values_list("kpi_id", "unit_id"))
    places |= {(kpi, unit) for kpi in kpis} if unit else set()
    return sorted((kpi, at, book.versions[kpi].grain) for kpi, at in places if not _refusal(book.versions[kpi]))


def _refusal(version: KpiVersion) -> str:
    if version.window:
        return "A KPI to date or rolling is not forecast: forecast the KPI of the single periods."
    return ""


def history(rows: Sequence[Row], day: date) -> list[Row]:
    """The complete periods with a value up to the last one, without a gap. Raises NoForecast."""
    complete = [row for row in rows if not row.open_on(day)]
    found: list[Row] = []
    for row in reversed(complete):
        if row.value is None or (found and row.period_end != found[-1].period_start):
            break
        found.append(row)
    if len(found) < FEWEST:
        raise NoForecast(
            f"A forecast with its back-test needs {FEWEST} complete periods in a row; there {_counted(found)}."
        )
    return found[::-1]


def _counted(found: Sequence[Row]) -> str:
    return f"{'is' if len(found) == 1 else 'are'} {len(found)}"


def _forecast(book: Book, targets: TargetBook, kpi: int, rows: Sequence[Row]) -> dict:
    """The fields of the Forecast of the period after the last complete one. Raises NoForecast."""
    past = history(rows, book.day)
    version, calendar = book.versions[kpi], book.calendar(kpi)
    last = past[-1]
    period = calendar.next(period_of(calendar, last.period_start, last.grain))
    goals = targets.goals(kpi, last.unit_id, period.start, period.end)
    values = [row.value for row in past]
    return {
        "grain": last.grain,
        "period_start": period.start,
        "period_end": period.end,
        "target": goals.target,
        "target_low": goals.low,
        "target_high": goals.high,
        "points": len(values),
        "made_from": _fingerprint(values, period.start, goals, version),
        "past": values,
        "season": SEASONS.get(last.grain, 1) if getattr(calendar, "kind", "") != "13" else 13,
        "direction": version.direction,
        "unit_of_measure": version.unit_of_measure,
    }


def _fingerprint(values: list[float], start: date, goals, version: KpiVersion) -> str:
    words = (start, goals, version.direction, version.unit_of_measure, [f"{value:.12g}" for value in values])
    return hashlib.sha256(repr(words).encode()).hexdigest()


def _store(kpi: int, unit: int, asked: dict, now: datetime, run: int | None) -> bool:
    """Whether a forecast was made; one that was made from the same numbers stands."""
    key = {"kpi_id": kpi, "unit_id": unit, "grain": asked["grain"], "period_start": asked["period_start"]}
    if Forecast.objects.filter(**key, made_from=asked["made_from"]).exists():
        return False
    Forecast.objects.update_or_create(**key, defaults=_computed(asked) | {"made_at": now, "run_id": run})
    return True


def _computed(asked: dict) -> dict:
    from analytics.forecast.select import forecast

    past = asked["past"]
    made = forecast(past, 1, seasons=(asked["season"],), candidates=CANDIDATES, origins=ORIGINS, confidence=CONFIDENCE)
    mean, low, high = (_within(float(part[0]), past, asked) for part in (made.mean, made.low, made.high))
    names = ("period_end", "target", "target_low", "target_high", "points", "made_from")
    return {name: asked[name] for name in names} | {
        "mean": mean,
        "low": low,
        "high": high,
        "confidence": made.confidence,
        "chance": _chance(made, asked),
        "model": made.chosen,
        "back_test": _back_test(made),
    }


def _within(value: float, past: Sequence[float], asked: dict) -> float:
    """A share that was never outside 0 to 100 %, or an amount that was never negative, is not forecast to be."""
    if min(past) >= 0:
        value = max(value, 0.0)
    full = {"percent": 100.0, "share": 1.0}.get(asked["unit_of_measure"])
    return min(value, full) if full and max(past) <= full else value


def _chance(made, asked: dict) -> float | None:
    from analytics.forecast.select import chance_of_meeting

    direction, target = asked["direction"], asked["target"]
    if direction in ("higher", "lower") and target is not None:
        return chance_of_meeting(made, 0, target, direction)
    if direction == "band" and asked["target_low"] is not None:
        under = chance_of_meeting(made, 0, asked["target_high"], "lower")
        return max(0.0, under - chance_of_meeting(made, 0, asked["target_low"], "lower"))
    return None


def _back_test(made) -> dict:
    """Of the chosen model and of the benchmark, as JSON can carry it."""
    tests = {test.candidate: test for test in made.back_tests}

    def words(name: str) -> dict:
        measured = tests[name].accuracy
        numbers = {"mae": measured.mae, "wape": measured.wape, "bias": measured.bias, "mase": measured.mase}
        return {"model": name, **numbers, "coverage": measured.coverage, "skill": tests[name].skill}

    return {
        "origins": len(made.origins),
        "chosen": words(made.chosen),
        "benchmark": words(made.benchmark),
        "season": list(made.seasons),
        "widened": made.widened,
        "notes": list(made.notes),
    }


def landing(kpi: Kpi, unit: Unit, grain: str, day: date, access: Access, *, book: Book | None = None) -> Landing:
    """The stored forecast of the period after the last complete one. Four queries. Raises NotYours."""
    require_visible(unit, access)
    book = book or Book([kpi.pk], day)
    version = book.versions.get(kpi.pk)
    if version is None:
        return Landing(why_not="This KPI has no definition yet.")
    if why := _refusal(version):
        return Landing(why_not=why)
    if grain != version.grain:
        return Landing(why_not=f"This KPI is forecast by {version.grain}.")
    rows = last_rows([(kpi.pk, unit.pk, grain)], day, LONGEST).get((kpi.pk, unit.pk), [])
    try:
        past = history(rows, day)
    except NoForecast as fault:
        return Landing(why_not=str(fault))
    calendar = book.calendar(kpi.pk)
    ahead = calendar.next(period_of(calendar, past[-1].period_start, grain))
    period = PeriodRef(grain, ahead.start, ahead.end, ahead.label)
    made = Forecast.objects.filter(kpi=kpi, unit=unit, grain=grain, period_start=ahead.start).first()
    if made is None:
        return Landing(period=period, why_not="No forecast is made for this unit yet.", may_ask=True)
    return Landing(made, period, so_far=next((row.value for row in rows if row.period_start == ahead.start), None))
