"""Loads the demo: people, units, calendars, then each dataset with its KPIs, targets and scorecard.

Everything goes through the verbs that pages and API use, so the demo proves them; a second run adds what is missing.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path

import yaml
from django.utils import timezone

from organization import shared_calendars, tree, unit_import
from organization.models import FiscalCalendar, Unit, User

from . import agreements, alerting, extracts, measures, people, service_desk, studies, vendors

HERE = Path(__file__).parent
DATASETS = ("incidents", "deliveries", "emergency", "rail", "requests")
UNITS = ("units.csv", "units_city.csv")
ON_REQUEST = ("flights",)
Say = Callable[[str], None]


def load(today: date, *, also: Sequence[str] = (), say: Say = print) -> None:
    """Load what is missing of the demo; `also` names datasets of ON_REQUEST. Raises extracts.DemoFailed."""
    users = people.make_users()
    _organisation(users, say)
    for name in (*DATASETS, *also):
        definition = definition_of(name)
        say(f"Loading {definition['dataset']['name']} ...")
        dataset = extracts.load(definition, users, today)
        measures.define(definition, dataset, users, today)
        extracts.perform_all()
        dataset.refresh_from_db()
        say(f"  {dataset.rows:,} rows, {len(definition['kpis'])} KPIs")
    _service_desk(users, today, say)
    _agreements(users, today, say)
    say(f"{alerting.define(definition_of('alerts'), users, timezone.now())} alert rules")
    extracts.perform_all()
    studies.define(users, today)
    vendors.define(definition_of("vendors"), users, today, say)
    measures.define_strategy(definition_of("executive"), users)  # last: by it `is_loaded` knows
    extracts.perform_all()


def _agreements(users: Mapping[str, User], today: date, say: Say) -> None:
    say("Timing the cases of the agreements ...")
    definition = definition_of("agreements")
    agreements.define(definition, users, today)
    extracts.perform_all()
    agreements.close(definition, users, today)


def _service_desk(users: Mapping[str, User], today: date, say: Say) -> None:
    definition = definition_of("service_desk")
    say(f"Loading {definition['dataset']['name']} and the agreement on them ...")
    dataset = extracts.load(definition, users, today)
    service_desk.define(definition, dataset, users, today)
    extracts.perform_all()
    dataset.refresh_from_db()
    say(f"  {dataset.rows:,} rows, {len(definition['targets'])} promises by priority")


def definition_of(name: str) -> Mapping:
    return yaml.safe_load((HERE / "definitions" / f"{name}.yaml").read_text())


def is_loaded() -> bool:
    """Whether a load of the demo has come to its end once."""
    from kpis.models import Scorecard

    return Scorecard.objects.filter(code="executive").exists()


def _organisation(users: Mapping[str, User], say: Say) -> None:
    if Unit.objects.filter(code="GROUP").exists():
        return
    for name in UNITS:
        seen = unit_import.preview((HERE / name).read_bytes(), people.FIRST_DAY)
        unit_import.import_units(seen, from_day=people.FIRST_DAY, today=people.FIRST_DAY, by=users["admin"])
    april = shared_calendars.add(
        FiscalCalendar, by=users["admin"], code="april", name="Fiscal year from April", start_month=4
    )
    tree.change_unit(
        Unit.objects.get(code="EMERGENCY"), by=users["admin"], fiscal_calendar=april, timezone="Europe/London"
    )
    tree.change_unit(Unit.objects.get(code="RAIL"), by=users["admin"], timezone="Europe/Paris")
    tree.change_unit(Unit.objects.get(code="AIR"), by=users["admin"], timezone="America/New_York")
    people.grant_roles(users)
    say(f"{Unit.objects.count()} units, {len(users)} people")
