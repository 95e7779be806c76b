"""Rows of the permission matrix: who writes definitions, targets, scorecards, strategy, and beside numbers."""

from datetime import date

from kpis.models import Annotation, KpiLink, Objective, Scorecard, ScorecardNode, Theme
from organization.models import Role
from tests.factories import KpiFactory, MembershipFactory, ScorecardFactory, TargetFactory, UserFactory
from tests.kpis.resources import ADMINISTRATORS, DEFINERS, ByCode, a_webhook, in_review
from tests.matrix.table import Resource

SETTERS = frozenset({Role.MANAGER, Role.ADMINISTRATOR, Role.INTEGRATION})
UPLOADERS = DEFINERS
NOBODY: frozenset[str] = frozenset()  # of one unit: only who may define everywhere
A, WHY = "/api/v1", "They were agreed on"


def the_unit(unit):
    return unit


def a_colleague(unit):
    return MembershipFactory(unit=unit)


def new(one) -> dict:
    return {"code": "new_one", "name": "New", "unit": one.unit.code, "owner": one.user.username}


def a_kpi(unit, **words):
    return KpiFactory(unit=unit, code=f"kpi_{unit.code}".replace("-", "_"), **words)


def by_code(unit) -> ByCode:
    return ByCode(a_kpi(unit))


def a_target(unit):
    return TargetFactory(kpi=a_kpi(unit))


def a_draft(unit) -> ByCode:
    found = in_review(unit)
    found.kpi.versions.update(state="draft")
    return found


class Card:
    """A scorecard with a row, by what the address holds of them."""

    def __init__(self, unit, of_row: bool = False):
        self.scorecard: Scorecard = ScorecardFactory(unit=unit, code=f"card-of-{unit.code}")
        self.node = ScorecardNode.objects.create(scorecard=self.scorecard, kind="perspective", name="People")
        self.pk = f"{self.scorecard.code}/nodes/{self.node.pk}" if of_row else self.scorecard.code


def its_row(unit) -> Card:
    return Card(unit, of_row=True)


def a_theme(unit):
    return Theme.objects.create(name=f"theme of {unit.code}")


def an_objective(unit):
    return Objective.objects.create(theme=a_theme(unit), name="Quick", unit=unit, owner=UserFactory())


def a_link(unit):
    return KpiLink.objects.create(objective=an_objective(unit), kpi=a_kpi(unit))


def a_note(unit):
    return Annotation.objects.create(kpi=a_kpi(unit), unit=unit, day=date(2025, 1, 3), text="Flood", by=UserFactory())


def of_series(found, **more) -> dict:
    kpi = getattr(found, "kpi", found)
    return {"kpi": kpi.code, "unit": kpi.unit.code, **more}


def goal(kpi) -> dict:
    return of_series(kpi, value="90", valid_from="2030-01-01")


def charted(**more):
    return lambda kpi: of_series(kpi, grain="month", reason=WHY, **more)


def defines(name: str, method: str, path: str, make, **more) -> Resource:
    return Resource(name, method, path, make, DEFINERS, door="define", **more)


def sets(name: str, method: str, path: str, make=a_target, **more) -> Resource:
    return Resource(name, method, path, make, SETTERS, door="target", **more)


def notes(name: str, method: str, path: str, make=a_note, **more) -> Resource:
    return Resource(name, method, path, make, UPLOADERS, door="upload", **more)


def of_all(name: str, method: str, path: str, make=a_theme, **more) -> Resource:
    return Resource(name, method, path, make, NOBODY, door="define", elsewhere=403, **more)


