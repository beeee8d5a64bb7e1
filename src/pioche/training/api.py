"""Trainings by API."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response

from pioche.errors import RunNotFound
from pioche.training.catalogue import TASKS, seconds_of
from pioche.training.dropping import LIMIT
from pioche.training.service import require_person, task_of
from pioche.training.types import Progress, Recipe, Training
from pioche.web.call import Call
from pioche.web.responses import iso, json_response
from pioche.web.routing import Route


class TrainingRequest(msgspec.Struct):
    """`columns` says which column has which role; numbers that are left out are the task's own."""

    dataset: str
    model: str
    task: str = "text-classification"
    columns: dict[str, str] = {}
    file: str = ""
    revision: str = ""
    base: str = ""
    base_revision: str = ""
    lora: bool = False
    private: bool = True
    epochs: float = 0
    learning_rate: float = 0
    batch_size: int = 0
    seed: int = 42


def tasks(call: Call) -> Response:
    """What can be trained here."""
    return json_response(
        [
            {
                "task": one.name,
                "title": one.title,
                "about": one.about,
                "data": one.data,
                "columns": [role.name for role in one.roles],
                "base": one.base,
                "lora": one.lora,
                "library": one.library,
                "epochs": one.epochs,
            }
            for one in TASKS.values()
        ]
    )


def keep_data(call: Call) -> Response:
    """The body is a file; `?name=` says what it is called."""
    require_person(call.actor)
    made = call.hub.trainings.drops.keep(call.actor, call.arg("ns"), call.query("name"), call.body)
    return json_response({"dataset": made.full}, 201)


def preview(call: Call) -> Response:
    """What is in the data, which columns are likely, and what is odd about it. Starts nothing."""
    require_person(call.actor)
    asked = call.json(TrainingRequest)
    found = call.hub.trainings.preview(call.actor, recipe_of(asked))
    task = task_of(asked.task)
    seconds = seconds_of(task, found.count, asked.epochs)
    bases = [one for one in call.hub.trainings.bases(call.actor, task) if one.fits] if task.bases else []
    return json_response(
        {
            "file": found.file,
            "rows": found.count,
            "columns": found.columns,
            "names": found.names,
            "classes": found.classes,
            "warnings": found.warnings,
            "estimatedSeconds": seconds,
            "bases": [{"id": one.name, "parameters": one.parameters} for one in bases],
        }
    )


def create(call: Call) -> Response:
    require_person(call.actor)
    recipe = recipe_of(call.json(TrainingRequest))
    return json_response(body(call, call.hub.trainings.start(call.actor, call.arg("ns"), recipe)), 201)


def list_all(call: Call) -> Response:
    return json_response([body(call, one) for one in call.hub.trainings.list(call.actor)])


def show(call: Call) -> Response:
    found = _found(call)
    return json_response({**body(call, found), **_told(call.hub.trainings.progress(found))})


def stop(call: Call) -> Response:
    return json_response(body(call, call.hub.trainings.stop(call.actor, _found(call).key)))


def resume(call: Call) -> Response:
    return json_response(body(call, call.hub.trainings.resume(call.actor, _found(call).key)))


def reproduce(call: Call) -> Response:
    return json_response(body(call, call.hub.trainings.reproduce(call.actor, _found(call).key)), 201)


def _found(call: Call) -> Training:
    """The one of the address, which names its owner too."""
    found = call.hub.trainings.find(call.actor, call.arg("key"))
    if found.owner.lower() != call.arg("ns").lower():
        raise RunNotFound(f"There is no training '{found.key}' of '{call.arg('ns')[:96]}'.")
    return found


def recipe_of(asked: TrainingRequest) -> Recipe:
    return Recipe(**msgspec.structs.asdict(asked))


def body(call: Call, one: Training) -> dict[str, Any]:
    return {
        "id": one.key,
        "owner": one.owner,
        "stage": one.stage.value,
        "message": one.message,
        "recipe": one.recipe,
        "model": one.model or None,
        "attempt": one.attempt,
        "createdAt": iso(one.created_at),
        "startedAt": None if one.started_at is None else iso(one.started_at),
        "endedAt": None if one.ended_at is None else iso(one.ended_at),
        "metrics": one.result.get("metrics"),
        "cpuSeconds": one.cpu_seconds,
        "peakMemory": one.peak_memory,
        "url": f"{call.base_url}/train/{one.key}",
    }


def _told(progress: Progress) -> dict[str, Any]:
    return {
        "step": progress.step,
        "steps": progress.steps,
        "device": progress.device,
        "loss": progress.losses,
        "scores": progress.scores,
        "samples": [
            {"step": one.step, "prompt": one.prompt, "text": one.text, "image": one.picture or None}
            for one in progress.samples
        ],
        "log": progress.lines,
    }


routes = [
    Route("GET", "/api/trainings", list_all),
    Route("GET", "/api/trainings/tasks", tasks),
    Route("POST", "/api/trainings/preview", preview),
    Route("POST", "/api/trainings/{ns}", create),
    Route("POST", "/api/trainings/{ns}/data", keep_data, limit=LIMIT + 1),
    Route("GET", "/api/trainings/{ns}/{key}", show),
    Route("POST", "/api/trainings/{ns}/{key}/stop", stop),
    Route("POST", "/api/trainings/{ns}/{key}/resume", resume),
    Route("POST", "/api/trainings/{ns}/{key}/reproduce", reproduce),
]
