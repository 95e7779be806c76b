"""The pages of the organisation: what they do, what they refuse, and how many queries they take."""

import re
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from rest_framework.test import APIClient

from organization import audit, business_calendars
from organization.models import ApiToken, BusinessCalendar, FiscalCalendar, Membership, Role, Unit, UnitAlias, User
from organization.views import units_import
from tests.factories import PASSWORD, ApiTokenFactory, MembershipFactory, UnitFactory, UserFactory, member

pytestmark = pytest.mark.django_db


@pytest.fixture
def top():
    return UnitFactory(code="group")


@pytest.fixture
def admin(top):
    client = Client()
    client.user = member(Role.ADMINISTRATOR, top, username="root")
    client.force_login(client.user)
    return client


def test_the_form_that_moves_a_unit_begins_with_where_it_stands(admin, top):
    """Pressed unread, it takes nothing out of its place; the top of the tree is chosen, never proposed."""
    north = UnitFactory(code="north", parent=top)
    page = admin.get(f"/units/{north.pk}/move/")
    assert page.context["form"]["parent"].value() == top.pk
    assert f'<option value="{top.pk}" selected>' in page.content.decode()


def test_a_unit_that_will_close_is_not_called_closed_before_that_day(admin, top):
    north = UnitFactory(code="north", parent=top)
    admin.post(f"/units/{north.pk}/close/", {"from_day": "2030-01-01"})
    assert "will close on 1 Jan 2030" in admin.get(f"/units/{north.pk}/?day=2029-12-31").content.decode()
    assert "closed since 1 Jan 2030" in admin.get(f"/units/{north.pk}/?day=2030-01-01").content.decode()


def test_the_history_of_a_unit_says_what_was_done_to_what(admin, top):
    """A KPI that was linked is named, not only the objective that it was linked to."""
    audit.record(admin.user, "KPI linked", top, kpi="lead_time", kind="supports")
    assert "kpi lead_time, kind supports" in admin.get(f"/units/{top.pk}/").content.decode()


def test_the_list_of_units_says_the_time_zone_of_the_top_and_of_who_has_an_own_one(admin, top):
    """The top has nothing above it to take one from."""
    UnitFactory(code="north", parent=top)
    UnitFactory(code="paris", parent=top, timezone="Europe/Paris")
    assert [row["timezone"] for row in admin.get("/units/").context["rows"]] == ["UTC", "as above", "Europe/Paris"]


def test_a_unit_is_added_changed_moved_and_closed_by_its_pages(admin, top):
    for code in ("north", "south"):
        admin.post("/units/add/", {"code": code, "name": code.title(), "kind": "division", "parent": top.pk})
    north, south = Unit.objects.get(code="north"), Unit.objects.get(code="south")
    admin.post(f"/units/{north.pk}/change/", {"name": "The north", "kind": "site", "timezone": "Europe/Paris"})
    admin.post(f"/units/{north.pk}/codes/add/", {"system": "itsm", "code": "N"})
    admin.post(f"/units/{north.pk}/move/", {"parent": south.pk, "from_day": "2025-07-01"})
    page = admin.get(f"/units/{north.pk}/?day=2025-07-01").content.decode()
    assert all(
        text in page for text in ("The north", "Europe/Paris", "itsm", "unit moved", ": under south from 2025-07-01")
    )
    assert "South" not in admin.get(f"/units/{north.pk}/?day=2025-06-30").content.decode().partition("Places")[0]
    admin.post(f"/units/{north.pk}/close/", {"from_day": "2025-08-01"})
    standing = {
        day: [row["unit"].code for row in admin.get(f"/units/?day={day}").context["rows"]]
        for day in ("2025-07-31", "2025-08-01")
    }
    assert standing == {"2025-07-31": ["group", "south", "north"], "2025-08-01": ["group", "south"]}


