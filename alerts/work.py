"""The jobs of this room, and what makes it look."""

from django.dispatch import receiver
from django.utils import timezone

from datasets import signals
from jobs.work import Claim, handler
from kpis import events
from kpis.requests import as_of_day

from . import decided, evaluate, mail, notify


@handler(notify.MAIL_JOB)
def send_mail(claim: Claim) -> dict:
    sent = mail.send(claim.job.arguments["mail"], timezone.now())
    return {"state": sent.state} if sent else {}


@handler(evaluate.KIND)
def look(claim: Claim) -> dict:
    return evaluate.evaluate_all(claim.job.arguments["kpis"], now=timezone.now(), day=as_of_day())


@receiver(events.results_written)
@receiver(events.signals_found)
@receiver(events.forecasts_made)
def look_at_what_changed(sender, kpis, **_) -> None:
    """Runs inside the transaction that makes the results, signals or forecasts visible."""
    evaluate.ask(kpis)


@receiver(signals.decided)
def tell_of_a_decision(sender, asked, **_) -> None:
    """Runs inside the transaction that decides."""
    decided.tell_who_asked(asked, asked.decided_at)
