"""Pages as a signed-in person reads them, without a browser."""

import re

from django.http import HttpResponse
from django.test import Client

from organization.models import User


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text_of(response: HttpResponse) -> str:
    """The page's words: no tags, single blanks."""
    body = re.sub(r"<[^>]+>", " ", response.content.decode().replace("&amp;", "&"))
    return re.sub(r"\s+", " ", body.replace("\N{NO-BREAK SPACE}", " "))
