"""The jobs of this room."""

from django.utils import timezone

from jobs.work import Claim, handler

from . import mail, notify


@handler(notify.MAIL_JOB)
def send_mail(claim: Claim) -> dict:
    sent = mail.send(claim.job.arguments["mail"], timezone.now())
    return {"state": sent.state} if sent else {}