@pytest.mark.parametrize(
    ("path", "data", "words"),
    [
        ("/units/add/", {"code": "group", "name": "X", "kind": "team"}, "has the code group"),
        ("/units/add/", {"code": "x", "name": "X", "kind": "castle"}, "castle"),
        ("/units/{}/move/", {"parent": "{}", "from_day": "2025-07-01"}, "cannot stand below itself"),
        ("/units/{}/move/", {"from_day": "01/07/2025"}, "YYYY-MM-DD"),
        ("/units/{}/close/", {"from_day": "1900-01-01"}, "can be closed from the day after"),
        ("/calendars/add/", {"code": "", "name": "顧客"}, "the name has none"),
        (
            "/members/add/",
            {"user": "1", "unit": "99999999", "role": "viewer", "from_day": "2025-01-01"},
            "Select a valid",
        ),
        ("/people/add/", {"username": "eve", "password": "short"}, "too short"),
    ],
)
def test_what_is_refused_stands_at_the_form_with_422(admin, top, path, data, words):
    data = {name: value.format(top.pk) for name, value in data.items()}
    answer = admin.post(path.format(top.pk), data)
    assert answer.status_code == 422
    assert words in answer.content.decode()


def checked(admin, text, **data):
    return admin.post("/units/import/", {"file": SimpleUploadedFile("u.csv", text), **data})


def taken_over(admin, answer, **data):
    """Import, as the button of the page after the check does."""
    sealed = re.search(r'name="checked" value="([^"]+)"', answer.content.decode())[1]
    return admin.post("/units/import/", {"checked": sealed, "from_day": "", "do_it": "on", **data})


UNITS = b"code,name,parent\nx,X,group\ny,Y\xc3\xa4,x\n"


def test_units_are_imported_after_a_look_without_choosing_the_file_again(admin):
    bad = checked(admin, b"code,name,parent\nx,X,nowhere\n", do_it="on")
    assert (bad.status_code, b"There is no unit with this code" in bad.content) == (422, True)
    assert b'name="checked"' not in bad.content
    shown = checked(admin, UNITS)
    assert (shown.status_code, Unit.objects.filter(code="x").exists()) == (200, False)
    assert "2 units would be added, 0" in " ".join(shown.content.decode().split())
    assert taken_over(admin, shown).status_code == 302
    assert list(Unit.objects.filter(code__in="xy").order_by("code").values_list("name", flat=True)) == ["X", "Yä"]


def test_a_file_that_is_chosen_beside_the_checked_one_is_only_checked(admin):
    other = SimpleUploadedFile("v.csv", b"code,name\nz,Z\n")
    shown = taken_over(admin, checked(admin, UNITS), file=other)
    assert (shown.status_code, Unit.objects.filter(code__in="xz").exists()) == (200, False)
    assert b"What v.csv holds" in shown.content


def test_units_that_changed_since_the_check_are_looked_at_again(admin, top):
    shown = checked(admin, UNITS)
    x = UnitFactory(code="x", name="Another", parent=top)
    answer = taken_over(admin, shown)
    x.refresh_from_db()
    assert (answer.status_code, x.name) == (422, "Another")
    said = " ".join(answer.content.decode().split())
    assert "changed since the file was checked: nothing is saved" in said and "1 unit would be added, 1" in said
    assert taken_over(admin, answer).status_code == 302  # as it was looked at now
    x.refresh_from_db()
    assert x.name == "X"


def test_what_was_checked_holds_for_its_day_its_person_and_a_day_long(admin, top, monkeypatch):
    shown = checked(admin, UNITS)
    assert taken_over(admin, shown, from_day="2020-01-01").status_code == 422
    second = Client()
    second.force_login(member(Role.ADMINISTRATOR, top))
    assert b"checked too long ago: choose it again" in taken_over(second, shown).content
    assert b"checked too long ago" in taken_over(admin, shown, checked="forged").content
    monkeypatch.setattr(units_import, "KEPT_SECONDS", -1)
    assert b"checked too long ago" in taken_over(admin, shown).content
    assert not Unit.objects.filter(code="x").exists()


