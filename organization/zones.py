"""IANA time zones: which names are accepted, and which one holds at a unit."""

from datetime import date
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError

from .models import Unit, UnitPath

FALLBACK = "UTC"


@cache
def zone_names() -> tuple[str, ...]:
    """All names that a form offers: places, and UTC."""
    return tuple(sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))) + (
        FALLBACK,
    )


def check_zone(name: str) -> None:
    """Raise ValidationError unless `name` is empty or a time zone."""
    if name and name not in available_timezones():
        raise ValidationError({"timezone": f"{name!r} is not an IANA time zone: write one such as Europe/Paris."})


def timezone_of(unit: Unit, day: date) -> ZoneInfo:
    """The unit's own time zone, or that of the nearest unit above it on `day`; UTC when none has one."""
    return ZoneInfo(nearest(unit, day, "timezone") or FALLBACK)


def nearest(unit: Unit, day: date, field: str):
    """The value of `field` at the unit itself, or at the nearest unit above it on `day` that has one; or None."""
    if value := getattr(unit, field):
        return value
    above = UnitPath.objects.in_force(day).filter(descendant=unit, depth__gt=0).order_by("depth")
    for path in above.select_related("ancestor"):
        if value := getattr(path.ancestor, field):
            return value
    return None
