"""The jobs of this room, and what makes it compute again."""

from django.db.models import Q
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils import timezone

from datasets.signals import version_committed
from jobs.work import Claim, handler, submit
from kpis.requests import as_of_day

from . import attainment, lifecycle, periods, slos, telling
from .models import Agreement, AgreementVersion, Slo
from .signals import exclusions_changed

KIND = "slas.periods"


def ask(agreement: Agreement, *, by=None) -> None:
    """Let the open periods of an agreement be computed again, once this transaction commits."""
    submit(KIND, f"periods:{agreement.pk}", by=by, agreement=agreement.pk)


@handler(KIND)
def compute_periods(claim: Claim) -> dict:
    agreement = Agreement.objects.get(pk=claim.job.arguments["agreement"])
    written = periods.refresh(agreement, day=as_of_day(), by=claim.job.asked_by)
    return {"periods": len(written)}


@handler(slos.JOB)
def measure_budget(claim: Claim) -> dict:
    """One that was removed meanwhile is left alone."""
    slo = Slo.objects.select_related("unit", "owner", "dataset").filter(pk=claim.job.arguments["slo"]).first()
    if slo is None:
        return {}
    found = slos.measure(slo, timezone.now())
    telling.burning(found, now=timezone.now())
    return {"state": found.status, "left": found.budget.remaining}


@receiver(version_committed)
def measure_again(sender, dataset, version, by=None, **_) -> None:
    for slo in Slo.objects.filter(dataset=dataset):
        slos.ask(slo, by=by)


@receiver(version_committed)
def judge_again(sender, dataset, version, by=None, **_) -> None:
    """New cases, or new rows under a measured promise or a charge: keep the KPIs, ask for the periods."""
    reads = (
        Q(dataset=dataset)
        | Q(code=attainment.agreement_code(dataset))
        | Q(versions__targets__measure__dataset=dataset)
        | Q(versions__charge_dataset=dataset)
    )
    for agreement in Agreement.objects.filter(reads).distinct():
        signed = agreement.versions.governing().order_by("-number").first()
        if signed is not None:
            attainment.keep(agreement, by=by or signed.signed_by)
            ask(agreement, by=by)


@receiver(post_save, sender=AgreementVersion)
def judge_by_new_text(sender, instance, **_) -> None:
    """Signing, ending and expiring all save the version."""
    if not instance.is_editable:
        ask(instance.agreement)


@receiver(exclusions_changed)
def judge_without_excluded(sender, agreement, by=None, **_) -> None:
    ask(agreement, by=by)


def turn_day() -> None:
    """A day begins: versions become active or expire, running periods may have ended, a last day to claim is near."""
    day = as_of_day()
    lifecycle.turn_all(day)
    running = Agreement.objects.filter(periods__state="open", periods__period_end__lte=day)
    for agreement in running.distinct():
        ask(agreement)
    telling.claims_near(day, now=timezone.now())
