"""What the pages and the API read of alerts: a constant number of queries."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Prefetch, Q, QuerySet

from kpis import selectors as kpi_selectors
from kpis.selectors.words import Series
from organization.access import DEFINE, VIEW, Access
from organization.models import AuditEntry, User

from .evaluate import DATASET
from .models import Alert, AlertRule, FollowUp, InboxEntry

STATES = {
    "standing": "Standing",
    "open": "Open",
    "acknowledged": "Acknowledged",
    "snoozed": "Snoozed",
    "resolved": "Resolved",
    "all": "All",
}


def alerts_of(access: Access, *, state: str = "standing", now: datetime, **filters) -> QuerySet[Alert]:
    """The visible alerts in a state of STATES, the newest first; those that are snoozed stand under that name only."""
    found = Alert.objects.visible_to(access).filter(**filters)
    awake = Q(snoozed_until=None) | Q(snoozed_until__lte=now)
    match state:
        case "standing":
            found = found.standing().filter(awake)
        case "snoozed":
            found = found.snoozed(now)
        case "open" | "acknowledged":
            found = found.filter(awake, state=state)
        case "resolved":
            found = found.filter(state=state)
    found = found.select_related("rule", "kpi", "unit", "acknowledged_by", "resolved_by")
    found = found.annotate(to_do=Count("follow_ups", filter=Q(follow_ups__done_at=None)))
    return found.order_by("-opened_at", "-pk")  # counting drops the model's own order


def rules_of(access: Access) -> QuerySet[AlertRule]:
    """The register: every rule the person may see, with how many of its alerts stand and how many there were."""
    found = AlertRule.objects.visible_to(access).select_related("kpi__unit", "unit", "owner")
    standing = Count("alerts", filter=~Q(alerts__state=Alert.State.RESOLVED), distinct=True)
    found = found.annotate(standing=standing, raised=Count("alerts", distinct=True))
    return found.prefetch_related("people").order_by("name", "pk")


def inbox_of(access: Access, *, only_unread: bool = False) -> QuerySet[InboxEntry]:
    found = InboxEntry.objects.visible_to(access).select_related("notice__unit")
    return found.unread() if only_unread else found


def unread_count(access: Access) -> int:
    return InboxEntry.objects.visible_to(access).unread().count()


def to_do_of(user: User, access: Access) -> list[FollowUp]:
    """The person's own follow-ups that are not done, the most urgent first."""
    found = FollowUp.objects.visible_to(access).undone().filter(owner=user)
    return list(found.select_related("alert__unit", "alert__rule", "owner").order_by("due_date", "pk"))


@dataclass(frozen=True, slots=True)
class Marked:
    """A mark on the chart of an alert: what `trend_of` takes for a note."""

    day: date
    text: str


@dataclass(frozen=True, slots=True)
class Event:
    """A line of the alert's history."""

    at: datetime
    who: str
    what: str
    detail: str


def history_of(alert: Alert) -> list[Event]:
    """What happened to the alert and its follow-ups, the newest first. Two queries."""
    follow_ups = [str(pk) for pk in alert.follow_ups.values_list("pk", flat=True)]
    mine = Q(object_type="alerts.alert", object_id=str(alert.pk))
    entries = AuditEntry.objects.filter(mine | Q(object_type="alerts.followup", object_id__in=follow_ups))
    return [
        Event(one.at, one.actor_name if one.actor_id else "", one.action, _detail(one.details))
        for one in entries.order_by("-seq")[:50]
    ]


def _detail(details: dict) -> str:
    """The words of an audit entry that a reader of the alert wants."""
    names = ("found", "note", "reason", "outcome", "until")
    return "; ".join(str(details[name]) for name in names if details.get(name))


def series_of_alert(alert: Alert, day: date, access: Access) -> Series | None:
    """The numbers around the evidence, for the chart; None for alerts that are not about a number."""
    if alert.dimension == DATASET and alert.period_start is None:
        return None
    return kpi_selectors.kpi_series(
        alert.kpi, alert.unit, alert.grain, day, access, dimension=alert.dimension, member=alert.member
    )


def marks_of(alert: Alert) -> list[Marked]:
    """Where the alert was raised, as a note on the chart."""
    return [Marked(alert.period_start, "alert")] if alert.period_start else []


def alert_with_parts(access: Access) -> QuerySet[Alert]:
    """For the page of one alert."""
    people = ("acknowledged_by", "resolved_by", "snoozed_by")
    follow_ups = FollowUp.objects.select_related("owner", "done_by", "created_by")
    found = Alert.objects.select_related("rule__kpi__unit", "rule__unit", "kpi", "unit", *people)
    return found.prefetch_related(Prefetch("follow_ups", follow_ups), "rule__people")


def people_who_may(access: Access) -> QuerySet[User]:
    """Active people with a role at a unit that the person may see: whom one can name as recipient or owner."""
    found = User.objects.filter(is_active=True, memberships__unit__in=access.units(VIEW)).distinct()
    return found.order_by("last_name", "first_name", "username")


def may_handle(access: Access, alert: Alert) -> bool:
    return access.allows(DEFINE, alert.unit_id)
