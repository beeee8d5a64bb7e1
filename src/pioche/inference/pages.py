"""Trying a model in the page: a form for each kind of task, its answer, and the same as code."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from starlette.responses import HTMLResponse, Response

from pioche.errors import Busy, InvalidInput, NotSupported, RunsUnavailable
from pioche.inference import asking
from pioche.inference.api import INPUT_LIMIT
from pioche.inference.codes import chat_codes, codes_of
from pioche.inference.examples import Table, examples_of
from pioche.inference.opening import Opening
from pioche.inference.types import OF_PICTURES, OF_TABLES, Model, Question
from pioche.names import RepoId, RepoKind
from pioche.repos.pages.show import page_values
from pioche.web.call import Call
from pioche.web.multipart import SLACK, read_file
from pioche.web.routing import Route
from pioche.web.text import _

PICTURE_LIMIT = 12 * 1024 * 1024
FAULTS = (InvalidInput, Busy, NotSupported, RunsUnavailable)


@dataclass(slots=True)
class View:
    """What the page shows: the form as it was sent, and what came of it."""

    model: Model
    form: Mapping[str, str]
    table: Table = field(default_factory=dict)
    picture: str = ""
    result: Any = None
    seconds: float = 0.0
    was_asleep: bool = False
    fault: str = ""
    status: int = 200


class Said(msgspec.Struct):
    role: str
    content: str


class Talk(msgspec.Struct):
    """As the API of OpenAI takes it; what the fields of the page hold is text."""

    messages: list[Said]
    temperature: str = ""
    tokens: str = ""


async def show(call: Call) -> Response:
    model = await _model(call)
    examples = await _examples(call, model)
    chosen = call.query("example")
    at = int(chosen) if chosen.isascii() and chosen.isdigit() and len(chosen) < 4 else 0
    example = examples[min(at, len(examples) - 1)]
    return await _page(call, View(model, example.form, example.table))


async def ask(call: Call) -> Response:
    view = View(await _model(call), call.form())
    try:
        if view.model.task in OF_TABLES:
            view.table = asking.read_table(call.form_items())
        question = asking.question_of(view.model, view.form, view.table, b"")
    except InvalidInput as error:
        view.fault, view.status = error.message, 400
        return await _page(call, view)
    return await _answer(call, view, question)


async def ask_of_picture(call: Call) -> Response:
    view = View(await _model(call), {})
    if view.model.task not in OF_PICTURES:
        raise InvalidInput(_("This model does not look at pictures."))
    _name, picture = await read_file(call, "picture", PICTURE_LIMIT)
    view.picture = _data_url(picture)
    try:
        question = asking.question_of(view.model, {}, {}, picture)
    except InvalidInput as error:
        view.fault, view.status = error.message, 400
        return await _page(call, view)
    return await _answer(call, view, question)


async def show_code(call: Call) -> Response:
    """A talk as it stands, in code. The model is not asked."""
    model = await _model(call)
    name = model.repo.repo_id.full
    if model.task != "text-generation":
        raise InvalidInput(_("'%(name)s' is no model that you can chat with.") % {"name": name})
    talk = call.json(Talk)
    codes = chat_codes(
        call.base_url,
        name,
        [{"role": one.role, "content": one.content} for one in talk.messages],
        {"temperature": talk.temperature, "tokens": talk.tokens},
    )
    page = await asyncio.to_thread(call.hub.templates.render, call, "inference/codes.html", {"codes": codes})
    return HTMLResponse(page, headers={"cache-control": "no-store"})


async def _answer(call: Call, view: View, question: Question) -> Response:
    began = time.monotonic()
    view.was_asleep = await asyncio.to_thread(call.hub.inference.state, view.model) != "warm"
    try:
        if view.model.task == "text-generation":
            view.result = await text_of(call, view.model, question)
        else:
            view.result = await call.hub.inference.ask(call.actor, view.model, question)
    except FAULTS as error:
        view.fault, view.status = error.message, 400 if isinstance(error, InvalidInput) else 503
    view.seconds = time.monotonic() - began
    return await _page(call, view)


async def text_of(call: Call, model: Model, question: Question) -> str:
    pieces = []
    async for one in call.hub.inference.stream(call.actor, model, question):
        pieces.append((one.get("part") or {}).get("text", ""))
    return "".join(pieces)


async def _examples(call: Call, model: Model) -> list[Any]:
    config: Mapping[str, Any] = {}
    if model.task in OF_TABLES:
        config = await asyncio.to_thread(call.hub.inference.config, call.actor, model)
    return examples_of(model, config)


async def _page(call: Call, view: View) -> Response:
    model = view.model
    header = await asyncio.to_thread(call.hub.browse.header, call.actor, model.repo.repo_id)
    examples = await _examples(call, model)
    table = view.table or examples[0].table
    state = await asyncio.to_thread(call.hub.inference.state, model)
    values = {
        **page_values(call, header, "try"),
        "opening": Opening(model, state, examples, view.form, table),
        "view": view,
        "picture": view.picture,
        "pairs": _pairs(view),
        "codes": codes_of(call.base_url, model, view.form, table),
    }
    return await asyncio.to_thread(call.hub.templates.page, call, "inference/try.html", values, view.status)


def _pairs(view: View) -> list[tuple[str, float]]:
    """The sentences that were compared, the nearest first."""
    if view.result is None or view.model.task not in ("sentence-similarity", "feature-extraction"):
        return []
    pairs = zip(asking.lines_of(view.form.get("others", "")), view.result, strict=False)
    return sorted(pairs, key=lambda pair: -pair[1])


async def _model(call: Call) -> Model:
    repo_id = RepoId.parse(RepoKind.MODEL, f"{call.arg('ns')}/{call.arg('name')}")
    return await call.hub.inference.look_up(call.actor, repo_id)


def _data_url(picture: bytes) -> str:
    """To show again what was sent, if it is of a kind that browsers show."""
    kinds = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif", b"RIFF": "image/webp"}
    kind = next((kind for start, kind in kinds.items() if picture.startswith(start)), None)
    return f"data:{kind};base64,{base64.b64encode(picture).decode()}" if kind else ""


routes = [
    Route("GET", "/{ns}/{name}/try", show, dialect="html"),
    Route("POST", "/{ns}/{name}/try", ask, dialect="html", limit=INPUT_LIMIT),
    Route("POST", "/{ns}/{name}/try/code", show_code, dialect="html", limit=INPUT_LIMIT),
    Route(
        "POST", "/{ns}/{name}/try/picture", ask_of_picture, dialect="html", body="stream", limit=PICTURE_LIMIT + SLACK
    ),
]
