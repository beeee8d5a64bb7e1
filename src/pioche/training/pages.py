"""Training in the page: a file dropped in or a dataset of the hub, what is suggested, and how it goes."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from typing import Any

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.responses import Response

from pioche.errors import HubError, InvalidInput, TooLarge, Unauthenticated
from pioche.names import RepoId, RepoKind
from pioche.ports.gitstore import PutFile
from pioche.repos.types import CommitHeader, NewRepo
from pioche.training import data
from pioche.training.types import Progress, Recipe, Training
from pioche.web.call import Call
from pioche.web.errors import status_of
from pioche.web.responses import see_other
from pioche.web.routing import Route
from pioche.web.text import _

FILE_LIMIT = 8 * 1024 * 1024
WIDTH, HEIGHT = 600, 160


def show_list(call: Call) -> Response:
    return call.hub.templates.page(call, "training/list.html", {"trainings": call.hub.trainings.list(call.actor)})


def show_new(call: Call) -> Response:
    """First which data; with a dataset, what is in it and what to do with it."""
    if call.actor.is_anonymous:
        raise Unauthenticated("Log in to train a model.")
    return _new(call, {"dataset": call.query("dataset").strip(), "owner": call.actor.name})


async def drop(call: Call) -> Response:
    """A file becomes a private dataset of its owner, from which anything goes on."""
    if call.actor.is_anonymous:
        raise Unauthenticated("Log in to train a model.")
    try:
        body = _bounded(call.request.stream())
        form = await MultiPartParser(call.request.headers, body, max_files=1, max_part_size=FILE_LIMIT).parse()
    except MultiPartException as error:
        raise InvalidInput(_("The form cannot be read: %(why)s") % {"why": error.message}) from error
    try:
        file = form.get("file")
        content = await file.read() if isinstance(file, UploadFile) else b""
        name = (file.filename or "") if isinstance(file, UploadFile) else ""
    finally:
        await form.close()
    try:
        dataset = await asyncio.to_thread(_keep, call, name.rpartition("/")[2], content)
    except HubError as error:
        return await asyncio.to_thread(_new, call, {"owner": call.actor.name}, error.message, status_of(error))
    return see_other(f"/train/new?dataset={dataset}")


def start(call: Call) -> Response:
    form = call.form()
    try:
        recipe = Recipe(
            task="text-classification",
            dataset=form.get("dataset", ""),
            file=form.get("file", ""),
            columns={"text": form.get("text", ""), "label": form.get("label", "")},
            model=form.get("model", "").strip(),
            private=form.get("visibility") != "public",
            epochs=_number(form, "epochs"),
        )
        made = call.hub.trainings.start(call.actor, form.get("owner", ""), recipe)
    except HubError as error:
        return _new(call, form, error.message, status_of(error))
    return see_other(f"/train/{made.key}")


def show(call: Call) -> Response:
    found = call.hub.trainings.find(call.actor, call.arg("key"))
    progress = call.hub.trainings.progress(found)
    values = {
        "training": found,
        "progress": progress,
        "loss_line": line_of(progress.losses),
        "accuracy_line": line_of(progress.accuracies, 0.0, 1.0),
        "width": WIDTH,
        "height": HEIGHT,
        "command": command_of(call, found),
        "left": seconds_left(found, progress, time.time_ns() // 1_000_000),
    }
    return call.hub.templates.page(call, "training/show.html", values)


def stop(call: Call) -> Response:
    call.hub.trainings.stop(call.actor, call.arg("key"))
    return see_other(f"/train/{call.arg('key')}")


# -- drawing --


def line_of(points: Sequence[tuple[int, float]], low: float | None = None, high: float | None = None) -> str:
    """Points of an SVG polyline in a box of `WIDTH` by `HEIGHT`."""
    if len(points) < 2:
        return ""
    first, last = points[0][0], points[-1][0]
    bottom = min(value for _, value in points) if low is None else low
    top = max(value for _, value in points) if high is None else high
    across, up = max(1, last - first), (top - bottom) or 1.0
    return " ".join(
        f"{WIDTH * (step - first) / across:.1f},{HEIGHT - HEIGHT * (value - bottom) / up:.1f}" for step, value in points
    )


def seconds_left(training: Training, progress: Progress, now: int) -> int | None:
    if training.started_at is None or not progress.step or not progress.steps:
        return None
    return int((now - training.started_at) / 1000 * (progress.steps - progress.step) / progress.step)


def command_of(call: Call, training: Training) -> str:
    """The same by API."""
    recipe = training.recipe
    asked: dict[str, Any] = {
        "dataset": recipe.dataset,
        "file": recipe.file,
        "columns": recipe.columns,
        "model": f"{recipe.model}-again",
    }
    asked |= {"epochs": recipe.epochs} if recipe.epochs else {}
    body = json.dumps(asked, ensure_ascii=False).replace("'", "'\\''")
    return f"curl {call.base_url}/api/trainings/{training.owner} -H 'Authorization: Bearer YOUR_TOKEN' -d '{body}'"


# -- how --


def _new(call: Call, form: Mapping[str, str], error: str = "", status: int = 200) -> Response:
    dataset, preview = form.get("dataset", ""), None
    if dataset:
        try:
            chosen = (form.get("file", ""), form.get("text", ""), form.get("label", ""))
            preview = call.hub.trainings.preview(call.actor, dataset, *chosen)
        except HubError as fault:
            error, status = error or fault.message, status_of(fault) if status == 200 else status
    owners = [call.actor.name, *call.actor.org_names.values()]
    suggested = re.sub(r"(-data)?$", "", dataset.rpartition("/")[2]) + "-model" if dataset else ""
    values = {"form": form, "preview": preview, "error": error, "owners": owners, "suggested": suggested}
    return call.hub.templates.page(call, "training/new.html", {**values, "endings": ",".join(data.ENDINGS)}, status)


def _keep(call: Call, name: str, content: bytes) -> str:
    """The new dataset's name. What is no table is not kept."""
    if not content:
        raise InvalidInput(_("Choose a file."))
    if not name.lower().endswith(data.ENDINGS):
        raise InvalidInput(_("Tables are files that end in %(endings)s.") % {"endings": ", ".join(data.ENDINGS)})
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", name).lower()
    data.read(name, content)
    stem = re.sub(r"[-_.]{2,}", "-", name.rpartition(".")[0]).strip("-._")[:60] or "table"
    repo_id = _free_name(call, stem)
    call.hub.repos.create(call.actor, NewRepo(repo_id, private=True))
    card = f"---\ntask_categories:\n- text-classification\n---\n# {repo_id.name}\n\nFrom the file `{name}`.\n".encode()
    lines = [PutFile(name, content), PutFile("README.md", card)]
    call.hub.commits.commit(call.actor, repo_id, "main", CommitHeader(f"Add {name}"), lines)
    return repo_id.full