DEFINITIONS = [
    defines("editing a KPI", "post", "/kpis/{}/edit/", by_code, status=422),
    defines("computing a KPI again", "post", "/kpis/{}/recompute/", by_code, status=302),
    defines("API: making a KPI", "post", f"{A}/kpis/", a_colleague, status=201, elsewhere=400,
            body=lambda one: {**new(one), "version": {"kind": "manual"}}),
    defines("API: changing a KPI", "patch", f"{A}/kpis/{{}}/", by_code, body={"name": "Another"}),
    defines("API: a new version", "post", f"{A}/kpis/{{}}/versions/", by_code, status=201, body={"decimals": 2}),
    defines("API: handing a definition in", "post", f"{A}/kpis/{{}}/versions/1/submit/", a_draft, status=400),
    defines("API: discarding a draft", "post", f"{A}/kpis/{{}}/versions/1/discard/", a_draft, status=409),
    defines("API: computing a KPI again", "post", f"{A}/runs/", by_code, status=202, elsewhere=400,
            body=lambda found: {"kpi": found.pk}),
    defines("API: charting a series", "post", f"{A}/chart-settings/", a_kpi, status=200, elsewhere=400,
            body=charted(rule_set="nhs")),
    defines("API: proposing a re-base", "post", f"{A}/chart-phases/", a_kpi, status=400, elsewhere=400,
            body=charted(starts_on="2025-01-01")),
    defines("API: leaving a point out", "post", f"{A}/excluded-points/", a_kpi, status=400, elsewhere=400,
            body=charted(day="2025-01-01")),
]  # fmt: skip
TARGETS = [
    sets("API: setting a target", "post", f"{A}/targets/", a_kpi, status=201, elsewhere=400, body=goal),
    sets("API: setting many targets", "post", f"{A}/targets/bulk/", a_kpi, status=200, elsewhere=400,
         body=lambda kpi: {"targets": [goal(kpi)]}),
    sets("API: ending a target", "post", f"{A}/targets/{{}}/end/", body={"last_day": "2030-01-31", "reason": WHY}),
    sets("API: removing a target", "delete", f"{A}/targets/{{}}/", status=204),
    sets("API: a year's target", "post", f"{A}/annual-targets/", a_kpi, status=201, elsewhere=400,
         body=lambda kpi: of_series(kpi, year_of="2030-01-01", total="120", phasing="even")),
]  # fmt: skip
CARDS = [
    defines("editing a scorecard", "post", "/scorecards/{}/edit/", Card, status=404),
    defines("API: making a scorecard", "post", f"{A}/scorecards/", a_colleague, status=201, elsewhere=400,
            body=new),
    defines("API: changing a scorecard", "patch", f"{A}/scorecards/{{}}/", Card, body={"name": "Another"}),
    defines("API: removing a scorecard", "delete", f"{A}/scorecards/{{}}/", Card, status=204),
    defines("API: adding a row", "post", f"{A}/scorecards/{{}}/nodes/", Card, status=201,
            body={"kind": "perspective", "name": "Money"}),
    defines("API: changing a row", "patch", f"{A}/scorecards/{{}}/", its_row, body={"name": "Another"}),
    defines("API: removing a row", "delete", f"{A}/scorecards/{{}}/", its_row, status=204),
    defines("API: moving a row", "post", f"{A}/scorecards/{{}}/move/", its_row, body={"parent": None, "position": 0}),
    defines("API: weighing a row", "post", f"{A}/scorecards/{{}}/weight/", its_row, status=204,
            body={"weight": "2", "from_day": "2025-01-01"}),
]  # fmt: skip
STRATEGY = [
    of_all("API: adding a theme", "post", f"{A}/themes/"),
    of_all("API: changing a theme", "patch", f"{A}/themes/{{}}/"),
    of_all("API: removing a theme", "delete", f"{A}/themes/{{}}/"),
    defines("API: adding an objective", "post", f"{A}/objectives/", an_objective, status=201, elsewhere=400,
            body=lambda one: {"theme": one.theme_id, "name": "Cheap", "unit": one.unit.code,
                              "owner": one.owner.username}),
    defines("API: changing an objective", "patch", f"{A}/objectives/{{}}/", an_objective, body={"name": "Another"}),
    defines("API: removing an objective", "delete", f"{A}/objectives/{{}}/", an_objective, status=204),
    defines("API: linking a KPI", "post", f"{A}/kpi-links/", an_objective, status=201, elsewhere=400,
            body=lambda one: {"objective": one.pk, "kpi": a_kpi(one.unit).code}),
    defines("API: removing a link", "delete", f"{A}/kpi-links/{{}}/", a_link, status=204),
]  # fmt: skip
NOTES = [
    notes("API: writing a note", "post", f"{A}/annotations/", a_kpi, status=201, elsewhere=400,
          body=lambda kpi: of_series(kpi, day="2025-01-03", text="Flood")),
    notes("API: changing a note", "patch", f"{A}/annotations/{{}}/", body={"text": "No flood"}),
    notes("API: removing a note", "delete", f"{A}/annotations/{{}}/", status=204),
    notes("API: entering a value", "post", f"{A}/manual-entries/", a_kpi, status=201, elsewhere=400,
          body=lambda kpi: of_series(kpi, day="2025-01-03", value="4")),
    Resource("API: removing a webhook", "delete", f"{A}/webhooks/{{}}/", a_webhook, ADMINISTRATORS, status=204,
             door="administer"),
    Resource("API: trying a webhook", "post", f"{A}/webhooks/{{}}/try/", a_webhook, ADMINISTRATORS, status=202,
             door="administer"),
    Resource("API: adding a webhook", "post", f"{A}/webhooks/", the_unit, ADMINISTRATORS, status=400, elsewhere=400,
             body=lambda unit: {"name": "desk", "url": "http://127.0.0.1/", "unit": unit.code}, door="administer"),
]  # fmt: skip
RESOURCES = [*DEFINITIONS, *TARGETS, *CARDS, *STRATEGY, *NOTES]
