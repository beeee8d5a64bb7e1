"""One request, as handlers see it."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, TypeVar
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import Request

from pioche.accounts.types import ANONYMOUS, Actor
from pioche.errors import InvalidInput
from pioche.ports.executor import RUNS_ADDRESS
from pioche.web.routing import Route

if TYPE_CHECKING:
    from pioche.hub import Hub

T = TypeVar("T")


def address_of(request: Request, trust_proxy: bool) -> str:
    """Of the client, as far as it can be known."""
    host = request.client.host if request.client else ""
    if trust_proxy and host != RUNS_ADDRESS and (forwarded := request.headers.get("x-forwarded-for")):
        # Proxies add to what the client sent, so only the last entry is theirs.
        return forwarded.split(",")[-1].strip()
    return host


class Call:
    """Request, hub, route parameters (decoded), body and actor. Lives as long as the request."""

    def __init__(self, hub: Hub, request: Request, route: Route, params: dict[str, str]) -> None:
        self.hub = hub
        self.request = request
        self.route = route
        self.params = params
        self.body = b""
        self.body_file: IO[bytes] | None = None
        self.form_token = ""  # of a form that carries files, see `web.form_token`
        self.actor: Actor = ANONYMOUS
        self._query: list[tuple[str, str]] | None = None

    # -- the query --

    @property
    def query_items(self) -> list[tuple[str, str]]:
        if self._query is None:
            text = self.request.scope["query_string"].decode("latin-1")
            self._query = parse_qsl(text, keep_blank_values=True)
        return self._query

    def query(self, name: str, default: str = "") -> str:
        values = self.query_list(name)
        return values[-1] if values else default

    def query_list(self, name: str) -> list[str]:
        """All values of a repeated key; `name[]` is the same key as `name`."""
        return [value for key, value in self.query_items if key in (name, f"{name}[]")]

    def query_flag(self, name: str) -> bool:
        return self.query(name).lower() in ("1", "true", "yes", "on")

    def query_int(self, name: str, default: int, low: int, high: int) -> int:
        """An integer clamped to `low..high`; raises `InvalidInput` if it is not one."""
        text = self.query(name)
        if not text:
            return default
        try:
            return min(high, max(low, int(text)))
        except ValueError as error:
            raise InvalidInput(f"'{name}' must be a whole number, not '{text[:50]}'.") from error

    # -- the body --

    def json(self, kind: type[T]) -> T:
        """The body as a typed value; raises `InvalidInput` that names the field at fault."""
        try:
            return msgspec.json.decode(self.body or b"{}", type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise InvalidInput(f"The JSON body is not as expected: {error}.") from error

    def form(self) -> dict[str, str]:
        """A url-encoded form; of repeated keys the last value counts."""
        return dict(self.form_items())

    def form_items(self) -> list[tuple[str, str]]:
        try:
            return parse_qsl(self.body.decode(), keep_blank_values=True, max_num_fields=5000)
        except (UnicodeDecodeError, ValueError) as error:
            raise InvalidInput("The form cannot be read.") from error

    # -- addresses --

    def header(self, name: str, default: str = "") -> str:
        return self.request.headers.get(name, default)

    @property
    def base_url(self) -> str:
        """`scheme://host[:port]` as this client sees the hub: clients refuse URLs on hosts they do not know."""
        settings = self.hub.settings
        if settings.public_url and not self.header("host").startswith(("127.", "localhost", "[::1]")):
            return settings.public_url.rstrip("/")
        scheme, host = self.request.scope["scheme"], self.header("host")
        if settings.trust_proxy and not self._is_run:
            scheme = self.header("x-forwarded-proto", scheme).split(",")[0].strip()
            host = self.header("x-forwarded-host", host).split(",")[0].strip()
        return f"{scheme}://{host or f'{settings.host}:{settings.port}'}"

    @property
    def _is_run(self) -> bool:
        """A job, which no proxy stands before."""
        return self.request.client is not None and self.request.client.host == RUNS_ADDRESS

    @property
    def path_and_query(self) -> str:
        query = self.request.scope["query_string"].decode("latin-1")
        raw: bytes = self.request.scope["raw_path"]
        return raw.decode("latin-1") + (f"?{query}" if query else "")

    @property
    def client_address(self) -> str:
        return address_of(self.request, self.hub.settings.trust_proxy)

    def arg(self, name: str) -> str:
        return self.params[name]
