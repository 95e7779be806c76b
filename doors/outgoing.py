"""Calls from here to an address that a user wrote: only to the public internet, and only to what was checked.

An operator names the hosts inside that may be called all the same (WEBHOOK_HOSTS).

The name is resolved once, every address it has must be public, and the connection goes to the address that was checked;
so neither a name that changes its answer nor a redirect leads inside. Source: OWASP, Server-Side Request Forgery.
"""

import http.client
import ipaddress
import socket
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

NAT64 = ipaddress.ip_network("64:ff9b::/96")
LONGEST = 2000


class UnsafeAddress(Exception):
    """The address may not be called; the message says why."""


@dataclass(frozen=True)
class Target:
    """A checked address: where to connect (`ip`, `port`), and what to say there."""

    scheme: str
    host: str
    port: int
    ip: str
    path: str


def check(url: str) -> Target:
    """The place that `url` leads to. Raises UnsafeAddress for one that is not public http or https.

    With the setting WEBHOOK_ALLOW_LOOPBACK, this machine itself may be called (tests).
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as fault:
        raise UnsafeAddress(
            f"The address cannot be read ({fault}): write one such as https://example.org/hook."
        ) from None
    if len(url) > LONGEST or not url.isascii() or not url.isprintable() or " " in url:
        raise UnsafeAddress("The address has characters that an address does not have, or is too long.")
    if parts.scheme not in {"http", "https"} or not host:
        raise UnsafeAddress("The address must start with https:// and name a host.")
    if parts.username is not None or parts.password is not None:
        raise UnsafeAddress("The address must not hold a name or password.")
    port = port or (443 if parts.scheme == "https" else 80)
    ip = _checked_ip(host, port)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port, ip, path)


def _checked_ip(host: str, port: int) -> str:
    try:
        found = {info[4][0] for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except OSError:
        raise UnsafeAddress(f"The host {host} is not known: check its spelling.") from None
    inside = sorted(ip for ip in found if not _is_public(ip))
    if inside and host.lower() not in settings.WEBHOOK_HOSTS:
        raise UnsafeAddress(
            f"The host {host} leads to {inside[0]}, which is not on the public internet. "
            "Who operates perfmgr may allow it in WEBHOOK_HOSTS."
        )
    return sorted(found)[0]


def _is_public(text: str) -> bool:
    ip = ipaddress.ip_address(text.partition("%")[0])
    if ip.version == 6:
        if ip in NAT64:
            ip = ipaddress.ip_address(int(ip) & 0xFFFFFFFF)
        elif inner := ip.ipv4_mapped or ip.sixtofour or (ip.teredo and ip.teredo[1]):
            ip = inner
    if ip.is_loopback and getattr(settings, "WEBHOOK_ALLOW_LOOPBACK", False):
        return True
    return ip.is_global and not ip.is_multicast


@dataclass(frozen=True)
class Reply:
    status: int
    body: str
    location: str = ""  # of a redirect


def post(url: str, body: bytes, headers: dict[str, str], *, timeout: float = 10) -> Reply:
    """POST `body`; redirects are not followed. Raises UnsafeAddress, and OSError when there is no answer."""
    target = check(url)
    connection = _Pinned(target, timeout)
    try:
        connection.request("POST", target.path, body, headers)
        answer = connection.getresponse()
        body, location = answer.read(2000).decode("utf-8", "replace"), answer.headers.get("Location", "")
        return Reply(answer.status, body, location)
    except http.client.HTTPException as fault:
        raise OSError(f"the answer is not HTTP ({type(fault).__name__})") from fault
    finally:
        connection.close()


class _Pinned(http.client.HTTPConnection):
    """Connects to the checked address, and shows and checks the certificate of the host's name."""

    def __init__(self, target: Target, timeout: float):
        super().__init__(target.host, target.port, timeout=timeout)
        self.target = target

    def connect(self) -> None:
        self.sock = socket.create_connection((self.target.ip, self.target.port), self.timeout)
        if self.target.scheme == "https":
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.target.host)
