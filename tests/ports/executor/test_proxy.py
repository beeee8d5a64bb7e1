"""A run reaches the hosts that were allowed, and through them nothing else."""

from __future__ import annotations

import http.server
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pioche.ports.executor import Limits, RunSpec
from pioche.ports.executor.sandbox import SandboxExecutor
from pioche.ports.executor.sandbox.proxy import Refused, allowing, connect, is_good

MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("host", "port", "rules", "is_allowed"),
    [
        ("pypi.org", 443, ["pypi.org"], True),
        ("PyPI.org.", 443, ["pypi.org"], True),
        ("pypi.org", 22, ["pypi.org"], False),
        ("evilpypi.org", 443, ["pypi.org"], False),
        ("pypi.org.evil.org", 443, ["pypi.org"], False),
        ("a.example.org", 80, ["*.example.org"], True),
        ("a.b.example.org", 80, ["*.example.org"], True),
        ("example.org", 80, ["*.example.org"], False),
        ("evilexample.org", 80, ["*.example.org"], False),
        ("10.0.0.5", 8080, ["10.0.0.5:8080"], True),
        ("10.0.0.5", 80, ["10.0.0.5:8080"], False),
        ("", 443, ["pypi.org", "*.example.org"], False),
        ("anything", 443, [], False),
    ],
)
def test_rules(host: str, port: int, rules: list[str], is_allowed: bool) -> None:
    assert (allowing(host, port, rules) is not None) == is_allowed


@pytest.mark.parametrize(
    ("address", "rule", "good"),
    [
        ("151.101.0.223", "pypi.org", True),
        ("10.1.2.3", "mirror.internal", True),
        ("10.1.2.3", "*.internal", False),
        ("127.0.0.1", "rebound.example.org", False),
        ("::1", "rebound.example.org", False),
        ("::ffff:127.0.0.1", "rebound.example.org", False),
        ("169.254.169.254", "metadata.example.org", False),
        ("169.254.169.254", "169.254.169.254", False),
        ("fe80::1", "near.example.org", False),
        ("0.0.0.0", "nowhere.example.org", False),
        ("127.0.0.2", "127.0.0.2:9000", True),
    ],
)
def test_addresses_that_names_lead_to(address: str, rule: str, good: bool) -> None:
    assert is_good(address, rule) == good


@pytest.fixture
def own_address() -> str:
    """Where this machine is reached from outside. No packet is sent to ask for that."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect(("198.51.100.1", 9))
        except OSError:
            pytest.skip("this machine has no address but its own inside")
        return str(asking.getsockname()[0])


def test_a_name_with_an_address_that_does_not_answer_is_reached_at_the_next(
    monkeypatch: pytest.MonkeyPatch, own_address: str
) -> None:
    """As where a name has an address of IPv6 and the machine none. What may not be reached is not tried at all."""
    with socket.create_server(("", 0)) as server:
        port = server.getsockname()[1]
        named = {
            "mirror.internal": ["127.0.0.1", "fe80::1", "2001:db8::1", own_address],
            "hidden.internal": ["127.0.0.1", "::1", "169.254.169.254"],
            "silent.internal": ["127.0.0.1", "2001:db8::1"],
        }
        monkeypatch.setattr(socket, "getaddrinfo", names(named, socket.getaddrinfo))
        rules = [f"{name}:{port}" for name in named]
        with connect("mirror.internal", port, rules) as reached:
            assert reached.getpeername() == (own_address, port)
        with pytest.raises(Refused, match="may not reach"):
            connect("hidden.internal", port, rules)
        with pytest.raises(OSError, match=r"\S"):
            connect("silent.internal", port, rules)
        server.settimeout(5)
        client, _ = server.accept()
        client.close()
        server.settimeout(0.1)
        with pytest.raises(TimeoutError):
            server.accept()


def names(named: dict[str, list[str]], real: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
    """What a server of names would say, for these; addresses are read as ever."""

    def look_up(host: str, port: int, *more: Any, **options: Any) -> list[Any]:
        return [one for address in named.get(host, [host]) for one in real(address, port, *more, **options)]

    return look_up


@pytest.fixture
def index() -> Iterator[int]:
    """The port of a web server of the machine, at 127.0.0.2."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            said = f"you asked for {self.path} at {self.headers['Host']}".encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.2", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()


HEAD = """
import http.client, socket, urllib.request
def tunnel(host, port):
    link = http.client.HTTPConnection('127.0.0.1', 8471, timeout=5)
    link.set_tunnel(host, port)
    link.request('GET', '/inside')
    return link.getresponse().read().decode()
def raw(data):
    link = socket.create_connection(('127.0.0.1', 8471), 5)
    link.sendall(data)
    return link.recv(65536)
try:
    print({attempt})
except Exception as error:
    print('refused', type(error).__name__, error)
"""
ALLOWED = {
    "plain": "urllib.request.urlopen('http://127.0.0.2:PORT/x?y=1').read().decode()",
    "tunnel": "tunnel('127.0.0.2', PORT)",
}
ATTEMPTS = {
    "another port": "tunnel('127.0.0.2', 22)",
    "the machine": "tunnel('127.0.0.1', PORT)",
    "the machine by name": "tunnel('localhost', PORT)",
    "as a number": "tunnel('2130706434', PORT)",
    "cloud metadata": "tunnel('169.254.169.254', 80)",
    "plain metadata": "urllib.request.urlopen('http://169.254.169.254/latest').read().decode()",
    "the internet": "tunnel('example.org', 443)",
    "directly": "socket.create_connection(('127.0.0.2', PORT), 2)",
    "a file": "raw(b'GET file:///etc/passwd HTTP/1.1\\r\\n\\r\\n')",
    "another scheme": "raw(b'GET ftp://127.0.0.2:PORT/ HTTP/1.1\\r\\n\\r\\n')",
    "a user in the address": "raw(b'GET http://127.0.0.2:PORT@127.0.0.1:PORT/ HTTP/1.1\\r\\n\\r\\n')",
    "nonsense": "raw(b'\\x16\\x03\\x01' + bytes(40) + b'\\r\\n\\r\\n')",
    "an endless head": "raw(b'GET http://127.0.0.2:PORT/ HTTP/1.1\\r\\n' + b'a: b\\r\\n' * 20000)",
    "a number too large": "tunnel('127.0.0.2', 99999999)",
}


@pytest.mark.client  # needs bubblewrap
def test_what_is_allowed_is_reached_and_fourteen_attempts_fail(tmp_path: Path, index: int) -> None:
    executor = SandboxExecutor(tmp_path / "runs")
    assert executor.unavailable() == ""
    said = {}
    for number, (what, attempt) in enumerate((ALLOWED | ATTEMPTS).items()):
        code = HEAD.replace("{attempt}", attempt).replace("PORT", str(index))
        hosts = [f"127.0.0.2:{index}"]
        executor.start(RunSpec(f"proxy-{number}", ["python3", "-c", code], Limits(30, memory=256 * MIB), hosts=hosts))
        while executor.status(f"proxy-{number}").state != "ended":
            time.sleep(0.02)
        said[what] = " ".join(line.text for line in executor.logs(f"proxy-{number}")[0])
    assert said.pop("plain") == f"you asked for /x?y=1 at 127.0.0.2:{index}"
    assert said.pop("tunnel") == f"you asked for /inside at 127.0.0.2:{index}"
    assert {what: text for what, text in said.items() if "you asked for" in text} == {}
    assert {what: text for what, text in said.items() if not any(word in text for word in _REFUSALS)} == {}


_REFUSALS = ("refused", "403 Forbidden", "502 Bad Gateway", "b''")
