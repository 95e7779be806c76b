"""Asking for a clock run: a job in the caller's transaction; several requests before it starts are one run."""

from jobs.models import Job
from jobs.work import submit
from slas.models import Agreement

KIND = "slas.clocks"


def request_run(agreement: Agreement, *, by=None) -> Job:
    return submit(KIND, f"clocks:{agreement.pk}", by=by, agreement=agreement.pk)
