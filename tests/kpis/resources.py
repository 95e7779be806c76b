"""Rows of the permission matrix: who reads charts and signals, who changes how series are charted, who approves."""

from datetime import UTC, datetime

from datasets.models import Upload
from kpis.models import (
    ChartPhase,
    ChartSetting,
    ChartVerdict,
    ExcludedPoint,
    Forecast,
    Kpi,
    ManualEntry,
    Run,
    Signal,
    Webhook,
)
from organization.models import Role
from tests.factories import DatasetFactory, UserFactory
from tests.kpis.sample_series import a_share, met, month, write
from tests.matrix.table import Resource

ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})
DEFINERS = frozenset({Role.ANALYST, Role.MANAGER, Role.ADMINISTRATOR, Role.INTEGRATION})
OWN_PEOPLE = frozenset(Role.values) - {Role.VENDOR_CONTACT}
CERTIFIERS = frozenset({Role.MANAGER, Role.ADMINISTRATOR})
AT = datetime(2025, 2, 1, tzinfo=UTC)
VERSION = "/api/v1/kpis/{}/versions/1/"


class ByCode:
    """A KPI whose address holds its code, as the matrix asks for a pk."""

    def __init__(self, kpi: Kpi):
        self.kpi, self.pk = kpi, kpi.code

    def __str__(self):
        return self.kpi.name


def a_charted_kpi(unit) -> ByCode:
    kpi = a_share(unit, code=f"share_{unit.code}".replace("-", "_"), name=f"Share of {unit.code}")
    write(kpi, met(24), target=60.0)
    return ByCode(kpi)


def series(unit) -> dict:
    return {"kpi": a_charted_kpi(unit).kpi, "unit": unit, "grain": "month"}


def a_phase(unit):
    return ChartPhase.objects.create(
        **series(unit), starts_on=month(12), reason=f"move of {unit.code}", proposed_by=UserFactory()
    )


def a_run(unit) -> Run:
    """One over a dataset of the unit, which named the unit as what it was for."""
    dataset = DatasetFactory(unit=unit)
    return Run.objects.create(
        dataset=dataset, trigger=f"run of {unit.code}", state="done", started_at=AT, written_at=AT
    )


class ALoad:
    """An upload without a version, by the id that its address holds."""

    def __init__(self, unit):
        self.pk = Upload.objects.create(
            dataset=DatasetFactory(unit=unit), file_name="a.csv", size=1, uploaded_by=UserFactory()
        ).public_id


def in_review(unit) -> ByCode:
    found = a_charted_kpi(unit)
    found.kpi.versions.update(state="in_review", submitted_by=UserFactory(), certified_by=None, certified_at=None)
    return found


def certified(unit) -> ByCode:
    found = a_charted_kpi(unit)
    found.kpi.versions.update(state="certified", certified_by=UserFactory(), certified_at=AT)
    return found


def an_entry(unit):
    days = {"period_start": month(1), "period_end": month(2)}
    return ManualEntry.objects.create(**series(unit), **days, value=1, entered_by=UserFactory())


def a_setting(unit):
    return ChartSetting.objects.create(**series(unit), reason=f"house of {unit.code}", changed_by=UserFactory())


def a_left_out_point(unit):
    return ExcludedPoint.objects.create(
        **series(unit), period_start=month(3), reason=f"flood of {unit.code}", by=UserFactory()
    )


def a_signal(unit):
    found = {"rule": "nhs_shift", "side": "low", "kind": "bad", "found_at": AT, "pattern_start": month(1)}
    return Signal.objects.create(**series(unit), period_start=month(8), **found)


def a_verdict(unit):
    numbers = {"centre": 1, "lower": 0, "upper": 2, "sigma": 0.3, "points": 24, "in_limits": 24}
    words = {"chart": "individuals", "rule_set": "nhs", "variation": "concerning", "assurance": "fails", "at": AT}
    return ChartVerdict.objects.create(**series(unit), period_start=month(23), layout="x", **numbers, **words)


def a_forecast(unit):
    numbers = {"mean": 1, "low": 0, "high": 2, "confidence": 0.8, "points": 24, "back_test": {"origins": 8}}
    period = {"period_start": month(24), "period_end": month(25)}
    return Forecast.objects.create(**series(unit), **period, **numbers, model="naive", made_from="x", made_at=AT)


def a_webhook(unit):
    return Webhook.objects.create(
        name=f"desk of {unit.code}", url="https://example.org/", unit=unit, secret="s", created_by=UserFactory()
    )


def kpi_code(thing) -> str:
    return thing.kpi.code


def at_kpi(name: str, path: str) -> Resource:
    return Resource(name, "get", path, a_charted_kpi)


