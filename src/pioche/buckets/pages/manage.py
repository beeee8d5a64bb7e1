"""Pages that make, set and delete buckets, and delete what is in them."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from pioche.accounts.access import Action
from pioche.accounts.api.groups import group_number
from pioche.accounts.pages.groups import group_choices
from pioche.accounts.types import OrgRole
from pioche.buckets.api.place import bucket_of
from pioche.buckets.pages.browse import file_url, page_values
from pioche.buckets.types import BucketId, DeleteFile
from pioche.errors import InvalidInput, RepoExists, Unauthenticated
from pioche.web import flash
from pioche.web.call import Call
from pioche.web.responses import external_id, see_other
from pioche.web.routing import Route
from pioche.web.text import _


def show_new(call: Call) -> Response:
    if call.actor.is_anonymous:
        raise Unauthenticated("Log in to make a bucket.")
    owner = call.query("owner", call.actor.name)
    return _new_page(call, {"owner": owner, "name": call.query("name"), "visibility": "private"})


def create(call: Call) -> Response:
    form = call.form()
    try:
        bucket_id = BucketId.parse(f"{form.get('owner', '')}/{form.get('name', '').strip()}")
        call.hub.buckets.create(call.actor, bucket_id, form.get("visibility") != "public")
    except (InvalidInput, RepoExists) as error:
        return _new_page(call, form, error.message, 409 if isinstance(error, RepoExists) else 400)
    return see_other(f"/{bucket_id.path}")


def show_settings(call: Call) -> Response:
    return _settings_page(call)


def change_visibility(call: Call) -> Response:
    private = call.form().get("visibility") == "private"
    bucket = call.hub.buckets.change_visibility(call.actor, bucket_of(call), private)
    said = _("Only people with access see this now.") if private else _("Everyone sees this now.")
    return flash.say(call, see_other(file_url(bucket.bucket_id, "settings")), said, "success")


def change_group(call: Call) -> Response:
    bucket_id = bucket_of(call)
    call.hub.buckets.put_in_group(call.actor, bucket_id, group_number(call.form().get("group") or None))
    return flash.say(call, see_other(file_url(bucket_id, "settings")), _("The group is changed."), "success")


def move(call: Call) -> Response:
    form, old = call.form(), bucket_of(call)
    try:
        new = BucketId.parse(f"{form.get('owner', '')}/{form.get('name', '').strip()}")
        call.hub.buckets.move(call.actor, old, new)
    except (InvalidInput, RepoExists) as error:
        return _settings_page(call, move_error=error.message)
    said = _("Renamed to %(name)s. The old address leads here.") % {"name": new.full}
    return flash.say(call, see_other(file_url(new, "settings")), said, "success")


def delete(call: Call) -> Response:
    bucket_id = bucket_of(call)
    if call.form().get("confirm", "").strip().lower() != bucket_id.full.lower():
        call.hub.buckets.find(call.actor, bucket_id, Action.ADMIN)
        said = _("Type %(name)s to confirm. Nothing was deleted.") % {"name": bucket_id.full}
        return _settings_page(call, delete_error=said)
    call.hub.buckets.delete(call.actor, bucket_id)
    said = _("%(name)s is deleted.") % {"name": bucket_id.full}
    return flash.say(call, see_other(f"/{bucket_id.namespace}"), said, "success")


def show_delete(call: Call) -> Response:
    bucket = call.hub.buckets.find(call.actor, bucket_of(call), Action.WRITE)
    values = {**page_values(call, bucket, "files"), "path": call.arg("path")}
    return call.hub.templates.page(call, "buckets/delete.html", values)


def delete_entry(call: Call) -> Response:
    """A file, or with a slash at its end everything in a folder."""
    bucket_id, path, buckets = bucket_of(call), call.arg("path"), call.hub.buckets
    if path.endswith("/"):
        buckets.writing.remove_below(call.actor, bucket_id, path.rstrip("/"))
    else:
        buckets.writing.apply(call.actor, bucket_id, [DeleteFile(path)])
    folder = path.rstrip("/").rpartition("/")[0]
    is_there = folder and buckets.files.tree(call.actor, bucket_id, f"{folder}/", False, limit=1).entries
    said = _("%(name)s is deleted.") % {"name": path}
    return flash.say(call, see_other(file_url(bucket_id, "tree", folder if is_there else "")), said, "success")


def _settings_page(call: Call, **errors: str) -> Response:
    bucket = call.hub.buckets.find(call.actor, bucket_of(call), Action.ADMIN)
    values: dict[str, Any] = {"move_error": "", "delete_error": "", **errors, "owners": _owners(call)}
    values |= page_values(call, bucket, "settings")
    values["groups"] = group_choices(call, bucket.bucket_id.namespace)
    values["group"] = "" if bucket.group_id is None else external_id(bucket.group_id)
    return call.hub.templates.page(call, "buckets/settings.html", values, 400 if errors else 200)


def _new_page(call: Call, form: dict[str, str], error: str = "", status: int = 200) -> Response:
    values = {"form": {"owner": "", "name": "", "visibility": "private", **form}, "error": error}
    return call.hub.templates.page(call, "buckets/new.html", {**values, "owners": _owners(call)}, status)


def _owners(call: Call) -> list[str]:
    """Under whom the actor may make buckets: themselves first."""
    actor = call.actor
    return [actor.name, *(actor.org_names[org] for org, role in actor.orgs.items() if role >= OrgRole.CONTRIBUTOR)]


routes = [
    Route("GET", "/new-bucket", show_new, dialect="html"),
    Route("POST", "/new-bucket", create, dialect="html"),
    Route("GET", "/buckets/{ns}/{name}/settings", show_settings, dialect="html"),
    Route("POST", "/buckets/{ns}/{name}/settings/visibility", change_visibility, dialect="html"),
    Route("POST", "/buckets/{ns}/{name}/settings/group", change_group, dialect="html"),
    Route("POST", "/buckets/{ns}/{name}/settings/move", move, dialect="html"),
    Route("POST", "/buckets/{ns}/{name}/settings/delete", delete, dialect="html"),
    Route("GET", "/buckets/{ns}/{name}/delete/{path*}", show_delete, dialect="html"),
    Route("POST", "/buckets/{ns}/{name}/delete/{path*}", delete_entry, dialect="html"),
]
