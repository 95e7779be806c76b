"""What the API does with requests that are malformed, foreign, or too much (C63 to C65, B9, B10, B14, B15)."""

import json

import pytest
from django.test import Client, override_settings
from drf_spectacular.generators import SchemaGenerator
from rest_framework.test import APIClient

from organization.models import Role, Unit
from tests.factories import ApiTokenFactory, KpiFactory, UnitFactory, member

pytestmark = pytest.mark.django_db


@pytest.fixture
def unit():
    return UnitFactory(code="north")


@pytest.fixture
def api(unit):
    """An administrator of `north` with a token of every scope."""
    token = ApiTokenFactory(user=member(Role.ADMINISTRATOR, unit), scopes=["read", "upload", "define", "administer"])
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token.secret}")
    return client


def is_problem(response, status, code=None):
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body = response.json()
    assert {"type", "title", "status", "code", "detail"} <= body.keys()
    assert body["status"] == status
    assert code in (None, body["code"])
    return body


@pytest.mark.parametrize(
    "text",
    [
        " ",
        "{",
        "[1,]",
        '{"name": NaN}',
        '{"name": Infinity}',
        '{"name": 1e400}',
        '{"name": "a", "name": "b"}',
        "[" * 10_000 + "]" * 10_000,
        '{"name": "\\u0000"}',
        '{"name": "\\ud800"}',
        "\ufeff{}",
        '{"n": ' + "9" * 5000 + "}",
    ],
)
def test_c63_what_is_not_json_is_refused(api, text):
    is_problem(api.post("/api/v1/units/", text, content_type="application/json"), 400, "parse_error")


@pytest.mark.parametrize(("text", "kind"), [("[]", "list"), ('"a"', "str"), ("5", "int")])
def test_c63_a_body_that_is_no_object_is_refused_in_words(api, text, kind):
    body = is_problem(api.post("/api/v1/units/", text, content_type="application/json"), 400, "invalid")
    assert body["detail"] == f"Write an object in braces, such as {{}}; this is of type {kind}."


def test_c63_brackets_within_a_text_are_no_nesting(api, unit):
    changed = api.patch(f"/api/v1/units/{unit.pk}/", {"name": "[" * 60}, format="json")
    assert changed.json()["name"] == "[" * 60


@pytest.mark.parametrize(
    "query",
    [
        "page_size=1000000000",
        "page_size=0",
        "page_size=-1",
        "page_size=٣",
        "page_size=1_0",
        "cursor=x",
        "offset=-1",
        "kind=x",
    ],
)
def test_c63_pages_that_cannot_be_are_refused_by_parameter(api, query):
    body = is_problem(api.get(f"/api/v1/units/?{query}"), 400, "invalid")
    assert body["errors"][0]["field"] == query.partition("=")[0]


def test_c63_a_cursor_that_was_changed_or_comes_from_another_list_is_refused(api, unit):
    for _ in range(2):
        UnitFactory(parent=unit)
    following = api.get("/api/v1/units/?page_size=1").json()["next"]
    assert api.get(following).json()["results"][0]["code"] != unit.code
    is_problem(api.get(following[:-1] + ("A" if following[-1] != "A" else "B")), 400, "invalid")
    is_problem(api.get(following.replace("/units/", "/unit-aliases/")), 400, "invalid")
    is_problem(api.get(f"{following}&kind=team"), 400, "invalid")


def test_c64_another_content_type_is_415(api):
    is_problem(api.post("/api/v1/units/", "a=1", content_type="application/x-www-form-urlencoded"), 415)
    is_problem(api.post("/api/v1/units/", "<a/>", content_type="application/xml"), 415)


@override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=1000)
def test_c64_a_body_that_is_too_large_is_413(api):
    is_problem(api.post("/api/v1/units/", {"name": "x" * 2000}, format="json"), 413, "too_large")


def test_c64_more_parts_than_accepted_are_400(api):
    parts = {f"file{number}": _file() for number in range(6)}
    is_problem(api.post("/api/v1/units/import/", parts, format="multipart"), 400, "malformed")


