"""Error budgets: what share may be bad in a window, how much is used, how fast, and when it will be gone."""
