"""Answers that go on (logs, events, metrics) are looked after every moment: so many at once for each person."""

from __future__ import annotations

from collections import Counter

from starlette.responses import Response, StreamingResponse

from pioche.errors import RateLimited
from pioche.web.call import Call

MOST = 32
_KEPT = "pioche.stream"


class Streams:
    """Used on the event loop."""

    def __init__(self) -> None:
        self._open: Counter[str | int] = Counter()

    def enter(self, call: Call, response: Response) -> None:
        """Counts the answer if it goes on by itself. Raises `RateLimited`; `leave` follows in any case."""
        if call.request.method != "GET" or not isinstance(response, StreamingResponse):
            return
        if response.media_type != "text/event-stream":
            return
        who = call.actor.user_id or call.client_address
        if self._open[who] >= MOST:
            raise RateLimited(f"You follow {MOST} logs or events already. Close some of them first.", retry_after=30)
        self._open[who] += 1
        call.request.scope[_KEPT] = who

    def leave(self, call_scope: dict[str, object]) -> None:
        who = call_scope.pop(_KEPT, None)
        if isinstance(who, str | int):
            self._open[who] -= 1
            if self._open[who] <= 0:
                del self._open[who]
