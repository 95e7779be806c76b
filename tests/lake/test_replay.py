"""Logs into clocks: what runs, what stands still, what a reset forgets; and a plain loop over each case."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lake.clock.replay import Events, State, replay

AS_OF = 100
RUNNING, PAUSED, STOPPED = State.RUNNING, State.PAUSED, State.STOPPED
LETTERS = {"s": "start", "p": "pause", "r": "resume", "x": "stop", "c": "cancel", "0": "reset"}


def log(*cases, resume=False):
    """Each case is a list of (time, conditions), the conditions as letters of LETTERS."""
    rows = [(number, at, flags) for number, case in enumerate(cases) for at, flags in case]
    columns = {
        name: np.array([letter in flags for _, _, flags in rows], dtype=bool)
        for letter, name in LETTERS.items()
        if letter != "r" or resume
    }
    return Events(np.array([row[0] for row in rows]), np.array([row[1] for row in rows]), **columns)


def segments(clocks, number=0):
    own = clocks.segment_clock == number
    parts = zip(clocks.segment_start[own], clocks.segment_end[own], clocks.segment_state[own], strict=True)
    return [(int(a), int(b), State(s).name.lower()) for a, b, s in parts]


def test_a_case_runs_pauses_runs_again_and_stops():
    clocks = replay(log([(10, "s"), (20, "p"), (25, "p"), (40, ""), (60, "x"), (70, "x")]), AS_OF)
    assert segments(clocks) == [(10, 20, "running"), (20, 25, "paused"), (25, 40, "paused"), (40, 60, "running")]
    assert (clocks.started[0], clocks.stopped[0], clocks.state[0]) == (10, 60, STOPPED)
    assert clocks.last_event[0] == 4  # the update that stopped it, not a later one
    assert clocks.pauses.starts.tolist() == [20, 25]


def test_an_open_case_runs_or_waits_up_to_the_as_of_time():
    clocks = replay(log([(10, "s"), (30, "")], [(20, "s"), (50, "p")], [(90, "")]), AS_OF)
    assert segments(clocks, 0) == [(10, 30, "running"), (30, 100, "running")]
    assert segments(clocks, 1) == [(20, 50, "running"), (50, 100, "paused")]
    assert clocks.case.tolist() == [0, 1]  # the third never started


def test_it_may_start_paused_and_start_and_stop_at_once():
    clocks = replay(log([(10, "sp"), (30, "")], [(10, "sx"), (30, "")]), AS_OF)
    assert segments(clocks, 0) == [(10, 30, "paused"), (30, 100, "running")]
    assert (segments(clocks, 1), clocks.stopped[1], clocks.state[1]) == ([], 10, STOPPED)


def test_with_a_resume_condition_a_pause_goes_on_until_it_holds():
    events = log([(10, "s"), (20, "p"), (30, ""), (40, "r"), (50, "pr")], resume=True)
    assert [part[2] for part in segments(replay(events, AS_OF))] == [
        *("running", "paused", "paused", "running", "paused")
    ]


def test_a_cancelled_case_has_no_result_and_cancelling_goes_before_stopping():
    clocks = replay(log([(10, "s"), (30, "cx"), (40, "sx")]), AS_OF)
    assert (clocks.state[0], clocks.stopped[0], segments(clocks)) == (State.CANCELLED, 30, [(10, 30, "running")])


def test_a_reset_forgets_what_was_before_and_a_stop_goes_before_it():
    clocks = replay(log([(10, "s"), (20, "p"), (50, "0"), (60, "x0"), (70, "x")]), AS_OF)
    assert (len(clocks), segments(clocks), bool(clocks.reset[0])) == (1, [(50, 60, "running")], True)


def test_a_reset_brings_a_stopped_clock_back():
    clocks = replay(log([(10, "s"), (20, "x"), (50, "0p"), (70, "")]), AS_OF)
    assert (len(clocks), segments(clocks)) == (1, [(50, 70, "paused"), (70, 100, "running")])


def test_a_reopened_case_keeps_its_result_runs_on_or_begins_another_clock():
    events = log([(10, "s"), (30, "x"), (50, "s"), (80, "x")])
    assert segments(replay(events, AS_OF, after_stop="final")) == [(10, 30, "running")]
    assert segments(replay(events, AS_OF, after_stop="resume")) == [
        (10, 30, "running"),
        (30, 50, "stopped"),
        (50, 80, "running"),
    ]
    twice = replay(events, AS_OF, after_stop="repeat")
    assert (segments(twice, 0), segments(twice, 1)) == ([(10, 30, "running")], [(50, 80, "running")])
    assert twice.case.tolist() == [0, 0]


def test_a_case_counts_from_its_opening_although_it_was_logged_later():
    events = log([(10, "s"), (30, "x")], [(50, "sx")], [(60, "s"), (70, "0")])
    clocks = replay(events, AS_OF, opened=np.array([4, 4, 45, 55, 55]))
    assert segments(clocks, 0) == [(4, 10, "running"), (10, 30, "running")]
    assert segments(clocks, 1) == [(45, 50, "running")]
    assert segments(clocks, 2) == [(70, 100, "running")]  # a reset starts from itself, not from the opening


@pytest.mark.parametrize(("case", "at"), [([1, 0], [1, 2]), ([0, 0], [2, 1])])
def test_events_out_of_order_are_refused(case, at):
    with pytest.raises(ValueError, match="ordered by case"):
        Events(np.array(case), np.array(at), np.array([True, True]))


def test_events_after_the_as_of_time_are_refused():
    with pytest.raises(ValueError, match="after the as-of time"):
        replay(log([(10, "s"), (101, "")]), AS_OF)


def test_an_empty_log_has_no_clocks():
    assert len(replay(log(), AS_OF)) == 0


# --- the law: the same as a loop over the events of one case after another --------------------------------------------


def one_by_one(rows, after_stop, resume):
    """The clocks of one case: [started, stopped, state, seconds that it ran, seconds that it stood still]."""
    clocks, state, since = [], State.IDLE, 0
    for at, flags in [*rows, (AS_OF, None)]:
        if state in (RUNNING, PAUSED, STOPPED):
            clocks[-1][3 if state == RUNNING else 4] += at - since
        since = at
        if flags is None:
            break
        before, state = state, following(state, flags, after_stop, resume)
        reset = "0" in flags and before != State.IDLE and state in (RUNNING, PAUSED)
        if reset:
            clocks.pop()
        fresh = before == State.IDLE != state
        again = after_stop == "repeat" and before == STOPPED and state in (RUNNING, PAUSED)
        if again and not reset:  # what follows the last stop is no part of a clock
            clocks[-1][4] -= at - clocks[-1][1]
        if reset or fresh or again:
            clocks.append([at, AS_OF, state, 0, 0])
        if state != before or reset:
            clocks[-1][1:3] = (AS_OF if state in (RUNNING, PAUSED) else at), state
    if state == STOPPED:
        clocks[-1][4] -= AS_OF - clocks[-1][1]
    return clocks


def following(state, flags, after_stop, resume):
    """The state after an event, as the module's docstring says it."""
    going = PAUSED if "p" in flags else RUNNING
    if state == State.CANCELLED or (state == State.IDLE and ("s" not in flags or "c" in flags)):
        return state
    if "c" in flags:
        return State.CANCELLED
    if "x" in flags:
        return STOPPED
    if "0" in flags or state == State.IDLE:
        return going
    if state == STOPPED:
        runs_on = after_stop == "resume" or (after_stop == "repeat" and "s" in flags)
        return going if runs_on else STOPPED
    if state == PAUSED and resume:
        return RUNNING if "r" in flags and "p" not in flags else PAUSED
    return going


