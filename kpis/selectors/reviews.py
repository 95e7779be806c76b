"""Definitions that wait for a certificate, and drafts, each with what speaks against it, to be decided on one page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kpis.measures import Fault, faults_of
from kpis.models import KpiVersion
from kpis.workflow import PASSPORT, has_written, passport_gaps, revision_of
from organization.access import CERTIFY, DEFINE, Access
from organization.models import User

from .history import Change, changes_between

MOST = 100


@dataclass(frozen=True, slots=True)
class Review:
    """A version in review, or a draft. certified: the last version before it that was; `changes`: what differs from it.

    why_not: why this person cannot certify (submit) it; empty where they can.
    """

    version: KpiVersion
    revision: str
    certified: KpiVersion | None
    changes: tuple[Change, ...]
    faults: tuple[Fault, ...]
    passport: tuple[tuple[str, object], ...]
    why_not: str

    @property
    def gaps(self) -> tuple[str, ...]:
        """The questions that its passport leaves open: it may be submitted, but not certified."""
        return tuple(passport_gaps(self.version).values())


def in_review(access: Access):
    """The versions in review of units at which the person may certify, also those that they wrote."""
    return _in_state(KpiVersion.State.IN_REVIEW, access.units(CERTIFY))


def drafts(access: Access):
    """The drafts of units at which the person may define, whoever wrote them."""
    return _in_state(KpiVersion.State.DRAFT, access.units(DEFINE))


def _in_state(state: str, units):
    found = KpiVersion.objects.filter(state=state, kpi__unit__in=units)
    people = ("kpi__unit", "kpi__owner", "kpi__steward", "kpi__counter_kpi", "dataset", "created_by", "submitted_by")
    return found.select_related(*people).prefetch_related("authors").order_by("kpi__name", "kpi", "number")


def reviews(user: User, access: Access) -> list[Review]:
    """At most MOST, those first that the person can certify. Formulas are checked; no rows are read."""
    return _looked_at(in_review(access), lambda version, faults: _why_not(version, faults, user))


def draft_reviews(access: Access) -> list[Review]:
    """As `reviews`, of drafts: those first that can be submitted."""
    return _looked_at(drafts(access), lambda version, faults: "Its definition has faults." if faults else "")


def _looked_at(found, why_not: Callable[[KpiVersion, Sequence[Fault]], str]) -> list[Review]:
    versions = list(found[:MOST])
    certified: dict[int, list[KpiVersion]] = {}
    earlier = KpiVersion.objects.filter(kpi__in={v.kpi_id for v in versions}).exclude(certified_at=None)
    for version in earlier.select_related("dataset").order_by("number"):
        certified.setdefault(version.kpi_id, []).append(version)
    looked_at = [_review(version, certified.get(version.kpi_id, ()), why_not) for version in versions]
    return sorted(looked_at, key=lambda review: bool(review.why_not))


def _review(version: KpiVersion, certified, why_not) -> Review:
    before = next((one for one in reversed(certified) if one.number < version.number), None)
    faults = tuple(faults_of(version))
    return Review(
        version,
        revision_of(version),
        before,
        changes_between(before, version),
        faults,
        tuple((question, getattr(version, name)) for name, question in PASSPORT.items()),
        why_not(version, faults),
    )


def _why_not(version: KpiVersion, faults, user: User) -> str:
    if has_written(version, user):
        return "You wrote or submitted it: a second person certifies it."
    if gaps := passport_gaps(version):
        return f"Its passport does not answer: {' '.join(gaps.values())}"
    return "Its definition has faults." if faults else ""
