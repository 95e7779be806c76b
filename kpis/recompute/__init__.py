"""Computing results again: plan what is touched, one fused scan, derived KPIs, scores, one bulk write.

`run.py` is the verb; `plan.py` says which KPI versions over which periods; `levels.py` which units; `scan.py` calls the
engine; `scored.py` puts targets, status and score beside values; `derived.py` evaluates KPIs made of KPIs; `write.py`
makes it visible in one transaction.
"""

from .run import recompute

__all__ = ["recompute"]
