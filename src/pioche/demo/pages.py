"""The button that fills a hub with examples."""

from __future__ import annotations

from starlette.responses import Response

from pioche.accounts.pages.forms import done
from pioche.demo.tasks import FILL_TASK
from pioche.errors import Forbidden, Unauthenticated
from pioche.web.call import Call
from pioche.web.routing import Route
from pioche.web.text import _


def fill(call: Call) -> Response:
    if call.actor.is_anonymous:
        raise Unauthenticated(_("Log in as an admin of this hub."))
    if not call.actor.is_admin:
        raise Forbidden(_("Only an admin fills the hub with examples."))
    with call.hub.database.write() as tx:
        call.hub.queue.enqueue(tx, FILL_TASK, {"user": call.actor.user_id}, unique="fill")
    return done(call, "/train", _("Examples are being made. Datasets come first, then trainings appear here."))


routes = [Route("POST", "/demo", fill, dialect="html")]
