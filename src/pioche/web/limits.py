"""Rate limits: so many requests in a fixed window, told in the headers that the client obeys.

Each person has four windows, `api`, `resolvers` (files by address), `pages` and `inference` (questions to models); who
is not logged in shares those of their address. A window begins with the first request in it. It is all in memory and on
the event loop: no lock, no database, and a hub that restarts forgets.

Who somebody is, is known once their token or session has been good, so credentials that are new are let through to be
looked at; those that turn out to be wrong count against the address, apart from what others there do without any.
"""

from __future__ import annotations

import hashlib
import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from pioche.accounts.types import Actor
from pioche.errors import RateLimited
from pioche.settings import Settings
from pioche.web.auth import SESSION_COOKIE
from pioche.web.call import Call
from pioche.web.routing import Route

MAX_WINDOWS = 100_000  # kept at once; about 30 MB
MAX_KNOWN = 10_000  # credentials whose owner is remembered

Headers = list[tuple[bytes, bytes]]


@dataclass(slots=True)
class _Window:
    seconds: int
    ends: float
    count: int = 0


@dataclass(slots=True)
class Ticket:
    """One request that counts. `credential` is a digest of what nobody has looked at yet."""

    bucket: str
    address: str
    quota: int
    window: _Window
    credential: bytes | None

    @property
    def seconds(self) -> int:
        return max(0, math.ceil(self.window.ends - time.monotonic()))

    @property
    def is_over(self) -> bool:
        return self.window.count > self.quota

    def headers(self) -> Headers:
        left = max(0, self.quota - self.window.count)
        return [
            (b"ratelimit", b'"%s";r=%d;t=%d' % (self.bucket.encode(), left, self.seconds)),
            (
                b"ratelimit-policy",
                b'"fixed window";"%s";q=%d;w=%d' % (self.bucket.encode(), self.quota, self.window.seconds),
            ),
        ]

    def refusal(self) -> RateLimited:
        what = {"api": "calls of the API", "resolvers": "files", "pages": "pages", "inference": "questions to models"}[
            self.bucket
        ]
        return RateLimited(
            f"Too many {what}: {self.quota} are allowed in {self.window.seconds} seconds. "
            f"Try again in {self.seconds} seconds.",
            retry_after=max(1, self.seconds),
        )


class Limiter:
    """`enter` before a request is answered, `leave` after it."""

    def __init__(self, settings: Settings, routes: Iterable[Route]) -> None:
        self._buckets = {id(route): bucket_of(route) for route in routes}
        self._seconds = max(1, settings.limit_seconds)
        self._anonymous = {
            "api": settings.limit_api_anonymous,
            "resolvers": settings.limit_resolvers_anonymous,
            "pages": settings.limit_pages_anonymous,
            "inference": settings.limit_inference_anonymous,
        }
        self._person = {
            "api": settings.limit_api,
            "resolvers": settings.limit_resolvers,
            "pages": settings.limit_pages,
            "inference": settings.limit_inference,
        }
        self._windows: dict[tuple[str, str | int], _Window] = {}
        self._known: OrderedDict[bytes, int] = OrderedDict()
        self._swept = 0.0

    def enter(self, call: Call) -> Ticket | None:
        """None if this address has no limit. Else counted, and `is_over` says whether it was one too many."""
        route = call.route
        # Routes of no room are made for one request.
        bucket = self._buckets[id(route)] if id(route) in self._buckets else bucket_of(route)
        if bucket is None:
            return None
        address = _network(call.client_address)
        credential = None if route.dialect == "oauth" else _credential(call)
        if credential is None:
            return self._count(bucket, address, address, self._anonymous[bucket])
        user = self._known.get(credential)
        if user is not None:
            return self._count(bucket, address, user, self._person[bucket])
        quota = self._anonymous[bucket]
        ticket = Ticket(bucket, address, quota, self._window((bucket, f"{address} refused")), credential)
        # Counted when it is known whose it is.
        return ticket if quota == 0 or ticket.window.count < quota else self._over(ticket)

    def leave(self, ticket: Ticket, actor: Actor) -> Ticket | None:
        """What to tell, now that new credentials have been looked at."""
        if ticket.credential is None:
            return ticket
        if actor.user_id is None:
            return self._count(ticket.bucket, ticket.address, f"{ticket.address} refused", ticket.quota)
        self._known[ticket.credential] = actor.user_id
        while len(self._known) > MAX_KNOWN:
            self._known.popitem(last=False)
        return self._count(ticket.bucket, ticket.address, actor.user_id, self._person[ticket.bucket])

    def _count(self, bucket: str, address: str, who: str | int, quota: int) -> Ticket | None:
        if quota == 0:
            return None
        window = self._window((bucket, who))
        window.count += 1
        return Ticket(bucket, address, quota, window, None)

    @staticmethod
    def _over(ticket: Ticket) -> Ticket:
        ticket.window.count += 1
        ticket.credential = None
        return ticket

    def _window(self, key: tuple[str, str | int]) -> _Window:
        now = time.monotonic()
        window = self._windows.get(key)
        if window is None or window.ends <= now:
            window = _Window(self._seconds, now + self._seconds)
            if len(self._windows) >= MAX_WINDOWS:
                self._sweep(now)
            if len(self._windows) < MAX_WINDOWS:
                self._windows[key] = window
        return window

    def _sweep(self, now: float) -> None:
        """Makes room. Whoever finds none is let through: there are too many to be told apart."""
        if now - self._swept < 1:
            return
        self._swept = now
        self._windows = {key: window for key, window in self._windows.items() if window.ends > now}


def bucket_of(route: Route) -> str | None:
    """Signed links and grants have no limit: what they stand for was counted. Nor has what a page is made of."""
    pattern = route.pattern
    if pattern in ("/healthz", "/readyz", "/robots.txt", "/favicon.ico") or pattern.startswith(("/static/", "/lfs/")):
        return None
    if route.dialect == "cas" or pattern == "/v1/telemetry":
        return None
    if "/resolve/" in pattern or "/raw/" in pattern or "/resolve-cache/" in pattern:
        return "resolvers"
    if _is_inference(route):
        return "inference"
    return "pages" if route.dialect == "html" else "api"


def _is_inference(route: Route) -> bool:
    """What makes a model work: of the task API, of the OpenAI API, and of the page."""
    pattern = route.pattern
    return route.method == "POST" and (
        pattern.startswith(("/models/{ns}/", "/v1/")) or pattern in ("/{ns}/{name}/try", "/{ns}/{name}/try/picture")
    )


def _credential(call: Call) -> bytes | None:
    """Short, so that nobody's token lies about in memory, nor much of it."""
    secret = b""
    for name, value in call.request.scope["headers"]:
        if name == b"authorization":
            secret = value
            break
        if name == b"cookie":
            secret = call.request.cookies.get(SESSION_COOKIE, "").encode()
    return hashlib.blake2b(secret, digest_size=16).digest() if secret else None


@lru_cache(maxsize=4096)
def _network(address: str) -> str:
    """A machine with an IPv6 address has millions of them, of one network."""
    if ":" not in address:
        return address
    try:
        return str(ipaddress.ip_network((address, 64), strict=False))
    except ValueError:
        return address[:64]
