"""Which columns of a dataset say in which of several currencies a row's amounts are.

Looked for by the quality job after each load, and kept with the dataset: pages read it and scan nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from organization.access import Access

from . import scan
from .explore import question_of
from .facts import Facts, contract_of
from .models import Dataset
from .scope import AuthorisedRows, authorised_rows, wholly_seen

if TYPE_CHECKING:
    from lake.contract import Contract

LOOKED_AT, NAMED = 1_000, 4
POOLING = ("sum", "avg", "median")


def currencies_of_rows(facts: Facts, contract: Contract) -> dict[str, list[str]]:
    """Text columns that hold nothing but codes of ISO 4217, with those codes. For workers. Raises duckdb.Error."""
    from lake.contract import ColumnType, Role

    names = [one.name for one in contract.columns if one.type is ColumnType.TEXT and not one.has(Role.KEY)]
    if not facts.files or not names:
        return {}
    likely = _all_codes(f"select * from ({facts.relation}) limit {LOOKED_AT}", names, facts)
    return _all_codes(facts.relation, list(likely), facts) if likely else {}


def _all_codes(relation: str, names: Sequence[str], facts: Facts) -> dict[str, list[str]]:
    from lake.currencies import CODES
    from lake.store.schema import identifier

    known = ", ".join(f"'{code}'" for code in sorted(CODES))
    asked = []
    for number, name in enumerate(names):
        value = f"nullif(upper(trim({identifier(name)})), '')"
        asked.append(f"list(distinct {value}) filter ({value} in ({known})) as c{number}")
        asked.append(f"count(*) filter ({value} not in ({known})) as other{number}")
    found = scan.fetch_here(f"select {', '.join(asked)} from ({relation})", facts.files)[0]
    codes = {
        name: sorted(found[f"c{number}"] or ()) for number, name in enumerate(names) if not found[f"other{number}"]
    }
    return {name: listed for name, listed in codes.items() if listed}


def several(dataset: Dataset) -> dict[str, list[str]]:
    """Those of the columns that name more than one currency, as last looked for; no rows are read."""
    kept = dataset.currencies or {}
    columns = {column.name for column in contract_of(dataset).columns} if dataset.contract else set()
    return {name: codes for name, codes in kept.items() if len(codes) > 1 and name in columns}


def mixed_amounts(
    dataset: Dataset, pools: Collection[Collection[str]], read: Collection[str], *, of_money: bool = False
) -> Iterator[tuple[str, str]]:
    """Pairs of a column of amounts and the column that names its currencies, where a number adds such amounts up.

    pools: the columns whose values are put together, for each of its aggregates. read: all that it reads, filters by or
    is split by; who reads the currencies has thought of them. of_money: the number is said to be of money.
    """
    from lake.currencies import amounts_together

    named = {column.name.lower(): column for column in contract_of(dataset).columns}
    aware = {name.lower() for name in read}
    for currency in several(dataset):
        if currency.lower() in aware:
            continue
        for pool in pools:
            columns = [named[name.lower()] for name in sorted(pool) if name.lower() in named]
            if found := amounts_together(columns, currency, of_money):
                yield found[0].name, currency
                break


def codes_seen(seen: AuthorisedRows, currency: str, condition: str = "") -> list[str]:
    """Those of the rows that a person sees and for which `condition` (SQL of ours) holds. Raises ScanFailed."""
    from lake.store.schema import identifier

    if not seen.facts.files:
        return []
    value = f"nullif(upper(trim({identifier(currency)})), '')"
    rows = f"select {value} as code from ({seen.relation}) where {condition or 'true'}"
    found = scan.fetch(f"select distinct code from ({rows}) where code is not null order by 1", seen.facts.files)
    return [row["code"] for row in found]


def said(amount: str, currency: str, codes: Sequence[str], then: str) -> str:
    """The sentence of all places. codes: empty where they are not for this person. then: what to do."""
    shown = ", ".join(codes[:NAMED]) + (" and more" if len(codes) > NAMED else "")
    if 1 < len(codes) <= NAMED:
        shown = f"{', '.join(codes[:-1])} and {codes[-1]}"
    return f"{amount} is in {shown or 'several currencies'} (column {currency}), added up as if they were one: {then}"


def codes_for(dataset: Dataset, currency: str, access: Access) -> list[str]:
    """The currencies of all rows, to who may see all of them; to others none."""
    return several(dataset).get(currency, []) if dataset.pk in wholly_seen(access) else []


def cautions_of_question(dataset: Dataset, question: Mapping[str, Any], access: Access) -> list[str]:
    """What is to be said beside the answer of an explore question that adds up amounts of several currencies."""
    pools = [{total["column"]} for total in question.get("totals") or () if total["function"] in POOLING]
    used = [one["column"] for name in ("groups", "filters") for one in question.get(name) or ()]
    used += [question["pivot"]["column"]] if question.get("pivot") else []
    mixed = list(mixed_amounts(dataset, pools, used)) if pools else []
    return _told(dataset, mixed, access, _condition(dataset, question)) if mixed else []


def cautions_of_statement(dataset: Dataset, sql: str, access: Access) -> list[str]:
    """The same beside the answer of a SELECT, as it was run. The currencies are those of all rows that one sees."""
    from lake.formula.pooled import of_statement

    pools, named = of_statement(sql)
    return _told(dataset, list(mixed_amounts(dataset, pools, named)), access)


def _told(dataset: Dataset, mixed: Iterable[tuple[str, str]], access: Access, condition: str = "") -> list[str]:
    seen, found = authorised_rows(dataset, access), []
    for amount, currency in mixed:
        try:
            codes = codes_seen(seen, currency, condition)
        except scan.ScanFailed:
            return found  # the answer stands without it
        if len(codes) > 1:
            found.append(said(amount, currency, codes, "group by that column, or filter on one currency."))
    return found


def _condition(dataset: Dataset, question: Mapping[str, Any]) -> str:
    from lake.filters import filters_sql

    asked = question_of(question)
    return filters_sql(asked.filters, contract_of(dataset), asked.clock)
