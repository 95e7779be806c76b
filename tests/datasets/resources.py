"""Rows of the permission matrix: who says what a dataset is."""

from organization.models import Role
from tests.factories import DatasetFactory
from tests.matrix.table import Resource

DEFINERS = frozenset({Role.ANALYST, Role.MANAGER, Role.ADMINISTRATOR, Role.INTEGRATION})


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
