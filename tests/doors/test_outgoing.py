"""B27: calls go only to the public internet, to the address that was checked, and follow no redirect."""

import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from doors import outgoing


def resolve_to(monkeypatch, *addresses):
    answers = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 443)) for ip in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: answers)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://127.1/",
        "http://0x7f000001/",
        "http://2130706433/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "http://192.168.1.1/",
        "http://172.16.0.1/",
        "http://100.64.0.1/",
        "http://0.0.0.0/",
        "http://224.0.0.1/",
        "http://[fe80::1]/",
        "http://[fd00::1]/",
        "file:///etc/passwd",
        "gopher://example.org/",
        "//example.org/",
        "http://user:secret@example.org/",
        "http://example.org:99999/",
        "http://exa mple.org/",
        "http://",
        "",
        "https://example.org/" + "x" * 3000,
    ],
)
def test_b27_an_address_inside_or_malformed_is_refused(url):
    with pytest.raises(outgoing.UnsafeAddress):
        outgoing.check(url)


def test_b27_a_name_is_refused_when_any_of_its_addresses_is_inside(monkeypatch):
    resolve_to(monkeypatch, "93.184.215.14", "10.0.0.1")
    with pytest.raises(outgoing.UnsafeAddress, match=r"10\.0\.0\.1"):
        outgoing.check("https://example.org/hook")


def test_a_public_address_is_pinned_to_what_was_checked(monkeypatch):
    resolve_to(monkeypatch, "93.184.215.14")
    assert outgoing.check("https://example.org/hook?a=1") == outgoing.Target(
        "https", "example.org", 443, "93.184.215.14", "/hook?a=1"
    )


@pytest.fixture
def server():
    """Answers every POST with a redirect to itself, and notes what came."""
    seen = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            seen.append((self.path, self.headers["Host"], self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.1/inside")
            self.end_headers()

        def log_message(self, *args):
            pass

    listening = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{listening.server_port}/hook", seen
    listening.shutdown()
    thread.join()
    listening.server_close()


def test_b27_a_redirect_is_reported_and_not_followed(server, settings):
    url, seen = server
    with pytest.raises(outgoing.UnsafeAddress):
        outgoing.post(url, b"{}", {})
    settings.WEBHOOK_ALLOW_LOOPBACK = True
    reply = outgoing.post(url, b'{"a": 1}', {"Content-Type": "application/json"})
    assert (reply.status, reply.location) == (302, "http://127.0.0.1/inside")
    assert [(path, body) for path, _, body in seen] == [("/hook", b'{"a": 1}')]


def test_b27_a_name_that_changes_its_answer_is_asked_only_once(server, settings, monkeypatch):
    """The connection goes to the checked address, not to what the name says later."""
    url, seen = server
    settings.WEBHOOK_ALLOW_LOOPBACK = True
    asked = []
    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *args, **options: asked.append(host) or real("127.0.0.1", *args, **options),
    )
    port = url.split(":")[2].partition("/")[0]
    outgoing.post(f"http://rebinding.example:{port}/hook", b"{}", {})
    assert asked.count("rebinding.example") == 1
    assert seen[0][1] == f"rebinding.example:{port}"


def test_no_answer_is_an_oserror(settings):
    settings.WEBHOOK_ALLOW_LOOPBACK = True
    with pytest.raises(OSError):  # nobody listens at port 1
        outgoing.post("http://127.0.0.1:1/", b"{}", {}, timeout=1)


def test_a_host_inside_is_called_if_the_operator_named_it(server, settings):
    url, seen = server
    with pytest.raises(outgoing.UnsafeAddress, match="may allow it in WEBHOOK_HOSTS"):
        outgoing.check(url)
    settings.WEBHOOK_HOSTS = {"127.0.0.1"}
    assert outgoing.post(url, b"{}", {}).status == 302
    with pytest.raises(outgoing.UnsafeAddress):
        outgoing.check("http://localhost/")  # another name of the same place was not named
