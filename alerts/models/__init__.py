"""What is true of alerts and notices. One module per subject; import from here."""

from .alerts import Alert, FollowUp
from .inbox import InboxEntry, Mail, Notice, NotificationSettings
from .rules import AlertRule

__all__ = ["Alert", "AlertRule", "FollowUp", "InboxEntry", "Mail", "Notice", "NotificationSettings"]
