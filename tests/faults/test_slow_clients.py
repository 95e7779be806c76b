"""Requests that would keep the web process busy or fill its memory, sent to a real one (C64)."""

import socket
import time
from pathlib import Path

import pytest

from tests.factories import ApiTokenFactory
from tests.faults.processes import Web, form_of
from tests.faults.tickets import extract

pytestmark = pytest.mark.django_db(transaction=True)
THREADS = 4  # of the web process under test


@pytest.fixture
def secret(dataset):
    return ApiTokenFactory(user=dataset.owner, scopes=["read", "upload", "define"]).secret


@pytest.fixture(scope="module")
def web(valkey, django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        process = Web(valkey.url, PERFMGR_SLOW_REQUEST_SECONDS="2")
    yield process
    process.stop()


def head(secret: str, *lines: str, path: str = "/api/v1/uploads/") -> bytes:
    given = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {secret}", "Connection: close"]
    return ("\r\n".join([*given, *lines]) + "\r\n\r\n").encode()


def connected(web: Web) -> socket.socket:
    return socket.create_connection(("127.0.0.1", web.port), timeout=60)


def answer_to(web: Web, data: bytes) -> bytes:
    with connected(web) as client:
        client.sendall(data)
        return b"".join(iter(lambda: client.recv(65536), b""))


def memory_of(web: Web) -> int:
    """Bytes in memory of the process that serves."""
    (child,) = Path(f"/proc/{web.popen.pid}/task/{web.popen.pid}/children").read_text().split()
    return int(Path(f"/proc/{child}/statm").read_text().split()[1]) * 4096


@pytest.mark.parametrize("path", ["/api/v1/uploads/", "/api/v1/kpis/"])
def test_C64_a_body_without_length_is_411(web, secret, path):
    json = head(secret, "Content-Type: application/json", "Transfer-Encoding: chunked", path=path)
    answer = answer_to(web, json + b"2\r\n{}\r\n0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 411") and b"length_required" in answer


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/api/v1/uploads/", "multipart/form-data; boundary=B"), ("/api/v1/kpis/", "application/json")],
)
def test_C64_two_gigabytes_are_413_before_they_are_read(web, secret, path, kind):
    web.get("/api/v1/datasets/", secret)
    before = memory_of(web)
    answer = answer_to(
        web, head(secret, f"Content-Type: {kind}", "Content-Length: 2000000000", path=path) + b"{" * 9000
    )
    assert answer.startswith(b"HTTP/1.1 413"), answer
    assert memory_of(web) - before < 50_000_000


def test_C64_ten_thousand_parts_are_400(web, secret):
    part = '--B\r\nContent-Disposition: form-data; name="p{}"\r\n\r\nx\r\n'
    body = ("".join(part.format(number) for number in range(10_000)) + "--B--\r\n").encode()
    status, _, answer = web.request("POST", "/api/v1/uploads/", secret, body, "multipart/form-data; boundary=B")
    assert (status, b"malformed" in answer) == (400, True), answer


def test_C64_clients_that_send_drop_by_drop_keep_nobody_waiting_and_are_told_408(web, secret, dataset):
    kind, body = form_of(dataset.code, "slow.csv", extract(1, 2_000))
    whole = head(secret, f"Content-Type: {kind}", f"Content-Length: {len(body)}") + body
    begun = time.monotonic()
    in_the_head, in_the_body = whole[:40], whole[: len(whole) - len(body) + 100]
    slow = [connected(web) for _ in range(3 * THREADS)]
    for number, client in enumerate(slow):
        client.sendall(in_the_head if number % 2 else in_the_body)
    assert web.get("/api/v1/datasets/", secret)[0] == 200  # after at most three rounds of two seconds
    assert time.monotonic() - begun < 30
    answers = [client.recv(65536) for client in slow]
    for client in slow:
        client.close()
    assert {answer.split(b"\r\n")[0] for answer in answers} == {b"HTTP/1.1 408 Request Timeout"}
    assert not dataset.uploads.exists()
    assert web.upload(dataset.code, "quick.csv", extract(1, 2_000), secret)[0] == 202
