"""What rooms above hear of: sent inside the transaction that makes it so.

results_written: run (a Run), kpis (ids of the KPIs that it computed, of which something changed). signals_found: kpis
(ids), run (the id of the recompute before it, or None), after the batch of control charts over them has been stored.
forecasts_made: kpis (ids), after their forecasts have been stored; sent again when the job is done again.
"""

from django.dispatch import Signal

results_written = Signal()
signals_found = Signal()
forecasts_made = Signal()
