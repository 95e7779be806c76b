"""Opening pages, and sending their forms, as somebody."""

from urllib.parse import urlencode

from django.urls import reverse


def opened(client, user, page, /, *args, expect=200, htmx=False, **query):
    client.force_login(user)
    headers = {"HX-Request": "true"} if htmx else {}
    answer = client.get(f"{reverse(page, args=args)}?{urlencode(query)}", headers=headers)
    assert answer.status_code == expect, answer.content.decode()[:2000]
    return answer.content.decode() if not answer.streaming else b"".join(answer).decode()


def sent(client, user, page, /, *args, query=None, **data):
    client.force_login(user)
    return client.post(f"{reverse(page, args=args)}?{urlencode(query or {})}", data)
