"""What is true of datasets. One module per subject; import from here."""

from .closing import Closing
from .datasets import ContractVersion, Dataset, DatasetVersion, SavedView
from .quality import QualityOverride, QualityResult, QualityRule
from .restatements import Restatement
from .uploads import FurtherKey, Reject, Upload

__all__ = [
    "Closing",
    "ContractVersion",
    "Dataset",
    "DatasetVersion",
    "FurtherKey",
    "QualityOverride",
    "QualityResult",
    "QualityRule",
    "Reject",
    "Restatement",
    "SavedView",
    "Upload",
]