RESOURCES = [
    at_kpi("a control chart's page", "/kpis/{}/chart/"),
    at_kpi("a drivers page", "/kpis/{}/drivers/"),
    Resource("annotating a KPI", "post", "/kpis/{}/annotations/", a_charted_kpi, DEFINERS, status=302),
    Resource(
        "handing a definition in",
        "post",
        "/kpis/{}/definition/submit/",
        a_charted_kpi,
        DEFINERS,
        status=302,
        body={"version": "1"},
    ),
    Resource("the icons page", "get", "/signals/", a_verdict, is_list=True, marker=lambda verdict: verdict.kpi.name),
    Resource(
        "approving a re-base",
        "post",
        "/chart-phases/{}/approve/",
        a_phase,
        CERTIFIERS,
        status=302,
        door="define",
    ),
    Resource(
        "asking for a forecast",
        "post",
        "/kpis/{}/chart/forecast/",
        a_charted_kpi,
        DEFINERS,
        status=302,
        door="define",
    ),
    Resource(
        "the webhooks page", "get", "/webhooks/", a_webhook, ADMINISTRATORS, is_list=True, marker=str, door="administer"
    ),
    Resource("a webhook's page", "get", "/webhooks/{}/", a_webhook, ADMINISTRATORS, door="administer"),
    Resource("trying a webhook", "post", "/webhooks/{}/try/", a_webhook, ADMINISTRATORS, status=302, door="administer"),
    Resource(
        "removing a webhook", "post", "/webhooks/{}/remove/", a_webhook, ADMINISTRATORS, status=302, door="administer"
    ),
    at_kpi("API: a control chart", "/api/v1/kpis/{}/chart/"),
    at_kpi("API: a KPI's signals", "/api/v1/kpis/{}/signals/"),
    at_kpi("API: what goes by a KPI", "/api/v1/kpis/{}/uses/"),
    at_kpi("API: a KPI's forecast", "/api/v1/kpis/{}/forecast/"),
    at_kpi("API: a KPI's drivers", "/api/v1/kpis/{}/drivers/"),
    at_kpi(
        "API: any days against any others",
        "/api/v1/kpis/{}/windows/?first=2025-01-01&last=2025-01-31&against_first=2024-12-01&against_last=2024-12-31",
    ),
    Resource(
        "runs",
        "get",
        "/runs/",
        a_run,
        OWN_PEOPLE,
        refused=200,  # an empty list
        is_list=True,
        marker=lambda run: run.trigger,
    ),
    Resource("a run's page", "get", "/runs/{}/", a_run, OWN_PEOPLE, refused=404),
    Resource("what an upload did", "get", "/runs/of-upload/{}/", ALoad, OWN_PEOPLE, refused=404),
    Resource("API: a run", "get", "/api/v1/runs/{}/", a_run, OWN_PEOPLE, refused=404),
    Resource("API: what a run changed", "get", "/api/v1/runs/{}/changes/", a_run, OWN_PEOPLE, refused=404),
    Resource("API: signals", "get", "/api/v1/signals/", a_signal, is_list=True, marker=kpi_code),
    Resource("API: a signal", "get", "/api/v1/signals/{}/", a_signal),
    Resource("API: icons", "get", "/api/v1/chart-verdicts/", a_verdict, is_list=True, marker=kpi_code),
    Resource("API: forecasts", "get", "/api/v1/forecasts/", a_forecast, is_list=True, marker=kpi_code),
    Resource("API: chart settings", "get", "/api/v1/chart-settings/", a_setting, is_list=True, marker=kpi_code),
    Resource("API: re-bases", "get", "/api/v1/chart-phases/", a_phase, is_list=True, marker=kpi_code),
    # 409: its passport has gaps
    Resource(
        "API: certifying",
        "post",
        VERSION + "certify/",
        in_review,
        CERTIFIERS,
        status=409,
        door="certify",
    ),
    Resource(
        "API: sending a definition back",
        "post",
        VERSION + "send-back/",
        in_review,
        CERTIFIERS,
        door="certify",
        body={"reason": "Whose hours?"},
    ),
    Resource(
        "API: taking a KPI out of use",
        "post",
        VERSION + "deprecate/",
        certified,
        CERTIFIERS,
        door="certify",
        body={"from_day": "2025-06-01", "reason": "Replaced"},
    ),
    Resource(
        "API: approving a value", "post", "/api/v1/manual-entries/{}/approve/", an_entry, CERTIFIERS, door="certify"
    ),
    Resource(
        "API: rejecting a value",
        "post",
        "/api/v1/manual-entries/{}/reject/",
        an_entry,
        CERTIFIERS,
        door="certify",
        body={"reason": "No evidence"},
    ),
    Resource(
        "API: approving a re-base", "post", "/api/v1/chart-phases/{}/approve/", a_phase, CERTIFIERS, door="certify"
    ),
    Resource(
        "API: rejecting a re-base",
        "post",
        "/api/v1/chart-phases/{}/reject/",
        a_phase,
        CERTIFIERS,
        body={"remark": "no"},
        door="certify",
    ),
    Resource(
        "API: left-out points", "get", "/api/v1/excluded-points/", a_left_out_point, is_list=True, marker=kpi_code
    ),
    Resource(
        "API: taking a point back",
        "delete",
        "/api/v1/excluded-points/{}/",
        a_left_out_point,
        DEFINERS,
        status=204,
        door="define",
    ),
]
