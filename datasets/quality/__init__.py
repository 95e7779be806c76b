"""Quality rules: what the rows of a dataset must be like, how they are, and what follows from a failed rule.

`rules` turns a rule into a condition, `evaluate` asks them in one scan, `verdict` scores and marks provisional.
"""

from .evaluate import check_freshness, evaluate, request_first_runs, request_run, run
from .rules import CONDITIONS, InvalidRule, check_rule
from .verdict import define_rule, is_loader, latest_results, override, retire_rule, score_of, settle_verdict

__all__ = [
    "CONDITIONS",
    "InvalidRule",
    "check_freshness",
    "check_rule",
    "define_rule",
    "evaluate",
    "is_loader",
    "latest_results",
    "override",
    "request_first_runs",
    "request_run",
    "retire_rule",
    "run",
    "score_of",
    "settle_verdict",
]
