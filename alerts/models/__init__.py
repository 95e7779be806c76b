"""What is true of alerts and notices. One module per subject; import from here."""

from .inbox import InboxEntry, Mail, Notice, NotificationSettings

__all__ = ["InboxEntry", "Mail", "Notice", "NotificationSettings"]
