"""Pages and the API in a line each."""

from django.urls import reverse
from django.utils import timezone

from slas import exclusions
from slas.models import Exclusion
from tests.factories import ApiTokenFactory


def excluded(desk, agreement, **words) -> Exclusion:
    asked = {"kind": "maintenance", "reason": "Planned", "cases": ["C-1"]} | words
    made = exclusions.propose(agreement, by=desk.author, **asked)
    return exclusions.decide(made, by=desk.signer, is_approved=True, now=timezone.now())


def page(client, user, name, *args) -> str:
    client.force_login(user)
    return client.get(reverse(name, args=args)).content.decode()


def said(client, user, name, *args, **data) -> str:
    """What the page says after the step."""
    client.force_login(user)
    answer = client.post(reverse(name, args=args), data, follow=True)
    assert answer.status_code == 200
    return " ".join(str(message) for message in answer.context["messages"])


class Caller:
    """A person over REST: (status, body)."""

    def __init__(self, client, user):
        self.client = client
        self.headers = {"Authorization": f"Bearer {ApiTokenFactory(user=user, scopes=['read', 'define']).secret}"}

    def __call__(self, path, **body):
        options = {"data": body, "content_type": "application/json", "headers": self.headers}
        answer = self.client.post(f"/api/v1/{path}", **options)
        return answer.status_code, answer.json()
