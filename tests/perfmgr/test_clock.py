"""The clock is read at the doors, and time is an argument below them: what is recorded can be told and tested."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("alerts", "analytics", "dashboards", "datasets", "doors", "jobs", "kpis", "lake", "organization", "perfmgr")
ROOMS += ("slas", "studies", "vendors")
READS = re.compile(
    r"timezone\.(now|localdate|localtime)\(|datetime\.(now|today|utcnow)\(|date\.today\(|[^.\w]time\.time\("
)
# Where a request, a job, a task or a command comes in.
DOORS = re.compile(
    r"(views|api|management|migrations)/|(^|/)(tasks|work|middleware|authentication|idempotency|health)\.py$"
)
# Below them, and why.
BELOW = {
    "organization/audit.py": "the trail's own stamp, which nobody hands in",
    "kpis/requests.py": "as_of_day: the day that jobs and tasks ask for",
    "datasets/closing.py": "whether who let it in may still restate, when the worker writes",
    "datasets/compaction.py": "the command's and the task's default",
    "datasets/intake/committing.py": "the moment of the commit, in the job that loads",
    "datasets/intake/loading.py": "the moments of the job that loads",
    "datasets/quality/evaluate.py": "the moment of the evaluation, in its job",
    "datasets/undo.py": "the moment of the commit, in the job that takes back",
    "kpis/recompute/run.py": "the moments of the job's steps, which are measured",
    "kpis/webhooks.py": "who may be told, in the job's transaction",
    "slas/claims.py": "when the credit was calculated, in a refresh that a job or a close asks for",
    "slas/periods.py": "when the figures were computed, in a refresh that a job or a close asks for",
}


def reads_below_the_doors() -> set[str]:
    files = (file for room in ROOMS for file in (ROOT / room).rglob("*.py"))
    named = ((file.relative_to(ROOT).as_posix(), file) for file in files)
    return {name for name, file in named if not DOORS.search(name) and READS.search(file.read_text())}


def test_the_clock_is_read_at_the_doors_and_where_it_is_said_why():
    assert reads_below_the_doors() == set(BELOW)
