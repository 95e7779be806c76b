"""Writing a KPI down, with what it gives on real rows beside it while one writes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from analytics.wording import digits
from datasets.facts import NoSuchVersion, contract_of
from datasets.models import Dataset
from datasets.times import by_their_clock, times_in_formulas, times_said
from doors.pages import page, require, show_faults, visible
from kpis import definitions, drill
from kpis.band_text import write_bands_text
from kpis.calendars import calendars_of, period_of
from kpis.forms import ALL_PARTS, UNITS_OF_MEASURE, DesignForm
from kpis.hints import hints_of
from kpis.measures import faults_of
from kpis.models import Kpi, KpiVersion
from kpis.selectors import NotYours
from kpis.selectors.compared import Compared, compared_with_now
from kpis.selectors.history import trail_of
from organization.access import DEFINE
from organization.fields import largest_first
from organization.models import Unit

Kind = KpiVersion.Kind
COMPUTES = definitions.COMPUTED_FIELDS | {"unit_of_measure"}
BOTH_METHODS = require_http_methods(["GET", "POST"])


@page(DEFINE)
@BOTH_METHODS
def kpi_new(request):
    """A new KPI, kept as a draft."""
    if request.method == "POST":
        form = DesignForm(request.POST, access=request.access)
        version = form.is_valid() and _created(form, request.user)
        if version:
            then = (
                "Its numbers are entered by hand." if version.kind == Kind.MANUAL else "Its numbers are being computed."
            )
            messages.success(request, f"{version.kpi.name} is kept as a draft. {then}")
            return redirect("kpi_definition", code=version.kpi.code)
    else:
        form = DesignForm(access=request.access, initial=_first_words(request))
    return _page(request, form, heading="New KPI", back=reverse("kpis"))


def _first_words(request) -> dict:
    """What a new KPI starts with: the person as its owner, the dataset that the address names, and its unit, or the
    largest.
    """
    units = request.access.units(DEFINE)
    words = {"owner": request.user.username, "kind": Kind.SIMPLE, "dataset": request.GET.get("dataset", "")[:60]}
    dataset = Dataset.objects.visible_to(request.access).select_related("unit").filter(code=words["dataset"]).first()
    if dataset and dataset.unit_id in units:
        words["unit"] = dataset.unit.code
    elif largest := largest_first(Unit.objects.filter(pk__in=units)).first():
        words["unit"] = largest.code
    return words


def _created(form: DesignForm, by) -> KpiVersion | None:
    words = form.kpi_words()
    if form.cleaned_data["valid_from"]:
        words["valid_from"] = form.cleaned_data["valid_from"]
    return _kept(
        form, lambda: definitions.create_kpi(code=form.cleaned_data["code"], by=by, **words, **form.version_words())
    )


def _kept(form: DesignForm, act):
    """What `act` makes, or None with its refusal beside the fields."""
    try:
        return act()
    except definitions.DefinitionError as refusal:
        form.show_faults(refusal.faults)
    except ValidationError as fault:
        show_faults(form, fault)
    return None


@page(DEFINE)
@BOTH_METHODS
def kpi_edit(request, code):
    """Change a definition: a draft in place, anything that was certified by a new draft."""
    kpi = visible(Kpi.objects.select_related("unit", "owner", "steward", "counter_kpi"), request, code=code)
    require(request, DEFINE, kpi.unit_id)
    version = newest_of(kpi)
    back = reverse("kpi_definition", args=[kpi.code])
    opened = _stand_of(kpi)
    if request.method == "POST":
        form = DesignForm(request.POST, access=request.access, kpi=kpi)
        if request.POST.get("opened") != opened:
            form.add_error(
                None, "Somebody changed this KPI since you opened it. Look at it again; yours is still here."
            )
        elif form.is_valid() and (changed := _kept(form, lambda: _changed(form, kpi, version, request.user))):
            messages.success(request, changed)
            return redirect(back)
    else:
        form = DesignForm(access=request.access, kpi=kpi, initial=_words_of(kpi, version))
    return _page(request, form, heading=f"Edit {kpi.name}", back=back, kpi=kpi, version=version, opened=opened)


def newest_of(kpi: Kpi) -> KpiVersion:
    """The newest version that was not discarded."""
    found = kpi.versions.select_related("dataset").newest()
    if found is None:
        raise Http404(f"{kpi.code} has no definition.")
    return found


def _stand_of(kpi: Kpi) -> str:
    """The number of the last change in the trail: another one means that somebody else was here."""
    trail = trail_of(kpi)
    return str(trail[0].seq) if trail else "0"


def _words_of(kpi: Kpi, version: KpiVersion) -> dict:
    words = {name: getattr(version, name) for name in definitions.FIELDS}
    words |= {"name": kpi.name, "unit": kpi.unit, "owner": kpi.owner, "steward": kpi.steward}
    words |= {"counter_kpi": kpi.counter_kpi, "webhook_status": kpi.webhook_status}
    words["bands"] = write_bands_text(kpi.bands)
    since = version.deprecated_from or version.valid_from  # what was out of use is taken up again where it ended
    words["valid_from"] = since if since > definitions.ALWAYS else None
    return words


def _changed(form: DesignForm, kpi: Kpi, version: KpiVersion, by) -> str:
    """Keep what differs; says in a sentence what became of it. All or nothing."""
    from django.db import transaction

    own = {name: value for name, value in form.kpi_words().items() if getattr(kpi, name) != value}
    words = {name: value for name, value in form.version_words().items() if getattr(version, name) != value}
    start = form.cleaned_data["valid_from"]
    start = start if start and start != version.valid_from else None
    with transaction.atomic():
        if own:
            definitions.change_kpi(kpi, by=by, **own)
        kept = newest_of(kpi)  # another one already, where bands dropped a certificate
        if words or start:
            kept = definitions.edit(kept, by=by, valid_from=start, **words)
        if words or start or kept != version:
            return _said_of(kept, instead_of=version, computed=bool(start) or bool(words.keys() & COMPUTES))
    return "The change is kept." if own else "Nothing was changed."


def _said_of(kept: KpiVersion, *, instead_of: KpiVersion, computed: bool) -> str:
    said = f"Kept as version {kept.number}, a draft"
    if instead_of.state == KpiVersion.State.CERTIFIED:
        said += f" without the certificate of version {instead_of.number}"
    return f"{said}. The numbers are being computed again." if computed or kept != instead_of else f"{said}."


def _page(request, form: DesignForm, *, heading: str, back: str, kpi=None, version=None, opened=""):
    context = {
        **_design(form),
        "heading": heading,
        "back": back,
        "kpi": kpi,
        "version": version,
        "opened": opened,
        "units_of_measure": UNITS_OF_MEASURE,
        "breadcrumb": [("KPIs", reverse("kpis")), *([(kpi.name, back)] if kpi else [])],
        "impact": definitions.impact_of(kpi) if kpi and version.state != KpiVersion.State.DRAFT else None,
    }
    return render(request, "kpis/designer.html", context, status=422 if request.method == "POST" else 200)


def _design(form: DesignForm) -> dict:
    return {
        "form": form,
        "who": form.bound(
            name for name in ("name", "code", "unit", "owner", "steward", "counter_kpi") if name in form.fields
        ),
        "parts": form.bound(form.parts),
        "reading": form.bound((*form.READING, "bands", "webhook_status")),
        "passport": form.bound(form.PASSPORT),
        "columns": form.columns,
        "clock": form.clock,
    }


@page(DEFINE)
@require_POST
def kpi_form(request):
    """The fields of the chosen kind and dataset, with what was written so far (htmx)."""
    written = {name: request.POST.get(name, "") for name in (*ALL_PARTS, "kind")}
    written["dimensions"] = request.POST.getlist("dimensions")
    written["zero_when_empty"] = "zero_when_empty" in request.POST
    form = DesignForm(access=request.access, initial=written, kpi=None)
    return render(request, "kpis/_design_parts.html", _design(form))


@dataclass(frozen=True)
class Tried:
    """One period of a preview."""

    label: str
    value: float | None
    numerator: float | None
    denominator: float | None
    rows: int
    reason: str
    is_open: bool
    made_of: str
    now: Compared | None  # what counts now, where the KPI has a complete result of the period


@page(DEFINE)
@require_POST
def kpi_preview(request):
    """What the definition gives on the live rows that the person may see; or the word that is wrong (htmx)."""
    kpi = None
    if code := request.POST.get("editing"):
        kpi = visible(Kpi.objects, request, code=code[:80])
    form = DesignForm(request.POST, access=request.access, kpi=kpi)
    form.is_valid()
    version = _draft_of(form, kpi)
    context = {"form": form, "version": version, "spec": f"{version.unit_of_measure}:{min(version.decimals, 6)}"}
    if version.kind not in (Kind.MANUAL,) and not version.formula:
        return render(request, "kpis/_preview.html", {**context, "nothing_yet": True})
    faults = [_marked(_as_said(fault, form), version, form) for fault in faults_of(version)]
    if not faults and (version.dataset_id or version.kind == Kind.DERIVED):
        since = form.cleaned_data.get("valid_from")
        context |= tried(request, form.cleaned_data.get("unit"), version, since=since)
    return render(request, "kpis/_preview.html", {**context, "faults": faults})


def _as_said(fault, form: DesignForm):
    """A number that is missing because its field does not take it is told as the field tells it."""
    if fault.field in ("percentile", "window_periods") and form.data.get(fault.field) and fault.field in form.errors:
        return replace(fault, message=form.errors[fault.field][0])
    return fault


def _draft_of(form: DesignForm, kpi: Kpi | None) -> KpiVersion:
    """An unsaved version with what was written so far; fields that are not valid yet are empty."""
    written = form.cleaned_data
    words = {}
    for name in form.parts:
        empty = [] if name == "dimensions" else None if name in ("dataset", "percentile", "window_periods") else ""
        words[name] = written.get(name) or empty
    words["zero_when_empty"] = bool(words.get("zero_when_empty"))
    reading = {
        "grain": written.get("grain") or KpiVersion.Grain.MONTH,
        "unit_of_measure": written.get("unit_of_measure") or "number",
        "decimals": written.get("decimals") or 0,
        "direction": written.get("direction") or KpiVersion.Direction.HIGHER,
    }
    if kpi and "bands" in written:
        kpi.bands = written["bands"]
    # a KPI that is not kept yet has the id 0, which no row has
    return KpiVersion(
        kpi=kpi or Kpi(pk=0, code=written.get("code") or "new"), kind=form.chosen_kind, **words, **reading
    )


def _marked(fault, version: KpiVersion, form: DesignForm) -> dict:
    """A fault with its formula cut at the word that is wrong."""
    text = getattr(version, fault.field, "") if fault.field in ("formula", "denominator", "weight", "condition") else ""
    label = form[fault.field].label if fault.field in form.fields else fault.field.replace("_", " ")
    marked = {"fault": fault, "label": label}
    if text and fault.token and fault.position:
        start = fault.position - 1
        if text[start : start + len(fault.token)].casefold() != fault.token.casefold():
            start = text.casefold().find(fault.token.casefold())
        if start >= 0:
            end = start + len(fault.token)
            marked |= {"before": text[:start], "word": text[start:end], "after": text[end:]}
    return marked


def tried(request, unit: Unit | None, version: KpiVersion, since: date | None = None) -> dict:
    """What `version`, which has no faults, gives at `unit` on live rows; a hint where it gives nothing.

    Beside what counts now, of a KPI that is being changed from the day `since` on.
    """
    if unit is None:
        return {"hint": "Choose the unit that answers for it to see its numbers."}
    try:
        look = drill.derived_preview if version.kind == Kind.DERIVED else drill.preview
        seen = look(version, unit, request.access, request.day)
    except NotYours:
        raise Http404 from None
    except (drill.NoRows, drill.TooLong, NoSuchVersion) as fault:
        return {"hint": str(fault)}
    calendar = calendars_of([unit.pk], request.day)[unit.pk]
    rows = sorted((row for row in seen.results if row["dimension"] is None), key=lambda row: row["period_start"])
    spans = [period_of(calendar, row["period_start"], row["grain"]) for row in rows]
    values = [row["value"] for row in rows]
    numbers = [(span.start, span.end, value) for span, value in zip(spans, values, strict=True)]
    compared = compared_with_now(version, unit.pk, numbers, since)
    periods = [
        Tried(
            period.label,
            *(row[name] for name in ("value", "numerator", "denominator", "rows")),
            row["reason"] or "",
            row["is_open"],
            ", ".join(f"{code} {digits(value)}" for code, value in row.get("inputs", {}).items()),
            compared.of(period.start),
        )
        for row, period in zip(rows, spans, strict=True)
    ]
    return {
        "tried": periods[::-1],
        "compared": compared,
        "values": values,
        "hints": hints_of(version, values, request.access),
        "unit": unit,
        **(_sample(version, seen.rows[:8]) if seen.rows else {}),
    }


def _sample(version: KpiVersion, rows: Sequence[dict]) -> dict:
    """Rows of the latest period, by the clock of all lists of rows; a formula reads their times as they are stored."""
    contract = contract_of(version.dataset)
    columns = [name for name in rows[0] if not name.startswith("_")]
    return {
        "sample": True,
        "sample_columns": columns,
        "sample_rows": by_their_clock(([row[name] for name in columns] for row in rows), contract),
        "times": f"{times_said(contract)} {times_in_formulas(contract)}".strip(),
    }
