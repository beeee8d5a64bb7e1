"""The request edge: finds the route, reads the body, asks who it is, runs the handler, turns errors into answers."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import tempfile
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import IO, TYPE_CHECKING, Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from pioche.errors import HubError, InvalidInput, NotFound, TooLarge, Unauthenticated
from pioche.web import auth, flash, form_token
from pioche.web.cache import AnswerCache
from pioche.web.call import Call
from pioche.web.counting import Counting
from pioche.web.errors import error_response
from pioche.web.limits import Headers, Limiter
from pioche.web.routing import Route, Router
from pioche.web.streams import Streams

if TYPE_CHECKING:
    from pioche.hub import Hub

log = logging.getLogger("pioche.web")

SPOOL_IN_MEMORY = 1024 * 1024


class HubApp:
    """The ASGI application of one hub."""

    def __init__(self, hub: Hub, router: Router) -> None:
        self.hub = hub
        self.router = router
        self.cache = AnswerCache(hub.database)
        self.limits = Limiter(hub.settings, router.routes)
        self.threads = ThreadPoolExecutor(hub.settings.threads, thread_name_prefix="request")
        self.counting = Counting(hub, self.threads)
        self.streams = Streams()
        self.open_requests = 0
        self.draining = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        scope["pioche.is_draining"] = lambda: self.draining  # for answers that have no end of their own
        request = Request(scope, receive, send)
        self.open_requests += 1
        try:
            response, limit = await self._respond(request)
            self.counting.note(request, response)
            if limit is not None:
                send = _telling(send, limit)
            response.headers.setdefault("x-content-type-options", "nosniff")
            try:
                await response(scope, receive, send)
            finally:
                await self._run_background(response)
        except ClientDisconnect:
            log.debug("client left: %s %s", request.method, scope["path"])
        finally:
            self.open_requests -= 1
            self.streams.leave(request.scope)  # type: ignore[arg-type]

    async def _run_background(self, response: Response) -> None:
        close = getattr(response, "aclose_source", None)
        if close is not None:
            await close()

    async def _respond(self, request: Request) -> tuple[Response, Headers | None]:
        """The answer, and what to tell about rate limits: apart, as the answer may be kept for others."""
        method: str = request.method
        raw = request.scope["raw_path"].decode("latin-1")
        route, params, allowed = self.router.find(method, raw)
        call = Call(self.hub, request, route or _nowhere(method, raw), params)
        ticket = self.limits.enter(call)
        if ticket is not None and ticket.is_over:
            return await self._in_thread(error_response, call, ticket.refusal()), ticket.headers()
        if route is None:
            response = await self._in_thread(self._no_route, call, allowed)
        else:
            response = await self._respond_at(call)
            try:
                self.streams.enter(call, response)
            except HubError as error:
                response = await self._in_thread(error_response, call, error)
        ticket = None if ticket is None else self.limits.leave(ticket, call.actor)
        return response, None if ticket is None else ticket.headers()

    async def _respond_at(self, call: Call) -> Response:
        request, route = call.request, call.route
        key = self.cache.key(request) if route.hot else None
        if key is not None and (kept := self.cache.get(key)) is not None:
            return kept
        version = self.cache.version() if key is not None else None
        response = await self._answer(call)
        if key is not None:
            self.cache.put(key, response, version)
        return response

    async def _answer(self, call: Call) -> Response:
        loop = asyncio.get_running_loop()
        try:
            if call.route.body == "spool":
                await loop.run_in_executor(self.threads, _admit, call)
            await _read_body(call)
            if call.route.body == "stream" and form_token.is_form_with_files(call.request):
                call.form_token, call.request = await form_token.read_first(call.request)
            if call.route.is_async:
                if not _is_known(call):
                    await loop.run_in_executor(self.threads, _identify, call)
                response: Response = await call.route.handler(call)
            else:
                response = await loop.run_in_executor(self.threads, _handle, call)
        except HubError as error:
            response = await loop.run_in_executor(self.threads, error_response, call, error)
        except ClientDisconnect:
            raise
        except Exception:  # the request edge: nobody is answered with a stack trace
            log.exception("%s %s", call.request.method, call.request.scope["path"])
            fault = HubError("The hub made a mistake; the admin finds it in the log. Nothing was changed.")
            response = await loop.run_in_executor(self.threads, error_response, call, fault)
        finally:
            if call.body_file is not None:
                call.body_file.close()
        if flash.COOKIE in call.request.cookies and call.route.dialect == "html" and response.status_code != 303:
            response.delete_cookie(flash.COOKIE)
        return response

    async def _in_thread(self, make: Callable[..., Response], *arguments: Any) -> Response:
        return await asyncio.get_running_loop().run_in_executor(self.threads, make, *arguments)

    def _no_route(self, call: Call, allowed: set[str]) -> Response:
        request = call.request
        if request.method == "OPTIONS":
            return Response(b"", 204, {"allow": ", ".join(sorted(allowed))})
        if allowed:
            body = b'{"error":"This address does not accept the method ' + request.method.encode()[:10] + b'."}'
            return Response(body, 405, {"allow": ", ".join(sorted(allowed))}, "application/json")
        with contextlib.suppress(HubError):  # so that the page does not look as if one had been logged out
            if not call.header("authorization"):
                call.actor = auth.authenticate(call)
        return error_response(call, NotFound("There is nothing at this address on this hub."))


def _nowhere(method: str, raw: str) -> Route:
    """For an address that no room answers."""
    is_api = raw.startswith(("/api/", "/cas/", "/v1/", "/v2/", "/oauth/"))
    return Route(method, raw, _handle, "hub" if is_api else "html")


def _telling(send: Send, headers: Headers) -> Send:
    async def telling(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *headers]}
        await send(message)

    return telling


def _is_known(call: Call) -> bool:
    """By a token that was looked up a moment ago, which needs no thread."""
    if call.route.dialect in ("cas", "oauth"):
        return False
    known = auth.known(call)
    if known is None:
        return False
    call.actor = known
    return True


def _identify(call: Call) -> None:
    if call.route.dialect in ("cas", "oauth"):
        return  # these carry a grant, a signed link or a program's own secret, which the handler checks; no cookie
    call.actor = auth.authenticate(call)
    auth.check_csrf(call)


def _admit(call: Call) -> None:
    """Before a body that may fill the disk is taken: such routes are for people with an account."""
    _identify(call)
    if call.actor.is_anonymous:
        raise Unauthenticated("Log in, or send a token, to do this.")


def _handle(call: Call) -> Response:
    if call.route.body != "spool":  # else `_admit` did
        _identify(call)
    response: Response = call.route.handler(call)
    return response


async def _read_body(call: Call) -> None:
    if call.route.body in ("none", "stream") or call.request.method in ("GET", "HEAD"):
        return
    declared = call.header("content-length")
    if declared.isascii() and declared.isdigit() and int(declared) > _limit(call):
        raise _too_large(_limit(call))
    file: IO[bytes] = tempfile.SpooledTemporaryFile(SPOOL_IN_MEMORY)  # noqa: SIM115 - closed by the edge
    call.body_file = file
    unzip = _Unzip(call)
    size, limit = 0, _limit(call)
    loop = asyncio.get_running_loop()
    async for chunk in call.request.stream():
        data = unzip.feed(chunk)
        size += len(data)
        if size > limit:
            raise _too_large(_limit(call))
        if size > SPOOL_IN_MEMORY:
            await loop.run_in_executor(None, file.write, data)
        else:
            file.write(data)
    unzip.finish()
    file.seek(0)
    if call.route.body == "bytes":
        # What is longer lies on the disk.
        call.body = await loop.run_in_executor(None, file.read) if size > SPOOL_IN_MEMORY else file.read()


class _Unzip:
    """Decodes `Content-Encoding: gzip` as it arrives; the size limit is on what comes out."""

    def __init__(self, call: Call) -> None:
        encoding = call.header("content-encoding").lower()
        self._decoder = zlib.decompressobj(wbits=31) if encoding in ("gzip", "x-gzip") else None
        self._limit = _limit(call)

    def feed(self, chunk: bytes) -> bytes:
        if self._decoder is None:
            return chunk
        try:
            return self._decoder.decompress(chunk, self._limit + 1)
        except zlib.error as error:
            raise InvalidInput("The body says that it is gzip, and it is not.") from error

    def finish(self) -> None:
        if self._decoder is not None and not self._decoder.eof:
            raise InvalidInput("The compressed body ends in the middle.")


def _limit(call: Call) -> int:
    limit = call.route.limit
    return limit if isinstance(limit, int) else int(getattr(call.hub.settings, limit))


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The body is larger than the {limit} bytes that this address accepts.")
