"""The job of a clock run, and what asks for one: new data, a signed or changed version, exclusions, calendars."""

from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils import timezone

from datasets.models import DatasetVersion
from datasets.signals import version_committed
from jobs.work import Claim, handler
from organization.business_calendars import calendar_changed
from slas import telling
from slas.models import Agreement, AgreementVersion
from slas.signals import exclusions_changed

from .requests import KIND, request_run


@handler(KIND)
def run_clocks(claim: Claim) -> dict:
    from .run import run

    agreement = Agreement.objects.select_related("dataset", "unit", "owner").get(pk=claim.job.arguments["agreement"])
    outcome = run(agreement, by=claim.job.asked_by, claim=claim)
    told = telling.warnings(agreement, now=timezone.now())
    return {
        "rows": outcome.rows,
        "written": outcome.written,
        "version": outcome.version,
        "verdicts": outcome.verdicts,
        "seconds": outcome.seconds,
        "told": told,
    }


@receiver(version_committed)
def run_on_new_data(sender, dataset, version, by=None, **_) -> None:
    """Runs inside the transaction that makes the rows visible; a compaction changes no row."""
    if version.kind != DatasetVersion.Kind.COMPACT:
        _request(Agreement.objects.filter(versions__targets__clock__dataset=dataset), by)


@receiver(post_save, sender=AgreementVersion)
def run_on_agreement_change(sender, instance, **_) -> None:
    """Signing, ending and expiring all save the version."""
    if not instance.is_editable:
        _request(Agreement.objects.filter(pk=instance.agreement_id), None)


@receiver(exclusions_changed)
def run_on_exclusion(sender, agreement, by=None, **_) -> None:
    request_run(agreement, by=by)


@receiver(calendar_changed)
def run_on_calendar_change(sender, calendar, by=None, **_) -> None:
    _request(Agreement.objects.filter(versions__calendar=calendar), by)


def _request(agreements, by) -> None:
    for agreement in agreements.filter(versions__targets__clock__isnull=False).distinct():
        if agreement.versions.governing().exists():
            request_run(agreement, by=by)
