"""An extract on its way into a dataset, step by step: receive, inspect, confirm, request_load, load.

`receiving` stores the file, `confirming` settles how it is read, `loading` is the job, `committing` the one transaction
that makes its rows visible. How a load stays exactly once is told in the room's README.
"""

from .confirming import NewDataset, confirm, examine, inspect, new_dataset, proposed_contract, turn_away
from .loading import load
from .otherwise import OPEN, read_as
from .receiving import check_room, check_takes_uploads, original_of, receive
from .requesting import Requested, check_same, load_id_of, request_load

__all__ = [
    "OPEN",
    "NewDataset",
    "Requested",
    "check_room",
    "check_same",
    "check_takes_uploads",
    "confirm",
    "examine",
    "inspect",
    "load",
    "load_id_of",
    "new_dataset",
    "original_of",
    "read_as",
    "proposed_contract",
    "receive",
    "request_load",
    "turn_away",
]
