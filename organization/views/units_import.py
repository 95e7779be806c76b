"""Units from a file: looked at first, then taken over without being chosen again.

The file that was checked goes with the page, compressed and signed for who checked it, and comes back with "Import";
of a file too large for that its hash does, and the file is chosen again. Nothing is kept here meanwhile, and nothing is
believed: it is read and checked against the tree anew.
"""

import hashlib

from django.core import signing
from django.core.exceptions import PermissionDenied
from django.shortcuts import render
from django.urls import reverse

from doors.pages import form_page, page, show_refusal
from organization import forms, tree, unit_import
from organization.access import ADMINISTER

REFUSALS = (tree.TreeRefused, unit_import.ImportRefused)
MOST_KEPT = 2_000_000  # letters of a form, below what a request may hold beside its files
KEPT_SECONDS = 24 * 3600


@page(ADMINISTER)
def units_import(request):
    if not request.access.everywhere(ADMINISTER):
        raise PermissionDenied("Only an administrator of the whole organisation may do that.")
    form = forms.ImportForm(request.POST or None, request.FILES or None)
    found: dict = {}
    context = {
        "title": "Import units", "label": "Check file", "breadcrumb": [("Units", reverse("units"))], "found": found,
        "back": reverse("units"), "template": "organization/units_import.html",
    }  # fmt: skip
    if request.method == "POST" and form.is_valid() and (request.FILES.get("file") or "do_it" not in request.POST):
        return _checked(request, form, found, context)
    return form_page(request, form, lambda values: _taken_over(request, values, found), refusals=REFUSALS, **context)


def _checked(request, form, found: dict, context: dict):
    """What the file would do; nothing is saved."""
    try:
        content, name = _content(request, form.cleaned_data)
        _look(request, form.cleaned_data, content, name, found)
    except REFUSALS as refusal:
        show_refusal(form, refusal)
    template = context.pop("template")
    return render(request, template, {"form": form, **context}, status=422 if form.errors else 200)


def _look(request, values, content: bytes, name: str, found: dict) -> unit_import.Preview:
    """Put into `found` what the page shows of the file. Raises ImportRefused for faults."""
    seen = unit_import.preview(content, values["from_day"] or request.day)
    found |= {"seen": seen, "name": name}
    if seen.faults:
        raise unit_import.ImportRefused(f"{len(seen.faults)} faults: correct the file and choose it again.")
    words = {"name": name, "sha256": hashlib.sha256(content).hexdigest(), "revision": seen.revision}
    sealed = signing.dumps({**words, "text": content.decode()}, salt=_salt(request), compress=True)
    found["is_kept"] = len(sealed) <= MOST_KEPT
    found["sealed"] = sealed if found["is_kept"] else signing.dumps(words, salt=_salt(request))
    return seen


def _taken_over(request, values, found: dict) -> str:
    """Import what was checked, if it would still do what was shown. Raises ImportRefused."""
    content, name = _content(request, values)
    seen = _look(request, values, content, name, found)
    if seen.revision != _unsealed(request)["revision"]:
        raise unit_import.ImportRefused(
            "Units or the day were changed since the file was checked: nothing is saved. Look at it again, then import."
        )
    unit_import.import_units(seen, from_day=values["from_day"], today=request.day, by=request.user)
    return f"{seen.added} units were added, {seen.changed} checked for changes."


def _content(request, values) -> tuple[bytes, str]:
    """The file that was sent, or the one that was checked before. Raises ImportRefused."""
    if file := values["file"]:
        return file.read(), file.name[:200]
    checked = _unsealed(request)
    if "text" in checked:
        return checked["text"].encode(), checked["name"]
    content = again.read() if (again := request.FILES.get("again")) else b""
    if hashlib.sha256(content).hexdigest() != checked["sha256"]:
        raise unit_import.ImportRefused(f"This is not {checked['name']} as it was checked: check it again.")
    return content, checked["name"]


def _unsealed(request) -> dict:
    try:
        return signing.loads(request.POST.get("checked", ""), salt=_salt(request), max_age=KEPT_SECONDS)
    except signing.BadSignature:
        raise unit_import.ImportRefused("The file was checked too long ago: choose it again.") from None


def _salt(request) -> str:
    """What one person checked no other takes over."""
    return f"units that {request.user.pk} checked"
