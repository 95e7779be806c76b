"""Who changed what a period is made from since its figures were made: whose doing a restatement is.

They do not decide on it, whether they loaded rows, took an upload back, let rows of closed periods change, or changed
the hours that its clocks go by. Exclusions are not looked at here: those take two people as they are.
"""

from collections.abc import Iterable
from datetime import datetime

from datasets.models import DatasetVersion
from organization.models import AuditEntry, User

from .models import PeriodResult, Restatement


def causers(period: PeriodResult) -> list[User]:
    """Those who changed rows of the period or before it, or the calendar, since the figures that count were made."""
    standing = period.restatements.filter(state=Restatement.State.APPROVED).order_by("-number").first()
    sources = standing.sources if standing else period.sources
    since = standing.proposed_at if standing else period.closed_at
    people: set[int | None] = set(_calendar_changers(period, since))
    for version in _versions(period, sources.get("data", {}), since):
        people |= _by_whom(version) if _reaches(version, period) else set()
    return list(User.objects.filter(pk__in=people - {None}))


def _versions(period: PeriodResult, known: dict[str, int | None], since: datetime) -> Iterable[DatasetVersion]:
    """Versions of all datasets that its promises and its charge read, that the standing figures do not hold."""
    of_targets = period.version.targets.values_list("clock__dataset", "measure__dataset")
    ids = {pk for pair in of_targets for pk in pair} | {period.version.charge_dataset_id}
    found = DatasetVersion.objects.filter(dataset__in=ids - {None}).exclude(kind=DatasetVersion.Kind.COMPACT)
    timed = since
    if period.agreement.dataset_id and (number := known.get(period.agreement.dataset_code)) is not None:
        cases = period.agreement.dataset.versions.filter(version=number).first()
        timed = min(since, cases.at) if cases else since
    for version in (
        found.select_related("dataset", "upload__job").prefetch_related("upload__restatements").defer("files")
    ):
        number = known.get(version.dataset.code)
        if version.at > timed if number is None else version.version > number:
            yield version


def _reaches(version: DatasetVersion, period: PeriodResult) -> bool:
    """Whether it changed closed rows, or any of the period's months or before: a case may have begun earlier."""
    last = period.period_end.year * 100 + period.period_end.month - (period.period_end.day == 1)
    return bool(version.restated) or any(month <= last for months in version.touched.values() for month in months)


def _by_whom(version: DatasetVersion) -> set[int | None]:
    upload = version.upload
    if upload is None:
        return {version.restated_by_id}
    asked = upload.job.asked_by_id if upload.job else None
    loader = upload.uploaded_by_id if version.kind == DatasetVersion.Kind.LOAD else None
    askers = upload.restatement_askers if version.restated else set()
    return {version.restated_by_id, asked, loader, *askers}


def _calendar_changers(period: PeriodResult, since: datetime) -> Iterable[int | None]:
    if period.version.calendar_id is None:
        return []
    changes = AuditEntry.objects.filter(
        object_type="organization.businesscalendar", object_id=str(period.version.calendar_id), at__gt=since
    )
    return changes.values_list("actor", flat=True)
