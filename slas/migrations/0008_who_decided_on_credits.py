"""Who agreed to a credit, rejected it, or wrote its credit note down: so far only the audit trail knew."""

from django.db import migrations

ACTIONS = {"credit agreed": "decided_by_id", "credit rejected": "decided_by_id", "credit credited": "credited_by_id"}


def take_over(apps, schema_editor):
    CreditClaim, AuditEntry = apps.get_model("slas", "CreditClaim"), apps.get_model("organization", "AuditEntry")
    entries = AuditEntry.objects.filter(object_type="slas.creditclaim", action__in=ACTIONS, actor__isnull=False)
    for entry in entries.order_by("seq"):
        CreditClaim.objects.filter(pk=int(entry.object_id)).update(**{ACTIONS[entry.action]: entry.actor_id})
    for claim in CreditClaim.objects.filter(state="rejected"):
        CreditClaim.objects.filter(pk=claim.pk).update(decision_note=claim.note, note="")


class Migration(migrations.Migration):
    dependencies = [
        ("slas", "0007_who_decides_on_credits"),
        ("organization", "0003_people_manager"),
    ]

    operations = [migrations.RunPython(take_over, migrations.RunPython.noop)]