def _file():
    from django.core.files.uploadedfile import SimpleUploadedFile

    return SimpleUploadedFile("a.csv", b"code,name\nx,X\n")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", 5),
        ("name", True),
        ("name", ["a"]),
        ("fiscal_calendar", "5"),
        ("fiscal_calendar", True),
        ("kind", "castle"),
        ("timezone", "Mars/Olympus"),
        ("name", "x" * 201),
        ("name", None),
    ],
)
def test_c65_a_value_of_another_type_is_refused_by_field(api, unit, field, value):
    body = is_problem(api.patch(f"/api/v1/units/{unit.pk}/", {field: value}, format="json"), 400, "invalid")
    assert [error["field"] for error in body["errors"]] == [field]


def test_c65_a_choice_that_there_is_not_is_refused_with_those_that_there_are(api, unit):
    in_body = is_problem(api.patch(f"/api/v1/units/{unit.pk}/", {"kind": "{castle}"}, format="json"), 400, "invalid")
    in_list = is_problem(api.get("/api/v1/units/?kind=%25castle"), 400, "invalid")
    known = "Choose one of: " + ", ".join(Unit.Kind.values) + "."
    assert in_body["errors"][0]["message"] == f'"{{castle}}" is none of the choices. {known}'
    assert in_list["errors"][0]["message"] == f'"%castle" is none of the choices. {known}'


@pytest.mark.parametrize("value", ["5", "٣", "1_000", " 5", True, 5.0, None])
def test_c65_a_whole_number_is_written_as_one(api, value):
    calendar = {"code": "c", "name": "C", "kind": "months", "start_month": value}
    body = is_problem(api.post("/api/v1/fiscal-calendars/", calendar, format="json"), 400)
    assert body["errors"][0]["field"] == "start_month"


@pytest.mark.parametrize("day", ["٢٠٢٥-01-01", "2025-02-30", "01/02/2025", 20250101, "9999-99-99", "2025-1-1T00:00"])
def test_c65_a_day_is_written_in_ascii_as_iso_has_it(api, unit, day):
    body = is_problem(api.post(f"/api/v1/units/{unit.pk}/close/", {"from_day": day}, format="json"), 400)
    assert body["errors"][0]["field"] == "from_day"


def test_a_method_that_is_not_offered_is_405(api, unit):
    is_problem(api.put(f"/api/v1/units/{unit.pk}/", {}, format="json"), 405)
    is_problem(api.post("/api/v1/audit-entries/", {}, format="json"), 405)


def test_a_request_of_the_wrong_kind_is_told_the_right_one(api, unit):
    path = f"/api/v1/units/{unit.pk}/"
    assert "Allow names" in is_problem(api.put(path, {}, format="json"), 405, "method_not_allowed")["detail"]
    text = api.patch(path, "name=x", content_type="text/plain")
    assert "Content-Type: application/json" in is_problem(text, 415, "unsupported_media_type")["detail"]
    foreign = api.get(path, headers={"Accept": "application/xml"})
    assert "Accept: application/json" in is_problem(foreign, 406, "not_acceptable")["detail"]
    stranger = APIClient().get(path)
    assert "Authorization: Bearer" in is_problem(stranger, 401, "not_authenticated")["detail"]
    assert stranger["WWW-Authenticate"] == "Bearer"


@override_settings(CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}})
def test_too_many_calls_are_429_with_the_time_to_wait(api, monkeypatch):
    from doors.throttles import TokenThrottle

    monkeypatch.setattr(TokenThrottle, "THROTTLE_RATES", {"token": "2/min"})
    answers = [api.get("/api/v1/units/") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "Too many calls: wait" in is_problem(answers[2], 429, "throttled")["detail"]
    assert 0 < int(answers[2]["Retry-After"]) <= 60


@pytest.mark.parametrize("path", ["/api/v1/units/{}/", "/api/v1/units/{}/?day=2020-01-01", "/api/v1/nowhere/{}/"])
def test_b9_a_foreign_id_and_a_missing_one_answer_the_same(api, path):
    foreign = UnitFactory(code="south")
    answers = [api.get(path.format(pk)) for pk in (foreign.pk, 10**9, "99999999999999999999")]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    is_problem(answers[0], 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("patch", "units/{}/", {"name": "Mine now"}),
        ("post", "units/{}/move/", {"parent": None, "from_day": "2025-01-01"}),
        ("post", "units/{}/close/", {"from_day": "2025-01-01"}),
    ],
)
def test_b9_a_foreign_id_is_not_changed_either(api, method, path, body):
    foreign = UnitFactory(code="south")
    answer = getattr(api, method)(f"/api/v1/{path.format(foreign.pk)}", body, format="json")
    missing = getattr(api, method)(f"/api/v1/{path.format(10**9)}", body, format="json")
    assert (answer.status_code, answer.content) == (404, missing.content)


