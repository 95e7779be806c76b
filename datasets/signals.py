"""What this room tells those above it. Receivers run inside the transaction that makes the change visible.

version_committed   dataset, version (a DatasetVersion), by: readers see new rows; `version.touched` has the months
provisional_changed dataset: a critical quality rule began or ceased to fail
contract_changed    dataset, by: later uploads are read by another contract
decided             asked (a Closing or a Restatement): a second person approved or rejected it
"""

from django.dispatch import Signal

version_committed = Signal()
provisional_changed = Signal()
contract_changed = Signal()
decided = Signal()
