"""The e-mail of an inbox entry, and what was held back and is due now."""

from datetime import datetime, timedelta
from hashlib import sha256
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction

from kpis.webhooks import address
from organization.access import VIEW, access_of

from .models import Mail, Notice
from .notify import queue_mail, queue_webhooks

ATTEMPTS = 10
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=4)


@transaction.atomic
def send(mail_id: int, now: datetime) -> Mail | None:
    """Send one e-mail, or note why not; None when it is sent already, or by another worker at this moment.

    A mail server that is away is no fault of the job: the mail is due again after a pause that doubles each time, and
    given up after ATTEMPTS. The row is locked while it is sent. A worker that dies between the server's answer and the
    commit sends it again with the same Message-ID, by which mailboxes know it as the same.
    """
    mail = (
        Mail.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("entry__notice__unit", "entry__user")
        .filter(pk=mail_id, state=Mail.State.WAITING)
        .first()
    )
    if mail is None:
        return None
    if reason := _not_to_be_sent(mail, now):
        mail.state, mail.fault = Mail.State.SKIPPED, reason
    else:
        _try(mail, now)
    mail.save()
    return mail


def _not_to_be_sent(mail: Mail, now: datetime) -> str:
    user, unit = mail.entry.user, mail.entry.notice.unit
    if not user.is_active or not user.email:
        return "The person has no e-mail address or can no longer sign in."
    if unit is not None and not access_of(user, now.date()).allows(VIEW, unit):
        return "The person may no longer see the unit."
    return ""


def _try(mail: Mail, now: datetime) -> None:
    mail.attempts += 1
    try:
        message_of(mail).send()
    except ValueError as fault:  # an address or subject that no e-mail may have
        mail.state, mail.fault = Mail.State.FAILED, f"{type(fault).__name__}: {fault}"[:300]
    except OSError as fault:  # smtplib's errors are OSErrors, as are those of the network
        mail.fault = f"{type(fault).__name__}: {fault}"[:300]
        mail.due_at = now + min(FIRST_PAUSE * 2 ** (mail.attempts - 1), LONGEST_PAUSE)
        if mail.attempts >= ATTEMPTS:
            mail.state = Mail.State.FAILED
    else:
        mail.state, mail.sent_at, mail.fault = Mail.State.SENT, now, ""


def message_of(mail: Mail) -> EmailMessage:
    """Plain text with a link; the Message-ID is the same at every attempt."""
    notice, user = mail.entry.notice, mail.entry.user
    parts = [notice.text, address(notice.link) if notice.link else ""]
    parts.append(f"You get this from perfmgr. What is sent to you: {address('/inbox/settings/')}")
    digest = sha256(f"{notice.key}\0{user.pk}".encode()).hexdigest()[:32]
    host = urlsplit(settings.SITE_URL).hostname or "perfmgr"
    subject = " ".join(notice.subject.split())
    headers = {"Message-ID": f"<{digest}@{host}>", "Auto-Submitted": "auto-generated"}
    return EmailMessage(subject, "\n\n".join(part for part in parts if part), to=[user.email], headers=headers)


def deliver_due(now: datetime) -> int:
    """Queue what was held back by quiet hours or a mail server that was away, and is due. Returns how many."""
    due = list(Mail.objects.due(now).order_by("due_at")[:1000])
    for mail in due:
        queue_mail(mail)
    waiting = Notice.objects.filter(wants_webhook=True, webhook_queued_at=None, held_until__lte=now)
    for notice in waiting.select_related("unit")[:1000]:
        with transaction.atomic():
            queue_webhooks(notice, now)
    return len(due)