def lasting(clocks, *states):
    """(clocks,) the seconds that each was in one of the states."""
    own = np.isin(clocks.segment_state, states)
    length = clocks.segment_end - clocks.segment_start
    return np.bincount(clocks.segment_clock[own], weights=length[own], minlength=len(clocks))


conditions = st.text(alphabet="spx", max_size=2) | st.sampled_from(["", "r", "c", "0"])
logs = st.lists(
    st.lists(st.tuples(st.integers(0, 99), conditions), min_size=1, max_size=12).map(
        lambda rows: sorted(rows, key=lambda row: row[0])
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=200, deadline=None)
@given(cases=logs, after_stop=st.sampled_from(["final", "resume", "repeat"]), resume=st.booleans())
def test_all_cases_at_once_are_a_loop_over_each(cases, after_stop, resume):
    clocks = replay(log(*cases, resume=resume), AS_OF, after_stop=after_stop)
    found = zip(
        clocks.case,
        clocks.started,
        clocks.stopped,
        clocks.state,
        lasting(clocks, RUNNING),
        lasting(clocks, PAUSED, STOPPED),
        strict=True,
    )
    expected = [(n, *clock) for n, rows in enumerate(cases) for clock in one_by_one(rows, after_stop, resume)]
    assert [tuple(map(int, row)) for row in found] == [tuple(map(int, row)) for row in expected]
