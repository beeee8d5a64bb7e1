"""The gate on pages: asking for access, what one asked for, and whom the owner lets in."""

from __future__ import annotations

from dataclasses import replace

from starlette.responses import Response

from pioche.accounts.access import Action
from pioche.errors import HubError, InvalidInput
from pioche.names import RepoId
from pioche.repos.api.gates import LAST, answers_of
from pioche.repos.pages.links import repo_url
from pioche.repos.pages.show import gate_page, page_values
from pioche.repos.service.gates import Who
from pioche.repos.types import Gated
from pioche.web import flash
from pioche.web.call import Call
from pioche.web.repo_call import for_each_kind, repo_of
from pioche.web.responses import json_response, see_other
from pioche.web.routing import Route
from pioche.web.text import _

PER_PAGE = 50


def ask(call: Call) -> Response:
    """A form of the page, or JSON of a program, which is answered in JSON."""
    repo_id = repo_of(call)
    if call.header("content-type").partition(";")[0].strip() == "application/json":
        call.route = replace(call.route, dialect="hub")
        return json_response({"status": call.hub.gates.ask(call.actor, repo_id, answers_of(call))})
    try:
        status = call.hub.gates.ask(call.actor, repo_id, answers_of(call))
    except InvalidInput as error:
        if "field" not in error.details:
            raise
        return gate_page(call, 400, error, answers_of(call))
    said = _("You have access now.") if status == "accepted" else _("Your request waits for the owner.")
    return flash.say(call, see_other(repo_url(repo_id)), said, "success")


def cancel(call: Call) -> Response:
    call.hub.gates.cancel(call.actor, repo_of(call))
    return flash.say(call, see_other(repo_url(repo_of(call))), _("Your request is taken back."), "success")


def mine(call: Call) -> Response:
    found = [(one, repo, repo_url(repo.repo_id)) for one, repo in call.hub.gates.mine(call.actor)]
    return call.hub.templates.page(call, "repos/my_gates.html", {"found": found})


def show_access(call: Call) -> Response:
    return _access_page(call)


def change_gate(call: Call) -> Response:
    choices: dict[str, Gated] = {"": "", "auto": "auto", "manual": "manual"}
    gated = choices.get(call.form().get("gated", "-"))
    if gated is None:
        raise InvalidInput(_("Choose who may read the files."))
    call.hub.repos.change_settings(call.actor, repo_of(call), gated=gated)
    return _back(call, _("Saved."))


def grant(call: Call) -> Response:
    name = call.form().get("user", "").strip()
    try:
        granted = call.hub.gates.grant(call.actor, repo_of(call), name)
    except HubError as error:
        return _access_page(call, error.message, name)
    return _back(call, _("%(name)s has access now.") % {"name": granted.name}, "accepted")


def decide(call: Call) -> Response:
    """The chosen ones of the queue, or the one whose button was pressed."""
    form, items = call.form(), call.form_items()
    chosen = [_who(value) for name, value in items if name == "request"]
    if not chosen:
        raise InvalidInput(_("Choose at least one request."))
    status = form.get("do", "")
    reason = form.get("reason", "") if status == "rejected" else ""
    call.hub.gates.decide(call.actor, repo_of(call), chosen, status, reason)
    return _back(call, _("Done."), form.get("from", "pending"))


def _who(text: str) -> Who:
    if not (text.isascii() and text.isdecimal()) or len(text) > 15:
        raise InvalidInput(_("There is no such request."))
    return Who("", int(text))


def _access_page(call: Call, error: str = "", name: str = "") -> Response:
    repo_id = repo_of(call)
    header = call.hub.browse.header(call.actor, repo_id, Action.ADMIN)
    status = call.query("status", "pending")
    search, start = call.query("q"), call.query_int("cursor", 0, 0, LAST)
    found, after = call.hub.gates.requests(call.actor, repo_id, status, search, (start, PER_PAGE))
    values = {"found": found, "after": after, "status": status, "search": search, "error": error, "name": name}
    counts = call.hub.gates.counts(call.actor, repo_id)
    page = {**page_values(call, header, "settings"), **values, "counts": counts}
    return call.hub.templates.page(call, "repos/access.html", page, 400 if error else 200)


def _back(call: Call, said: str, status: str = "pending") -> Response:
    repo_id: RepoId = repo_of(call)
    return flash.say(call, see_other(f"{repo_url(repo_id, 'settings', 'access')}?status={status}"), said, "success")


routes = [
    Route("GET", "/settings/gated-repos", mine, dialect="html"),
    *for_each_kind("POST", "/{repo}/ask-access", ask, dialect="html"),
    *for_each_kind("POST", "/{repo}/cancel-access", cancel, dialect="html"),
    *for_each_kind("GET", "/{repo}/settings/access", show_access, dialect="html"),
    *for_each_kind("POST", "/{repo}/settings/access", change_gate, dialect="html"),
    *for_each_kind("POST", "/{repo}/settings/access/grant", grant, dialect="html"),
    *for_each_kind("POST", "/{repo}/settings/access/decide", decide, dialect="html"),
]
