"""Parameters of a statement: `:since` stands for a value that is given apart and becomes a literal, never a word.

A whole or decimal number becomes a number; anything else, also one with leading zeros, a text, which the database
compares with dates and times as they are. What comes out is checked by `lake.query` as if it had been typed.
"""

import re
from collections.abc import Iterator, Mapping

from sqlglot.tokenizer_core import TokenType

from lake.formula import grammar
from lake.formula.grammar import FormulaError
from lake.query import QueryError

MOST = 20
LONGEST = 500
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_ENDS = {
    TokenType.VAR,
    TokenType.IDENTIFIER,
    TokenType.STRING,
    TokenType.NUMBER,
    TokenType.R_PAREN,
    TokenType.R_BRACKET,
}
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?", re.ASCII)


def parameters_of(sql: str) -> tuple[str, ...]:
    """The names in the order of the statement, each once; none of a statement that cannot be read.

    Raises QueryError if there are more than 20.
    """
    try:
        found = tuple(dict.fromkeys(name for _, _, name in _places(sql)))
    except FormulaError:  # told where it is run
        return ()
    if len(found) > MOST:
        raise QueryError(f"A query has at most {MOST} parameters, this one has {len(found)}")
    return found


def filled(sql: str, values: Mapping[str, str]) -> str:
    """The statement with a literal in the place of each parameter.

    Raises QueryError naming one without a value, or a value of none.
    """
    names = parameters_of(sql)
    if names and (others := [name for name in values if name not in names]):
        there_are = ", ".join(f"`:{name}`" for name in names)
        raise QueryError(
            f"The statement has no parameter `:{others[0][:80]}`; it has {there_are}", f":{others[0][:80]}"
        )
    for name in names:
        given = values.get(name, "")
        if not given.strip():
            raise QueryError(f"Give a value for `{name}`", f":{name}")
        if len(given) > LONGEST:
            raise QueryError(f"The value for `{name}` has more than {LONGEST} characters", f":{name}")
    for start, end, name in reversed(list(_places(sql))) if names else ():
        sql = sql[:start] + _literal(values[name]) + sql[end:]
    return sql


def _places(sql: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and name of each colon with the name that follows it without a blank; a cast has two colons in one.

    One that ends a word or a bracket without a blank is another's: `total:sum(cost)` names a column.
    """
    listed = grammar.tokens(sql)
    for before, colon, following in zip([None, *listed], listed, listed[1:], strict=False):
        name = sql[following.start : following.end + 1]
        ends_another = before and before.token_type in _ENDS and before.end + 1 == colon.start
        if colon.token_type != TokenType.COLON or ends_another or following.start != colon.end + 1:
            continue
        if _NAME.fullmatch(name):
            yield colon.start, following.end + 1, name


def _literal(value: str) -> str:
    value = value.strip()
    if _NUMBER.fullmatch(value):
        return f"({value})" if value.startswith("-") else value
    return "'" + value.replace("'", "''") + "'"
