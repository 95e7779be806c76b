"""Half a stretch of time is none: the constraint of 0001 let it pass, since a comparison with nothing is neither true nor
false to the database.

What is in force, or waits, with one end only is withdrawn: nobody can say what two people agreed on, the part could not
be applied to measured promises, and was left out of clocked ones. Of all of them the end that was given is kept in the
reason. Withdrawals of before, which one person made alone, are taken over from the audit trail.
"""

from django.db import migrations, models
from django.db.models import Q

HALF = Q(starts_at=None, ends_at__isnull=False) | Q(starts_at__isnull=False, ends_at=None)
WHY = "Its stretch of time had one end only, which cannot be applied. Propose it again with both."


def take_over(apps, schema_editor):
    Exclusion, Withdrawal = apps.get_model("slas", "Exclusion"), apps.get_model("slas", "Withdrawal")
    AuditEntry = apps.get_model("organization", "AuditEntry")
    ids = [str(pk) for pk in Exclusion.objects.filter(state="withdrawn").values_list("pk", flat=True)]
    said = AuditEntry.objects.filter(
        object_type="slas.exclusion", object_id__in=ids, action="exclusion withdrawn"
    ).order_by("seq")
    for entry in {entry.object_id: entry for entry in said}.values():
        Withdrawal.objects.create(
            exclusion_id=int(entry.object_id),
            asked_by_id=entry.actor_id,
            asked_at=entry.at,
            reason=entry.details.get("reason", ""),
            state="alone",
        )


def make_whole(apps, schema_editor):
    from django.utils import timezone

    Exclusion, Withdrawal = apps.get_model("slas", "Exclusion"), apps.get_model("slas", "Withdrawal")
    for one in Exclusion.objects.filter(HALF):
        given = f"from {one.starts_at:%Y-%m-%d %H:%M}" if one.starts_at else f"up to {one.ends_at:%Y-%m-%d %H:%M}"
        one.reason = f"{one.reason} (Of a stretch of time only this end was given: {given} UTC.)"
        one.starts_at = one.ends_at = None
        if one.state in ("proposed", "approved"):
            one.state = "withdrawn"
            Withdrawal.objects.create(exclusion=one, asked_at=timezone.now(), reason=WHY, state="alone")
        one.save(update_fields=["reason", "starts_at", "ends_at", "state"])


class Migration(migrations.Migration):
    dependencies = [
        ("slas", "0003_withdrawals"),
        ("organization", "0003_people_manager"),
    ]

    operations = [
        migrations.RunPython(take_over, migrations.RunPython.noop),
        migrations.RunPython(make_whole, migrations.RunPython.noop),
        migrations.RemoveConstraint(
            model_name="exclusion",
            name="exclusion_time_runs_forward",
        ),
        migrations.AddConstraint(
            model_name="exclusion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ends_at", None), ("starts_at", None)),
                    models.Q(
                        ("ends_at__gt", models.F("starts_at")), ("ends_at__isnull", False), ("starts_at__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="exclusion_time_runs_forward",
                violation_error_message="Give both ends of the time, the later one last.",
            ),
        ),
    ]
