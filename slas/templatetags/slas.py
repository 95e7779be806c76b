"""`{% load slas %}`: money and shares as the pages of service levels write them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal

from django import template

from organization.money import written
from slas.clocks.times import TO_THE_SECOND, WITH_WEEKDAY, Clock
from slas.supports import hours

register = template.Library()


@register.filter
def money(amount: Decimal | str | None, currency: str) -> str:
    """`{{ claim.amount|money:claim.currency }}`: $12,345.60, exact; no amount is a dash."""
    return "–" if amount in (None, "") else written(amount, currency)


@register.filter
def name_in(code: str, named: Mapping) -> str:
    """`{{ line.target|name_in:figures }}`: the name of a promise; its code where the figures do not know it.

    named: by code what has a name.
    """
    found = named.get(code)
    return found.name if found else code


@register.filter
def share(value: float | Decimal | None, places: int = 1) -> str:
    """`{{ landing.chance|share }}`: 0.125 as 12.5 %."""
    return "–" if value is None else f"{float(value) * 100:.{places}f} %".replace("-", "−")


@register.filter
def by(instant: datetime | None, clock: Clock) -> str:
    """`{{ row.due_at|by:row.clock }}`: 7 Jul 2025, 16:00 by that clock; empty without an instant."""
    return clock.shown(instant) if instant else ""


@register.filter
def by_weekday(instant: datetime | None, clock: Clock) -> str:
    """`{{ one.start|by_weekday:clock }}`: Mon 7 Jul 2025, 16:00."""
    return clock.shown(instant, form=WITH_WEEKDAY) if instant else ""


@register.filter
def by_second(instant: datetime | None, clock: Clock) -> str:
    """`{{ found.due|by_second:clock }}`: 7 Jul 2025, 23:59:59."""
    return clock.shown(instant, form=TO_THE_SECOND) if instant else ""


@register.filter
def as_time(seconds: int | None) -> str:
    """`{{ target.threshold_seconds|as_time }}`: 5400 as 1 h 30 min."""
    return hours(seconds)


@register.filter
def kept_words(line) -> str:
    """`{{ line|kept_words }}`: "3 of 4 kept"."""
    whole = line.kept + line.broken
    return f"{line.kept} of {whole} kept" if whole else "no case"


@register.filter
def verdict(promise) -> str:
    """`{{ promise|verdict }}`: kept or broken; of a running period how it stands so far."""
    words = {"green": ("kept", "above so far"), "red": ("broken", "below so far"), "no_data": ("no case", "no case")}
    return words[promise.status][promise.is_open]


@register.filter
def shown_status(promise) -> str:
    """The state of its mark: a running period is open, whatever it shows so far."""
    return "open" if promise.is_open else promise.status


@register.filter
def attained(promise) -> str:
    """`{{ promise|attained }}`: 62.9 %, cut as attainment is."""
    found = promise.figure.attainment
    return "no case" if found is None else f"{found.quantize(Decimal('0.1'), ROUND_DOWN)} %"


@register.filter
def pct(value: Decimal | None) -> str:
    """`{{ slo.objective_pct|pct }}`: 99.90000 as 99.9 %."""
    return "–" if value is None else f"{value.normalize():f} %"


@register.filter
def has_landings(promises) -> bool:
    return any(promise.landing for promise in promises)


@register.filter
def budget_words(standing) -> str:
    return {"green": "within budget", "amber": "burning", "red": "used up", "no_data": "nothing measured"}[
        standing.status
    ]


@register.filter
def lasts_words(standing) -> str:
    """`{{ standing|lasts_words }}`: how long the rest lasts at the present burn rate."""
    if standing.budget.remaining is None or standing.rate is None:
        return "–"
    if standing.lasts is None:
        return "does not burn"
    return "used up" if not standing.lasts else f"{standing.lasts / timedelta(days=1):.1f} days"


@register.filter
def budget_line(standing) -> list[float | None]:
    """The remaining share at each step of the window, in percent."""
    return [None if left is None else left * 100 for _, left in standing.trend]


@register.filter
def windows(policy) -> str:
    """`{{ alert.policy|windows }}`: 1 h / 5 min."""
    spans = (round(span.total_seconds()) for span in (policy.long, policy.short))
    return " / ".join(hours(seconds) if seconds % 86400 else f"{seconds // 86400} d" for seconds in spans)


@register.filter
def window_words(slo) -> str:
    """`{{ slo|window_words }}`: rolling 30 days, or calendar quarter."""
    kind = "rolling" if slo.is_rolling else "calendar"
    return f"{kind} {slo.window_unit}" if slo.window_count == 1 else f"{kind} {slo.window_count} {slo.window_unit}s"
