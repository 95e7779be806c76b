"""What is done about an alert: somebody, until a day. Light on purpose: actions and incidents will take it over."""

from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from organization import audit
from organization.access import VIEW, holders
from organization.models import User

from .models import Alert, FollowUp
from .notify import tell


@transaction.atomic
def open_follow_up(alert: Alert, *, owner: User, due_date: date, note: str, by: User, now: datetime) -> FollowUp:
    """Ask `owner` to do something until `due_date`. The owner is told. Raises ValidationError."""
    made = FollowUp(alert=alert, owner=owner, due_date=due_date, note=note.strip(), created_by=by)
    made.full_clean(exclude=["alert", "created_by"])
    if owner.pk not in holders(VIEW, alert.unit, now.date()):
        raise ValidationError({"owner": f"{owner} may not see {alert.unit}: choose somebody who may."})
    made.save()
    audit.record(by, "follow-up opened", made, unit=alert.unit, owner=str(owner), due=due_date, alert=alert.pk)
    if owner.pk != by.pk:
        _tell(made, "assigned", f"For you to do until {due_date:%-d %b %Y}: {made}", now)
    return made


@transaction.atomic
def finish(follow_up: FollowUp, *, by: User, now: datetime, outcome: str = "") -> FollowUp:
    """It is done; what came of it stands beside. Done twice changes nothing."""
    outcome = outcome.strip()[:1000]
    if FollowUp.objects.undone().filter(pk=follow_up.pk).update(done_at=now, done_by=by, outcome=outcome):
        audit.record(by, "follow-up done", follow_up, unit=follow_up.alert.unit, outcome=outcome)
    follow_up.refresh_from_db()
    return follow_up


@transaction.atomic
def reopen(follow_up: FollowUp, *, by: User) -> FollowUp:
    """It is not done after all."""
    if FollowUp.objects.exclude(done_at=None).filter(pk=follow_up.pk).update(done_at=None, done_by=None, outcome=""):
        audit.record(by, "follow-up reopened", follow_up, unit=follow_up.alert.unit)
    follow_up.refresh_from_db()
    return follow_up


def remind(day: date, now: datetime) -> int:
    """Tell the owners of what is overdue on `day`, once each. Returns how many were told."""
    overdue = FollowUp.objects.undone().filter(due_date__lt=day).select_related("alert__unit", "alert__rule", "owner")
    return sum(len(_tell(one, "overdue", f"Overdue since {one.due_date:%-d %b %Y}: {one}", now)) for one in overdue)


def _tell(follow_up: FollowUp, step: str, subject: str, now: datetime) -> list:
    alert = follow_up.alert
    return tell(
        [follow_up.owner],
        key=f"follow-up:{follow_up.pk}:{step}",
        kind=f"follow_up.{step}",
        subject=subject,
        text=f"{follow_up.note}\n\n{alert}: {alert.summary}",
        link=alert.get_absolute_url(),
        unit=alert.unit,
        now=now,
    )