def test_a_file_too_large_to_go_with_the_page_is_chosen_again_and_must_be_the_same(admin, monkeypatch):
    monkeypatch.setattr(units_import, "MOST_KEPT", 10)
    shown = checked(admin, UNITS)
    assert b"The same file again" in shown.content
    other = taken_over(admin, shown, again=SimpleUploadedFile("u.csv", UNITS + b"z,Z,x\n"))
    assert b"This is not u.csv as it was checked" in other.content
    assert taken_over(admin, shown, again=SimpleUploadedFile("u.csv", UNITS)).status_code == 302
    assert Unit.objects.filter(code__in="xyz").count() == 2


def test_members_are_added_given_roles_and_disabled(admin, top):
    answer = admin.post("/people/add/", {"username": "ada", "password": PASSWORD})
    assert answer.url == f"/members/add/?user={User.objects.get(username='ada').pk}"  # who has no role sees nothing
    assert admin.get(answer.url).context["form"]["user"].value() == answer.url.rpartition("=")[2]
    ada = User.objects.get(username="ada")
    admin.post("/members/add/", {"user": ada.pk, "unit": top.pk, "role": "viewer", "from_day": "2025-01-01"})
    assert "ada" in admin.get("/members/?role=viewer").content.decode()
    admin.post(f"/members/{ada.memberships.get().pk}/role/", {"role": "analyst", "on": "2025-02-01"})
    assert Membership.objects.get(user=ada, valid_to=None).role == "analyst"
    assert f"/people/{ada.pk}/disable/" in admin.get("/members/").content.decode()
    admin.post(f"/people/{ada.pk}/disable/")
    ada.refresh_from_db()
    assert not ada.is_active
    answer = admin.post(f"/members/{admin.user.memberships.get().pk}/end/", {"on": "2025-02-01"})
    assert "last administrator" in answer.content.decode()


def test_a_token_is_shown_once_and_revoked(admin):
    answer = admin.post("/profile/tokens/add/", {"name": "etl", "scopes": ["read"], "days": 30})
    token = ApiToken.objects.get()
    assert f"pm_{token.prefix}_" in answer.content.decode()
    assert answer["Cache-Control"] == "no-store"
    assert f"pm_{token.prefix}_…" in admin.get("/profile/").content.decode()
    other = ApiTokenFactory()
    assert admin.post(f"/profile/tokens/{other.pk}/revoke/").status_code == 404
    admin.post(f"/profile/tokens/{token.pk}/revoke/")
    token.refresh_from_db()
    assert token.revoked_at is not None


def test_a_profile_is_ones_own_and_takes_no_other_field(admin):
    data = {"first_name": "Ada", "theme": "dark", "timezone": "Europe/Paris", "is_superuser": "on", "username": "x"}
    assert admin.post("/profile/", data).status_code == 302
    admin.user.refresh_from_db()
    assert (admin.user.theme, admin.user.is_superuser, admin.user.username) == ("dark", False, "root")


