"""What this room tells. Receivers run inside the transaction of the change.

exclusions_changed  agreement, by: an exclusion was approved or withdrawn; its cases are to be judged again
periods_changed     agreement, by: figures of its open periods were written
"""

from django.dispatch import Signal

exclusions_changed = Signal()
periods_changed = Signal()
