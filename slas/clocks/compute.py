"""The rows of an agreement: each clocked target of each version over the log that it reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from datasets.facts import contract_of
from datasets.scope import unit_codes
from organization.models import Unit
from slas.models import AgreementVersion, ClockRule, ServiceTarget

from . import rows
from .calendars import WorkingTime, working_time
from .reading import CONDITIONS, MOMENTS, Log, log_key, read_log
from .timing import Timed, about, clocks_of, holder_at, timed

if TYPE_CHECKING:
    import pyarrow as pa

    from lake.clock import Clocks

LogKey = tuple[int, str, str]


@dataclass
class Counted:
    """What was counted of some versions. as_of: the newest moment of the data; parts: one a version and target."""

    as_of: datetime | None = None
    parts: list[Part] = field(default_factory=list)
    logs: dict[LogKey, Log] = field(default_factory=dict)


@dataclass(frozen=True)
class Part:
    version: AgreementVersion
    log: Log
    time: WorkingTime
    timed: Timed


def clocked_targets(version: AgreementVersion) -> list[ServiceTarget]:
    """The targets with a clock, in order. One query."""
    found = version.targets.filter(clock__isnull=False).select_related("clock__dataset__unit", "version__calendar")
    return [target for target in found if target.clock.dataset.current_version is not None]


def count(
    versions: Sequence[AgreementVersion],
    *,
    by_validity: bool = True,
    as_of: datetime | None = None,
    case: str | None = None,
    apart: bool = False,
    logs: Mapping[LogKey, Log] | None = None,
) -> Counted:
    """Time every case of every clocked target of the versions.

    by_validity: a version governs the cases that start while it is valid; False: all of history, for trying a draft.
    as_of, case, apart: as in `reading.read_log`. logs: logs that were read before for these targets.
    """
    targets = {version: clocked_targets(version) for version in versions}
    counted, latest = Counted(logs=dict(logs or {})), []
    reading: dict[LogKey, list[ServiceTarget]] = {}
    for target in (target for own in targets.values() for target in own):
        reading.setdefault(log_key(target), []).append(target)
    for key, own in reading.items():
        if key not in counted.logs:
            counted.logs[key] = read_log(own, as_of=as_of, case=case, apart=apart)
    for version, own in targets.items():
        started: dict[tuple, Clocks] = {}
        for target in own:
            log, key = counted.logs[log_key(target)], _rule_key(target)
            if not len(log):
                continue
            until = int(as_of.timestamp()) if as_of else _newest(log, target.clock)
            latest.append(until)
            if key not in started:
                started[key] = clocks_of(log, target, until)
            clocks = _counting(version if by_validity else None, target, started[key], log)
            if len(clocks):
                counted.parts.append(_part(version, target, clocks, log, until, counted))
    counted.as_of = datetime.fromtimestamp(max(latest), UTC) if latest else None
    return counted


def table_of(counted: Counted, *, vendor: str | None = None) -> pa.Table:
    """The counted clocks as rows of the derived dataset, ordered by case, target and cycle; `excluded` is empty.

    vendor: code of the one vendor that provides the service, for logs that name none.
    """
    import pyarrow as pa

    names = dict(Unit.objects.values_list("pk", "code"))
    tables = [_rows(part, names, vendor) for part in counted.parts]
    if not tables:
        return rows.schema().empty_table()
    return pa.concat_tables(tables).sort_by([("case", "ascending"), ("target", "ascending"), ("cycle", "ascending")])


def timezone_of(versions: Iterable[AgreementVersion]) -> str:
    """The reporting time zone of the first log."""
    for version in versions:
        for target in clocked_targets(version):
            return contract_of(target.clock.dataset).reporting_timezone
    return "UTC"


def _counting(version: AgreementVersion | None, target: ServiceTarget, clocks: Clocks, log: Log) -> Clocks:
    """The clocks of the cases that the target is about, and that start while the version is valid (None: ever)."""
    chosen = about(target, clocks, log)
    if version is not None:
        first, last = _valid(version, log)
        chosen = chosen & (clocks.started >= first) & (clocks.started < last)
    return clocks.only(chosen)


def _part(version, target, clocks: Clocks, log: Log, until: int, counted: Counted) -> Part:
    first, last = int(clocks.started.min()), int(max(clocks.stopped.max(), until))
    if target.clock.due_column:
        from lake.clock import NEVER

        due = log.moments(target.clock.due_column, end_of_day=True)
        last = max(last, int(due[due != NEVER].max(initial=last)))
    known = next((p.time for p in counted.parts if p.time.calendar == version.calendar), None)
    if known is None or not (known.table.first <= first and last + 86_400 <= known.table.last):
        known = working_time(version.calendar, first, last)
    return Part(version, log, known, timed(target, clocks, log, known, until))


def _newest(log: Log, rule: ClockRule) -> int:
    """The newest moment that the log knows: the data's own as-of time."""
    import numpy as np

    newest = int(log.at.max())
    if rule.source == ClockRule.Source.COLUMNS:
        from lake.clock import NEVER

        stopped = log.moments(rule.stopped_column)
        newest = max(newest, int(stopped[stopped != NEVER].max(initial=newest)))
    return int(np.int64(newest))


