"""The playground: one model that talks, or two side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from starlette.responses import Response

from pioche.errors import HubError, InvalidInput
from pioche.inference.api import TEXT_LIMIT, check_texts
from pioche.inference.openai_api import listed
from pioche.inference.types import Question
from pioche.names import RepoId, RepoKind
from pioche.web.call import Call
from pioche.web.errors import status_of
from pioche.web.routing import Route
from pioche.web.text import _

TALKS = "text-generation"
TOKENS = 256


def show(call: Call) -> Response:
    return _page(call, dict(call.query_items))


async def ask(call: Call) -> Response:
    """What is answered without scripts: each model once."""
    form = call.form()
    text = form.get("text", "").strip()
    answers: list[tuple[str, str]] = []
    try:
        if not text or len(text) > TEXT_LIMIT:
            raise InvalidInput(_("Write a message."))
        check_texts(text)
        for name in dict.fromkeys(filter(None, (form.get("left", ""), form.get("right", "")))):
            answers.append((name, await _answer(call, name, text)))
    except HubError as error:
        return await asyncio.to_thread(_page, call, form, (), error.message, status_of(error))
    return await asyncio.to_thread(_page, call, form, answers)


async def _answer(call: Call, name: str, text: str) -> str:
    model = await asyncio.to_thread(call.hub.inference.find, call.actor, RepoId.parse(RepoKind.MODEL, name))
    if model.task != TALKS:
        raise InvalidInput(_("'%(name)s' does not talk.") % {"name": name[:200]})
    question = Question(TALKS, {"messages": [{"role": "user", "content": text}]}, {"max_new_tokens": TOKENS})
    pieces = [
        (one.get("part") or {}).get("text", "") async for one in call.hub.inference.stream(call.actor, model, question)
    ]
    return "".join(pieces)


def _page(
    call: Call, form: Mapping[str, str], answers: Sequence[tuple[str, str]] = (), fault: str = "", status: int = 200
) -> Response:
    names = [repo.repo_id.full for repo in listed(call, TALKS)]
    left = form.get("left") if form.get("left") in names else next(iter(names), "")
    right = form.get("right") if form.get("right") in names else ""
    values = {"names": names, "left": left, "right": right, "form": form, "answers": answers, "fault": fault}
    return call.hub.templates.page(call, "inference/playground.html", values, status)


routes = [
    Route("GET", "/playground", show, dialect="html"),
    Route("POST", "/playground", ask, dialect="html"),
]
