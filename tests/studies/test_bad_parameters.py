"""Whatever stands in the place of a parameter: an answer, or a refusal that names it. Never another exception."""

import copy
import json
import warnings

import pytest

from analytics.inputs import BadInput
from studies import functions

from .test_functions import EXAMPLES

NUMBERS = [0, -1, 0.5, 1e50, -1e308, 1e-320, 10**30, None, "x", []]
OTHERS = [None, "zzz", [], {}]


def places(value, path=()):
    """The way to every value within; of a list its first and last."""
    if path:
        yield path
    if isinstance(value, dict):
        for name in value:
            yield from places(value[name], (*path, name))
    elif isinstance(value, list) and value:
        for at in sorted({0, len(value) - 1}):
            yield from places(value[at], (*path, at))


def spoilt(value):
    """What may stand there instead."""
    if isinstance(value, list):
        n = len(value)
        return [[], value[:1], [None] * n, [0] * n, [-1] * n, [1e308] * n, [1] * n, [[]] * n, "x", {}]
    return NUMBERS if isinstance(value, int | float) else OTHERS


def variants(example):
    for path in places(example):
        held = example
        for step in path:
            held = held[step]
        for wrong in spoilt(held):
            changed = copy.deepcopy(example)
            inside = changed
            for step in path[:-1]:
                inside = inside[step]
            inside[path[-1]] = wrong
            yield changed


@pytest.mark.parametrize("path", EXAMPLES)
def test_a_spoilt_parameter_is_answered_or_refused(path):
    for parameters in variants(EXAMPLES[path]):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                json.dumps(functions.call(*path.split("/"), parameters), allow_nan=False)
            except (BadInput, functions.Unreadable):
                continue
