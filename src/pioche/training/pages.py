"""Training in the page: what to make, out of which data, what is suggested, and how it goes."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import time
from collections.abc import Mapping
from typing import Any

from starlette.responses import HTMLResponse, Response

from pioche.errors import HubError, InvalidInput, RunNotFound
from pioche.training.catalogue import TASKS, Task, seconds_of
from pioche.training.data import ENDINGS as TABLES
from pioche.training.drawing import HEIGHT, WIDTH, curves_of
from pioche.training.dropping import LIMIT
from pioche.training.measures import explained, measure_of
from pioche.training.results import shown
from pioche.training.service import require_person, task_of
from pioche.training.types import Progress, Recipe, Training
from pioche.web.call import Call
from pioche.web.errors import status_of
from pioche.web.multipart import SLACK, read_file
from pioche.web.responses import see_other
from pioche.web.routing import Route
from pioche.web.text import _

ROLE = "column_"
"""Fields of the form that say which column has a role begin so."""


def show_list(call: Call) -> Response:
    values = {"trainings": call.hub.trainings.list(call.actor), "tasks": TASKS}
    return call.hub.templates.page(call, "training/list.html", values)


def show_new(call: Call) -> Response:
    """First what to make; then out of which data; with data, what is in it and what to do with it."""
    require_person(call.actor)
    return _new(call, {"owner": call.actor.name, **dict(call.query_items)})


async def drop(call: Call) -> Response:
    """A file becomes a private dataset of its owner, from which anything goes on."""
    require_person(call.actor)
    task = task_of(call.query("task"))
    name, content = await read_file(call, "file", LIMIT)
    keep = call.hub.trainings.drops.keep
    try:
        if task.data == "images" and name.lower().endswith(TABLES):  # it would be kept, and of no use
            raise InvalidInput(_("Choose a zip file of pictures: this task learns from them."))
        if task.data != "images" and name.lower().endswith(".zip"):
            raise InvalidInput(_("Choose a table: this task learns from one."))
        dataset = await asyncio.to_thread(keep, call.actor, call.actor.name, name, content)
    except HubError as error:
        form_of = {"owner": call.actor.name, "task": task.name}
        return await asyncio.to_thread(_new, call, form_of, error.message, status_of(error))
    return see_other(f"/train/new?task={task.name}&dataset={dataset.full}")


def start(call: Call) -> Response:
    form = call.form()
    try:
        made = call.hub.trainings.start(call.actor, form.get("owner", ""), _recipe_of(form))
    except HubError as error:
        return _new(call, form, error.message, status_of(error))
    return see_other(f"/train/{made.key}")


def show(call: Call) -> Response:
    found = call.hub.trainings.find(call.actor, call.arg("key"))
    return call.hub.templates.page(call, "training/show.html", _values(call, found))


def show_live(call: Call) -> Response:
    """The part of the page that changes while it learns."""
    found = call.hub.trainings.find(call.actor, call.arg("key"))
    said = call.hub.templates.render(call, "training/live.html", _values(call, found))
    return HTMLResponse(said, headers={"cache-control": "no-store"})


def act(call: Call) -> Response:
    trainings, key = call.hub.trainings, call.arg("key")
    trainings.find(call.actor, key)
    match call.form().get("do"):
        case "stop":
            trainings.stop(call.actor, key)
        case "resume":
            trainings.resume(call.actor, key)
        case "reproduce":
            key = trainings.reproduce(call.actor, key).key
        case _:
            raise InvalidInput(_("That is nothing that can be done with a training."))
    return see_other(f"/train/{key}")


# -- how --


def _new(call: Call, form: Mapping[str, str], error: str = "", status: int = 200) -> Response:
    task = TASKS.get(form.get("task", ""))
    values: dict[str, Any] = {"form": form, "task": task, "tasks": TASKS.values(), "endings": ",".join(TABLES)}
    values |= {"preview": None, "datasets": call.hub.trainings.datasets(call.actor) if task else ()}
    dataset = form.get("dataset", "").strip()
    if task is not None and dataset:
        try:
            values |= _suggested(call, task, form)
        except HubError as fault:
            error, status = error or fault.message, status_of(fault) if status == 200 else status
    owners = [call.actor.name, *call.actor.org_names.values()]
    stem = re.sub(r"(-data)?(-\d+)?$", "", dataset.rpartition("/")[2])
    values |= {"error": error, "owners": owners, "suggested": f"{stem}-model" if stem else ""}
    return call.hub.templates.page(call, "training/new.html", values, status)


def _suggested(call: Call, task: Task, form: Mapping[str, str]) -> dict[str, Any]:
    asked = Recipe(task.name, form.get("dataset", "").strip(), form.get("file", ""), _columns_of(form), "")
    preview = call.hub.trainings.preview(call.actor, asked)
    bases = call.hub.trainings.bases(call.actor, task) if task.bases else []
    return {"preview": preview, "bases": bases, "seconds": seconds_of(task, preview.count)}


def _recipe_of(form: Mapping[str, str]) -> Recipe:
    return Recipe(
        task=form.get("task", ""),
        dataset=form.get("dataset", "").strip(),
        file=form.get("file", ""),
        columns=_columns_of(form),
        model=form.get("model", "").strip(),
        private=form.get("visibility") != "public",
        base=form.get("base", "").strip(),
        lora=form.get("lora") == "on",
        epochs=_number(form, "epochs"),
        learning_rate=_number(form, "learning_rate"),
        batch_size=int(_number(form, "batch_size")),
        seed=int(_number(form, "seed") or 42),
    )


def _columns_of(form: Mapping[str, str]) -> dict[str, str]:
    return {key.removeprefix(ROLE): value for key, value in form.items() if key.startswith(ROLE) and value}


def _values(call: Call, found: Training) -> dict[str, Any]:
    progress, first = call.hub.trainings.progress(found), _first_of(call, found)
    return {
        "training": found,
        "progress": progress,
        "curves": curves_of(progress),
        "width": WIDTH,
        "height": HEIGHT,
        "task": TASKS.get(found.recipe.task),
        "command": command_of(call, found),
        "curl": curl_of(call, found),
        "left": seconds_left(found, progress, time.time_ns() // 1_000_000),
        "first": first,
        "figures": shown(found.result),
        "explained": explained,
        "measure_of": measure_of,
        "before": shown(first.result) if first else {},
    }


def _first_of(call: Call, found: Training) -> Training | None:
    """What this one does again."""
    if not found.recipe.reproduces:
        return None
    try:
        return call.hub.trainings.find(call.actor, found.recipe.reproduces)
    except RunNotFound:
        return None


def seconds_left(training: Training, progress: Progress, now: int) -> int | None:
    if training.started_at is None or not progress.step or not progress.steps:
        return None
    return int((now - training.started_at) / 1000 * (progress.steps - progress.step) / progress.step)


def command_of(call: Call, training: Training) -> str:
    """The same in a terminal."""
    recipe = training.recipe
    words = ["pioche", "train", recipe.task, recipe.dataset, "--model", f"{training.owner}/{recipe.model}-2"]
    words += ["--hub", call.base_url]
    words += ["--file", recipe.file] if recipe.file else []
    words += [word for role, name in recipe.columns.items() for word in ("--column", f"{role}={name}")]
    words += ["--base", recipe.base] if recipe.base else []
    words += ["--epochs", f"{recipe.epochs:g}"] if recipe.epochs else []
    return shlex.join(words)


def curl_of(call: Call, training: Training) -> str:
    """The same by API."""
    recipe = training.recipe
    asked: dict[str, Any] = {"task": recipe.task, "dataset": recipe.dataset, "model": f"{recipe.model}-2"}
    said = {"file": recipe.file, "columns": dict(recipe.columns), "base": recipe.base, "epochs": recipe.epochs}
    asked |= {key: value for key, value in said.items() if value}
    body = shlex.quote(json.dumps(asked, ensure_ascii=False))
    return f'curl {call.base_url}/api/trainings/{training.owner} -H "Authorization: Bearer $HF_TOKEN" -d {body}'


def _number(form: Mapping[str, str], name: str) -> float:
    text = form.get(name) or "0"
    try:
        found = float(text)
    except ValueError as error:
        raise InvalidInput(_("'%(text)s' is not a number.") % {"text": text[:20]}) from error
    if not -1e9 < found < 1e9:  # nor is what is called so
        raise InvalidInput(_("'%(text)s' is not a number.") % {"text": text[:20]})
    return found


routes = [
    Route("GET", "/train", show_list, dialect="html"),
    Route("GET", "/train/new", show_new, dialect="html"),
    Route("POST", "/train/drop", drop, dialect="html", body="stream", limit=LIMIT + SLACK),
    Route("POST", "/train/new", start, dialect="html"),
    Route("GET", "/train/{key}", show, dialect="html"),
    Route("GET", "/train/{key}/live", show_live, dialect="html"),
    Route("POST", "/train/{key}", act, dialect="html"),
]