def test_b9_a_foreign_id_in_a_body_reads_like_a_missing_one(api, unit):
    foreign = UnitFactory(code="south")

    def answer(pk):
        return api.post("/api/v1/unit-aliases/", {"unit": pk, "system": "s", "code": "c"}, format="json")

    assert answer(foreign.pk).status_code == answer(10**9).status_code == 400
    assert json.dumps(answer(foreign.pk).json()).replace(str(foreign.pk), "N") == json.dumps(
        answer(10**9).json()
    ).replace(str(10**9), "N")


def test_b10_lists_filters_and_counts_hold_nothing_of_another_unit(api, unit):
    foreign = UnitFactory(code="elsewhere")
    listed = api.get("/api/v1/units/").json()
    assert [row["code"] for row in listed["results"]] == ["north"]
    assert "count" not in listed
    for code in ("elsewhere", "nowhere"):
        body = is_problem(api.get(f"/api/v1/units/?code={code}"), 400, "invalid")
        words = f"There is no unit with the code '{code}' that you see."
        assert body["errors"] == [{"field": "code", "code": "unknown_unit", "message": words}]
    for name in ("unit-aliases/?unit", "units/?parent"):
        body = is_problem(api.get(f"/api/v1/{name}={foreign.pk}"), 400, "invalid")
        assert [fault["code"] for fault in body["errors"]] == ["unknown_unit"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", 7),
        ("is_active", False),
        ("code", "other"),
        ("parent", 1),
        ("approved_by", 1),
        ("unit_id", 1),
        ("load_id", 1),
    ],
)
def test_b14_fields_that_only_perfmgr_sets_are_refused_and_nothing_is_stored(api, unit, field, value):
    body = is_problem(api.patch(f"/api/v1/units/{unit.pk}/", {"name": "New", field: value}, format="json"), 400)
    assert body["errors"][0]["field"] == field
    unit.refresh_from_db()
    assert (unit.name, unit.code, unit.is_active) == ("Unit north", "north", True)


@pytest.mark.parametrize(
    "name",
    [
        "_connector",
        "_negated",
        "memberships__user__password__startswith",
        "org__owner",
        "ordering",
        "pk__in",
        "fields",
        "format",
        "token",
    ],
)
def test_b15_an_unknown_parameter_is_refused(api, unit, name):
    for path in ("/api/v1/units/", f"/api/v1/units/{unit.pk}/", "/api/v1/members/", "/api/v1/audit-entries/"):
        body = is_problem(api.get(path, {name: "x"}), 400, "invalid")
        assert body["errors"][0]["field"] == name


def test_a_list_is_filtered_by_the_names_that_bodies_have(api, unit):
    for code in ("late", "early"):
        KpiFactory(code=code, unit=UnitFactory(code=f"{code}-desk", parent=unit))
    listed = [kpi["code"] for kpi in api.get("/api/v1/kpis/", {"unit": "late-desk"}).json()["results"]]
    assert listed == ["late"]
    refused = is_problem(api.get("/api/v1/kpis/", {"unit__code": "late-desk"}), 400)
    assert "unit__code" in json.dumps(refused)


def test_no_filter_has_the_name_of_a_database_column():
    paths = SchemaGenerator().get_schema(public=True)["paths"]
    names = {p["name"] for path in paths.values() for p in path.get("get", {}).get("parameters", [])}
    assert {"kpi", "unit", "agreement", "owner", "dataset"} <= names
    assert not [name for name in names if name.endswith(("__code", "__username"))]


