"""Each abuse case (B), bad input (C) and fault (F) that the product answers for is named by a test: in the name or
docstring of the test, in an id of its parameters, or by a file of the bad-input corpus. `CASES` says what each must do.

`NOT_BUILT` is the one place for a case that concerns something that perfmgr does not have, with the reason.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.corpus import refused

TESTS = Path(__file__).resolve().parents[1]
SPANS = "C1-C65 B1-B10 B14-B24 B29-B31 B34 F1-F11 F14-F17 F19-F22 F24-F25 F30"
NOT_BUILT: dict[str, str] = {}
CODE = re.compile(r"(?<![A-Za-z0-9])([BCFbcf])(\d{1,2})(?![A-Za-z0-9])")


def wanted() -> set[str]:
    codes: set[str] = set()
    for span in SPANS.split():
        first, _, last = span.partition("-")
        codes |= {f"{span[0]}{number}" for number in range(int(first[1:]), int((last or first)[1:]) + 1)}
    return codes


def words_of(tree: ast.AST) -> Iterator[str]:
    """Names and docstrings of tests and of the classes around them, and the ids of their parameters."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name.lower().startswith("test"):
            yield node.name
            yield ast.get_docstring(node) or ""
            ids = (k.value for part in node.decorator_list for k in ast.walk(part) if isinstance(k, ast.keyword))
            yield from (
                c.value for i in ids for c in ast.walk(i) if isinstance(c, ast.Constant) and isinstance(c.value, str)
            )


def named() -> set[str]:
    texts = (word for file in TESTS.rglob("test_*.py") for word in words_of(ast.parse(file.read_text())))
    found = {f"{letter.upper()}{number}" for text in texts for letter, number in CODE.findall(text.replace("_", " "))}
    return found | {case.number for case in refused.CASES}


def test_every_case_is_named_by_a_test_or_listed_as_not_built_with_a_reason():
    assert sorted(wanted() - named() - set(NOT_BUILT)) == []
    assert set(NOT_BUILT) <= wanted() and all(NOT_BUILT.values())
    assert sorted(set(NOT_BUILT) & named()) == []
