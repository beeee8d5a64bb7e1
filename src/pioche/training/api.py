"""Trainings by API."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response

from pioche.training.types import Progress, Recipe, Training
from pioche.web.call import Call
from pioche.web.responses import iso, json_response
from pioche.web.routing import Route


class TrainingRequest(msgspec.Struct):
    """`columns` says which column has which role; numbers that are left out are the recipe's own."""

    dataset: str
    model: str
    columns: dict[str, str]
    task: str = "text-classification"
    file: str = ""
    private: bool = True
    epochs: float = 0
    learning_rate: float = 0
    batch_size: int = 0
    seed: int = 42


def create(call: Call) -> Response:
    asked = call.json(TrainingRequest)
    recipe = Recipe(**msgspec.structs.asdict(asked))
    return json_response(body(call, call.hub.trainings.start(call.actor, call.arg("ns"), recipe)), 201)


def list_all(call: Call) -> Response:
    return json_response([body(call, one) for one in call.hub.trainings.list(call.actor)])


def show(call: Call) -> Response:
    found = call.hub.trainings.find(call.actor, call.arg("key"))
    return json_response({**body(call, found), **_told(call.hub.trainings.progress(found))})


def stop(call: Call) -> Response:
    return json_response(body(call, call.hub.trainings.stop(call.actor, call.arg("key"))))


def body(call: Call, one: Training) -> dict[str, Any]:
    return {
        "id": one.key,
        "owner": one.owner,
        "stage": one.stage.value,
        "message": one.message,
        "recipe": one.recipe,
        "model": one.model or None,
        "createdAt": iso(one.created_at),
        "startedAt": None if one.started_at is None else iso(one.started_at),
        "endedAt": None if one.ended_at is None else iso(one.ended_at),
        "metrics": one.result.get("metrics"),
        "cpuSeconds": one.cpu_seconds,
        "peakMemory": one.peak_memory,
        "url": f"{call.base_url}/train/{one.key}",
    }


def _told(progress: Progress) -> dict[str, Any]:
    return {"step": progress.step, "steps": progress.steps, "loss": progress.losses, "accuracy": progress.accuracies}


routes = [
    Route("GET", "/api/trainings", list_all),
    Route("POST", "/api/trainings/{ns}", create),
    Route("GET", "/api/trainings/{ns}/{key}", show),
    Route("POST", "/api/trainings/{ns}/{key}/stop", stop),
]