def _rule_key(target: ServiceTarget) -> tuple:
    """Targets with the same key have the same clocks before anybody asks which cases they are about."""
    rule = target.clock
    own = tuple(getattr(rule, name) for name in (*CONDITIONS, *MOMENTS, "source", "after_stop", "priority_column"))
    resets = rule.on_priority_change == ClockRule.OnPriorityChange.RESET and target.condition
    return (rule.dataset_id, *own, resets)


def _valid(version: AgreementVersion, log: Log) -> tuple[int, int]:
    from lake.clock import NEVER

    zone = ZoneInfo(contract_of(log.dataset).reporting_timezone)

    def midnight(day) -> int:
        return int(datetime.combine(day, time(), tzinfo=zone).timestamp())

    return midnight(version.valid_from), midnight(version.valid_to) if version.valid_to else NEVER


def _rows(part: Part, names: Mapping[int, str], vendor: str | None) -> pa.Table:
    """The rows of the derived dataset, a clock one; vendor: whose they are where the source does not say."""
    import pyarrow as pa

    fields = rows.schema()
    arrays = [
        value if isinstance(value, pa.Array) else pa.array(value, fields.field(name).type, from_pandas=True)
        for name, value in _columns(part, names, vendor).items()
    ]
    return pa.table([array.cast(fields.field(i).type) for i, array in enumerate(arrays)], schema=fields)


def _columns(part: Part, names: Mapping[int, str], vendor: str | None) -> dict[str, Any]:
    """The values of each column in the order of `rows.schema`."""
    import numpy as np
    import pyarrow as pa

    from lake.clock import State

    timed_, clocks, log, rule = part.timed, part.timed.clocks, part.log, part.timed.target.clock
    contract, size = contract_of(log.dataset), len(part.timed)
    codes = {code: names[pk] for code, pk in unit_codes(log.dataset).items()}
    open_ = clocks.state < State.STOPPED
    missed = timed_.verdict == rows.MISSED
    at_breach = holder_at(log, rule.holder_column, clocks, timed_.due)
    unit = _owner(log, contract.unit_column, clocks, codes)
    supplier = _owner(log, contract.vendor_column, clocks, codes)
    if contract.vendor_column is None and vendor is not None:
        supplier = [vendor] * size
    return {
        "case": np.array(log.ids, dtype=object)[clocks.case],
        "target": [timed_.target.code] * size,
        "cycle": _cycles(clocks),
        "started_at": _instants(clocks.started),
        "stopped_at": _instants(clocks.stopped, ~open_),
        "as_of": _instants(clocks.stopped, open_),
        "due_at": _instants(timed_.due),
        "original_due_at": _instants(timed_.original_due),
        "counted_at": _instants(timed_.counted),
        "unit": unit,
        "vendor": supplier,
        "priority": _at_end(log, rule.priority_column, clocks),
        "holder": _at_end(log, rule.holder_column, clocks),
        "held_at_breach": np.where(missed, at_breach, None),
        "elapsed_s": timed_.elapsed,
        "actual_s": timed_.actual,
        "paused_s": timed_.paused,
        "target_s": pa.array(timed_.target_s, mask=timed_.target_s < 0),
        "used_pct": pa.array(timed_.used_pct, mask=np.isnan(timed_.used_pct)),
        "verdict": timed_.verdict,
        "agreement_version": np.full(size, part.version.number),
        "calendar_version": part.time.versions_at(clocks.started),
        "excluded": [None] * size,
    }


def _cycles(clocks: Clocks):
    """1 for the first clock of a case, 2 for its second ..."""
    import numpy as np

    place = np.arange(len(clocks))
    first = np.ones(len(clocks), dtype=bool)
    first[1:] = clocks.case[1:] != clocks.case[:-1]
    return place - np.maximum.accumulate(np.where(first, place, 0)) + 1


def _owner(log: Log, column, clocks: Clocks, codes: Mapping[str, str]) -> list[str | None]:
    """The unit code that the source's code stands for, at the clock's last event; None for one that is not known."""
    found = _at_end(log, column.name if column else "", clocks)
    return [codes.get(code) for code in found]


def _at_end(log: Log, column: str, clocks: Clocks):
    import numpy as np

    values = log.texts(column)
    return np.full(len(clocks), None, dtype=object) if values is None else values[clocks.last_event]


def _instants(seconds, shown=None):
    """Microseconds for a timestamp column; NEVER, and what is not to be shown, is null."""
    import numpy as np
    import pyarrow as pa

    from lake.clock import NEVER

    hidden = seconds == NEVER if shown is None else (seconds == NEVER) | ~shown
    return pa.array(np.where(hidden, 0, seconds) * 1_000_000, pa.int64(), mask=hidden).cast(pa.timestamp("us"))
