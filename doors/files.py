"""Files that people handed in, given back as downloads."""

from django.db.models.fields.files import FieldFile
from django.http import FileResponse, Http404


def stored_file(stored: FieldFile, name: str) -> FileResponse:
    """The file as a download that no browser shows within our pages, whatever it holds. Raises Http404."""
    if not stored:
        raise Http404
    try:
        file = stored.open("rb")
    except FileNotFoundError:
        raise Http404("The file is no longer there.") from None
    response = FileResponse(file, as_attachment=True, filename=name)
    response["Content-Type"] = "application/octet-stream"
    response["Content-Security-Policy"] = "sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store"
    return response
