"""Definitions that wait for a certificate, each with what speaks against it, to be certified on one page."""

from dataclasses import dataclass

from kpis.measures import Fault, faults_of
from kpis.models import KpiVersion
from kpis.workflow import PASSPORT, has_written, passport_gaps, revision_of
from organization.access import CERTIFY, Access
from organization.models import User

from .history import Change, changes_between

MOST = 100


@dataclass(frozen=True, slots=True)
class Review:
    """A version in review. certified: the last version before it that was; `changes`: what differs from that one.

    why_not: why this person cannot certify it; empty where they can.
    """

    version: KpiVersion
    revision: str
    certified: KpiVersion | None
    changes: tuple[Change, ...]
    faults: tuple[Fault, ...]
    passport: tuple[tuple[str, object], ...]
    why_not: str


def in_review(access: Access):
    """The versions in review of units at which the person may certify, also those that they wrote."""
    found = KpiVersion.objects.filter(state=KpiVersion.State.IN_REVIEW, kpi__unit__in=access.units(CERTIFY))
    people = ("kpi__unit", "kpi__owner", "kpi__steward", "kpi__counter_kpi", "dataset", "created_by", "submitted_by")
    return found.select_related(*people).prefetch_related("authors").order_by("kpi__name", "kpi", "number")


def reviews(user: User, access: Access) -> list[Review]:
    """At most MOST, those first that the person can certify. Formulas are checked; no rows are read."""
    versions = list(in_review(access)[:MOST])
    certified: dict[int, list[KpiVersion]] = {}
    earlier = KpiVersion.objects.filter(kpi__in={v.kpi_id for v in versions}).exclude(certified_at=None)
    for version in earlier.select_related("dataset").order_by("number"):
        certified.setdefault(version.kpi_id, []).append(version)
    found = [_review(version, certified.get(version.kpi_id, ()), user) for version in versions]
    return sorted(found, key=lambda review: bool(review.why_not))


def _review(version: KpiVersion, certified, user: User) -> Review:
    before = next((one for one in reversed(certified) if one.number < version.number), None)
    faults = tuple(faults_of(version))
    return Review(
        version,
        revision_of(version),
        before,
        changes_between(before, version),
        faults,
        tuple((question, getattr(version, name)) for name, question in PASSPORT.items()),
        _why_not(version, faults, user),
    )


def _why_not(version: KpiVersion, faults, user: User) -> str:
    if has_written(version, user):
        return "You wrote or submitted it: a second person certifies it."
    if gaps := passport_gaps(version):
        return f"Its passport does not answer: {' '.join(gaps.values())}"
    return "Its definition has faults." if faults else ""
