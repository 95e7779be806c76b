"""How the page tells which records of closed periods would change."""

from datasets.views.problems import problem_of
from lake.instants import Clock

CHANGED = {"row": 2, "key": "1", "day": "2025-01-10", "stored_day": "2025-01-10"}


def test_moments_are_told_by_the_readers_clock():
    cells = [{"column": "reported", "before": "2025-01-10 17:26:00 UTC", "after": None}]
    words = {"code": "period_closed", "details": [CHANGED | {"changes": cells}], "total": 1}
    told = problem_of(words, Clock("Europe/Zurich"))["points"]  # an hour ahead of UTC in January
    assert told == ["row 2, record 1 would change on 10 Jan 2025: reported 2025-01-10 18:26:00 → empty"]


def test_how_many_more_there_are_is_told():
    words = {"code": "period_closed", "details": [CHANGED | {"row": row} for row in range(2, 22)], "total": 1021}
    told = problem_of(words)["points"]
    assert (len(told), told[-2], told[-1]) == (21, "row 21, record 1 would change on 10 Jan 2025", "and 1,001 more")
    assert problem_of(words | {"total": 20})["points"][-1] == told[-2]
