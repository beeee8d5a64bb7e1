"""Jinja2 with gettext. Each room brings its pages in `<room>/templates/<room>/`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.responses import HTMLResponse

import pioche
from pioche.errors import HubError
from pioche.web import auth, filters, flash, text
from pioche.web.call import Call
from pioche.web.compression import PAGE_LEVEL, SMALLEST, gzipped, takes_gzip

CSP = (
    "default-src 'self'; img-src 'self' data: https:; media-src 'self'; style-src 'self' 'unsafe-inline'; "
    "script-src 'self'; worker-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
_PACKAGE = Path(pioche.__file__).parent


class PageNotices:
    """What every page may show of notifications; asked only where a page uses it, and never of nobody's."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def unread(self) -> int:
        """For the bell. A database that is busy must not take the page with it."""
        try:
            return self._call.hub.notifications.inbox.unread(self._call.actor)
        except HubError:
            return 0

    def of_account(self, number: int) -> str:
        return self._call.hub.notifications.watching.level(self._call.actor, "account", number)

    def of_repo(self, number: int) -> str:
        return self._call.hub.notifications.watching.level(self._call.actor, "repo", number)

    def of_discussion(self, number: int) -> str:
        return self._call.hub.notifications.watching.level(self._call.actor, "discussion", number)


class Templates:
    """One per hub. `page` is the only verb that routes need."""

    def __init__(self, site: Mapping[str, Any]) -> None:
        folders = [_PACKAGE / "web" / "templates", *sorted(_PACKAGE.glob("*/templates"))]
        self.environment = Environment(
            loader=FileSystemLoader(folders),
            autoescape=select_autoescape(default=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        )
        self.environment.install_gettext_translations(text.translations, newstyle=True)  # type: ignore[attr-defined]
        self.environment.filters.update(filters.FILTERS)
        self.environment.globals.update(site=site, version=pioche.__version__)

    def render(self, call: Call, name: str, values: Mapping[str, Any]) -> str:
        return self.environment.get_template(name).render(
            viewer=None if call.actor.is_anonymous else call.actor,
            csrf_token=auth.csrf_token(call),
            request_path=call.path_and_query,
            base_url=call.base_url,
            flash=flash.read(call),
            notices=PageNotices(call),
            **values,
        )

    def page(
        self,
        call: Call,
        name: str,
        values: Mapping[str, Any],
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> HTMLResponse:
        content = self.render(call, name, values).encode()
        security = {
            "content-security-policy": CSP,
            "x-content-type-options": "nosniff",
            "referrer-policy": "same-origin",
            "cache-control": "no-store" if call.actor.session else "private, no-cache",
            "vary": "cookie, accept-encoding",
        }
        if len(content) >= SMALLEST and takes_gzip(call):
            content = gzipped(content, PAGE_LEVEL)
            security["content-encoding"] = "gzip"
        return HTMLResponse(content, status, {**security, **(headers or {})})
