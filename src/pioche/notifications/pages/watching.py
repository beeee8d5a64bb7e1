"""Watching and muting, the settings of notifications, and the link in mails that works without a log-in."""

from __future__ import annotations

from starlette.responses import Response

from pioche.accounts.pages.forms import done, int_arg
from pioche.notifications.types import MAILED
from pioche.repos.pages.links import repo_url
from pioche.web.call import Call
from pioche.web.repo_call import for_each_kind, repo_of
from pioche.web.responses import empty, see_other
from pioche.web.routing import Route
from pioche.web.text import _

LIMIT = 64 * 1024


def watch_account(call: Call) -> Response:
    account = call.hub.notifications.watching.set_account(call.actor, call.arg("ns"), call.form().get("do", ""))
    return see_other(f"/{account.name}")


def watch_repo(call: Call) -> Response:
    repo_id = repo_of(call)
    call.hub.notifications.watching.set_repo(call.actor, repo_id, call.form().get("do", ""))
    return see_other(repo_url(repo_id))


def watch_thread(call: Call) -> Response:
    repo_id, num = repo_of(call), int_arg(call, "num")
    call.hub.notifications.watching.set_discussion(call.actor, repo_id, num, call.form().get("do", ""))
    return see_other(repo_url(repo_id, "discussions", str(num)))


def show_settings(call: Call) -> Response:
    watching = call.hub.notifications.watching
    values = {
        "wishes": watching.wishes(call.actor),
        "watched": watching.list(call.actor),
        "mail_on": call.hub.mailer.is_on,
        "mailed": MAILED,
    }
    return call.hub.templates.page(call, "notifications/settings.html", values)


def save_settings(call: Call) -> Response:
    items = call.form_items()
    web, mail = ([value for key, value in items if key == wanted] for wanted in ("web", "mail"))
    call.hub.notifications.watching.set_wishes(call.actor, web, mail)
    return done(call, "/settings/notifications", _("Saved."))


def forget(call: Call) -> Response:
    call.hub.notifications.watching.forget(call.actor, int_arg(call, "number"))
    return done(call, "/settings/notifications", _("Saved."))


def show_unsubscribe(call: Call) -> Response:
    call.hub.notifications.watching.check(call.arg("link"))
    values = {"link": call.arg("link"), "finished": False}
    return call.hub.templates.page(call, "notifications/unsubscribe.html", values)


def unsubscribe(call: Call) -> Response:
    """From the page, or by the one click of a mail program, which sends `List-Unsubscribe=One-Click`."""
    form = call.form()
    everything = call.query_flag("all") or form.get("do") == "all"
    call.hub.notifications.watching.unsubscribe(call.arg("link"), everything)
    if "List-Unsubscribe" in form:
        return empty(200)
    values = {"link": call.arg("link"), "finished": True}
    return call.hub.templates.page(call, "notifications/unsubscribe.html", values)


routes = [
    Route("POST", "/{ns}/-/watch", watch_account, dialect="html", limit=LIMIT),
    *for_each_kind("POST", "/{repo}/watch", watch_repo, dialect="html", limit=LIMIT),
    *for_each_kind("POST", "/{repo}/discussions/{num}/watch", watch_thread, dialect="html", limit=LIMIT),
    Route("GET", "/settings/notifications", show_settings, dialect="html"),
    Route("POST", "/settings/notifications", save_settings, dialect="html", limit=LIMIT),
    Route("POST", "/settings/notifications/{number}/remove", forget, dialect="html", limit=LIMIT),
    Route("GET", "/notifications/unsubscribe/{link}", show_unsubscribe, dialect="html"),
    Route("POST", "/notifications/unsubscribe/{link}", unsubscribe, dialect="html", limit=LIMIT),
]
