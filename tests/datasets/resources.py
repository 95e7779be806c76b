"""Rows of the permission matrix: who says what a dataset is."""

from datetime import UTC, datetime

from datasets.models import Closing, QualityRule, SavedView, Upload
from jobs.models import Job
from lake.contract import Column, Contract
from lake.contract import Role as Key
from organization.models import Role
from tests.factories import DatasetFactory, UserFactory
from tests.matrix.table import Resource

DEFINERS = frozenset({Role.ANALYST, Role.MANAGER, Role.ADMINISTRATOR, Role.INTEGRATION})


# A vendor's contact sees rows, not how a dataset is run.
VENDORS = frozenset({Role.VENDOR_CONTACT})
OWN_PEOPLE = frozenset(Role.values) - VENDORS
R = "/api/v1/dataset-restatements"
U = "/api/v1/uploads/{}/"
NOW = datetime(2025, 2, 3, tzinfo=UTC)
UPLOADERS = frozenset({Role.ANALYST, Role.MANAGER, Role.ADMINISTRATOR, Role.INTEGRATION})
ASKERS = frozenset({Role.ANALYST, Role.MANAGER, Role.FINANCE, Role.ADMINISTRATOR})
RESTATERS = frozenset({Role.MANAGER, Role.ADMINISTRATOR})
CLOSERS = frozenset({Role.MANAGER, Role.FINANCE, Role.ADMINISTRATOR})


def a_closing(unit):
    """A proposal to open all again, by somebody else."""
    dataset = ByCode(unit).dataset
    return Closing.objects.create(dataset=dataset, reason=f"audit of {unit.code}", proposed_by=UserFactory())


def a_restatement(unit):
    """Somebody asked to have another's refused upload loaded."""
    sent = AnUpload(unit).upload
    asked = {"asked_by": UserFactory(), "asked_at": NOW, "reason": f"restatement of {unit.code}"}
    return sent.restatements.create(dataset=sent.dataset, kind="load", **asked)


class OfRows:
    """An upload of a dataset with a contract, whose rows one may see."""

    def __init__(self, unit):
        self.upload = Upload.objects.create(
            dataset=Contracted(unit).dataset, file_name="x.csv", size=1, uploaded_by=UserFactory(), state="loaded"
        )
        self.pk = self.upload.public_id


class AClosedRecord(OfRows):
    """A stored record, by its key, that a refused upload of another person would change."""

    def __init__(self, unit):
        super().__init__(unit)
        self.key = f"record of {unit.code}"
        days = dict.fromkeys(("day", "stored_day"), "2025-01-10")
        change = {"row": 2, "key": self.key, **days, "changes": [], "units": [unit.code]}
        fault = {"code": "period_closed", "message": "1 record of closed periods would change.", "details": [change]}
        Upload.objects.filter(pk=self.upload.pk).update(state="refused", fault=fault)


class ARefusedUpload:
    """For rows of closed periods, by the id that its address holds."""

    def __init__(self, unit):
        self.upload = AnUpload(unit).upload
        Upload.objects.filter(pk=self.upload.pk).update(
            state="refused", fault={"code": "period_closed", "message": "1 record of closed periods would change."}
        )
        self.pk = self.upload.public_id


def a_parked_job(unit):
    """The load of a file that somebody else sent, given up."""
    job = Job.objects.create(kind="datasets.load", key=f"load of {unit.code}", state="parked", attempts=3)
    upload = OfRows(unit).upload
    Upload.objects.filter(pk=upload.pk).update(job=job, state="failed")
    return job


def a_rule(unit):
    return QualityRule.objects.create(
        dataset=Contracted(unit).dataset, name=f"rule of {unit.code}", kind="not_null", created_by=UserFactory()
    )


class ByCode:
    """A dataset whose address holds its code, as the matrix asks for a pk."""

    def __init__(self, unit):
        self.dataset = DatasetFactory(unit=unit, code=f"data-of-{unit.code}".lower())
        self.pk = self.dataset.code

    def __str__(self):
        return self.pk


class Contracted(ByCode):
    """One with a contract."""

    def __init__(self, unit):
        super().__init__(unit)
        self.dataset.contract = Contract(columns=(Column("id", roles=(Key.KEY,)),)).to_dict()
        self.dataset.save(update_fields=["contract"])


class AnUpload:
    """A file that somebody sent, by the id that its address holds."""

    def __init__(self, unit):
        self.upload = Upload.objects.create(
            dataset=ByCode(unit).dataset, file_name=f"{unit.code}.csv", size=1, uploaded_by=UserFactory()
        )
        self.pk = self.upload.public_id


def a_view(unit):
    return SavedView.objects.create(
        dataset=Contracted(unit).dataset, name=unit.code, question={}, created_by=UserFactory()
    )


