"""What is true of the organisation. One module per subject; import from here."""

from .audit import AuditAnchor, AuditEntry
from .calendars import BusinessCalendar, CalendarDay, CalendarVersion, FiscalCalendar, OpeningWindow
from .people import ApiToken, Membership, Role, User
from .units import Unit, UnitAlias, UnitPath, UnitPlacement

__all__ = [
    "ApiToken",
    "AuditAnchor",
    "AuditEntry",
    "BusinessCalendar",
    "CalendarDay",
    "CalendarVersion",
    "FiscalCalendar",
    "Membership",
    "OpeningWindow",
    "Role",
    "Unit",
    "UnitAlias",
    "UnitPath",
    "UnitPlacement",
    "User",
]
