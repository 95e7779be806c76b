"""What waits for one person's decision, of all rooms: certify, approve, sign, claim, review, accept.

Each room says itself what a person may decide (`to_decide` and its like on its querysets). One query a kind.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import chain

from django.urls import reverse

from datasets.models import Closing
from datasets.models import Restatement as RowsRestated
from kpis.selectors import Home
from kpis.views.addresses import kpi_address, with_query
from organization.access import Access
from organization.money import written
from slas.models import AgreementVersion, CreditClaim, Exclusion, Restatement, Withdrawal
from studies.models import Study
from vendors.models import CorrectivePlan, VendorAction

MOST_OF_A_KIND = 20


@dataclass(frozen=True, slots=True)
class Decision:
    """`name` is the thing, `what` is asked about it and by whom, `url` the page on which the person decides."""

    name: str
    what: str
    url: str


def decisions(access: Access, home: Home, day: date) -> list[Decision]:
    """Those of `home` (the KPIs' own) first, then the other rooms'. Eleven queries."""
    rooms = (_of_kpis(home), _closings(access), _agreements(access), _credits(access, day), _studies(access))
    return list(chain(*rooms, _vendors(access)))


def _of_kpis(home: Home) -> Iterator[Decision]:
    for item in home.to_approve:
        if item.kind == "manual_entry":
            url, what = with_query(reverse("manual_entries"), state="entered"), "a value entered"
        else:
            url = f"{reverse('kpi_reviews')}#v{item.id}"
            what = "a definition to certify, written" if item.by_name else "a definition to certify"
        yield Decision(item.name, _by(what, item.by_name), url)
    for phase in home.rebases:
        url = kpi_address(phase.kpi.code, "kpi_chart", unit=phase.unit.code, grain=phase.grain)
        yield Decision(
            phase.kpi.name, _by(f"a re-base from {phase.starts_on:%-d %b %Y}", phase.proposed_by), f"{url}#rebase"
        )


def _closings(access: Access) -> Iterator[Decision]:
    for one in Closing.objects.to_decide(access).select_related("dataset", "proposed_by")[:MOST_OF_A_KIND]:
        yield Decision(one.dataset.name, _by(one.wish, one.proposed_by), one.get_absolute_url())
    asked = RowsRestated.objects.to_decide(access).select_related("dataset", "upload", "asked_by")
    for one in asked[:MOST_OF_A_KIND]:
        yield Decision(one.dataset.name, _by(one.wish, one.asked_by), one.upload.get_absolute_url())


def _agreements(access: Access) -> Iterator[Decision]:
    offered = AgreementVersion.objects.to_sign(access).select_related("agreement", "submitted_by")
    for version in offered[:MOST_OF_A_KIND]:
        what = _by(f"version {version.number} to sign, offered", version.submitted_by)
        yield Decision(version.agreement.name, what, version.get_absolute_url())
    excluded = Exclusion.objects.to_decide(access).select_related("agreement", "proposed_by")
    for one in excluded[:MOST_OF_A_KIND]:
        url = reverse("agreement_exclusions", args=[one.agreement.code])
        what = _by(f"an exclusion ({one.get_kind_display().lower()})", one.proposed_by)
        yield Decision(one.agreement.name, what, url)
    ending = Withdrawal.objects.to_decide(access).select_related("exclusion__agreement", "asked_by")
    for one in ending[:MOST_OF_A_KIND]:
        url = reverse("agreement_exclusions", args=[one.exclusion.agreement.code])
        yield Decision(one.exclusion.agreement.name, _by("an exclusion to withdraw, asked for", one.asked_by), url)
    restated = Restatement.objects.to_decide(access).select_related("period__agreement", "proposed_by")
    for one in restated[:MOST_OF_A_KIND]:
        yield Decision(str(one.period), _by("a restatement", one.proposed_by), one.period.get_absolute_url())


def _credits(access: Access, day: date) -> Iterator[Decision]:
    of = ("period__agreement", "claimed_by")
    for claim in CreditClaim.objects.to_claim(access, day).select_related(*of).order_by("claim_by")[:MOST_OF_A_KIND]:
        what = f"a credit of {written(claim.amount, claim.currency)} to claim by {claim.claim_by:%-d %b %Y}"
        yield Decision(str(claim.period), what, reverse("service_credit", args=[claim.pk]))
    for claim in CreditClaim.objects.to_agree(access).select_related(*of)[:MOST_OF_A_KIND]:
        what = _by(f"a credit of {written(claim.amount, claim.currency)} claimed", claim.claimed_by)
        yield Decision(str(claim.period), f"{what}: agreed or rejected?", reverse("service_credit", args=[claim.pk]))


def _studies(access: Access) -> Iterator[Decision]:
    for study in Study.objects.to_review(access).select_related("analyst")[:MOST_OF_A_KIND]:
        yield Decision(study.title, _by("a study to review", study.analyst), study.get_absolute_url())


def _vendors(access: Access) -> Iterator[Decision]:
    plans = CorrectivePlan.objects.to_accept(access).select_related("vendor__unit", "kpi")
    for plan in plans[:MOST_OF_A_KIND]:
        yield Decision(str(plan), "a corrective plan to accept or send back", plan.get_absolute_url())
    for action in VendorAction.objects.to_close(access).select_related("vendor__unit", "owner")[:MOST_OF_A_KIND]:
        what = _by(f"{action.vendor}: answered", action.owner)
        yield Decision(action.title, f"{what}, to close or send back", action.get_absolute_url())
    for action in VendorAction.objects.to_answer(access).select_related("vendor__unit")[:MOST_OF_A_KIND]:
        yield Decision(
            action.title, f"{action.vendor}: your answer by {action.due_on:%-d %b %Y}", action.get_absolute_url()
        )


def _by(what: str, who: object) -> str:
    return f"{what} by {who}" if who else what
