"""Who and where: units, members and roles, calendars, and the audit trail."""