def test_a_calendar_shows_the_open_hours_of_a_week(admin):
    admin.post("/calendars/add/", {"code": "paris", "name": "Paris"})
    calendar = BusinessCalendar.objects.get()
    version = {"valid_from": "1900-01-01", "timezone": "Europe/Paris", "country": "FR"}
    bad = admin.post(f"/calendars/{calendar.pk}/versions/add/", {**version, "week": "Mon-Fri 9-17"})
    assert "is no window" in bad.content.decode()
    admin.post(f"/calendars/{calendar.pk}/versions/add/", {**version, "week": "Mon-Fri 09:00-17:00\nSat 22:00-02:00"})
    week = admin.get(f"/calendars/{calendar.pk}/?week=2025-07-16").context["week"]
    assert [day["hours"] for day in week] == [0, 8, 8, 8, 8, 2, 2]  # Monday 14 July is a holiday
    ics = b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20250715\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    admin.post(f"/calendars/{calendar.pk}/ics/", {"file": SimpleUploadedFile("x.ics", ics)})
    assert admin.get(f"/calendars/{calendar.pk}/?week=2025-07-16").context["week"][1]["spans"] == []
    day = {"day": "2025-07-17", "name": "Stocktaking", "windows": "09:00-12:00, 13:00-14:00"}
    assert (
        "is no window" in admin.post(f"/calendars/{calendar.pk}/days/set/", {**day, "windows": "9-12"}).content.decode()
    )
    admin.post(f"/calendars/{calendar.pk}/days/set/", day)
    page = admin.get(f"/calendars/{calendar.pk}/?week=2025-07-16").context
    assert page["week"][3]["spans"] == ["09:00–12:00", "13:00–14:00"]
    assert [(one["name"], one["ics"]) for one in page["days"]] == [("Stocktaking", False), ("closed", True)]
    admin.post(f"/calendars/{calendar.pk}/days/clear/", {"day": "2025-07-17"})
    assert admin.get(f"/calendars/{calendar.pk}/?week=2025-07-16").context["week"][3]["hours"] == 8
    assert (
        b"not set to differ"
        in admin.post(f"/calendars/{calendar.pk}/days/clear/", {"day": "2025-07-17"}, follow=True).content
    )
    again = admin.get(f"/calendars/{calendar.pk}/versions/add/").context["form"].initial
    assert (again["country"], again["week"].splitlines()[0]) == ("FR", "Mon 09:00-17:00")


def test_country_and_part_are_taken_in_small_letters_and_refused_beside_their_field(admin):
    calendar = BusinessCalendar.objects.create(code="bern", name="Bern")
    address = f"/calendars/{calendar.pk}/versions/add/"
    version = {"valid_from": "1900-01-01", "timezone": "Europe/Zurich", "week": "Mon-Fri 09:00-17:00"}
    unknown = admin.post(address, {**version, "country": "SW"}).context["form"]
    assert unknown.errors == {"country": ["'SW' is not a country with known holidays: write its ISO code, such as FR."]}
    assert list(admin.post(address, {**version, "country": "ch", "subdivision": "xx"}).context["form"].errors) == [
        "subdivision"
    ]
    assert admin.post(address, {**version, "country": "ch", "subdivision": "zh"}).status_code == 302
    made = calendar.versions.get()
    assert (made.country, made.subdivision) == ("CH", "ZH")


def test_a_calendars_first_version_is_proposed_in_the_readers_time_zone(admin):
    admin.user.timezone = "Europe/Zurich"
    admin.user.save()
    calendar = BusinessCalendar.objects.create(code="bern", name="Bern")
    form = admin.get(f"/calendars/{calendar.pk}/versions/add/").context["form"]
    assert form["timezone"].value() == "Europe/Zurich"


def test_the_import_of_units_says_which_kinds_there_are(admin):
    page = admin.get("/units/import/").content.decode()
    assert "The kind is group, division, department, site, team, line or vendor" in page


def test_a_fiscal_calendar_is_added_and_changed(admin):
    data = {
        "code": "april",
        "name": "From April",
        "kind": "months",
        "start_month": 4,
        "week_starts_on": 0,
        "anchor": "last",
    }
    added = admin.post("/fiscal-calendars/add/", data, follow=True).content.decode()
    assert "From April was added. FY20" in added and " starts on " in added
    assert "It counts for the units whose page names it" in added
    pk = FiscalCalendar.objects.get().pk
    assert "As it is saved, FY20" in admin.get(f"/fiscal-calendars/{pk}/change/").content.decode()
    assert admin.post(f"/fiscal-calendars/{pk}/change/", {**data, "start_month": 7}).status_code == 302
    assert FiscalCalendar.objects.get().start_month == 7
    assert admin.post(f"/fiscal-calendars/{pk}/change/", {**data, "start_month": 13}).status_code == 422


