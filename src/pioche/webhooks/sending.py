"""One POST to an address that somebody chose: never into this machine or its network, and never for long.

The name is looked up once, and the connection goes to exactly the address that was checked, so that a name which means
something else a moment later gains nothing. No redirect is followed.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from pioche.errors import InvalidInput

SECONDS = 10.0
"""For everything: name, connection, headers, body."""
MAX_RESPONSE = 16 * 1024
MAX_URL = 2000
_OTHER_FAMILIES = [ipaddress.ip_network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")]
"""IPv6 addresses with an IPv4 one inside that a gateway may lead on to."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` None: there was none, and `error` says why."""

    status: int | None
    body: str = ""
    error: str = ""
    milliseconds: int = 0

    @property
    def arrived(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def parse_networks(text: str) -> list[Network]:
    """`10.0.0.0/8, ::1/128`; raises `InvalidInput`."""
    try:
        return [ipaddress.ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip()]
    except ValueError as error:
        raise InvalidInput(f"The setting 'webhook_networks' is a list as in '10.0.0.0/8, ::1/128': {error}.") from error


def check_url(url: str) -> SplitResult:
    """What is wrong with an address by itself; raises `InvalidInput`."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InvalidInput(f"The address of a webhook cannot be '{url[:100]}'.", field="url") from error
    if len(url) > MAX_URL or any(ord(character) <= 32 or ord(character) > 126 for character in url):
        raise InvalidInput("The address of a webhook is at most 2,000 plain characters, without spaces.", field="url")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidInput("The address of a webhook begins with http:// or https:// and a host.", field="url")
    if parts.username is not None or parts.password is not None:
        raise InvalidInput("An address with a password in it is not accepted. Use the secret instead.", field="url")
    if port is not None and port < 1024 and port not in (80, 443):
        raise InvalidInput("The port of a webhook is 80, 443 or above 1023.", field="url")
    return parts


def is_allowed(address: Address, networks: Sequence[Network]) -> bool:
    """Public, or in a network that the admin named."""
    mapped = getattr(address, "ipv4_mapped", None)
    if mapped is not None:
        address = mapped
    if any(address in network for network in networks if network.version == address.version):
        return True
    if address.version == 6 and any(address in network for network in _OTHER_FAMILIES):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def post(url: str, body: bytes, headers: Mapping[str, str], networks: Sequence[Network]) -> Answer:
    """Never raises: whatever goes wrong is in the answer."""
    started = time.monotonic()
    try:
        parts = check_url(url)
        address = _look_up(parts, networks)
        status, text = _send(parts, address, body, headers)
        return Answer(status, text, "", _since(started))
    except InvalidInput as error:
        return Answer(None, "", error.message, _since(started))
    except socket.gaierror:
        return Answer(None, "", "The host of this address is not known.", _since(started))
    except (OSError, http.client.HTTPException, ValueError) as error:
        slow = time.monotonic() - started >= SECONDS - 0.1
        said = f"No answer within {SECONDS:.0f} seconds." if slow else f"{type(error).__name__}: {error}"
        return Answer(None, "", said[:500], _since(started))


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)


def _look_up(parts: SplitResult, networks: Sequence[Network]) -> str:
    port = parts.port or (443 if parts.scheme == "https" else 80)
    found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    for _family, _type, _protocol, _name, place in found:
        address = ipaddress.ip_address(str(place[0]).partition("%")[0])
        if not is_allowed(address, networks):
            raise InvalidInput(
                "This address is in a private network, where this hub sends nothing. Its admin may allow it with the "
                "setting 'webhook_networks'."
            )
    return str(found[0][4][0])


class _Plain(http.client.HTTPConnection):
    """Connects to `address`, whatever the host means by now."""

    address = ""

    def connect(self) -> None:
        self.sock = socket.create_connection((self.address, self.port), self.timeout)


class _Secure(http.client.HTTPSConnection):
    address = ""

    def connect(self) -> None:
        plain = socket.create_connection((self.address, self.port), self.timeout)
        self.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self.host)


def _send(parts: SplitResult, address: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
    kind = _Secure if parts.scheme == "https" else _Plain
    connection = kind(parts.hostname or "", parts.port, timeout=SECONDS)
    connection.address = address

    late = threading.Event()

    def end() -> None:
        """Timeouts of sockets are for one read: who sends a byte now and then would hold on for ever."""
        late.set()
        if connection.sock is not None:
            with contextlib.suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)

    alarm = threading.Timer(SECONDS, end)
    alarm.daemon = True
    alarm.start()
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, body, dict(headers))
        answer = connection.getresponse()
        text = answer.read(MAX_RESPONSE).decode("utf-8", "replace")
        if late.is_set():  # what was read ends where the connection was cut, and looks whole
            raise TimeoutError
        return answer.status, text
    finally:
        alarm.cancel()
        connection.close()
