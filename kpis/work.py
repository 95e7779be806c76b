"""The jobs of this room, and what makes it compute again."""

from dataclasses import asdict

from django.db import transaction
from django.dispatch import receiver
from django.utils import timezone

from datasets import signals
from jobs.work import Claim, Refused, handler
from organization.fiscal import periods_changed
from organization.tree import tree_changed

from . import events, landing, requests, signalling, webhooks
from .models import Forecast, KpiVersion, Run


@handler(requests.KIND)
def recompute(claim: Claim) -> dict:
    from .recompute import recompute

    run = recompute(claim.job.arguments["dataset"], claim)
    return {"run": run.pk, "results": run.results_written, "faults": len(run.faults)}


@handler(webhooks.KIND)
def deliver(claim: Claim) -> dict:
    from doors.outgoing import UnsafeAddress

    try:
        webhooks.deliver(claim.job.arguments["delivery"], timezone.now())
    except UnsafeAddress as fault:
        raise Refused(str(fault)) from fault
    return {}


@handler(signalling.KIND)
def find_signals(claim: Claim) -> dict:
    """Signals first, for alerts wait for them; forecasts are another job behind it."""
    asked = claim.job.arguments
    with transaction.atomic():
        found = signalling.find_signals(
            asked["kpis"], day=requests.as_of_day(), now=timezone.now(), run=asked.get("run"), claim=claim
        )
        landing.request(asked["kpis"], run=asked.get("run"))
    return asdict(found)


@handler(landing.KIND)
def forecast(claim: Claim) -> dict:
    asked = claim.job.arguments
    made = landing.make_forecasts(
        asked["kpis"],
        day=requests.as_of_day(),
        now=timezone.now(),
        run=asked.get("run"),
        unit=asked.get("unit"),
        claim=claim,
    )
    events.forecasts_made.send(Forecast, kpis=frozenset(asked["kpis"]))
    return asdict(made)


@receiver(events.results_written)
def chart_what_was_written(sender, run: Run, kpis, **_) -> None:
    """Runs inside the transaction that writes the results."""
    if kpis:
        signalling.request(kpis, run=run.pk)


@receiver(signals.version_committed)
def compute_touched(sender, dataset, version, by=None, **_) -> None:
    """Runs inside the transaction that makes the rows visible."""
    cause = f"{version.get_kind_display().lower()} of version {version.version}"
    requests.data(version, f"{cause}, a restatement" if version.restated else cause, by=by)


@receiver(signals.provisional_changed)
def mark_provisional(sender, dataset, by=None, **_) -> None:
    requests.rescore_dataset(dataset, "data quality", by=by)


@receiver(signals.contract_changed)
def compute_by_new_contract(sender, dataset, by=None, **_) -> None:
    if dataset.current_version is not None and KpiVersion.objects.filter(dataset=dataset).exists():
        requests.everything(dataset, "contract", by=by)


@receiver(tree_changed)
def compute_by_new_tree(sender, unit, **_) -> None:
    """A unit moved: values above it, and inherited targets, have changed."""
    with transaction.atomic():
        requests.everywhere(f"move of {unit.code}")


@receiver(periods_changed)
def compute_by_new_periods(sender, units, by=None, **_) -> None:
    """Runs inside the transaction that changes the fiscal calendar."""
    requests.below(units, "fiscal calendar", by=by)
