"""Every file of the corpus is refused with its code, a next step, its name, and nothing left behind."""

import socket

import pytest

from lake import intake
from lake.intake import Dialect, IntakeError
from lake.intake.detect import detect
from lake.intake.terms import Limits
from tests.corpus.refused import CASES, CONTRACT


def test_all_numbers_are_covered():
    assert {case.number for case in CASES} >= {
        "C1",
        "C17",
        "C27",
        "C28",
        "C52",
        "C54",
        "C55",
        "C58",
        "C59",
        "B16",
        "B21",
    }


@pytest.mark.parametrize("case", CASES, ids=str)
def test_is_refused(case, tmp_path, monkeypatch):
    def no_network(*args, **kwargs):
        raise AssertionError("reading a file must not open a socket")

    monkeypatch.setattr(socket, "socket", no_network)
    path = case.write(tmp_path)
    into = tmp_path / "into"
    with pytest.raises(IntakeError) as refused:
        kind = detect(path, Limits()).kind
        intake.load(path, CONTRACT, Dialect(kind=kind, header_row=1 if kind in ("csv", "xlsx") else 0), into=into)
    error = refused.value
    assert (error.code, bool(error.next_step)) == (case.code, True)
    assert case.says in error.message
    assert {name: getattr(error, name) for name in case.place} == case.place
    assert not (into / "accepted.parquet").exists()
    assert not into.exists() or {entry.name for entry in into.iterdir()} <= {"rejects.parquet"}