def _free_name(call: Call, stem: str) -> RepoId:
    for number in range(1, 100):
        name = f"{stem}-data" if number == 1 else f"{stem}-data-{number}"
        repo_id = RepoId.parse(RepoKind.DATASET, f"{call.actor.name}/{name}")
        try:
            call.hub.repos.find(call.actor, repo_id)
        except HubError:
            return repo_id
    raise InvalidInput(_("You have many datasets of that name. Rename the file."))


async def _bounded(stream: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    left = FILE_LIMIT + 64 * 1024
    async for chunk in stream:
        left -= len(chunk)
        if left < 0:
            raise TooLarge(f"Files of up to {FILE_LIMIT // 1024**2} MiB can be dropped in. Upload it as a dataset.")
        yield chunk


def _number(form: Mapping[str, Any], name: str) -> float:
    text = str(form.get(name) or "0")
    try:
        return float(text)
    except ValueError as error:
        raise InvalidInput(_("'%(text)s' is not a number.") % {"text": text[:20]}) from error


routes = [
    Route("GET", "/train", show_list, dialect="html"),
    Route("GET", "/train/new", show_new, dialect="html"),
    Route("POST", "/train/drop", drop, dialect="html", body="stream", limit=FILE_LIMIT + 64 * 1024),
    Route("POST", "/train/new", start, dialect="html"),
    Route("GET", "/train/{key}", show, dialect="html"),
    Route("POST", "/train/{key}/stop", stop, dialect="html"),
]
