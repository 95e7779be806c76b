"""A person's token over REST."""

from rest_framework.test import APIClient

from tests.factories import ApiTokenFactory

API = "/api/v1"


def client_of(user, *scopes):
    client = APIClient()
    token = ApiTokenFactory(user=user, scopes=list(scopes or ("read", "define", "upload", "administer")))
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token.secret}")
    return client
