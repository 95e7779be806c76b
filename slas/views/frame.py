"""What all pages of one agreement show around their content: breadcrumb, tabs, and what the person may do."""

from django.http import Http404
from django.urls import NoReverseMatch, reverse

from doors.pages import visible
from organization.access import CERTIFY, DEFINE, MONEY
from slas.models import Agreement, AgreementVersion

TABS = (
    ("overview", "Overview", "agreement"),
    ("periods", "Periods", "agreement_periods"),
    ("board", "Cases", "agreement_board"),
    ("replay", "Replay", "agreement_replay"),
    ("exclusions", "Exclusions", "agreement_exclusions"),
    ("credits", "Credits", "agreement_credits"),
    ("document", "Document", "agreement_document"),
)


def the_agreement(request, code: str) -> Agreement:
    """The agreement that the person may see, or 404."""
    return visible(Agreement.objects.select_related("unit", "customer", "owner"), request, code=code)


def the_version(agreement: Agreement, number: int) -> AgreementVersion:
    found = agreement.versions.select_related("calendar", "charge_dataset").filter(number=number).first()
    if found is None:
        raise Http404(f"{agreement.code} has no version {number}.")
    found.agreement = agreement
    return found


def frame_of(request, agreement: Agreement, tab: str, **more) -> dict:
    """The context that `slas/_frame.html` needs."""
    access = request.access
    return {
        "agreement": agreement,
        "heading": agreement.name,
        "breadcrumb": [("Service levels", reverse("agreements"))],
        "tabs": [
            {"label": label, "url": url, "active": key == tab}
            for key, label, name in TABS
            if (url := _address(name, agreement)) and (key != "replay" or access.allows(DEFINE, agreement.unit_id))
        ],
        "may_draft": access.allows(DEFINE, agreement.unit_id),
        "may_sign": access.allows(CERTIFY, agreement.unit_id),
        "may_claim": access.allows(MONEY, agreement.unit_id),
        **more,
    }


def _address(name: str, agreement: Agreement) -> str:
    try:
        return reverse(name, args=[agreement.code])
    except NoReverseMatch:
        return ""
