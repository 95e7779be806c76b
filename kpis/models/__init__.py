"""What is true of KPIs. One module per subject; import from here."""

from .charts import ChartPhase, ChartSetting, ChartVerdict, ExcludedPoint, Forecast, Signal
from .definitions import Kpi, KpiVersion
from .requests import RecomputeRequest
from .results import ManualEntry, Result, Run, StatusChange
from .scorecards import NodeWeight, Scorecard, ScorecardNode
from .stories import Annotation
from .strategy import KpiLink, Objective, Theme
from .targets import AnnualTarget, LateTarget, StandingTarget, Target
from .webhooks import Webhook, WebhookDelivery

__all__ = [
    "AnnualTarget",
    "Annotation",
    "ChartPhase",
    "ChartSetting",
    "ChartVerdict",
    "ExcludedPoint",
    "Forecast",
    "Kpi",
    "KpiLink",
    "KpiVersion",
    "LateTarget",
    "ManualEntry",
    "NodeWeight",
    "Objective",
    "RecomputeRequest",
    "Result",
    "Run",
    "Scorecard",
    "ScorecardNode",
    "Signal",
    "StandingTarget",
    "StatusChange",
    "Target",
    "Theme",
    "Webhook",
    "WebhookDelivery",
]
