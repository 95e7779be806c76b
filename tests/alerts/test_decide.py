"""When an alert is raised, and when it is over: tables by hand, and laws for every series."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.decide import (
    Action,
    Judgement,
    Last,
    Point,
    Terms,
    decide,
    evidence_of,
    judge_band,
    judge_presence,
    judge_signals,
    judge_status,
    judge_value,
    replay,
)

B, C, N = Judgement.BREACH, Judgement.CLEAR, Judgement.NEITHER
LETTERS = {"B": B, "C": C, ".": N}
START = datetime(2025, 1, 1, tzinfo=UTC)


def points(letters: str) -> list[Point]:
    """B breach, C clear, . neither; the keys are 00, 01, 02 ..."""
    return [Point(f"{place:02d}", LETTERS[letter]) for place, letter in enumerate(letters)]


def days(count: int) -> list[datetime]:
    return [START + timedelta(days=n) for n in range(count)]


def episodes(letters: str, terms: Terms) -> list[tuple[int, int | None]]:
    found = replay(points(letters), terms, days(len(letters)))
    return [(int(e.raised), None if e.resolved is None else int(e.resolved)) for e in found]


@pytest.mark.parametrize(
    ("letters", "times", "periods", "expected"),
    [
        ("CCC", 1, 1, []),
        ("CBC", 1, 1, [(1, 2)]),
        ("CBBBC", 1, 1, [(1, 4)]),  # it stands: not an alert a period
        ("CB..B.C", 1, 1, [(1, 6)]),  # what wavers between the limits neither ends nor raises it
        ("BCB", 2, 3, [(2, None)]),
        ("BBCC", 2, 3, [(1, 3)]),  # at 2 two of the last three still breach
        ("BBC", 2, 3, [(1, None)]),
        ("BCCB", 2, 3, []),
        ("BB.CCB", 2, 3, [(1, 3)]),  # 3: of the last three (B . C) one breaches
        ("B.B", 2, 2, []),
        ("CBCBC", 1, 1, [(1, 2), (3, 4)]),
        ("", 1, 1, []),
    ],
)
def test_a_series_raises_and_ends_these_alerts(letters, times, periods, expected):
    assert episodes(letters, Terms(times, periods)) == expected


@pytest.mark.parametrize(
    ("letters", "last", "expected"),
    [
        ("B", None, Action.RAISE),
        ("B", Last("00"), Action.NOTHING),  # it stands already
        ("B", Last("00", START), Action.NOTHING),  # a person has resolved it: not again for the same evidence
        ("B", Last("00", START, by_itself=True), Action.REOPEN),  # restated to clear, then to breach again
        ("BB", Last("00", START), Action.RAISE),  # a newer period breaches
        ("BC", Last("00", START), Action.NOTHING),
        ("BB", Last("05", START, by_itself=True), Action.NOTHING),  # periods were taken back
    ],
)
def test_what_is_done_depends_on_the_last_alert(letters, last, expected):
    assert decide(points(letters), Terms(), last, START) is expected


def test_after_an_alert_the_cool_down_passes_first():
    terms, last = Terms(cool_down=timedelta(days=2)), Last("00", START, by_itself=True)
    answers = [decide(points("BCB"), terms, last, START + timedelta(hours=h)) for h in (0, 47, 48)]
    assert answers == [Action.NOTHING, Action.NOTHING, Action.RAISE]


def test_evidence_is_the_breaches_that_count():
    assert [p.key for p in evidence_of(points("BBCB"), Terms(2, 3))] == ["01", "03"]


@pytest.mark.parametrize(("times", "periods"), [(0, 1), (3, 2), (1, 0)])
def test_terms_that_cannot_be_met_are_refused(times, periods):
    with pytest.raises(ValueError, match="1 or more of its periods"):
        Terms(times, periods)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(94.9, B), (95.0, N), (95.9, N), (96.0, C), (99.0, C), (None, N), (float("nan"), N)],
)
def test_below_95_clear_from_96(value, expected):
    assert judge_value(value, 95.0, above=False, margin=1.0) is expected


@pytest.mark.parametrize(("value", "expected"), [(10.1, B), (10.0, C), (0.0, C)])
def test_above_10_without_a_margin(value, expected):
    assert judge_value(value, 10.0, above=True) is expected


def test_without_a_target_nothing_is_said():
    assert judge_value(5.0, None, above=True) is N


@pytest.mark.parametrize(("value", "expected"), [(9.0, B), (10.0, N), (11.0, C), (19.5, N), (20.5, B), (None, N)])
def test_outside_10_to_20_clear_from_1_inside(value, expected):
    assert judge_band(value, 10.0, 20.0, margin=1.0) is expected


@pytest.mark.parametrize(
    ("status", "expected"), [("red", B), ("amber", C), ("green", C), ("no_data", N), ("no_target", N)]
)
def test_becoming_red(status, expected):
    assert judge_status(status, {"red"}) is expected


def test_signals_and_presence():
    assert judge_signals(["good", "bad"], {"bad"}) is B
    assert judge_signals(["good"], {"bad"}) is C
    assert [judge_presence(value) for value in (None, float("nan"), 0.0)] == [B, B, C]


# --- laws ------------------------------------------------------------------------------------------------------------

LETTER = st.sampled_from("BC.")
TERMS = st.tuples(st.integers(1, 4), st.integers(0, 4), st.integers(0, 10)).map(
    lambda t: Terms(t[0], t[0] + t[1], timedelta(days=t[2]))
)


@given(st.text(LETTER, max_size=60), TERMS)
def test_no_evidence_raises_two_alerts_and_no_two_overlap(letters, terms):
    found = episodes(letters, terms)
    for (_, resolved), (raised, _) in zip(found, found[1:], strict=False):
        assert resolved is not None
        assert resolved < raised


@given(st.text(LETTER, max_size=60), TERMS)
def test_between_two_alerts_a_period_was_clear(letters, terms):
    """Hysteresis: values that waver between the limits make one alert at most."""
    found = episodes(letters, terms)
    assert all(letters[resolved] == "C" for _, resolved in found if resolved is not None)
    assert all(letters[raised] == "B" for raised, _ in found)


@given(st.lists(st.floats(90, 95.99), max_size=40))
def test_a_value_that_never_reaches_the_clear_limit_alerts_once_at_most(values):
    judged = [Point(f"{n:02d}", judge_value(v, 95.0, above=False, margin=1.0)) for n, v in enumerate(values)]
    assert len(list(replay(judged, Terms(), days(len(values))))) == (1 if min(values, default=99) < 95 else 0)


@given(st.text(LETTER, min_size=1, max_size=30), TERMS, st.lists(st.integers(1, 5), max_size=30))
def test_looking_more_often_raises_nothing_twice(letters, terms, looks):
    """The same periods are looked at again and again, by hand-resolving every alert at once."""
    raised, last = [], None
    for place in range(1, len(letters) + 1):
        for _ in range(looks[place - 1] if place <= len(looks) else 1):
            now = START + timedelta(days=place)
            if decide(points(letters[:place]), terms, last, now) is Action.RAISE:
                raised.append(place)
                last = Last(points(letters)[place - 1].key, now)
    assert len(raised) == len(set(raised))


@given(st.text(LETTER, max_size=40), TERMS)
def test_longer_cool_down_never_raises_more(letters, terms):
    longer = Terms(terms.times, terms.periods, terms.cool_down + timedelta(days=3))
    assert len(episodes(letters, longer)) <= len(episodes(letters, terms))
