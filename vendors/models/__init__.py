"""What is true of vendors. One module per subject; import from here."""

from .contracts import Contract, Document, Reminder
from .plans import CorrectivePlan
from .register import Contact, RiskAssessment, Vendor
from .reviews import ActionNote, Decision, Review, VendorAction
from .selection import Bid, Evaluation, Evaluator, RoundCriterion, SelectionRound
from .surveys import Respondent, SurveyAnswer, SurveyQuestion
from .templates import Criterion, ScorecardTemplate, TemplateVersion

__all__ = [
    "ActionNote",
    "Bid",
    "Contact",
    "Contract",
    "CorrectivePlan",
    "Criterion",
    "Decision",
    "Document",
    "Evaluation",
    "Evaluator",
    "Reminder",
    "Respondent",
    "Review",
    "RiskAssessment",
    "RoundCriterion",
    "ScorecardTemplate",
    "SelectionRound",
    "SurveyAnswer",
    "SurveyQuestion",
    "TemplateVersion",
    "Vendor",
    "VendorAction",
]
