"""Pages that make and administer a repository: new, settings."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from pioche.accounts.access import Action
from pioche.accounts.api.groups import group_number
from pioche.accounts.pages.groups import group_choices
from pioche.accounts.types import OrgRole
from pioche.errors import HubError, InvalidInput, RepoExists, Unauthenticated
from pioche.names import RepoId, RepoKind
from pioche.ports.gitstore import PutFile
from pioche.repos.card_words import LICENSES
from pioche.repos.pages.links import repo_url
from pioche.repos.pages.show import page_values
from pioche.repos.starters import card_template
from pioche.repos.types import SDKS, CommitHeader, NewRepo
from pioche.web import flash
from pioche.web.call import Call
from pioche.web.repo_call import for_each_kind, repo_of
from pioche.web.responses import external_id, see_other
from pioche.web.routing import Route
from pioche.web.text import _


def show_new(call: Call) -> Response:
    if call.actor.is_anonymous:
        raise Unauthenticated("Log in to make a repository.")
    paths = {"/new-dataset": "dataset", "/new-space": "space", "/new-kernel": "kernel"}
    kind = paths.get(call.request.scope["path"], call.query("type", "model"))
    values = {"owner": call.query("owner", call.actor.name), "name": call.query("name")}
    return _new_page(call, {"kind": kind, **values})


def create(call: Call) -> Response:
    form = call.form()
    kind = form.get("kind", "model")
    try:
        if kind not in list(RepoKind):
            raise InvalidInput(_("Choose a model, a dataset, a Space or a kernel."))
        repo_id = RepoId.parse(RepoKind(kind), f"{form.get('owner', '')}/{form.get('name', '').strip()}")
        sdk = form.get("sdk") if kind == "space" else None
        call.hub.repos.create(call.actor, NewRepo(repo_id, form.get("visibility") == "private", sdk=sdk))
        _write_card(call, repo_id, form)
    except (InvalidInput, RepoExists) as error:
        return _new_page(call, form, error.message, 409 if isinstance(error, RepoExists) else 400)
    return see_other(repo_url(repo_id))


def _write_card(call: Call, repo_id: RepoId, form: dict[str, str]) -> None:
    """The licence is in the card from the start; with a template also what else belongs there."""
    licence = form.get("license", "")
    front = f"---\nlicense: {licence}\n---\n" if licence in LICENSES else ""
    body = card_template(repo_id) if form.get("card") == "on" else ""
    if front or body:
        card = PutFile("README.md", "\n".join(filter(None, [front, body])).encode())
        summary = "Start the card" if body else "Add the licence"
        call.hub.commits.commit(call.actor, repo_id, "main", CommitHeader(summary), [card])


def show_settings(call: Call) -> Response:
    return _settings_page(call)


def change_visibility(call: Call) -> Response:
    private = call.form().get("visibility") == "private"
    call.hub.repos.change_settings(call.actor, repo_of(call), private=private)
    return _back(call, _("Only people with access see this now.") if private else _("Everyone sees this now."))


def change_group(call: Call) -> Response:
    repo_id, group_id = repo_of(call), group_number(call.form().get("group") or None)
    call.hub.repos.grouping.put(call.actor, repo_id, group_id)
    return _back(call, _("The group is changed."))


def change_discussions(call: Call) -> Response:
    disabled = call.form().get("discussions") == "off"
    call.hub.repos.set_discussions(call.actor, repo_of(call), disabled)
    return _back(call, _("Nobody can discuss here now.") if disabled else _("People can discuss here now."))


def move(call: Call) -> Response:
    form, old = call.form(), repo_of(call)
    try:
        new = RepoId.parse(old.kind, f"{form.get('owner', '')}/{form.get('name', '').strip()}")
        call.hub.repos.move(call.actor, old, new)
    except HubError as error:
        return _settings_page(call, move_error=error.message)
    said = _("Renamed to %(name)s. The old address leads here.") % {"name": new.full}
    return flash.say(call, see_other(repo_url(new, "settings")), said, "success")


def delete(call: Call) -> Response:
    repo_id = repo_of(call)
    if call.form().get("confirm", "").strip().lower() != repo_id.full.lower():
        return _settings_page(
            call, delete_error=_("Type %(name)s to confirm. Nothing was deleted.") % {"name": repo_id.full}
        )
    call.hub.repos.delete(call.actor, repo_id)
    return flash.say(
        call, see_other(f"/{repo_id.namespace}"), _("%(name)s is deleted.") % {"name": repo_id.full}, "success"
    )


def _settings_page(call: Call, **errors: str) -> Response:
    header = call.hub.browse.header(call.actor, repo_of(call), Action.ADMIN)
    values: dict[str, Any] = {"move_error": "", "delete_error": "", **errors, "owners": _owners(call)}
    group_id = header.repo.group_id
    values["groups"] = group_choices(call, header.repo.repo_id.namespace)
    values["group"] = "" if group_id is None else external_id(group_id)
    status = 400 if errors else 200
    return call.hub.templates.page(
        call, "repos/settings.html", {**page_values(call, header, "settings"), **values}, status
    )


def _new_page(call: Call, form: dict[str, str], error: str = "", status: int = 200) -> Response:
    whole = {
        "kind": "model",
        "license": "",
        "card": "",
        "sdk": "gradio",
        "owner": "",
        "name": "",
        "visibility": "public",
    }
    values = {"form": {**whole, **form}, "error": error, "owners": _owners(call), "licenses": LICENSES, "sdks": SDKS}
    return call.hub.templates.page(call, "repos/new.html", values, status)


def _owners(call: Call) -> list[str]:
    """Under whom the actor may make repositories: themselves first."""
    actor = call.actor
    return [actor.name, *(actor.org_names[org] for org, role in actor.orgs.items() if role >= OrgRole.CONTRIBUTOR)]


def _back(call: Call, said: str) -> Response:
    return flash.say(call, see_other(repo_url(repo_of(call), "settings")), said, "success")


routes = [
    Route("GET", "/new", show_new, dialect="html"),
    Route("GET", "/new-dataset", show_new, dialect="html"),
    Route("GET", "/new-space", show_new, dialect="html"),
    Route("GET", "/new-kernel", show_new, dialect="html"),
    Route("POST", "/new", create, dialect="html"),
    *for_each_kind("GET", "/{repo}/settings", show_settings, dialect="html"),
    *for_each_kind("POST", "/{repo}/settings/visibility", change_visibility, dialect="html"),
    *for_each_kind("POST", "/{repo}/settings/group", change_group, dialect="html"),
    *for_each_kind("POST", "/{repo}/settings/discussions", change_discussions, dialect="html"),
    *for_each_kind("POST", "/{repo}/settings/move", move, dialect="html"),
    *for_each_kind("POST", "/{repo}/settings/delete", delete, dialect="html"),
]
