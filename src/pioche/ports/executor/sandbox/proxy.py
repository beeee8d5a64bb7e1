"""The way of a run to hosts that the admin allowed: a proxy for HTTP and TLS, kept by its keeper, outside the sandbox.

Of the standard library alone. It speaks CONNECT, and plain requests with a whole address. A rule is a host
(`pypi.org`), all hosts below one (`*.example.org`) or an address (`10.0.0.5`), each with a port if it is not 80 or 443.
Names are looked up here, once: what leads to this machine or to a link-local address (where clouds tell their secrets)
is refused, and for rules with a star also what leads to a private network. An address that is written as one is taken
at its word, unless it is link-local.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading
from urllib.parse import urlsplit

HEAD_LIMIT = 32 * 1024
SECONDS = 30
LEAST_SECONDS = 3
CONNECTIONS = 64
_PORTS = (80, 443)


class Refused(Exception):
    """What is said to the program."""


def serve(listener: socket.socket, rules: list[str], traffic: dict[str, int]) -> None:
    """Adds what goes through to `traffic`: bytes received and sent."""
    places = threading.BoundedSemaphore(CONNECTIONS)
    while True:
        client, _ = listener.accept()
        if places.acquire(blocking=False):
            threading.Thread(target=_serve_one, args=(client, rules, traffic, places), daemon=True).start()
        else:
            client.close()


def _serve_one(
    client: socket.socket, rules: list[str], traffic: dict[str, int], places: threading.BoundedSemaphore
) -> None:
    try:
        client.settimeout(SECONDS)
        _lead(client, rules, traffic)
    except Refused as refusal:
        said = f"{refusal}\n".encode()
        head = f"HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nContent-Length: {len(said)}\r\n"
        with contextlib.suppress(OSError):
            client.sendall(head.encode() + b"Connection: close\r\n\r\n" + said)
    except (OSError, ValueError) as error:
        with contextlib.suppress(OSError):
            said = type(error).__name__.encode()
            client.sendall(b"HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\n\r\n" + said)
    finally:
        client.close()
        places.release()


def _lead(client: socket.socket, rules: list[str], traffic: dict[str, int]) -> None:
    head, rest = _read_head(client)
    first, *lines = head.split(b"\r\n")
    method, target, version = first.decode("ascii").split(" ")
    if method == "CONNECT":
        host, _, port = target.rpartition(":")
        server = connect(host.strip("[]"), int(port), rules)
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
    else:
        address = urlsplit(target)
        if address.scheme != "http" or not address.hostname:
            raise Refused("This proxy wants whole addresses that begin with http://, or CONNECT.")
        server = connect(address.hostname, address.port or 80, rules)
        path = (address.path or "/") + (f"?{address.query}" if address.query else "")
        kept = [line for line in lines if line.split(b":")[0].strip().lower() not in _OWN]
        kept += [b"Connection: close", b"", b""]
        rest = f"{method} {path} {version}\r\n".encode() + b"\r\n".join(kept) + rest
    with server:
        if rest:
            server.sendall(rest)
        _pipe_both(client, server, traffic)


_OWN = (b"proxy-authorization", b"proxy-connection", b"connection", b"keep-alive")


def _read_head(client: socket.socket) -> tuple[bytes, bytes]:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = client.recv(4096)
        if not piece or len(data) > HEAD_LIMIT:
            raise ValueError("no request")
        data += piece
    head, _, rest = data.partition(b"\r\n\r\n")
    return head, rest


def connect(host: str, port: int, rules: list[str]) -> socket.socket:
    rule = allowing(host, port, rules)
    if rule is None:
        raise Refused(f"Jobs of this hub may not reach {host[:200]}:{port}. Its admin allows: {', '.join(rules)}.")
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    good = [address for address in dict.fromkeys(str(one[4][0]) for one in found) if is_good(address, rule)]
    if not good:
        raise Refused(f"{host[:200]} leads to an address that jobs of this hub may not reach.")
    return _reach(good, port)


def _reach(addresses: list[str], port: int) -> socket.socket:
    """The first that answers, in the order of the system: IPv6 first where this machine has it. Raises `OSError`."""
    faults: list[OSError] = []
    for address in addresses:
        try:
            # One that is silent leaves time for the others: whoever asked does not wait for ever.
            server = socket.create_connection((address, port), max(LEAST_SECONDS, SECONDS / len(addresses)))
        except OSError as error:
            faults.append(error)
            continue
        server.settimeout(None)
        return server
    raise faults[0]


def allowing(host: str, port: int, rules: list[str]) -> str | None:
    """The rule that lets this host be reached."""
    host = host.lower().rstrip(".")
    for rule in rules:
        name, colon, number = rule.lower().rpartition(":") if rule.count(":") == 1 else (rule.lower(), "", "")
        fits = host.endswith(name[1:]) and len(host) > len(name) - 1 if name.startswith("*.") else host == name
        if fits and (port == int(number) if colon else port in _PORTS):
            return rule
    return None


def is_good(address: str, rule: str) -> bool:
    found = ipaddress.ip_address(address.partition("%")[0])
    found = getattr(found, "ipv4_mapped", None) or found
    if rule == f"{found}" or rule.rpartition(":")[0] == f"{found}":
        return not (found.is_link_local or found.is_multicast or found.is_unspecified)
    if found.is_loopback or found.is_link_local or found.is_multicast or found.is_unspecified or found.is_reserved:
        return False
    return found.is_global or not rule.startswith("*.")


def _pipe_both(client: socket.socket, server: socket.socket, traffic: dict[str, int]) -> None:
    client.settimeout(None)
    other = threading.Thread(target=_pipe, args=(client, server, traffic, "sent"), daemon=True)
    other.start()
    _pipe(server, client, traffic, "received")
    with contextlib.suppress(OSError):
        client.shutdown(socket.SHUT_RDWR)
    other.join(SECONDS)


def _pipe(one: socket.socket, other: socket.socket, traffic: dict[str, int], direction: str) -> None:
    with contextlib.suppress(OSError):
        while data := one.recv(65536):
            traffic[direction] += len(data)
            other.sendall(data)
    with contextlib.suppress(OSError):
        other.shutdown(socket.SHUT_WR)
