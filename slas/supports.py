"""Whether the agreements that support one can keep its promise: the sum of their targets fits into its own."""

from dataclasses import dataclass

from .models import Agreement, AgreementVersion, ServiceTarget


@dataclass(frozen=True)
class Support:
    """A supporting agreement's share: its longest target that backs the promise."""

    agreement: Agreement
    target: ServiceTarget

    @property
    def seconds(self) -> int:
        return self.target.threshold_seconds or 0


@dataclass(frozen=True)
class Backing:
    """One promise and what it rests on; times are business seconds, each by its own calendar."""

    target: ServiceTarget
    supports: tuple[Support, ...]

    @property
    def total_seconds(self) -> int:
        return sum(support.seconds for support in self.supports)

    @property
    def holds(self) -> bool:
        return self.total_seconds <= (self.target.threshold_seconds or 0)

    @property
    def sentence(self) -> str:
        parts = " + ".join(f"{s.agreement.code} {hours(s.seconds)}" for s in self.supports)
        sign = "fits into" if self.holds else "is more than"
        return (
            f"{self.target.name}: {parts} = {hours(self.total_seconds)} {sign} {hours(self.target.threshold_seconds)}."
        )


def hours(seconds: int | None) -> str:
    """28800 as "8 h", 5400 as "1 h 30 min"."""
    if seconds is None:
        return "no time"
    whole, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    parts = ((whole, "h"), (minutes, "min"), (rest, "s"))
    return " ".join(f"{amount} {unit}" for amount, unit in parts if amount) or "0 s"


def backing_of(version: AgreementVersion) -> list[Backing]:
    """Each promise with a time that something supports. Three queries.

    An agreement backs a promise by its targets of the same metric with the same code, or for the same cases; the
    version counts that governs the promise's first day, or else the newest.
    """
    targets = [target for target in version.targets.all() if target.is_clocked and target.threshold_seconds]
    supporting = list(version.agreement.supported_by.prefetch_related("versions__targets"))
    found = []
    for target in targets:
        supports = [support for agreement in supporting if (support := _support(agreement, target, version))]
        if supports:
            found.append(Backing(target, tuple(supports)))
    return found


def _support(agreement: Agreement, promise: ServiceTarget, version: AgreementVersion) -> Support | None:
    versions = sorted(agreement.versions.all(), key=lambda v: -v.number)
    governing = [v for v in versions if not v.is_editable and v.covers(version.valid_from)]
    chosen = next(iter(governing or versions), None)
    backing = [
        target
        for target in (chosen.targets.all() if chosen else ())
        if target.metric == promise.metric
        and target.threshold_seconds
        and (target.code == promise.code or target.condition == promise.condition)
    ]
    longest = max(backing, key=lambda target: target.threshold_seconds, default=None)
    return Support(agreement, longest) if longest else None
