"""What goes to the console: the trace of a fault of ours, one line for a refusal."""

import logging

import pytest

from perfmgr.logs import PlainFormatter, RefusalsAreShort


@pytest.mark.parametrize(("status", "has_trace"), [(403, False), (404, False), (500, True), (None, True)])
def test_only_faults_of_ours_are_logged_with_their_trace(status, has_trace):
    try:
        raise PermissionError("not here")
    except PermissionError as fault:
        told = (type(fault), fault, fault.__traceback__)
    record = logging.LogRecord("django.request", logging.WARNING, "", 1, "Forbidden: %s", ("/sql/",), told)
    if status:
        record.status_code = status
    assert RefusalsAreShort().filter(record)
    text = PlainFormatter().format(record)
    assert text.startswith("WARNING django.request: Forbidden: /sql/") and ("Traceback" in text) == has_trace
