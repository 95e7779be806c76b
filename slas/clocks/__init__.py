"""The clocks of agreements: run them, explain one, try a draft on history, warn before a breach.

`run.py` is the verb that writes an agreement's derived dataset; `reading.py` brings logs, `calendars.py` working time,
`timing.py` counts, `rows.py` says what a row of the dataset is.
"""
