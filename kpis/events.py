"""What rooms above hear of: sent inside the transaction that makes it so.

results_written: run, kpis (ids of KPIs of which something changed). signals_found: kpis (ids), after the batch of
control charts over them has been stored.
"""

from django.dispatch import Signal

results_written = Signal()
signals_found = Signal()
