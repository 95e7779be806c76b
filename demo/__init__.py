"""Real data, and what makes scorecards of it. Start with `loader.py`."""
