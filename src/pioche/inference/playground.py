"""`/playground`: a chat with one model, or with two side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.responses import Response

from pioche.errors import HubError, InvalidInput
from pioche.inference import asking
from pioche.inference.api import INPUT_LIMIT
from pioche.inference.checking import TEXT_LIMIT
from pioche.inference.codes import chat_codes, messages_of
from pioche.inference.openai_api import listed
from pioche.inference.pages import FAULTS, text_of
from pioche.inference.types import Model, Question
from pioche.names import RepoId, RepoKind
from pioche.web.call import Call
from pioche.web.routing import Route
from pioche.web.text import _


@dataclass(slots=True)
class Pane:
    """A model, and what it answered or why not."""

    model: Model
    state: str
    answer: str = ""
    fault: str = ""


async def show(call: Call) -> Response:
    """Without a model in the address, the first of the list."""
    names = [call.query("model"), call.query("with")]
    if not any(names):
        names[:1] = [repo.repo_id.full for repo in (await asyncio.to_thread(listed, call, "text-generation"))[:1]]
    form = {"text": call.query("text"), "model": call.query("model"), "with": call.query("with")}
    try:
        panes = await _panes(call, names)
    except InvalidInput as error:
        return await _page(call, [], form, error.message, 400)
    return await _page(call, panes, form)


async def ask(call: Call) -> Response:
    form, panes = call.form(), list[Pane]()
    try:
        panes = await _panes(call, [form.get("model", ""), form.get("with", "")])
        if not panes:
            raise InvalidInput(_("Choose a model."))
        question = asking.chat_question(form)
    except InvalidInput as error:
        return await _page(call, panes, form, error.message, 400)
    await asyncio.gather(*(_answer(call, pane, question) for pane in panes))
    return await _page(call, panes, form)


async def _answer(call: Call, pane: Pane, question: Question) -> None:
    try:
        pane.answer = await text_of(call, pane.model, question)
    except FAULTS as error:
        pane.fault = error.message
    pane.state = await asyncio.to_thread(call.hub.inference.state, pane.model)


async def _panes(call: Call, names: list[str]) -> list[Pane]:
    """Of the models that are named. Raises `InvalidInput` for what does not talk, or is not to be seen."""
    found = []
    for name in dict.fromkeys(name for name in names if name):
        try:
            repo_id = RepoId.parse(RepoKind.MODEL, name)
            model = await call.hub.inference.look_up(call.actor, repo_id)
        except HubError as error:
            raise InvalidInput(_("'%(name)s' is no model that you can chat with.") % {"name": name[:200]}) from error
        if model.task != "text-generation":
            raise InvalidInput(_("'%(name)s' is no model that you can chat with.") % {"name": name})
        found.append(Pane(model, await asyncio.to_thread(call.hub.inference.state, model)))
    return found


async def _page(call: Call, panes: list[Pane], form: Mapping[str, str], fault: str = "", status: int = 200) -> Response:
    names = [repo.repo_id.full for repo in await asyncio.to_thread(listed, call, "text-generation")]
    names += [pane.model.repo.repo_id.full for pane in panes if pane.model.repo.repo_id.full not in names]
    shown = [pane.model.repo.repo_id.full for pane in panes]
    values = {
        "names": names,
        "pairs": [(name, name) for name in names],
        "panes": panes,
        "form": form,
        "fault": fault,
        "text_limit": TEXT_LIMIT,
        "codes": chat_codes(call.base_url, shown[0], messages_of(form), form) if shown else [],
    }
    return await asyncio.to_thread(call.hub.templates.page, call, "inference/playground.html", values, status)


routes = [
    Route("GET", "/playground", show, dialect="html"),
    Route("POST", "/playground", ask, dialect="html", limit=INPUT_LIMIT),
]
