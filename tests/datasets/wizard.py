"""The upload wizard in a line each."""

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse


def dropped(client, name: str, content: bytes, **more) -> str:
    """The address of the page that asks how the file is read."""
    answer = client.post(reverse("upload_new"), {"file": SimpleUploadedFile(name, content), **more})
    assert answer.status_code == 302, answer.content[-2000:]
    return answer["Location"]


def filled(page) -> dict:
    """The forms of the page as the browser would send them back unchanged."""
    sent = {"dialect": page.context.get("dialect", "")}
    columns = page.context["columns"]
    for form in (page.context["form"], page.context.get("about") or (), columns.management_form, *columns):
        for field in form:
            value = getattr(field.value(), "pk", field.value())
            if value not in (None, "", False):
                sent[field.html_name] = value
    return sent


def codes_asked(page) -> list[str]:
    return [question["code"] for question in page.context["questions"]]
