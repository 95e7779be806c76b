"""`local(at)` in a formula: a time by the clock of the zone in which the dataset counts days.

Facts hold times in UTC, and formulas read them so: an hour, a weekday or a date taken from one is that of UTC. Between
reading a formula and regenerating it, a call of `local` is a bracket that bears a mark: every check sees its argument.
"""

from collections.abc import Collection, Iterator

from sqlglot import exp

from lake.contract import Contract
from lake.formula import grammar
from lake.formula.grammar import FormulaError

_MARK = "local"
_UNITS = ("HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR", "DOW", "ISODOW", "DOY")
_TAKEN = (exp.Hour, exp.Day, exp.Month, exp.Quarter, exp.Year, exp.DayOfWeek, exp.DayOfWeekIso)
# Behind these a time is none any more, but a number, a text, a day, or yes and no.
_NO_TIME = (*_TAKEN, exp.Extract, exp.Minute, exp.DateDiff, exp.TimeToUnix, exp.Predicate, exp.Count, exp.Not)


def clocked(instant: exp.Expr, zone: str) -> exp.Expr:
    """A stored instant as the clock of the IANA zone shows it."""
    for name in ("UTC", zone) if zone != "UTC" else ():
        instant = exp.AtTimeZone(this=instant, zone=exp.Literal.string(name))
    return instant


def is_local(node: exp.Expr | None) -> bool:
    """Whether it is a call of `local` that was `marked`."""
    return isinstance(node, exp.Paren) and bool(node.meta.get(_MARK))


def marked(tree: exp.Expr, text: str) -> exp.Expr:
    """The tree with its calls of `local` as marked brackets, and `weekday(x)` as what it is: 1 for Monday to 7."""
    if zoned := tree.find(exp.AtTimeZone):
        said = "`at time zone` may not stand in a formula; local(at) is a time by the clock of the dataset's days"
        raise FormulaError(said, *grammar.place(zoned.this, text))
    for node in [node for node in tree.walk() if _called(node) in ("local", "weekday")]:
        word = _called(node)
        if len(node.expressions) != 1:
            said = f"`{word}` takes one time in brackets, as in {word}(at)"
            raise FormulaError(said + "; the zone is that of the dataset" * (word == "local"), *_place(node, text))
        new = (exp.Paren if word == "local" else exp.DayOfWeekIso)(this=node.expressions[0])
        new.meta.update({**node.meta, **({_MARK: True} if word == "local" else {})})
        tree = new if node is tree else tree
        node.replace(new)
    for call in filter(is_local, tree.walk()):
        if any(is_local(inner) for inner in call.this.walk()):
            raise FormulaError("`local` stands inside another local: a time is turned once", *_place(call, text))
    return tree


def check_clocks(tree: exp.Expr, text: str, times: Collection[str]) -> None:
    """Refuse a time by the local clock beside one of UTC, as in `local(at) > closed_at`. times: columns of UTC."""
    turned = {id(node) for call in filter(is_local, tree.walk()) for node in _as_time(call)}
    for column in tree.find_all(exp.Column) if turned else ():
        if column.name not in times or any(map(is_local, _parents(column))):
            continue
        if not turned.isdisjoint(map(id, _as_time(column))):
            said = f"`{column.name}` is a time of UTC beside one of another clock: write local({column.name})"
            raise FormulaError(said, *grammar.place(column, text))


def lowered(tree: exp.Expr, zone: str) -> exp.Expr:
    """The tree with marked brackets as the zone's clock, for the database."""

    def rewrite(node: exp.Expr) -> exp.Expr:
        if not is_local(node):
            return node
        inner = node.this if isinstance(node.this, exp.Column) else exp.paren(node.this, copy=False)
        return exp.paren(clocked(inner, zone), copy=False)

    return tree.transform(rewrite)


def local_results(tree: exp.Expr) -> Iterator[exp.Expr]:
    """The calls of `local` whose time is, or may be, what a formula gives."""
    for call in filter(is_local, tree.walk()):
        if not any(map(_ends_time, _parents(call))):
            yield call


def read_in_utc(text: str, contract: Contract) -> dict[str, str]:
    """Times of which a checked formula takes an hour, a weekday or a date in UTC -> the word that takes it."""
    times = {column.name.lower(): column.name for column in contract.instants}
    found: dict[str, str] = {}
    for column in grammar.read(text).find_all(exp.Column):
        parents = list(_parents(column))
        if column.name.lower() not in times or any(map(_is_other_clock, parents)):
            continue
        for parent in parents:
            if word := _takes(parent):
                found.setdefault(times[column.name.lower()], word)
                break
    return found


def _called(node: exp.Expr) -> str:
    return node.name.lower() if isinstance(node, exp.Anonymous) else ""


def _place(node: exp.Expr, text: str) -> tuple[str, int | None]:
    token, position = grammar.place(node, text)
    return token or "local", position


def _parents(node: exp.Expr) -> Iterator[exp.Expr]:
    parent = node.parent
    while parent is not None:
        yield parent
        parent = parent.parent


def _ends_time(node: exp.Expr) -> bool:
    """Whether what a time is put into gives no time."""
    other = isinstance(node, exp.Cast) and not node.to.this.name.startswith("TIMESTAMP")
    return other or isinstance(node, _NO_TIME)


def _as_time(node: exp.Expr) -> Iterator[exp.Expr]:
    """What a time is put into, up to what gives no time any more."""
    for parent in _parents(node):
        yield parent
        if _ends_time(parent):
            return


def _is_other_clock(node: exp.Expr) -> bool:
    """A call of `local`, or a difference of two columns, which is a span and has no clock."""
    return _called(node) == "local" or (
        isinstance(node, exp.Sub) and all(side.find(exp.Column) for side in (node.left, node.right))
    )


def _takes(node: exp.Expr) -> str:
    """The word for what a function takes from a time, where it depends on the clock; else empty."""
    if _called(node) == "weekday" or isinstance(node, (exp.DayOfWeek, exp.DayOfWeekIso)):
        return "weekday"
    if isinstance(node, _TAKEN):
        return node.key
    unit = node.this if isinstance(node, exp.Extract) else node.args.get("unit")
    if isinstance(node, (exp.Extract, exp.TimestampTrunc, exp.DateTrunc)) and unit and unit.name.upper() in _UNITS:
        return "weekday" if unit.name.upper() in ("DOW", "ISODOW") else unit.name.lower()
    return "date" if isinstance(node, exp.Cast) and node.to.this.name == "DATE" else ""
