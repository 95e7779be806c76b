"""Networks of tasks: critical path, PERT, and the finish by simulation, which is later than PERT says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from analytics.inputs import BadInput, EmptyInput, Floats, number
from analytics.simulation.distributions import Distribution, Pert

LINKS = ("FS", "SS", "FF", "SF")


class BrokenNetwork(BadInput):
    """A predecessor that is no task, a task named twice, or a circle."""


@dataclass(frozen=True, slots=True)
class Link:
    """A predecessor: finish to start (FS), start to start, finish to finish or start to finish, with a lag or lead."""

    task: str
    kind: Literal["FS", "SS", "FF", "SF"] = "FS"
    lag: float = 0.0


@dataclass(frozen=True, slots=True)
class Task:
    """A task with its duration (>= 0, any unit of time) and what it waits for."""

    name: str
    duration: float
    after: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Scheduled:
    """Earliest and latest times, total float (how late it may be for the end) and free float (for its successors)."""

    name: str
    duration: float
    early_start: float
    early_finish: float
    late_start: float
    late_finish: float
    total_float: float
    free_float: float
    is_critical: bool


@dataclass(frozen=True, slots=True)
class Schedule:
    """All tasks in the order given, the finish, and the critical tasks in order of time."""

    tasks: tuple[Scheduled, ...]
    finish: float
    critical: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedSchedule:
    """Finish of every draw and its percentiles, and how often each task was critical.

    pert_mean, pert_deviation: the classic figures, sums along the one critical path of the means. They are optimistic
    wherever paths join (merge bias): compare with `mean`.
    """

    finishes: Floats
    mean: float
    p50: float
    p80: float
    p90: float
    criticality: tuple[tuple[str, float], ...]
    pert_mean: float
    pert_deviation: float
    draws: int
    seed: int


def schedule(tasks: Sequence[Task]) -> Schedule:
    """Critical path method: ES = max(EF of predecessors + lag), LF = min(LS of successors - lag), float = LS - ES.

    Starts are never before 0. Raises EmptyInput, BrokenNetwork, OutOfRange, NotFinite.
    Source: Kelley and Walker (1959); PMI, Practice Standard for Scheduling.
    """
    ordered = _order(tasks)
    durations = {task.name: np.array([number(task.duration, f"duration of {task.name}", at_least=0)]) for task in tasks}
    starts, finishes = _forward(ordered, durations)
    end = max(float(finish[0]) for finish in finishes.values())
    late_start, late_finish = _backward(ordered, durations, np.array([end]))
    rows = []
    for task in tasks:
        name = task.name
        slack = float(late_start[name][0] - starts[name][0])
        free = _free_float(task, tasks, starts, finishes, end)
        rows.append(
            Scheduled(
                name,
                float(durations[name][0]),
                float(starts[name][0]),
                float(finishes[name][0]),
                float(late_start[name][0]),
                float(late_finish[name][0]),
                slack,
                free,
                slack <= 1e-9,
            )
        )
    critical = sorted((row for row in rows if row.is_critical), key=lambda row: (row.early_start, row.early_finish))
    return Schedule(tuple(rows), end, tuple(row.name for row in critical))


def simulate_schedule(
    tasks: Sequence[Task], durations: Mapping[str, Distribution], *, draws: int = 10_000, seed: int = 1
) -> SimulatedSchedule:
    """Finish of the network when durations vary independently.

    tasks: as `schedule`; a task without an entry in `durations` keeps its own. Draws below 0 count as 0.
    PERT: mean (a + 4 m + b) / 6 and variance ((b - a) / 6)^2 of `Pert` durations, else mean and variance of the draws.
    Raises as `schedule`, BrokenNetwork for a duration of no task. Source: Malcolm et al. (1959), Operations Research 7.
    """
    number(draws, "draws", at_least=100, at_most=1_000_000)
    ordered = _order(tasks)
    names = [task.name for task in tasks]
    if unknown := [name for name in durations if name not in names]:
        raise BrokenNetwork(f"Durations for {', '.join(unknown)}, which are no tasks.")
    rng = np.random.default_rng(seed)
    drawn = {
        task.name: np.maximum(durations[task.name].quantile(rng.random(draws)), 0.0)
        if task.name in durations
        else np.full(draws, number(task.duration, f"duration of {task.name}", at_least=0))
        for task in tasks
    }
    starts, finishes = _forward(ordered, drawn)
    ends = np.max(list(finishes.values()), axis=0)
    late, _ = _backward(ordered, drawn, ends)
    tolerance = 1e-9 * np.maximum(ends, 1.0)
    often = [(name, float((late[name] - starts[name] <= tolerance).mean())) for name in names]
    p50, p80, p90 = (float(p) for p in np.quantile(ends, [0.5, 0.8, 0.9]))
    mean, deviation = _pert(tasks, durations, drawn)
    return SimulatedSchedule(
        ends, float(ends.mean()), p50, p80, p90, tuple(sorted(often, key=lambda x: -x[1])), mean, deviation, draws, seed
    )


def _order(tasks: Sequence[Task]) -> list[Task]:
    """Tasks after their predecessors. Raises EmptyInput, BrokenNetwork."""
    if not tasks:
        raise EmptyInput("There are no tasks.")
    names = {task.name for task in tasks}
    if len(names) < len(tasks):
        raise BrokenNetwork("Two tasks have the same name.")
    for task in tasks:
        for link in task.after:
            if link.task not in names or link.kind not in LINKS:
                raise BrokenNetwork(f"{task.name} waits for {link.task} ({link.kind}): no such task or kind of link.")
    done: set[str] = set()
    waiting, ordered = list(tasks), []
    while waiting:
        ready = [task for task in waiting if all(link.task in done for link in task.after)]
        if not ready:
            raise BrokenNetwork(f"{', '.join(task.name for task in waiting)} wait for each other in a circle.")
        ordered += ready
        done |= {task.name for task in ready}
        waiting = [task for task in waiting if task.name not in done]
    return ordered


def _forward(ordered: list[Task], durations: Mapping[str, Floats]) -> tuple[dict[str, Floats], dict[str, Floats]]:
    starts: dict[str, Floats] = {}
    finishes: dict[str, Floats] = {}
    for task in ordered:
        own = durations[task.name]
        start = np.zeros_like(own)
        for link in task.after:
            from_ = finishes[link.task] if link.kind[0] == "F" else starts[link.task]
            start = np.maximum(start, from_ + link.lag - (own if link.kind[1] == "F" else 0.0))
        starts[task.name], finishes[task.name] = start, start + own
    return starts, finishes


def _backward(
    ordered: list[Task], durations: Mapping[str, Floats], end: Floats
) -> tuple[dict[str, Floats], dict[str, Floats]]:
    late_finish = {task.name: end.copy() for task in ordered}
    late_start = {task.name: end - durations[task.name] for task in ordered}
    for task in reversed(ordered):
        name = task.name
        late_start[name] = late_finish[name] - durations[name]
        for link in task.after:
            bound = (late_finish[name] if link.kind[1] == "F" else late_start[name]) - link.lag
            if link.kind[0] == "S":
                bound = bound + durations[link.task]
            late_finish[link.task] = np.minimum(late_finish[link.task], bound)
    return late_start, late_finish


def _free_float(
    task: Task, tasks: Sequence[Task], starts: Mapping[str, Floats], finishes: Mapping[str, Floats], end: float
) -> float:
    room = [
        (finishes[other.name] if link.kind[1] == "F" else starts[other.name])[0]
        - link.lag
        - (finishes[task.name] if link.kind[0] == "F" else starts[task.name])[0]
        for other in tasks
        for link in other.after
        if link.task == task.name
    ]
    return float(min(room)) if room else end - float(finishes[task.name][0])


def _pert(
    tasks: Sequence[Task], durations: Mapping[str, Distribution], drawn: Mapping[str, Floats]
) -> tuple[float, float]:
    means: dict[str, float] = {}
    variances: dict[str, float] = {}
    for task in tasks:
        given = durations.get(task.name)
        if isinstance(given, Pert):
            means[task.name] = (given.low + 4 * given.mode + given.high) / 6
            variances[task.name] = ((given.high - given.low) / 6) ** 2
        else:
            means[task.name], variances[task.name] = float(drawn[task.name].mean()), float(drawn[task.name].var())
    plan = schedule([Task(task.name, means[task.name], task.after) for task in tasks])
    return plan.finish, float(np.sqrt(sum(variances[name] for name in plan.critical)))
