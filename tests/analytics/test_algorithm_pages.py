"""The worked examples of docs/algorithms are run: what a page promises, the code does."""

import doctest
from pathlib import Path

import pytest

PAGES = Path(__file__).parents[2] / "docs" / "algorithms"
NAMES = (
    "capability",
    "control-charts",
    "drivers",
    "finance",
    "forecasts",
    "process",
    "queueing",
    "simulation",
    "tests-of-hypothesis",
)


@pytest.mark.parametrize("name", NAMES)
def test_the_worked_examples_are_true(name):
    result = doctest.testfile(str(PAGES / f"{name}.md"), module_relative=False, encoding="utf-8")
    assert result.attempted > 0
    assert result.failed == 0
