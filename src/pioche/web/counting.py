"""Downloads are counted at the edge, so that answers which are kept count as well.

A handler marks its answer with what was served; whoever sends the answer notes it, and a little later what was noted is
written down.
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import Executor
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import Response

from pioche.errors import HubError
from pioche.repos.service.downloads import Served
from pioche.web.call import address_of

if TYPE_CHECKING:
    from pioche.hub import Hub

log = logging.getLogger("pioche.downloads")

FLUSH_SECONDS = 3.0
_MARK = "pioche_served"


def counted(response: Response, what: Served | None) -> Response:
    """The same answer, marked."""
    if what is not None:
        setattr(response, _MARK, what)
    return response


class Counting:
    """Used on the event loop."""

    def __init__(self, hub: Hub, threads: Executor) -> None:
        self._hub = hub
        self._threads = threads

    def note(self, request: Request, response: Response) -> None:
        what: Served | None = getattr(response, _MARK, None)
        if what is None or response.status_code not in (200, 206):
            return
        if self._hub.downloads.note(what, address_of(request, self._hub.settings.trust_proxy)):
            asyncio.get_running_loop().call_later(FLUSH_SECONDS, self._threads.submit, self._flush)

    def _flush(self) -> None:
        try:
            self._hub.downloads.flush()
        except (HubError, SQLAlchemyError):
            log.warning("downloads could not be written down; they are kept for the next time", exc_info=True)
