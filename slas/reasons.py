"""A decision against somebody's wish says why; the reason stands on the page of what was decided."""

from kpis.measures import Fault

from .drafting import AgreementRefused


def said(text: str, field: str, otherwise: str) -> str:
    """The reason, without blanks around it. Raises AgreementRefused, in the words `otherwise`, for none."""
    if not text.strip():
        raise AgreementRefused([Fault(field, otherwise)])
    return text.strip()
