"""What is true of KPIs. One module per subject; import from here."""

from .definitions import Kpi, KpiVersion
from .requests import RecomputeRequest
from .results import ManualEntry, Result, Run, StatusChange
from .scorecards import NodeWeight, Scorecard, ScorecardNode
from .stories import Annotation
from .strategy import KpiLink, Objective, Theme
from .targets import AnnualTarget, Target
from .webhooks import Webhook, WebhookDelivery

__all__ = [
    "AnnualTarget",
    "Annotation",
    "Kpi",
    "KpiLink",
    "KpiVersion",
    "ManualEntry",
    "NodeWeight",
    "Objective",
    "RecomputeRequest",
    "Result",
    "Run",
    "Scorecard",
    "ScorecardNode",
    "StatusChange",
    "Target",
    "Theme",
    "Webhook",
    "WebhookDelivery",
]
