"""Rows of the permission matrix: who says what a dataset is."""

from datasets.models import Closing
from organization.models import Role
from tests.factories import DatasetFactory, UserFactory
from tests.matrix.table import Resource

DEFINERS = frozenset({Role.ANALYST, Role.MANAGER, Role.ADMINISTRATOR, Role.INTEGRATION})


CLOSERS = frozenset({Role.MANAGER, Role.FINANCE, Role.ADMINISTRATOR})


def a_closing(unit):
    """A proposal to open all again, by somebody else."""
    dataset = ByCode(unit).dataset
    return Closing.objects.create(dataset=dataset, reason=f"audit of {unit.code}", proposed_by=UserFactory())


class ByCode:
    """A dataset whose address holds its code, as the matrix asks for a pk."""

    def __init__(self, unit):
        self.dataset = DatasetFactory(unit=unit, code=f"data-of-{unit.code}".lower())
        self.pk = self.dataset.code

    def __str__(self):
        return self.pk


RESOURCES = [
    Resource("a dataset's page", "get", "/datasets/{}/", ByCode),
    Resource("a dataset's history", "get", "/datasets/{}/history/", ByCode),
    Resource("a dataset's closed periods", "get", "/datasets/{}/closing/", ByCode),
    Resource(
        "deciding on a closing", "post", "/dataset-closings/{}/approve/", a_closing, CLOSERS, status=302, door="close"
    ),
    Resource("API: closings", "get", "/api/v1/dataset-closings/", a_closing, is_list=True, marker=lambda c: c.reason),
    Resource("API: a closing", "get", "/api/v1/dataset-closings/{}/", a_closing),
    Resource(
        "API: approving a closing",
        "post",
        "/api/v1/dataset-closings/{}/approve/",
        a_closing,
        CLOSERS,
        door="close",
    ),
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
]