def test_a_calendar_that_others_use_is_not_changed(admin, top):
    shared = BusinessCalendar.objects.create(code="c", name="C")
    UnitFactory(business_calendar=shared)  # another top
    for address in ("versions/add/", "ics/", "days/set/"):
        assert admin.get(f"/calendars/{shared.pk}/{address}").status_code == 403
    assert admin.post(f"/calendars/{shared.pk}/days/clear/", {"day": "2025-07-17"}).status_code == 403


def test_the_trail_is_filtered_and_verified(admin, top):
    audit.record(admin.user, "target set", top)
    audit.record(None, "upload undone", top)
    page = admin.get("/audit/?action=target").content.decode()
    assert "target set" in page
    assert "upload undone" not in page
    assert "The trail holds: 2 entries" in admin.post("/audit/verify/", follow=True).content.decode()


def test_b19_names_are_text_on_every_page(admin, top):
    hostile = "<script>alert(1)</script>{{7*7}}"
    unit = UnitFactory(parent=top, name=hostile)
    audit.record(admin.user, hostile[:80], unit, note=hostile)
    for path in ("/units/", f"/units/{unit.pk}/", "/audit/", f"/members/add/?unit={unit.pk}"):
        page = admin.get(path).content.decode()
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;{{7*7}}" in page


def fill(top, rows):
    for number in range(rows):
        unit = UnitFactory(parent=top)
        UnitAlias.objects.create(unit=unit, system="s", code=str(number))
        MembershipFactory(unit=unit, user=UserFactory())
        audit.record(None, "changed", unit, unit=unit)
        calendar = BusinessCalendar.objects.create(code=f"c{number}", name="C")
        business_calendars.add_version(calendar, timezone="UTC", windows=[], by=None)
        FiscalCalendar.objects.create(code=f"f{number}", name="F")


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/units/", 10),
        ("/members/", 11),
        ("/audit/", 10),
        ("/calendars/", 11),
        ("/profile/", 10),
        ("/administration/", 7),
        ("/api/v1/units/", 8),
        ("/api/v1/unit-aliases/", 8),
        ("/api/v1/members/", 8),
        ("/api/v1/users/", 8),
        ("/api/v1/audit-entries/", 9),
        ("/api/v1/business-calendars/", 10),
        ("/api/v1/fiscal-calendars/", 8),
    ],
)
def test_queries_do_not_grow_with_rows(admin, top, path, most, django_assert_max_num_queries):
    api = APIClient()
    token = ApiTokenFactory(user=admin.user, scopes=["read", "administer"])
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {token.secret}")
    client = api if path.startswith("/api/") else admin
    fill(top, 1)
    client.get(path)  # sign-in and the token's last use are noted once
    with django_assert_max_num_queries(most) as at_one:
        assert client.get(path).status_code == 200
    for calendar in (BusinessCalendar, FiscalCalendar):
        calendar.objects.all().delete()
    UnitAlias.objects.all().delete()
    fill(top, 25)
    with django_assert_max_num_queries(len(at_one)):
        assert client.get(path).status_code == 200


def test_the_unit_page_takes_as_many_queries_with_many_members(admin, top, django_assert_max_num_queries):
    admin.get(f"/units/{top.pk}/")
    fill(top, 1)
    MembershipFactory(unit=top)
    with django_assert_max_num_queries(25) as at_one:
        admin.get(f"/units/{top.pk}/")
    for _ in range(20):
        MembershipFactory(unit=top)
        UnitFactory(parent=top)
    with django_assert_max_num_queries(len(at_one)):
        admin.get(f"/units/{top.pk}/")


def test_the_day_of_the_tree_is_in_the_address(admin, top):
    UnitFactory(parent=top, name="Founded in May", from_day=date(2025, 5, 1))
    assert "Founded in May" not in admin.get("/units/?day=2025-04-30").content.decode()
    assert "Founded in May" in admin.get("/units/?day=2025-05-01").content.decode()
    assert admin.get("/units/?day=nonsense").status_code == 200