class ItsView(ByCode):
    """A dataset and a view of it, by what the address over REST holds of them."""

    def __init__(self, unit):
        super().__init__(unit)
        view = SavedView.objects.create(dataset=self.dataset, name="x", question={}, created_by=UserFactory())
        self.pk = f"{self.dataset.code}/views/{view.pk}"


def uploads(name: str, path: str, make=AnUpload, method: str = "post", **more) -> Resource:
    return Resource(name, method, path, make, UPLOADERS, door="upload", **more)


def the_unit(unit):
    return unit


RESOURCES = [
    Resource("a kept view", "get", "/explore/views/{}/", a_view),
    Resource("removing another's view", "post", "/explore/views/{}/remove/", a_view, DEFINERS, status=302),
    Resource("API: removing another's view", "delete", "/api/v1/datasets/{}/", ItsView, DEFINERS, status=204),
    Resource("a dataset's page", "get", "/datasets/{}/", ByCode),
    Resource("a dataset's history", "get", "/datasets/{}/history/", ByCode, OWN_PEOPLE, refused=404),
    Resource("a dataset's closed periods", "get", "/datasets/{}/closing/", ByCode, OWN_PEOPLE, refused=404),
    Resource("an upload", "get", "/uploads/{}/", AnUpload, OWN_PEOPLE, refused=404),
    Resource("API: an upload", "get", "/api/v1/uploads/{}/", AnUpload, OWN_PEOPLE, refused=404),
    Resource("API: a dataset's versions", "get", "/api/v1/datasets/{}/versions/", ByCode, OWN_PEOPLE, refused=404),
    Resource("API: who reads a dataset", "get", "/api/v1/datasets/{}/readers/", ByCode, OWN_PEOPLE, refused=404),
    Resource("API: a quality rule", "get", "/api/v1/quality-rules/{}/", a_rule, OWN_PEOPLE, refused=404),
    Resource(
        "deciding on a closing", "post", "/dataset-closings/{}/approve/", a_closing, CLOSERS, status=302, door="close"
    ),
    Resource(
        "API: closings",
        "get",
        "/api/v1/dataset-closings/",
        a_closing,
        OWN_PEOPLE,
        refused=200,  # an empty list
        is_list=True,
        marker=lambda c: c.reason,
    ),
    Resource("API: a closing", "get", "/api/v1/dataset-closings/{}/", a_closing, OWN_PEOPLE, refused=404),
    Resource(
        "API: approving a closing",
        "post",
        "/api/v1/dataset-closings/{}/approve/",
        a_closing,
        CLOSERS,
        door="close",
    ),
    Resource("API: records that a refused upload would change", "get", "/api/v1/uploads/", AClosedRecord, OWN_PEOPLE,
             refused=200, is_list=True, marker=lambda r: r.key),
    Resource("asking for a restatement", "post", "/uploads/{}/restatement/", ARefusedUpload, UPLOADERS, status=302,
             door="upload"),
    Resource("rejecting a restatement of rows", "post", "/dataset-restatements/{}/reject/", a_restatement, RESTATERS,
             status=302, door="upload"),
    Resource("API: restatements of rows", "get", f"{R}/", a_restatement, OWN_PEOPLE, refused=200, is_list=True,
             marker=lambda r: r.reason),
    Resource("API: a restatement of rows", "get", f"{R}/{{}}/", a_restatement, OWN_PEOPLE, refused=404),
    Resource("API: rejecting a restatement of rows", "post", f"{R}/{{}}/reject/", a_restatement, RESTATERS,
             body={"remark": "They are right"}, door="upload"),
    Resource("API: approving a restatement of rows", "post", f"{R}/{{}}/approve/", a_restatement, RESTATERS,
             status=409, door="upload"),  # the upload is in another state by now
    Resource("keeping a view", "post", "/datasets/{}/views/", Contracted, status=302),
    Resource("API: keeping a view", "post", "/api/v1/datasets/{}/views/", Contracted, status=400),  # without a question
    Resource("writing a contract", "post", "/datasets/{}/contract/", Contracted, DEFINERS, body={"save": "1"},
             status=422, unseen=VENDORS),
    Resource("writing a quality rule", "post", "/datasets/{}/quality/", Contracted, DEFINERS, body={"name": ""},
             status=422, unseen=VENDORS),
    Resource("changing a quality rule", "get", "/quality-rules/{}/change/", a_rule, DEFINERS, door="define"),
    Resource("overriding a quality rule", "post", "/quality-rules/{}/override/", a_rule, DEFINERS, status=302,
             body={"reason": "Known"}, door="define"),
    Resource("retiring a quality rule", "post", "/quality-rules/{}/retire/", a_rule, DEFINERS, status=302,
             door="define"),
    Resource("API: overriding a quality rule", "post", "/api/v1/quality-rules/{}/override/", a_rule, DEFINERS,
             status=409, body={"reason": "Known"}, door="define"),  # it does not fail
    Resource("API: retiring a quality rule", "delete", "/api/v1/quality-rules/{}/", a_rule, DEFINERS, status=204,
             door="define"),
    Resource("what is said about a dataset", "get", "/datasets/{}/about/", ByCode, DEFINERS, door="define"),
    Resource("API: a dataset", "get", "/api/v1/datasets/{}/", ByCode),
    Resource(
        "API: saying what a dataset is",
        "patch",
        "/api/v1/datasets/{}/",
        ByCode,
        DEFINERS,
        body={"description": "Orders"},
        door="define",
    ),
    uploads("sending a file on", "/uploads/{}/confirm/", status=422),
    uploads("loading an upload", "/uploads/{}/load/", status=302),
    uploads("taking an upload back", "/uploads/{}/undo/", status=302),
    uploads("looking how to take it back", "/uploads/{}/undo-look/", method="get"),
    uploads("correcting a rejected row", "/uploads/{}/rejects/1/", OfRows, status=404),
    uploads("corrections from a list", "/uploads/{}/rejects/list/", OfRows, status=302),
    uploads("replaying corrected rows", "/uploads/{}/replay/", OfRows, status=302),
    uploads("API: inspecting an upload", U + "inspect/", status=409),
    uploads("API: confirming an upload", U + "confirm/", status=400),
    uploads("API: loading an upload", U + "load/", status=409),
    uploads("API: taking an upload back", U + "undo/", status=409),
    uploads("API: correcting a rejected row", U + "rejects/1/", OfRows, method="patch", status=404,
            body={"cells": {"id": "1"}}),
    uploads("API: corrections from a list", U + "corrections/", OfRows, status=415),
    uploads("API: replaying corrected rows", U + "replay/", OfRows, status=409),
    Resource("API: sending an extract", "post", "/api/v1/uploads/", ByCode, UPLOADERS, status=400, elsewhere=400,
             open_because="without a file", door="upload"),
    Resource("API: compacting", "post", "/api/v1/datasets/{}/compact/", Contracted, UPLOADERS, status=202,
             door="upload"),
    Resource("API: making a dataset", "post", "/api/v1/datasets/", the_unit, DEFINERS, status=201, elsewhere=400,
             body=lambda unit: {"code": f"new-{unit.code}", "name": "New", "unit": unit.code}, door="define"),
    Resource("API: writing a contract", "put", "/api/v1/datasets/{}/contract/", ByCode, DEFINERS, status=400,
             door="define"),
    Resource("API: asking by SQL", "post", "/api/v1/datasets/{}/sql/", Contracted, ASKERS, door="query",
             open_because="it shows the rows that explore shows", body={"sql": "select count(*) from facts"}),
    Resource("API: kept statements", "get", "/api/v1/datasets/{}/statements/", Contracted, ASKERS, door="query",
             open_because="they ask for the rows that explore shows"),
    Resource("API: keeping a statement", "post", "/api/v1/datasets/{}/statements/", Contracted, ASKERS, status=400,
             door="query", body={"name": "All", "sql": "select price from facts"},
             open_because="a view may be kept by who sees the dataset"),
    Resource("API: writing a quality rule", "post", "/api/v1/quality-rules/", Contracted, DEFINERS, status=201,
             body=lambda made: {"dataset": made.pk, "name": "Known", "kind": "not_null", "column": "id"},
             door="define"),
    Resource("API: changing a quality rule", "patch", "/api/v1/quality-rules/{}/", a_rule, DEFINERS, status=400,
             door="define", body={"column": "none"}),
    Resource("API: proposing a closing", "post", "/api/v1/dataset-closings/", ByCode, CLOSERS, status=409,
             body=lambda made: {"dataset": made.pk, "through": "2025-01-31", "reason": "Month-end"},
             door="close"),
    Resource("API: rejecting a closing", "post", "/api/v1/dataset-closings/{}/reject/", a_closing, CLOSERS,
             body={"remark": "Not yet"}, door="close"),
    Resource("API: withdrawing another's closing", "post", "/api/v1/dataset-closings/{}/withdraw/", a_closing, CLOSERS,
             status=409, door="close"),
    Resource("API: asking for a restatement", "post", f"{R}/", ARefusedUpload, UPLOADERS, status=201,
             body=lambda sent: {"upload": str(sent.pk), "reason": "They were corrected"}, door="upload"),
    Resource("API: withdrawing another's restatement", "post", f"{R}/{{}}/withdraw/", a_restatement, UPLOADERS,
             status=409, open_because="only who asked may", door="upload"),
    uploads("trying a job again", "/jobs/{}/retry/", a_parked_job, status=302),
    uploads("dismissing a job", "/jobs/{}/dismiss/", a_parked_job, status=302),
    uploads("API: trying a job again", "/api/v1/jobs/{}/retry/", a_parked_job),
    uploads("API: dismissing a job", "/api/v1/jobs/{}/dismiss/", a_parked_job),
]  # fmt: skip
