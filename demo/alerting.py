"""Alert rules of the demo, by the verb that the rule's page uses."""

from collections.abc import Mapping
from datetime import datetime, time
from decimal import Decimal

from alerts.models import AlertRule
from alerts.rules import define_rule
from kpis.models import Kpi
from organization.models import Unit, User

NUMBERS = ("limit", "margin")
CLOCK = ("quiet_from", "quiet_until")


def define(definition: Mapping, users: Mapping[str, User], now: datetime) -> int:
    """The rules that are missing, owned by the manager. Returns how many were made."""
    made = 0
    for words in definition["rules"]:
        kpi, unit = Kpi.objects.get(code=words["kpi"]), Unit.objects.get(code=words["unit"])
        if AlertRule.objects.filter(kpi=kpi, name=words["name"]).exists():
            continue
        values = {name: value for name, value in words.items() if name not in ("kpi", "unit")}
        values |= {name: Decimal(str(values[name])) for name in NUMBERS if name in values}
        values |= {name: time.fromisoformat(values[name]) for name in CLOCK if name in values}
        grain = kpi.versions.order_by("-number").values_list("grain", flat=True).first()
        define_rule(kpi=kpi, unit=unit, grain=grain, by=users["manager"], now=now, **values)
        made += 1
    return made