def test_a_parameter_that_comes_twice_is_refused_rather_than_taken_once(api):
    """Of `status=red&status=amber` only the last would count, and the list would seem to be both."""
    body = is_problem(api.get("/api/v1/units/?kind=team&kind=group"), 400, "invalid")
    assert body["errors"] == [
        {"field": "kind", "code": "invalid", "message": "Write it once: ask for one value at a time."}
    ]


def test_an_id_that_is_nothing_is_refused_in_words_of_ids(api):
    body = is_problem(api.get("/api/v1/objectives/?theme=north"), 400, "invalid")
    assert body["detail"].startswith("theme: Nothing that you see has this id")


def test_a_plus_that_an_address_lost_is_explained(api):
    asked = "/api/v1/results/?as_known_at=2025-05-03T12:00:00+00:00"
    assert "write %2B in its place" in is_problem(api.get(asked), 400, "invalid")["errors"][0]["message"]


def test_an_address_without_its_slash_leads_to_the_same_request(api):
    """After a 301 a client would send its POST again as a GET, and take the list for success."""
    answer = api.post("/api/v1/units", {"code": "x"}, format="json")
    assert (answer.status_code, answer["Location"]) == (308, "/api/v1/units/")


def test_an_address_that_there_is_not_leads_to_the_list_of_them(api):
    assert "/api/docs/" in is_problem(api.get("/api/v1/unit/"), 404, "not_found")["detail"]


def test_a_call_without_the_scope_for_it_is_told_what_its_token_has(unit):
    token = ApiTokenFactory(user=member("analyst", unit), scopes=["upload"])
    answer = Client().get("/api/v1/units/", headers={"Authorization": f"Bearer {token.secret}"})
    assert is_problem(answer, 403)["detail"].endswith("This token has the scope upload.")


@pytest.mark.parametrize(
    ("asked", "kind"), [("?format=json", "json"), ("?format=yaml", "openapi"), ("", "openapi"), ("?format=xml", "")]
)
def test_the_description_comes_as_json_or_yaml(db, asked, kind):
    answer = Client().get(f"/api/schema/{asked}")
    if not kind:
        is_problem(answer, 400, "invalid")
    else:
        assert answer["Content-Type"].partition(";")[0].endswith(kind)
        assert b"Idempotency-Key" in answer.content


def test_b15_a_nul_in_a_parameter_is_refused(api):
    is_problem(api.get("/api/v1/units/", {"code": "a\0b"}), 400)


def test_each_answer_carries_the_id_under_which_the_log_knows_it(api):
    assert api.get("/api/v1/units/")["X-Request-ID"] != api.get("/api/v1/units/")["X-Request-ID"]


def test_a_call_is_let_through_while_the_cache_is_away(api):
    away = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1"}}
    with override_settings(CACHES=away):
        assert api.get("/api/v1/units/").status_code == 200


@pytest.mark.parametrize(
    ("address", "field"),
    [
        ("units/?is_active=maybe", "is_active"),
        ("units/?is_active=", "is_active"),
        ("units/?day=yesterday", "day"),
        ("results/?as_known_at=yesterday", "as_known_at"),
        ("results/?grain=fortnight", "grain"),
        ("results/?is_open=5", "is_open"),
        ("signals/?gone=perhaps", "gone"),
    ],
)
def test_a_filter_that_cannot_be_read_is_named_and_not_left_out(api, address, field):
    body = is_problem(api.get(f"/api/v1/{address}"), 400, "invalid")
    assert [fault["field"] for fault in body["errors"]] == [field]


def test_a_refusal_says_what_is_missing(api, unit):
    token = ApiTokenFactory(user=member(Role.ADMINISTRATOR, unit), scopes=["read"])
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {token.secret}")
    answer = is_problem(api.post("/api/v1/units/", {}, format="json"), 403, "permission_denied")
    assert answer["detail"].startswith("You may not administer anywhere") and "scope" in answer["detail"]
    api.credentials()
    assert "Authorization: Bearer" in is_problem(api.get("/api/v1/units/"), 401, "not_authenticated")["detail"]
