"""What is true of service levels. One module per subject; import from here."""

from .agreements import Agreement, AgreementVersion
from .credits import CreditClaim, CreditTier
from .objectives import Slo
from .periods import Exclusion, PeriodResult, Restatement, Withdrawal
from .targets import AttainmentKpi, ClockRule, MeasureRule, ServiceTarget
from .warnings import ClockWarning

__all__ = [
    "Agreement",
    "AgreementVersion",
    "AttainmentKpi",
    "ClockRule",
    "ClockWarning",
    "CreditClaim",
    "CreditTier",
    "Exclusion",
    "MeasureRule",
    "PeriodResult",
    "Restatement",
    "ServiceTarget",
    "Slo",
    "Withdrawal",
]
