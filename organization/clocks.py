"""By whose clock a person reads the times of perfmgr's own doings: their own, else that of where they work.

What REST, exports, webhooks and mails say stays in UTC; times of rows and of cases have the clock of their data.
"""

from collections.abc import Collection
from datetime import date
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db.models import Q

from lake.instants import Clock

from .models import UnitPath, User
from .zones import FALLBACK

UTC_CLOCK = Clock(FALLBACK)


def clock_of(user, day: date) -> Clock:
    """The clock of the person; UTC for who is not signed in. A query, unless their profile names a zone."""
    return clocks_of([user], day)[user.pk] if user.is_authenticated else UTC_CLOCK


def clocks_of(people: Collection[User], day: date) -> dict[int, Clock]:
    """For each person, by key, the clock of the zone of their profile, else that of the unit of their first role on
    `day`, or of the nearest unit above it; then that of their next role; UTC where nothing names a zone."""
    own = {one.pk: Clock(one.timezone) for one in people if _is_known(one.timezone)}
    return own | clocks_at_work([one.pk for one in people if one.pk not in own], day)


def clocks_at_work(users: Collection[int], day: date) -> dict[int, Clock]:
    """The same for people whose profile names no zone."""
    found = dict.fromkeys(users, UTC_CLOCK)
    for user, zone in reversed(_zones_at_work(users, day)):
        if _is_known(zone):
            found[user] = Clock(zone)
    return found


def _zones_at_work(users: Collection[int], day: date) -> list[tuple[int, str]]:
    """(person, zone), the zone that counts first before all others."""
    if not users:
        return []
    role = "descendant__memberships__"
    held = Q(**{f"{role}valid_to": None}) | Q(**{f"{role}valid_to__gt": day})
    paths = UnitPath.objects.in_force(day).filter(held, **{f"{role}user__in": users, f"{role}valid_from__lte": day})
    return list(
        paths.exclude(ancestor__timezone="")
        .order_by(f"{role}valid_from", f"{role}pk", "depth")
        .values_list(f"{role}user", "ancestor__timezone")
    )


def _is_known(zone: str) -> bool:
    """Whether there is a clock of that name: a zone that stands somewhere may be gone from the machine's list."""
    try:
        return bool(zone and ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError):
        return False
