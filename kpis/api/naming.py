"""Whether a dimension, or a member of one, names anything: an empty list of results does not say so.

Asked only once the list is empty: what some result has there is.
"""

from rest_framework.exceptions import ErrorDetail, ValidationError

from doors.nearest import MOST, did_you_mean
from kpis.models import Kpi, KpiVersion


def require_named(results, access, *, kpi: str, dimension: str, member: str) -> None:
    """Raise ValidationError for what of it there is not, among what the caller sees; an empty text is not asked for.

    results: those that the caller sees, before any filter, whenever they were known: a member may have come or gone.
    """
    if member and not dimension:
        raise _refused("member", "A member is one of a dimension: say of which, by `dimension`.", "required")
    if dimension not in (known := _dimensions(access, kpi)):
        of = f"The KPI {kpi} keeps no results by {dimension[:80]!r}." if kpi else _nothing_by(dimension)
        there_are = f" There are: {', '.join(known)}." if kpi and known else ""
        raise _refused("dimension", of + did_you_mean(dimension[:80], known) + there_are, "unknown_dimension")
    by_it = results.filter(dimension=dimension, **({"kpi__code": kpi} if kpi else {}))
    if member and not by_it.filter(member=member).exists():
        near = did_you_mean(member[:80], by_it.order_by().values_list("member", flat=True).distinct()[:MOST])
        raise _refused("member", f"{dimension} has no member {member[:80]!r} that you see.{near}", "unknown_member")


def _dimensions(access, kpi: str) -> list[str]:
    """Columns by which some version of the KPI, or of any that the caller sees, keeps results."""
    seen = Kpi.objects.filter(code=kpi) if kpi else Kpi.objects.visible_to(access)  # one that is named was judged
    kept = KpiVersion.objects.filter(kpi__in=seen.values("pk")).values_list("dimensions", flat=True)
    return sorted({name for names in kept for name in names})


def _nothing_by(dimension: str) -> str:
    return f"No KPI that you see keeps results by {dimension[:80]!r}."


def _refused(field: str, words: str, code: str) -> ValidationError:
    return ValidationError({field: ErrorDetail(words, code)})
