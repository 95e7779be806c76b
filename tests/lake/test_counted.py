"""`count(condition)` counts the rows in which the condition can be told, whatever it says."""

import pytest

from lake.formula.counted import counted_conditions


@pytest.mark.parametrize(
    ("formula", "conditions"),
    [
        ("count(failed = 'yes')", ["failed = 'yes'"]),
        ("count((failed))", ["failed"]),
        ("100 * count(hours > 4 and failed) / count(*)", ["hours > 4 AND failed"]),
        ("count(not failed)", ["NOT failed"]),
        ("count(*)", []),
        ("count(closed)", []),
        ("count(distinct customer)", []),
        ("count_if(failed)", []),
        ("count(*) filter (where failed)", []),
        ("sum(case when failed then 1 else 0 end)", []),
    ],
)
def test_which_conditions_are_counted(formula, conditions):
    assert list(counted_conditions(formula, ["failed"])) == conditions
