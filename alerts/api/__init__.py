"""The API of this room: alert rules, alerts with their follow-ups, the inbox."""
