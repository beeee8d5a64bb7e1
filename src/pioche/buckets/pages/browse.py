"""Reading pages of buckets: the list of all, and the files of one, folder by folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from starlette.responses import Response

from pioche.accounts.access import Action, allows
from pioche.buckets.api.place import bucket_of
from pioche.buckets.types import Bucket, BucketId, Folder, Listing, StoredFile
from pioche.errors import EntryNotFound
from pioche.protocols.card import split_front_matter
from pioche.web.call import Call
from pioche.web.markdown import render_card
from pioche.web.responses import see_other
from pioche.web.routing import Route

LIST_PAGE = 30
FILES_PAGE = 200
README_MAX = 512 * 1024


@dataclass(frozen=True, slots=True)
class FolderPage:
    """`path` is empty at the top. `next_url` is empty on the last page; `readme` is HTML, or empty."""

    path: str
    listing: Listing
    next_url: str
    readme: str


def show_list(call: Call) -> Response:
    search = call.query("search").strip()
    owner = call.query("author")
    page = call.hub.buckets.list(call.actor, owner, search, LIST_PAGE, call.query("cursor"))
    query = {"search": search, "author": owner, "cursor": page.cursor or ""}
    values = {
        "buckets": page.buckets,
        "total": call.hub.buckets.count(call.actor, owner, search),
        "search": search,
        "owner": owner,
        "next_url": _url("/buckets", query) if page.cursor else "",
    }
    return call.hub.templates.page(call, "buckets/list.html", values)


def show_folder(call: Call) -> Response:
    bucket_id, path = bucket_of(call), call.params.get("path", "").strip("/")
    files = call.hub.buckets.files
    bucket = call.hub.buckets.find(call.actor, bucket_id)
    prefix = f"{path}/" if path else ""
    found = files.tree(call.actor, bucket_id, prefix, False, call.query("cursor"), FILES_PAGE)
    if path and not found.entries:
        if files.paths(call.actor, bucket_id, [path]):
            return see_other(file_url(bucket.bucket_id, "resolve", path))
        raise EntryNotFound(f"There is no folder '{path[:200]}' in this bucket.")
    here = file_url(bucket.bucket_id, "tree", path)
    next_url = _url(here, {"cursor": found.next_start}) if found.next_start else ""
    view = FolderPage(path, found, next_url, _readme(call, bucket, found, path))
    return call.hub.templates.page(call, "buckets/folder.html", {**page_values(call, bucket, "files"), "view": view})


def page_values(call: Call, bucket: Bucket, tab: str) -> dict[str, Any]:
    """What the layout of a bucket's pages needs."""

    def address(verb: str, path: str = "") -> str:
        return file_url(bucket.bucket_id, verb, path)

    return {
        "bucket": bucket,
        "tab": tab,
        "address": address,
        "is_folder": lambda entry: isinstance(entry, Folder),
        "can_write": allows(call.actor, Action.WRITE, bucket.resource),
        "can_admin": allows(call.actor, Action.ADMIN, bucket.resource),
    }


def file_url(bucket_id: BucketId, verb: str, path: str = "") -> str:
    """`/buckets/ns/name/tree/folder`; the top needs no verb."""
    start = f"/{bucket_id.path}"
    if not path:
        return start if verb == "tree" else f"{start}/{verb}"
    return f"{start}/{verb}/{quote(path)}"


def _readme(call: Call, bucket: Bucket, found: Listing, folder: str) -> str:
    """The text that explains a folder, if there is one on this page of it."""
    for entry in found.entries:
        if isinstance(entry, StoredFile) and entry.path.rpartition("/")[2].lower() == "readme.md":
            if entry.size > README_MAX:
                return ""
            stored = call.hub.buckets.files.open(entry)
            text = b"".join(stored.read(0, stored.size)).decode(errors="replace")
            return render_card(split_front_matter(text)[1], _linker(bucket.bucket_id, folder))
    return ""


def _linker(bucket_id: BucketId, folder: str) -> Callable[[str], str]:
    def link(target: str) -> str:
        if target.startswith(("#", "/", "mailto:")) or "://" in target:
            return target
        path, mark, rest = target.removeprefix("./").partition("#")
        inside = f"{folder}/{path}" if folder else path
        return f"/{bucket_id.path}/resolve/{inside}{mark}{rest}"

    return link


def _url(path: str, query: dict[str, str]) -> str:
    return f"{path}?{urlencode({key: value for key, value in query.items() if value})}"


routes = [
    Route("GET", "/buckets", show_list, dialect="html"),
    Route("GET", "/buckets/{ns}/{name}", show_folder, dialect="html"),
    Route("GET", "/buckets/{ns}/{name}/tree/{path*}", show_folder, dialect="html"),
]
