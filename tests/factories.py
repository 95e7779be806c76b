"""Factories make something valid; a test states only what matters to it."""

import hashlib
import io
from datetime import UTC, date, datetime, timedelta

import factory
from factory.django import DjangoModelFactory

from datasets import intake
from datasets.contracts import put_in_force
from datasets.models import Dataset, Upload
from jobs import work
from kpis.models import Kpi, KpiVersion, Result, Scorecard, Target
from lake.contract import Contract
from lake.intake import Dialect
from organization import tree
from organization.models import ApiToken, Membership, Role, Unit, UnitPlacement, User

PASSWORD = "a-password-for-tests"


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"user-{n}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.org")
    first_name = "Ada"
    last_name = factory.Sequence(lambda n: f"Lovelace {n}")

    @classmethod
    def _create(cls, model_class, *args, **values):
        return model_class.objects.create_user(password=values.pop("password", PASSWORD), **values)


class UnitFactory(DjangoModelFactory):
    """A unit that stands under `parent` (none: at the top) in all days, or from `from_day` on."""

    class Meta:
        model = Unit

    code = factory.Sequence(lambda n: f"unit-{n}")
    name = factory.LazyAttribute(lambda unit: f"Unit {unit.code}")

    @classmethod
    def _create(cls, model_class, *args, parent=None, from_day=tree.ALWAYS, **values):
        unit = model_class.objects.create(**values)
        UnitPlacement.objects.create(unit=unit, parent=parent, valid_from=from_day)
        tree.rebuild_paths([unit.pk])
        return unit


class MembershipFactory(DjangoModelFactory):
    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory)
    unit = factory.SubFactory(UnitFactory)
    role = Role.VIEWER
    valid_from = date(2020, 1, 1)


class ApiTokenFactory(DjangoModelFactory):
    """The secret to send stands in `token.secret`: `Authorization: Bearer {token.secret}`."""

    class Meta:
        model = ApiToken

    user = factory.SubFactory(UserFactory)
    name = "a test"
    prefix = factory.Sequence(lambda n: f"{n:08d}")
    scopes = factory.LazyFunction(lambda: [ApiToken.Scope.READ])
    expires_at = datetime(2100, 1, 1, tzinfo=UTC)

    @classmethod
    def _create(cls, model_class, *args, **values):
        secret = f"pm_{values['prefix']}_{'s' * 43}"
        token = model_class.objects.create(digest=hashlib.sha256(secret.encode()).hexdigest(), **values)
        token.secret = secret
        return token


def member(role: str, unit: Unit, **user) -> User:
    """A user who holds `role` at `unit` since long ago."""
    return MembershipFactory(user=UserFactory(**user), unit=unit, role=role).user


class DatasetFactory(DjangoModelFactory):
    """A dataset without rows; `loaded_dataset` makes one with rows."""

    class Meta:
        model = Dataset

    code = factory.Sequence(lambda n: f"dataset-{n}")
    name = factory.LazyAttribute(lambda dataset: f"Dataset {dataset.code}")
    unit = factory.SubFactory(UnitFactory)
    owner = factory.SubFactory(UserFactory)
    steward = factory.SelfAttribute("owner")


def perform(job) -> dict:
    """Do a job here and now, as a worker would; an exception of the work is raised."""
    job.refresh_from_db()
    work.perform(job.pk)
    job.refresh_from_db()
    assert job.state == "done", job.fault
    return job.outcome


def upload_csv(
    dataset: Dataset, text: str | bytes, *, by=None, name: str = "extract.csv", run: bool = True, **more
) -> Upload:
    """Receive `text` as an extract of `dataset`, request its load and (unless run=False) do it. Returns the upload."""
    content = text.encode() if isinstance(text, str) else text
    by = by or dataset.owner
    upload = intake.receive(dataset, io.BytesIO(content), name=name, by=by, length=len(content), **more)
    requested = intake.request_load(upload, by=by)
    if run and not requested.already:
        perform(requested.upload.job)
    requested.upload.refresh_from_db()
    return requested.upload


def loaded_dataset(text: str | bytes, contract: Contract, *, dialect: Dialect | None = None, **dataset) -> Dataset:
    """A dataset whose rows are those of the CSV `text`, loaded through the same verbs as a person's upload.

    Its owner is an analyst of its unit, so that the load may write there.
    """
    made = DatasetFactory(dialect=(dialect or Dialect()).to_dict(), **dataset)
    if not made.owner.memberships.exists():
        MembershipFactory(user=made.owner, unit=made.unit, role=Role.ANALYST)
    put_in_force(made, contract, by=made.owner)
    made.refresh_from_db()
    upload = upload_csv(made, text)
    assert upload.state == "loaded", upload.fault
    made.refresh_from_db()
    return made


# --- KPIs -----------------------------------------------------------------------------------------------------------


class KpiVersionFactory(DjangoModelFactory):
    """A certified manual KPI's first version, in force in all days."""

    class Meta:
        model = KpiVersion

    number = 1
    kind = KpiVersion.Kind.MANUAL
    state = KpiVersion.State.CERTIFIED
    created_by = factory.LazyAttribute(lambda version: version.kpi.owner)


class KpiFactory(DjangoModelFactory):
    """A KPI with one version; words for the version are passed on: KpiFactory(direction="lower")."""

    class Meta:
        model = Kpi

    code = factory.Sequence(lambda n: f"kpi_{n}")
    name = factory.LazyAttribute(lambda kpi: f"KPI {kpi.code}")
    unit = factory.SubFactory(UnitFactory)
    owner = factory.SubFactory(UserFactory)

    @classmethod
    def _create(cls, model_class, *args, **values):
        own = {field.name for field in model_class._meta.get_fields()} - {"versions"}
        kpi = model_class.objects.create(**{name: values.pop(name) for name in list(values) if name in own})
        KpiVersionFactory(kpi=kpi, **values)
        return kpi


class TargetFactory(DjangoModelFactory):
    class Meta:
        model = Target

    kpi = factory.SubFactory(KpiFactory)
    unit = factory.LazyAttribute(lambda target: target.kpi.unit)
    value = 95
    valid_from = date(2000, 1, 1)
    set_by = factory.LazyAttribute(lambda target: target.kpi.owner)


class ResultFactory(DjangoModelFactory):
    """A month's result of a KPI at its own unit: ResultFactory(kpi=kpi, month=date(2025, 3, 1), value=94.0)."""

    class Meta:
        model = Result

    class Params:
        month = date(2025, 1, 1)

    kpi = factory.SubFactory(KpiFactory)
    version = factory.LazyAttribute(lambda result: result.kpi.versions.first())
    unit = factory.LazyAttribute(lambda result: result.kpi.unit)
    grain = "month"
    period_start = factory.LazyAttribute(lambda result: result.month)
    period_end = factory.LazyAttribute(lambda r: (r.period_start.replace(day=28) + timedelta(days=4)).replace(day=1))
    value = 100.0
    status = "green"
    score = 100.0
    rows = 1
    recorded_at = datetime(2025, 1, 1, tzinfo=UTC)


class ScorecardFactory(DjangoModelFactory):
    class Meta:
        model = Scorecard

    code = factory.Sequence(lambda n: f"scorecard-{n}")
    name = factory.LazyAttribute(lambda scorecard: f"Scorecard {scorecard.code}")
    unit = factory.SubFactory(UnitFactory)
    owner = factory.SubFactory(UserFactory)
