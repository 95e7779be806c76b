"""KPIs, targets, results and scorecards, tied to objectives."""
