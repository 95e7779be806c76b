"""SLOs as OpenSLO v1 YAML: writing them, and reading them back.

A metric source of type `perfmgr` names dataset and formulas; a source of any other type cannot be computed here and is
refused by name. `indicatorRef` to an SLI of the same file is followed. Source: OpenSLO specification, v1.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

import yaml
from django.core.exceptions import ValidationError
from django.db import transaction

from datasets.models import Dataset
from organization.models import Unit, User

from . import slos
from .drafting import AgreementRefused
from .models import Slo

VERSION = "openslo/v1"
SOURCE = "perfmgr"
UNITS = {"d": "day", "w": "week", "M": "month", "Q": "quarter", "Y": "year"}
LETTERS = {unit: letter for letter, unit in UNITS.items()}
SLICE_SECONDS = {"m": 60, "h": 3600, "d": 86400}
MONTHS = {"month": 1, "quarter": 3, "year": 12}
LARGEST = 2**20


class NotOpenSlo(Exception):
    """A file that cannot be read; the message names the document, the field and what to write."""


@dataclass(frozen=True)
class Imported:
    """What a file brought: codes of new, changed and unchanged SLOs."""

    made: tuple[str, ...]
    changed: tuple[str, ...]
    same: tuple[str, ...]


def export(found: Iterable[Slo]) -> str:
    """One YAML document an SLO."""
    return yaml.safe_dump_all(
        [document_of(slo) for slo in sorted(found, key=lambda slo: slo.code)], sort_keys=False, allow_unicode=True
    )


def document_of(slo: Slo) -> dict:
    source = {"dataset": slo.dataset.code, "timeColumn": slo.time_column, "condition": slo.condition}
    source = {name: text for name, text in source.items() if text}
    metrics = {
        name: {"metricSource": {"type": SOURCE, "spec": source | {"formula": formula}}}
        for name, formula in (("good", slo.good), ("total", slo.total))
    }
    objective = {"displayName": slo.name, "target": float(slo.objective_pct / 100)}
    if slo.slice_pct is not None:
        objective["timeSliceTarget"] = float(slo.slice_pct / 100)
    if slo.method != Slo.Method.OCCURRENCES or slo.slice_seconds != 3600:
        objective["timeSliceWindow"] = _slice_text(slo.slice_seconds)
    return {
        "apiVersion": VERSION,
        "kind": "SLO",
        "metadata": {
            "name": slo.code,
            "displayName": slo.name,
            "annotations": {"perfmgr/unit": slo.unit.code, "perfmgr/owner": slo.owner.username},
        },
        "spec": {
            "description": slo.description,
            "service": slo.service,
            "indicator": {
                "metadata": {"name": f"{slo.code}-ratio"},
                "spec": {"ratioMetric": {"counter": True, **metrics}},
            },
            "timeWindow": [_window_of(slo)],
            "budgetingMethod": slo.method,
            "objectives": [objective],
        },
    }


@transaction.atomic
def read(text: str, *, by, datasets, units, unit: Unit | None = None) -> Imported:
    """Make or change the SLOs of a file, all or none. Raises NotOpenSlo.

    datasets, units: querysets of what the person may name; unit: for SLOs that name none. An SLO of a unit outside
    `units` is not changed.
    """
    documents = _documents(text)
    indicators = {_name(d): d.get("spec", {}) for d in documents if d.get("kind") == "SLI"}
    made, changed, same = [], [], []
    for document in documents:
        if document.get("kind") != "SLO":
            continue
        words = _words(document, indicators, datasets, units, unit, by)
        code = words["code"]
        try:
            known = Slo.objects.filter(code=code).first()
            if known is None:
                slos.create(by=by, **words)
                made.append(code)
            elif known.unit not in units:
                raise NotOpenSlo(f"{code}: there is an SLO of this name that is not yours to change. Rename it.")
            elif {name: getattr(known, name) for name in words} == words:
                same.append(code)
            else:
                slos.change(known, by=by, **words)
                changed.append(code)
        except AgreementRefused as refusal:
            fault = refusal.faults[0]
            raise NotOpenSlo(f"{code}, {fault.field}: {fault.message}") from None
        except ValidationError as fault:
            raise NotOpenSlo(f"{code}: {' '.join(fault.messages)}") from None
    if not made and not changed and not same:
        raise NotOpenSlo("There is no document of kind SLO in the file.")
    return Imported(tuple(made), tuple(changed), tuple(same))


def _documents(text: str) -> list[Mapping]:
    if len(text) > LARGEST:
        raise NotOpenSlo("The file is larger than 1 MB: split it.")
    try:
        documents = [document for document in yaml.safe_load_all(text) if document is not None]
    except yaml.YAMLError as fault:
        mark = getattr(fault, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        raise NotOpenSlo(f"This is no YAML{where}: {getattr(fault, 'problem', fault)}.") from None
    for number, document in enumerate(documents, 1):
        if not isinstance(document, dict):
            raise NotOpenSlo(f"Document {number} is no mapping with apiVersion, kind, metadata and spec.")
        if document.get("apiVersion") != VERSION:
            raise NotOpenSlo(f"Document {number}: apiVersion is {document.get('apiVersion')!r}; write {VERSION}.")
    return documents


def _words(document: Mapping, indicators: Mapping, datasets, units, unit: Unit | None, by) -> dict:
    """The document as `slos.create` takes it."""
    code = _name(document)
    metadata, spec = _mapping(document, "metadata", code), _mapping(document, "spec", code)
    notes = metadata.get("annotations") or {}
    wanted = notes.get("perfmgr/unit")
    unit = units.filter(code=wanted).first() if wanted else unit
    if unit is None:
        raise NotOpenSlo(f"{code}: name a unit of yours in metadata.annotations, perfmgr/unit.")
    objectives = spec.get("objectives") or []
    if len(objectives) != 1 or not isinstance(objectives[0], dict):
        raise NotOpenSlo(f"{code}: give exactly one objective; write a second one as an SLO of its own.")
    objective = objectives[0]
    slice_target = objective.get("timeSliceTarget")
    return {
        "code": code,
        "name": str(metadata.get("displayName") or code),
        "description": str(spec.get("description") or ""),
        "service": str(spec.get("service") or ""),
        "unit": unit,
        "owner": User.objects.filter(username=notes.get("perfmgr/owner", ""), is_active=True).first() or by,
        "method": _method(spec, code),
        "objective_pct": _percent(objective.get("target"), code, "target"),
        "slice_pct": None if slice_target is None else _percent(slice_target, code, "timeSliceTarget"),
        "slice_seconds": _slice(objective.get("timeSliceWindow"), code),
        **_metrics(spec, indicators, datasets, code),
        **_window(spec, code),
    }


def _name(document: Mapping) -> str:
    name = (document.get("metadata") or {}).get("name")
    if not isinstance(name, str) or not re.fullmatch(r"[-a-zA-Z0-9_]{1,60}", name):
        raise NotOpenSlo(f"metadata.name {name!r} is no name of letters, digits and dashes, up to 60 characters.")
    return name


def _mapping(document: Mapping, part: str, code: str) -> Mapping:
    found = document.get(part)
    if not isinstance(found, dict):
        raise NotOpenSlo(f"{code}: {part} is missing.")
    return found


def _method(spec: Mapping, code: str) -> str:
    method = spec.get("budgetingMethod", "Occurrences")
    if method not in Slo.Method.values:
        raise NotOpenSlo(f"{code}: budgetingMethod {method!r} is not one of {', '.join(Slo.Method.values)}.")
    return method


def _percent(value, code: str, name: str) -> Decimal:
    try:
        share = Decimal(str(value))
    except InvalidOperation:
        raise NotOpenSlo(f"{code}: {name} {value!r} is no share such as 0.999.") from None
    if not share.is_finite() or not 0 < share <= 1:
        raise NotOpenSlo(f"{code}: {name} {value!r} is no share between 0 and 1, such as 0.999.")
    return (share * 100).quantize(Decimal("0.00001"))


def _slice(text, code: str) -> int:
    if text is None:
        return 3600
    match = re.fullmatch(r"(\d{1,6})([mhd])", str(text))
    if not match:
        raise NotOpenSlo(f"{code}: timeSliceWindow {text!r} is no duration such as 5m or 1h.")
    return int(match[1]) * SLICE_SECONDS[match[2]]


def _slice_text(seconds: int) -> str:
    letter, size = next((one for one in (("d", 86400), ("h", 3600)) if seconds % one[1] == 0), ("m", 60))
    return f"{seconds // size}{letter}"


def _metrics(spec: Mapping, indicators: Mapping, datasets, code: str) -> dict:
    indicator = spec.get("indicator", {}).get("spec") if isinstance(spec.get("indicator"), dict) else None
    if indicator is None and (reference := spec.get("indicatorRef")) is not None:
        indicator = indicators.get(reference)
        if indicator is None:
            raise NotOpenSlo(f"{code}: indicatorRef {reference!r} is no SLI of this file.")
    ratio = (indicator or {}).get("ratioMetric")
    if not isinstance(ratio, dict) or "good" not in ratio or "total" not in ratio:
        raise NotOpenSlo(f"{code}: give a ratioMetric with good and total.")
    good, total = (_source(ratio[name], code, name) for name in ("good", "total"))
    shared = ("dataset", "timeColumn", "condition")
    if any(good.get(name) != total.get(name) for name in shared):
        raise NotOpenSlo(f"{code}: good and total must read the same dataset, timeColumn and condition.")
    dataset = datasets.filter(code=good.get("dataset")).first()
    if dataset is None:
        raise NotOpenSlo(f"{code}: there is no dataset {good.get('dataset')!r}, or it is not yours to see.")
    return {
        "dataset": dataset,
        "good": str(good.get("formula", "")),
        "total": str(total.get("formula", "")),
        "time_column": str(good.get("timeColumn", "")),
        "condition": str(good.get("condition", "")),
    }


def _source(metric, code: str, name: str) -> Mapping:
    source = metric.get("metricSource") if isinstance(metric, dict) else None
    if not isinstance(source, dict) or not isinstance(source.get("spec"), dict):
        raise NotOpenSlo(f"{code}: {name} needs a metricSource with a spec.")
    if source.get("type") != SOURCE:
        raise NotOpenSlo(f"{code}: {name} comes from {source.get('type')!r}; only {SOURCE!r} can be computed here.")
    return source["spec"]


def _window_of(slo: Slo) -> dict:
    window: dict = {"duration": f"{slo.window_count}{LETTERS[slo.window_unit]}", "isRolling": slo.is_rolling}
    if not slo.is_rolling:
        first = date(1969, 12, 29) if slo.window_unit == "week" else date(1970, 1, 1)
        window["calendar"] = {"startTime": f"{first} 00:00:00", "timeZone": slo.timezone}
    return window


def _window(spec: Mapping, code: str) -> dict:
    windows = spec.get("timeWindow") or []
    if len(windows) != 1 or not isinstance(windows[0], dict):
        raise NotOpenSlo(f"{code}: give exactly one timeWindow.")
    window = windows[0]
    match = re.fullmatch(r"([1-9]\d{0,3})([dwMQY])", str(window.get("duration", "")))
    if not match:
        raise NotOpenSlo(f"{code}: duration {window.get('duration')!r} is none such as 30d, 1w, 1M, 1Q or 1Y.")
    count, unit = int(match[1]), UNITS[match[2]]
    words = {"window_count": count, "window_unit": unit, "is_rolling": bool(window.get("isRolling", False))}
    if words["is_rolling"]:
        return words | {"timezone": "UTC"}
    calendar = window.get("calendar") or {}
    _check_start(calendar.get("startTime"), count, unit, code)
    return words | {"timezone": str(calendar.get("timeZone") or "UTC")}


def _check_start(start, count: int, unit: str, code: str) -> None:
    """Calendar windows here begin where days, weeks, months ... do, counted from 1970 on; others are refused."""
    try:
        day = start if isinstance(start, datetime) else datetime.fromisoformat(str(start))
    except ValueError:
        raise NotOpenSlo(f"{code}: calendar.startTime {start!r} is no time such as 2025-01-01 00:00:00.") from None
    months = (day.year - 1970) * 12 + day.month - 1
    if unit in MONTHS:
        fits = day.day == 1 and months % (count * MONTHS[unit]) == 0
    else:
        epoch = date(1970, 1, 1) if unit == "day" else date(1969, 12, 29)
        fits = (day.date() - epoch).days % (count * (7 if unit == "week" else 1)) == 0
    if not fits or (day.hour, day.minute, day.second) != (0, 0, 0):
        raise NotOpenSlo(f"{code}: windows of {count} {unit} begin on another day than {start}; see the calendar.")


def visible_to(access) -> tuple:
    """(datasets, units) that the person may name in a file."""
    from organization.access import DEFINE

    return Dataset.objects.visible_to(access), Unit.objects.filter(pk__in=access.units(DEFINE))
