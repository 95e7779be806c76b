"""KPIs, targets, scorecards and strategy of the demo, by the verbs that the designer's pages use."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

from django.utils import timezone

from datasets.models import Dataset
from kpis import definitions, scorecards, strategy, targets, workflow
from kpis.models import Kpi, KpiLink, KpiVersion, Objective, Scorecard, ScorecardNode, Theme
from organization.models import Unit, User

LONG_AGO = date(2000, 1, 1)
REVIEW_AFTER = timedelta(days=365)
LIMITS = {"value": "target", "red_limit": "red_limit", "stretch": "stretch"}


def define(definition: Mapping, dataset: Dataset, users: Mapping[str, User], today: date) -> None:
    """The dataset's KPIs, certified by a second person, with their targets and their scorecard."""
    for words in definition["kpis"]:
        if not Kpi.objects.filter(code=words["code"]).exists():
            _kpi(words, definition["passport"], dataset, users, today)
    for words in definition["kpis"]:
        if counter := words.get("counter_kpi"):
            kpi = Kpi.objects.get(code=words["code"])
            definitions.change_kpi(kpi, by=users["analyst"], counter_kpi=Kpi.objects.get(code=counter))
    for words in definition["targets"]:
        _target(words, users)
    _scorecard(definition["scorecard"], users)


def define_strategy(definition: Mapping, users: Mapping[str, User]) -> None:
    """Themes, objectives, the KPIs linked to them, and the executive scorecard."""
    by = users["manager"]
    for position, words in enumerate(definition["themes"]):
        theme = Theme.objects.filter(name=words["name"]).first()
        theme = theme or strategy.add_theme(words["name"], by=by, position=position)
        for entry in words["objectives"]:
            _objective(theme, entry, users)
    _scorecard(definition["scorecard"], users)


def _kpi(words: Mapping, passport: Mapping, dataset: Dataset, users: Mapping[str, User], today: date) -> None:
    own = {name: value for name, value in words.items() if name not in ("code", "name", "counter_kpi")}
    own = {**passport, **own, "review_date": today + REVIEW_AFTER}
    if own["kind"] != KpiVersion.Kind.DERIVED:
        own["dataset"] = dataset
    if "percentile" in own:
        own["percentile"] = Decimal(str(own["percentile"]))
    version = definitions.create_kpi(
        code=words["code"],
        name=words["name"],
        unit=dataset.unit,
        owner=users["manager"],
        steward=users["analyst"],
        by=users["analyst"],
        **own,
    )
    workflow.submit(version, by=users["analyst"])
    workflow.certify(version, by=users["manager"], now=timezone.now())


def _target(words: Mapping, users: Mapping[str, User]) -> None:
    kpi, unit = Kpi.objects.get(code=words["kpi"]), Unit.objects.get(code=words["unit"])
    segment = {"dimension": words.get("dimension", ""), "member": words.get("member", "")}
    if kpi.targets.filter(unit=unit, **segment).exists():
        return
    goals = [
        targets.Goal(
            kpi=kpi,
            unit=unit,
            valid_from=LONG_AGO,
            value=Decimal(str(words[name])),
            comparator=comparator,
            basis=words["basis"],
            **segment,
        )
        for name, comparator in LIMITS.items()
        if name in words
    ]
    targets.set_many(goals, by=users["manager"], reason="The demo sets its targets together with its data.")


def _scorecard(words: Mapping, users: Mapping[str, User]) -> None:
    if Scorecard.objects.filter(code=words["code"]).exists():
        return
    values = {name: words[name] for name in ("description", "cascades", "is_executive") if name in words}
    unit, by = Unit.objects.get(code=words["unit"]), users["manager"]
    made = scorecards.create_scorecard(code=words["code"], name=words["name"], unit=unit, owner=by, by=by, **values)
    for branch in words["nodes"]:
        perspective = scorecards.add_node(
            made, by=by, kind=ScorecardNode.Kind.PERSPECTIVE, name=branch["name"], weight=branch["weight"]
        )
        for leaf in branch["children"]:
            more = {"gate_cap": leaf["gate_cap"]} if "gate_cap" in leaf else {}
            if "unit" in leaf:
                more["unit"] = Unit.objects.get(code=leaf["unit"])
            scorecards.add_node(
                made,
                by=by,
                kind=ScorecardNode.Kind.KPI,
                parent=perspective,
                kpi=Kpi.objects.get(code=leaf["kpi"]),
                weight=leaf["weight"],
                **more,
            )


def _objective(theme: Theme, words: Mapping, users: Mapping[str, User]) -> None:
    by, unit = users["manager"], Unit.objects.get(code=words["unit"])
    objective = Objective.objects.filter(unit=unit, name=words["name"]).first()
    objective = objective or strategy.add_objective(theme, words["name"], unit=unit, owner=by, by=by)
    for kind in KpiLink.Kind.values:
        for code in words.get(kind, ()):
            strategy.link(objective, Kpi.objects.get(code=code), kind, by=by)
