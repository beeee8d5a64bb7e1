"""Pages that change files: upload, new file, edit, delete. Each form makes one commit on a branch."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.responses import Response

from pioche.accounts.access import Action
from pioche.errors import HubError, InvalidInput, RefMoved, TooLarge
from pioche.names import check_path
from pioche.ports.gitstore import DeleteFile, PutFile
from pioche.repos.pages.card_form import CARD, form_values, text_with_fields
from pioche.repos.pages.links import file_url, repo_url
from pioche.repos.pages.show import page_values
from pioche.repos.starters import card_template
from pioche.repos.types import CommitHeader, CommitOperation
from pioche.web import flash
from pioche.web.call import Call
from pioche.web.errors import status_of
from pioche.web.repo_call import for_each_kind, repo_of
from pioche.web.responses import see_other
from pioche.web.text import _

MAX_FORM_FILES = 200


def show_upload(call: Call) -> Response:
    """Drag and drop with scripts; a plain form for small files without."""
    return _form(call, "repos/upload.html", {"folder": _path(call)})


async def upload(call: Call) -> Response:
    """The plain form: files up to the limit of regular files, in one commit."""
    limit = call.hub.settings.regular_file_limit
    loop = asyncio.get_running_loop()
    # Nobody else may fill the disk with what the form brings.
    await loop.run_in_executor(None, call.hub.repos.find, call.actor, repo_of(call), Action.DISCUSS)
    body = _bounded(call.request.stream(), int(call.route.limit))
    try:
        form = await MultiPartParser(call.request.headers, body, max_files=MAX_FORM_FILES, max_part_size=limit).parse()
    except MultiPartException as error:
        raise InvalidInput(_("The form cannot be read: %(why)s") % {"why": error.message}) from error
    try:
        lines = await _files_of(form, _path(call), limit)
    finally:
        await form.close()
    summary, text = str(form.get("summary") or ""), str(form.get("description") or "")
    if not lines:
        raise InvalidInput(_("Choose at least one file."))
    header = CommitHeader(summary or f"Upload {lines[0].path if len(lines) == 1 else f'{len(lines)} files'}", text)
    return await loop.run_in_executor(None, _commit, call, header, lines, _path(call))


async def _bounded(stream: AsyncIterator[bytes], limit: int) -> AsyncGenerator[bytes, None]:
    """The parser has no limit for all of a form, nor for one of its files."""
    left = limit
    async for chunk in stream:
        left -= len(chunk)
        if left < 0:
            raise TooLarge(f"The form is larger than {limit} bytes. Upload these files with a client.")
        yield chunk


async def _files_of(form: FormData, folder: str, limit: int) -> list[CommitOperation]:
    return [
        PutFile(_join(folder, item.filename), await item.read(limit + 1))
        for item in form.getlist("files")
        if isinstance(item, UploadFile) and item.filename
    ]


def show_new(call: Call) -> Response:
    name = _join(_path(call), call.query("name"))
    text = card_template(repo_of(call)) if name == CARD else ""
    return _editor(call, {"name": name, "text": text, "base": "", "is_new": True})


def create_file(call: Call) -> Response:
    """A file that exists already is not overwritten."""
    form = call.form()
    path = form.get("path", "").strip()
    values = {"name": path, "text": form.get("text", ""), "base": "", "is_new": True}
    try:
        values["text"] = text_with_fields(call)
        if form.get("do") == "apply":
            return _editor(call, values)
        _refuse_existing(call, check_path(path))
        header = CommitHeader(form.get("summary") or f"Create {path}", form.get("description", ""))
        return _commit(call, header, [PutFile(path, str(values["text"]).encode())], path, show="blob")
    except HubError as error:
        return _editor(call, values, error.message, status_of(error))


def show_edit(call: Call) -> Response:
    view = call.hub.browse.file(call.actor, repo_of(call), call.arg("rev"), _path(call))
    if view.text is None:
        raise InvalidInput(_("This file is not text, or too large to edit here. Upload a new version instead."))
    return _editor(call, {"name": view.node.path, "text": view.text, "base": view.place.commit, "is_new": False})


def save_edit(call: Call) -> Response:
    """Another path renames the file. If the branch moved meanwhile, the text is kept and shown again."""
    form, old = call.form(), _path(call)
    path = form.get("path", "").strip() or old
    values = {"name": path, "text": form.get("text", ""), "base": form.get("base", ""), "is_new": False}
    try:
        values["text"] = text_with_fields(call)
        if form.get("do") == "apply":
            return _editor(call, values)
        lines: list[CommitOperation] = [PutFile(path, str(values["text"]).encode())]
        if path != old:
            _refuse_existing(call, check_path(path))
            lines.insert(0, DeleteFile(old))
        header = CommitHeader(
            form.get("summary") or f"Update {path}", form.get("description", ""), form.get("base") or None
        )
        return _commit(call, header, lines, path, show="blob")
    except RefMoved:
        moved = _("This branch moved while you were editing. Your text is kept: look at what changed, then save again.")
        values["base"] = call.hub.browse.file(call.actor, repo_of(call), call.arg("rev"), old).place.commit
        return _editor(call, values, moved, 409)
    except HubError as error:
        return _editor(call, values, error.message, status_of(error))


def show_delete(call: Call) -> Response:
    view = call.hub.browse.file(call.actor, repo_of(call), call.arg("rev"), _path(call))
    return _form(call, "repos/delete_file.html", {"view": view})


def delete_file(call: Call) -> Response:
    form, path = call.form(), _path(call)
    header = CommitHeader(form.get("summary") or f"Delete {path}", form.get("description", ""))
    folder = path.rpartition("/")[0]
    return _commit(call, header, [DeleteFile(path)], folder)


def _editor(call: Call, values: dict[str, Any], error: str = "", status: int = 200) -> Response:
    card = form_values(call, values["name"], values["text"].replace("\r\n", "\n"))
    sent = call.form() if call.request.method == "POST" else {}
    return _form(call, "repos/edit.html", {**values, **card, "sent": sent, "error": error}, status)


def _form(call: Call, template: str, values: dict[str, Any], status: int = 200) -> Response:
    """The page of a form, for whoever may write."""
    header = call.hub.browse.header(call.actor, repo_of(call), Action.DISCUSS)
    base = {**page_values(call, header, "files"), "revision": call.arg("rev"), "path": _path(call)}
    return call.hub.templates.page(call, template, {**base, **values}, status)


def _commit(
    call: Call, header: CommitHeader, operations: list[CommitOperation], path: str, show: str = "tree"
) -> Response:
    hub, repo_id, revision = call.hub, repo_of(call), call.arg("rev")
    if call.query_flag("create_pr") or call.form().get("how") == "pull_request":
        proposal = hub.commits.propose(call.actor, repo_id, revision, header, operations)
        num = hub.community.open_with(call.actor, proposal, revision, header)
        response = see_other(repo_url(repo_id, "discussions", str(num)))
        return flash.say(call, response, _("Your change is a pull request now."), "success")
    hub.commits.commit(call.actor, repo_id, revision, header, operations)
    if show == "tree":
        path = _what_is_left(call, path)
    return flash.say(call, see_other(file_url(repo_id, show, revision, path)), _("Committed."), "success")


def _what_is_left(call: Call, folder: str) -> str:
    """The folder, or the nearest above it that exists: with its last file a folder goes, too."""
    while folder and not call.hub.browse.exists(call.actor, repo_of(call), call.arg("rev"), folder):
        folder = folder.rpartition("/")[0]
    return folder


def _refuse_existing(call: Call, path: str) -> None:
    if call.hub.browse.exists(call.actor, repo_of(call), call.arg("rev"), path):
        raise InvalidInput(_("There is a file '%(path)s' already. Edit it, or choose another name.") % {"path": path})


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _path(call: Call) -> str:
    return call.params.get("path", "").strip("/")


_UPLOAD = 256 * 1024 * 1024  # bytes of a form; all of it is in memory when it is committed
routes = [
    *for_each_kind("GET", "/{repo}/upload/{rev}", show_upload, dialect="html"),
    *for_each_kind("GET", "/{repo}/upload/{rev}/{path*}", show_upload, dialect="html"),
    *for_each_kind("POST", "/{repo}/upload/{rev}", upload, dialect="html", body="stream", limit=_UPLOAD),
    *for_each_kind("POST", "/{repo}/upload/{rev}/{path*}", upload, dialect="html", body="stream", limit=_UPLOAD),
    *for_each_kind("GET", "/{repo}/new/{rev}", show_new, dialect="html"),
    *for_each_kind("GET", "/{repo}/new/{rev}/{path*}", show_new, dialect="html"),
    *for_each_kind("POST", "/{repo}/new/{rev}", create_file, dialect="html"),
    *for_each_kind("POST", "/{repo}/new/{rev}/{path*}", create_file, dialect="html"),
    *for_each_kind("GET", "/{repo}/edit/{rev}/{path*}", show_edit, dialect="html"),
    *for_each_kind("POST", "/{repo}/edit/{rev}/{path*}", save_edit, dialect="html"),
    *for_each_kind("GET", "/{repo}/delete/{rev}/{path*}", show_delete, dialect="html"),
    *for_each_kind("POST", "/{repo}/delete/{rev}/{path*}", delete_file, dialect="html"),
]
