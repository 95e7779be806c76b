"""KPI definitions as YAML: written out, compared, read in. Data only: no tags, no aliases, no code.

kpis:
  - code: made_sla
    name: Made SLA
    unit: operations            # code of the unit
    owner: manager              # user name
    version: {kind: ratio, dataset: incidents, formula: ..., denominator: ...}
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation

from django.core.exceptions import ValidationError
from django.db import transaction

from datasets.models import Dataset
from organization.access import DEFINE, Access
from organization.models import Unit, User

from . import definitions
from .definitions import FIELDS, DefinitionError
from .models import Kpi, KpiVersion
from .workflow import INSIDE

LONGEST = 500_000
DEEPEST = 8
MOST_KPIS = 1000
KPI_WORDS = ("code", "name", "unit", "owner", "steward", "counter_kpi", "bands", "version")
DECIMALS = {"percentile"}


class ExchangeRefused(Exception):
    """The text cannot be read in; `faults` are [(code of the KPI or "", message)]."""

    def __init__(self, faults: list[tuple[str, str]]):
        self.faults = faults
        super().__init__(" ".join(f"{code}: {message}" if code else message for code, message in faults))


@dataclass(frozen=True)
class Difference:
    """What reading one KPI in would do. change: "new", "changed" or "same"; fields: name -> (before, after)."""

    code: str
    change: str
    fields: dict[str, tuple[object, object]] = field(default_factory=dict)


def export_yaml(kpis, access: Access) -> str:
    """The newest version of each KPI of the queryset, by code, as far as the person is told of it."""
    import yaml

    kpis = kpis.select_related("unit", "owner", "steward", "counter_kpi").prefetch_related("versions__dataset")
    entries = [_plain(kpi) for kpi in kpis.order_by("code")]
    for entry in entries if access.is_vendor_only else ():
        entry["version"] = {name: value for name, value in entry["version"].items() if name not in INSIDE}
    return yaml.safe_dump({"kpis": entries}, sort_keys=False, allow_unicode=True, width=110)


def compare(text: str, *, by, access: Access) -> list[Difference]:
    """What `import_yaml` would do: it is done and taken back, so that every fault is told. Raises ExchangeRefused."""
    entries = _entries(text, access)
    differences = [_difference(entry) for entry in entries]
    with transaction.atomic():
        _apply_all(entries, by)
        transaction.set_rollback(True)
    return differences


def import_yaml(text: str, *, by, access: Access) -> list[Difference]:
    """Create and change KPIs as drafts, all or none. Raises ExchangeRefused."""
    entries = _entries(text, access)
    differences = [_difference(entry) for entry in entries]
    _apply_all(entries, by)
    return differences


@transaction.atomic
def _apply_all(entries: list[dict], by) -> None:
    faults = []
    for entry in _inputs_first(entries):
        try:
            with transaction.atomic():
                _apply(entry, by)
        except (DefinitionError, ValidationError) as fault:
            words = " ".join(fault.messages) if isinstance(fault, ValidationError) else str(fault)
            faults.append((entry["code"], words))
    if faults:
        raise ExchangeRefused(faults)


def read_yaml(text: str) -> dict:
    """Plain data of a YAML text. Raises ExchangeRefused for aliases, tags, depth, size, or what is no YAML."""
    import yaml

    if len(text) > LONGEST:
        raise ExchangeRefused([("", f"The text is longer than {LONGEST:,} characters.")])
    try:
        depth = 0
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise ExchangeRefused([("", f"Line {event.start_mark.line + 1}: aliases are not accepted.")])
            if depth > DEEPEST:
                raise ExchangeRefused([("", f"Line {event.start_mark.line + 1}: nested too deeply.")])
        found = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as fault:
        raise ExchangeRefused([("", f"This is not YAML: {' '.join(str(fault).split())[:300]}")]) from None
    if not isinstance(found, dict) or set(found) != {"kpis"} or not isinstance(found["kpis"], list):
        raise ExchangeRefused([("", "The text must hold one list, `kpis`.")])
    if len(found["kpis"]) > MOST_KPIS:
        raise ExchangeRefused([("", f"At most {MOST_KPIS} KPIs at a time.")])
    return found


def _entries(text: str, access: Access) -> list[dict]:
    """The KPIs of the text with units, people and datasets found. Raises ExchangeRefused with every fault."""
    faults, entries, seen = [], [], set()
    for place, plain in enumerate(read_yaml(text)["kpis"], start=1):
        code = str(plain.get("code", "")) if isinstance(plain, Mapping) else ""
        try:
            if code in seen:
                raise ValueError("it stands there twice.")
            seen.add(code)
            entries.append(_resolved(plain, access))
        except ValueError as fault:
            faults.append((code or f"KPI {place}", str(fault)))
    if faults:
        raise ExchangeRefused(faults)
    return entries


def _resolved(plain, access: Access) -> dict:
    if not isinstance(plain, Mapping) or not isinstance(plain.get("version"), Mapping):
        raise ValueError("a KPI has a code, a name, a unit, an owner and a version.")
    unknown = (set(plain) - set(KPI_WORDS)) | (set(plain["version"]) - FIELDS)
    if unknown:
        raise ValueError(f"there is no field {min(map(str, unknown))!r}.")
    missing = [name for name in ("code", "name", "unit", "owner") if not plain.get(name)]
    if missing:
        raise ValueError(f"{missing[0]} is missing.")
    unit = Unit.objects.visible_to(access).filter(code=str(plain["unit"])).first()
    if unit is None or not access.allows(DEFINE, unit):
        raise ValueError(f"there is no unit {plain['unit']!r} where you may define KPIs.")
    entry = {"code": str(plain["code"]), "name": str(plain["name"]), "unit": unit}
    entry |= {name: _user(plain.get(name)) for name in ("owner", "steward")}
    entry["counter_kpi"] = plain.get("counter_kpi")
    entry["bands"] = plain.get("bands") or []
    version = dict(plain["version"])
    if "dataset" in version:
        dataset = Dataset.objects.visible_to(access).filter(code=str(version["dataset"])).first()
        if dataset is None:
            raise ValueError(f"there is no dataset {version['dataset']!r}.")
        version["dataset"] = dataset
    for name in DECIMALS & set(version):
        try:
            version[name] = Decimal(str(version[name]))
        except InvalidOperation:
            raise ValueError(f"{name} is not a number.") from None
    standing = Kpi.objects.filter(code=entry["code"]).first()
    if standing and not access.allows(DEFINE, standing.unit_id):
        raise ValueError("the code is taken by a KPI of another unit.")
    return {**entry, "version": version, "standing": standing}


def _user(name) -> User | None:
    if not name:
        return None
    user = User.objects.filter(username=str(name), is_active=True).first()
    if user is None:
        raise ValueError(f"there is no user {name!r}.")
    return user


def _difference(entry: dict) -> Difference:
    standing: Kpi | None = entry["standing"]
    if standing is None:
        return Difference(entry["code"], "new")
    newest = standing.versions.newest()
    before = {name: getattr(standing, name) for name in ("name", "unit", "owner", "steward", "bands")}
    before |= {name: getattr(newest, name) for name in entry["version"]}
    after = {name: entry[name] for name in ("name", "unit", "owner", "steward", "bands")} | entry["version"]
    fields = {
        name: (_word(before[name]), _word(value))
        for name, value in after.items()
        if _word(before[name]) != _word(value)
    }
    return Difference(entry["code"], "changed" if fields else "same", fields)


def _apply(entry: dict, by) -> None:
    words = {name: entry[name] for name in ("name", "unit", "owner", "steward", "bands")}
    counter = Kpi.objects.filter(code=entry["counter_kpi"]).first() if entry["counter_kpi"] else None
    standing: Kpi | None = entry["standing"]
    if standing is None:
        definitions.create_kpi(code=entry["code"], by=by, counter_kpi=counter, **words, **entry["version"])
        return
    difference = _difference(entry)
    own = {name: words[name] for name in words if name in difference.fields}
    if own or counter != standing.counter_kpi:
        definitions.change_kpi(standing, by=by, counter_kpi=counter, **own)
    changed = {name: value for name, value in entry["version"].items() if name in difference.fields}
    if changed:
        newest = standing.versions.newest()
        definitions.edit(newest, by=by, **changed)


def _inputs_first(entries: list[dict]) -> list[dict]:
    """Derived KPIs after the others, as they need them; their own order is that of the text."""
    return sorted(entries, key=lambda entry: entry["version"].get("kind") == KpiVersion.Kind.DERIVED)


def _plain(kpi: Kpi) -> dict:
    kept = [version for version in kpi.versions.all() if not version.is_discarded]
    version = max(kept, key=lambda version: version.number, default=None)
    entry = {
        "code": kpi.code,
        "name": kpi.name,
        "unit": kpi.unit.code,
        "owner": kpi.owner.username,
        "steward": kpi.steward.username if kpi.steward else None,
        "counter_kpi": kpi.counter_kpi.code if kpi.counter_kpi else None,
        "bands": kpi.bands,
    }
    words = {name: _word(getattr(version, name)) for name in sorted(FIELDS)} if version else {}
    kept = {name: value for name, value in words.items() if value not in ("", None, [])}
    return {name: value for name, value in entry.items() if value not in (None, [])} | {"version": kept}


def _word(value) -> object:
    """A value as YAML has it."""
    if isinstance(value, Dataset | Unit):
        return value.code
    if isinstance(value, User):
        return value.username
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, date | int | float | list | dict) or value is None:
        return value
    return str(value)
