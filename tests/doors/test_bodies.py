"""F19: a body that breaks off is noticed where it is read, however it is read."""

import io

import pytest
from django.test import Client

from doors.bodies import ShortBody, WholeStream
from organization.models import Role
from tests.factories import UnitFactory, member


def read_by_piece(stream):
    return b"".join(iter(lambda: stream.read(3), b""))


def read_by_line(stream):
    return b"".join(iter(stream.readline, b""))


READ = [lambda stream: stream.read(), lambda stream: stream.read(None), read_by_piece, read_by_line]


@pytest.mark.parametrize("read", READ)
def test_f19_a_whole_body_is_read_and_a_short_one_refused(read):
    assert read(WholeStream(io.BytesIO(b"ab\ncd\nef"), 8)) == b"ab\ncd\nef"
    assert read(WholeStream(io.BytesIO(b""), 0)) == b""
    with pytest.raises(ShortBody, match=r"Only 8 of 9 bytes arrived; nothing was stored\."):
        read(WholeStream(io.BytesIO(b"ab\ncd\nef"), 9))


@pytest.mark.django_db
def test_f19_half_a_form_of_a_page_changes_nothing():
    unit = UnitFactory(code="north")
    client = Client(enforce_csrf_checks=True)
    client.force_login(member(Role.ADMINISTRATOR, unit))
    token = client.get(f"/units/{unit.pk}/change/").context["csrf_token"]
    form = f"csrfmiddlewaretoken={token}&name=Half".encode()

    class Broken(io.BytesIO):
        """What arrives, however much is asked for."""

    options = {"CONTENT_LENGTH": str(len(form) + 20), "wsgi.input": Broken(form)}
    kind = "application/x-www-form-urlencoded"
    answer = client.generic("POST", f"/units/{unit.pk}/change/", form, kind, **options)
    unit.refresh_from_db()
    assert (answer.status_code, unit.name) == (400, "Unit north")
    assert b"nothing was stored" in answer.content
