"""Pages of collections. Everything works without scripts: each change is a form."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from pioche.accounts.access import Action, allows
from pioche.accounts.api.groups import group_number
from pioche.accounts.pages.groups import group_choices
from pioche.accounts.types import OrgRole
from pioche.collections.api import filter_of, item_of, slug_of
from pioche.collections.types import (
    MAX_DESCRIPTION,
    MAX_NOTE,
    MAX_TITLE,
    THEMES,
    Changes,
    CollectionFilter,
    Filled,
    ItemChange,
    NewCollection,
)
from pioche.errors import Conflict, InvalidInput, NotFound, NotSupported, Unauthenticated
from pioche.web import flash
from pioche.web.call import Call
from pioche.web.responses import external_id, see_other
from pioche.web.routing import Route
from pioche.web.text import _

LIST_PAGE = 30
CHOICES = 100
LIMITS = {"title": MAX_TITLE, "description": MAX_DESCRIPTION, "note": MAX_NOTE}


def show_list(call: Call) -> Response:
    wanted = filter_of(call)
    page = call.hub.collections.list(call.actor, wanted, LIST_PAGE, call.query("cursor"))
    query = [(key, value) for key, value in call.query_items if key != "cursor"]
    values = {
        "collections": page.found,
        "total": call.hub.collections.count(call.actor, wanted),
        "owners": wanted.owners,
        "next_url": f"/collections?{urlencode([*query, ('cursor', page.cursor)])}" if page.cursor else "",
    }
    return call.hub.templates.page(call, "collections/list.html", values)


def show(call: Call) -> Response:
    return _page(call)


def show_new(call: Call) -> Response:
    if call.actor.is_anonymous:
        raise Unauthenticated("Log in to make a collection.")
    return _new_page(call, {"owner": call.query("owner", call.actor.name), "visibility": "public"})


def create(call: Call) -> Response:
    form = call.form()
    private = form.get("visibility") == "private"
    new = NewCollection(form.get("owner", ""), form.get("title", ""), form.get("description", ""), private)
    try:
        made = call.hub.collections.create(call.actor, new)
    except (InvalidInput, Conflict) as error:
        return _new_page(call, form, error.message, 409 if isinstance(error, Conflict) else 400)
    return see_other(f"/{made.collection.path}")


def change(call: Call) -> Response:
    form = call.form()
    private = form["visibility"] == "private" if "visibility" in form else None
    changes = Changes(form.get("title"), form.get("description"), private, form.get("theme"))
    try:
        _change_group(call, form)
        filled = call.hub.collections.change(call.actor, slug_of(call), changes)
    except (InvalidInput, Conflict) as error:
        return _page(call, error.message, 409 if isinstance(error, Conflict) else 400)
    return see_other(f"/{filled.collection.path}")


def _change_group(call: Call, form: dict[str, str]) -> None:
    """Who may write may change the rest of the form, and leaves the group as it is."""
    now = call.hub.collections.find(call.actor, slug_of(call), Action.WRITE).collection.group_id
    group_id = group_number(form["group"] or None) if "group" in form else now
    if group_id != now:
        call.hub.collections.put_in_group(call.actor, slug_of(call), group_id)


def delete(call: Call) -> Response:
    one = call.hub.collections.find(call.actor, slug_of(call), Action.WRITE).collection
    if call.form().get("confirm", "").strip() != one.title:
        return _page(call, _("Type %(name)s to confirm. Nothing was deleted.") % {"name": one.title}, 400)
    call.hub.collections.delete(call.actor, one.slug)
    said = _("%(name)s is deleted.") % {"name": one.title}
    return flash.say(call, see_other(f"/{one.owner}"), said, "success")


def vote(call: Call) -> Response:
    call.hub.collections.vote(call.actor, slug_of(call), call.form().get("do") != "undo")
    return see_other(f"/collections/{slug_of(call)}")


def change_item(call: Call) -> Response:
    """`do`: note, up, down or remove."""
    form, slug, item, collections = call.form(), slug_of(call), item_of(call), call.hub.collections
    filled = collections.find(call.actor, slug, Action.WRITE)
    place = next((one.position for one in filled.items if one.id == item), 0)
    match form.get("do", ""):
        case "note":
            try:
                collections.change_items(call.actor, slug, [ItemChange(item, note=form.get("note", ""))])
            except InvalidInput as error:
                return _page(call, error.message, 400)
        case "up":
            collections.change_items(call.actor, slug, [ItemChange(item, position=max(0, place - 1))])
        case "down":
            collections.change_items(call.actor, slug, [ItemChange(item, position=place + 1)])
        case "remove":
            collections.remove_item(call.actor, slug, item)
        case _:
            raise InvalidInput(_("'do' is one of: note, up, down, remove."))
    return see_other(f"/{filled.collection.path}")


def show_add(call: Call) -> Response:
    if call.actor.is_anonymous:
        raise Unauthenticated("Log in to add to a collection.")
    return _add_page(call, {"type": call.query("type"), "id": call.query("id"), "note": ""})


def add(call: Call) -> Response:
    if call.actor.is_anonymous:
        raise Unauthenticated("Log in to add to a collection.")
    form = call.form()
    chosen, kind, name = form.get("collection", ""), form.get("type", ""), form.get("id", "").strip()
    try:
        filled = call.hub.collections.add(call.actor, chosen, kind, name, form.get("note", ""))
    except (InvalidInput, Conflict, NotFound, NotSupported) as error:
        return _add_page(call, form, error.message, 409 if isinstance(error, Conflict) else 400)
    return see_other(f"/{filled.collection.path}")


def _page(call: Call, error: str = "", status: int = 200) -> Response:
    filled = call.hub.collections.find(call.actor, slug_of(call))
    can_write, group_id = allows(call.actor, Action.WRITE, filled.collection.resource), filled.collection.group_id
    values = {
        "filled": filled,
        "collection": filled.collection,
        "can_write": can_write,
        "groups": group_choices(call, filled.collection.owner) if can_write else [],
        "group": "" if group_id is None or not can_write else external_id(group_id),
        "voted": call.hub.collections.has_voted(call.actor, slug_of(call)),
        "themes": THEMES,
        "limits": LIMITS,
        "error": error,
    }
    return call.hub.templates.page(call, "collections/show.html", values, status)


def _new_page(call: Call, form: dict[str, str], error: str = "", status: int = 200) -> Response:
    full = {"owner": "", "title": "", "description": "", "visibility": "public", **form}
    values: dict[str, Any] = {"form": full, "owners": _owners(call), "limits": LIMITS, "error": error}
    return call.hub.templates.page(call, "collections/new.html", values, status)


def _add_page(call: Call, form: dict[str, str], error: str = "", status: int = 200) -> Response:
    full = {"collection": "", "type": "", "id": "", "note": "", **form}
    values = {"form": full, "choices_of": _writable(call), "limits": LIMITS, "error": error}
    return call.hub.templates.page(call, "collections/add.html", values, status)


def _writable(call: Call) -> list[Filled]:
    """The actor's and their organisations' that they may change, the last changed first."""
    found = call.hub.collections.list(call.actor, CollectionFilter(owners=_owners(call)[:40]), CHOICES).found
    return [one for one in found if allows(call.actor, Action.WRITE, one.collection.resource)]


def _owners(call: Call) -> list[str]:
    """Under whom the actor may make collections: themselves first."""
    actor = call.actor
    return [actor.name, *(actor.org_names[org] for org, role in actor.orgs.items() if role >= OrgRole.CONTRIBUTOR)]


routes = [
    Route("GET", "/collections", show_list, dialect="html"),
    Route("GET", "/new-collection", show_new, dialect="html"),
    Route("POST", "/new-collection", create, dialect="html"),
    Route("GET", "/add-to-collection", show_add, dialect="html"),
    Route("POST", "/add-to-collection", add, dialect="html"),
    Route("GET", "/collections/{ns}/{slug}", show, dialect="html"),
    Route("POST", "/collections/{ns}/{slug}/settings", change, dialect="html"),
    Route("POST", "/collections/{ns}/{slug}/delete", delete, dialect="html"),
    Route("POST", "/collections/{ns}/{slug}/vote", vote, dialect="html"),
    Route("POST", "/collections/{ns}/{slug}/items/{item}", change_item, dialect="html"),
]
