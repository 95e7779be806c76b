"""A small service desk with an agreement whose clocks have run: seven incidents, two targets. Times are UTC."""

from datetime import date, time

from django.utils import timezone

from datasets.facts import facts_of
from datasets.scan import fetch_here
from lake.contract import Column, ColumnType, Contract, Role
from organization import business_calendars
from organization.business_calendars import Window
from organization.models import BusinessCalendar
from slas import drafting, lifecycle
from slas.clocks.run import run
from tests.factories import UnitFactory, loaded_dataset, member

HOUR = 3600
EVENTS = Contract(
    columns=(
        Column("id", roles=(Role.KEY,)),
        Column("number"),
        Column("state"),
        Column("priority", roles=(Role.DIMENSION,)),
        Column("team", roles=(Role.UNIT,)),
        Column("at", type=ColumnType.TIMESTAMP, roles=(Role.EVENT_TIME,)),
        Column("opened_at", type=ColumnType.TIMESTAMP),
    )
)
# Monday 6 January 2025; the desk is open 9 to 17. Targets: priority 1 four hours, priority 2 eight.
LOG = """id,number,state,priority,team,at,opened_at
1,A,New,1,net,2025-01-06 10:00,2025-01-06 09:00
2,A,Active,1,db,2025-01-06 11:00,2025-01-06 09:00
3,A,Resolved,1,db,2025-01-06 13:00,2025-01-06 09:00
4,B,New,1,net,2025-01-06 09:00,2025-01-06 09:00
5,B,Waiting,1,net,2025-01-06 10:00,2025-01-06 09:00
6,B,Active,1,db,2025-01-06 16:00,2025-01-06 09:00
7,B,Resolved,1,net,2025-01-07 12:00,2025-01-06 09:00
8,C,New,2,net,2025-01-06 15:00,2025-01-06 15:00
9,C,Active,1,net,2025-01-06 16:00,2025-01-06 15:00
10,C,Resolved,1,net,2025-01-07 11:00,2025-01-06 15:00
11,D,New,2,db,2025-01-07 09:00,2025-01-07 09:00
12,D,Cancelled,2,db,2025-01-07 10:00,2025-01-07 09:00
13,E,New,2,db,2025-01-07 09:00,2025-01-07 09:00
14,F,New,1,db,2025-01-07 09:00,2025-01-07 09:00
15,G,New,2,db,2025-01-07 16:00,2025-01-07 16:00
"""
CLOCK = {
    "case_column": "number",
    "pause": "state = 'Waiting'",
    "stop": "state = 'Resolved'",
    "cancel": "state = 'Cancelled'",
    "started_column": "opened_at",
    "holder_column": "team",
    "priority_column": "priority",
    "reason_column": "state",
}


class Desk:
    """An agreement on a log of seven incidents, signed, not yet run.

    zone: of its calendar. words: of the clock rules.
    """

    def __init__(self, text: str = LOG, contract: Contract = EVENTS, zone: str = "UTC", **words):
        self.unit = UnitFactory(code="desk")
        self.teams = [UnitFactory(code=code, parent=self.unit) for code in ("net", "db")]
        self.author, self.signer = member("analyst", self.unit), member("manager", self.unit)
        self.log = loaded_dataset(text, contract, code="events", unit=self.unit)
        self.calendar = BusinessCalendar.objects.create(code="office", name="Office hours")
        windows = [Window(day, time(9), time(17)) for day in range(5)]
        business_calendars.add_version(self.calendar, timezone=zone, windows=windows, by=self.author)
        version = drafting.create_agreement(
            code="desk", name="Desk", kind="sla", unit=self.unit, owner=self.author, by=self.author,
            valid_from=date(2025, 1, 1), calendar=self.calendar,
        )  # fmt: skip
        for priority, hours in (("1", 4), ("2", 8)):
            drafting.set_target(
                version, f"p{priority}", by=self.author, name=f"Priority {priority}", metric="resolution",
                condition=f"priority = '{priority}'", threshold_seconds=hours * HOUR, required_pct=90,
                clock=CLOCK | {"dataset": self.log} | words,
            )  # fmt: skip
        lifecycle.offer(version, by=self.author)
        self.version = lifecycle.sign(version, by=self.signer, day=date(2025, 1, 8), now=timezone.now())
        self.agreement = self.version.agreement

    def run(self):
        self.agreement.refresh_from_db()
        return run(self.agreement)

    def rows(self, columns="*"):
        """case -> the named columns of its one row."""
        self.agreement.refresh_from_db()
        facts = facts_of(self.agreement.dataset)
        found = fetch_here(f'select "case", {columns} from ({facts.relation}) order by 1', facts.files)
        return {row.pop("case"): row for row in found}
