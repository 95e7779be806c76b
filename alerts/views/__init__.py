"""Pages of alerts, their rules and the inbox."""
