"""Who may do what with studies (see tests/matrix). A vendor's contact sees none: their numbers are of internal rows."""

from organization.models import Role
from tests.matrix.table import ALL, Resource

from .making import a_study

INTERNAL = ALL - {Role.VENDOR_CONTACT}
DEFINERS = frozenset({Role.ANALYST, Role.MANAGER, Role.ADMINISTRATOR, Role.INTEGRATION})


def a_study_in_review(unit):
    return a_study(unit, state="in_review", conclusion="Begin with A.")


def title(study) -> str:
    return study.title


def change(name: str, method: str, path: str, make=a_study, **more) -> Resource:
    return Resource(name, method, path, make, DEFINERS, door="define", **more)


RESOURCES = [
    Resource("the list of studies", "get", "/analysis/", a_study, INTERNAL, refused=200, is_list=True, marker=title),
    Resource("a study", "get", "/analysis/{}/", a_study, INTERNAL, refused=404),
    Resource("a study's numbers", "get", "/analysis/{}/runs/1.csv", a_study, INTERNAL, refused=404),
    change("concluding a study", "post", "/analysis/{}/conclude/", body={"conclusion": "B"}, status=302),
    change("handing a study in", "post", "/analysis/{}/submit/", status=302),
    change("reviewing a study", "post", "/analysis/{}/accept/", a_study_in_review, status=302),
    change("running a study again", "post", "/analysis/{}/again/", status=302),
    Resource("API: studies", "get", "/api/v1/studies/", a_study, INTERNAL, refused=200, is_list=True, marker=title),
    Resource("API: a study", "get", "/api/v1/studies/{}/", a_study, INTERNAL, refused=404),
    Resource("API: a study's runs", "get", "/api/v1/studies/{}/runs/", a_study, INTERNAL, refused=404),
    change("API: reviewing a study", "post", "/api/v1/studies/{}/accept/", a_study_in_review),
    change(
        "API: sending a study back", "post", "/api/v1/studies/{}/send-back/", a_study_in_review, body={"note": "Why?"}
    ),
    change("API: handing a study in", "post", "/api/v1/studies/{}/submit/", a_study_in_review, status=409),
    change(
        "API: concluding a study",
        "patch",
        "/api/v1/studies/{}/",
        a_study_in_review,
        body={"conclusion": "B"},
        status=409,
    ),
    change("API: running a study again", "post", "/api/v1/studies/{}/again/", status=422),
]
