"""Trying a model in the page: a form for each kind of task, its answer, and the same as code."""

from __future__ import annotations

import asyncio
import base64
import csv
import io
import itertools
import json
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from pioche.errors import Busy, InvalidInput, NotSupported, RunsUnavailable
from pioche.inference.api import TEXT_LIMIT, check_table, check_texts
from pioche.inference.types import OF_PICTURES, OF_TABLES, PAINTS, Model, Question
from pioche.names import RepoId, RepoKind
from pioche.repos.pages.show import page_values
from pioche.web.call import Call
from pioche.web.multipart import SLACK, read_file
from pioche.web.routing import Route
from pioche.web.text import _

FORM_LIMIT, PICTURE_LIMIT = 1024 * 1024, 12 * 1024 * 1024
MOST_TOKENS, USUAL_TOKENS = 512, 128
USUAL_STEPS, MOST_STEPS = 20, 100
EXAMPLES: Mapping[str, str] = {
    "text-classification": "I could not have wished for more.",
    "token-classification": "Ada Lovelace lived in London.",
    "text-generation": "What is a model card for?",
    "text-to-image": "a red circle",
    "zero-shot-classification": "The train to Lyon is late again.",
    "sentence-similarity": "That is a happy person",
    "feature-extraction": "That is a happy person",
}


async def show(call: Call) -> Response:
    model = await asyncio.to_thread(call.hub.inference.find, call.actor, _repo_id(call))
    form = {
        "text": _example(model),
        "labels": "travel, food, work",
        "others": "That is a happy dog\nToday is a sunny day",
    }
    return await _page(call, model, form)


async def ask(call: Call) -> Response:
    form = call.form()
    model = await asyncio.to_thread(call.hub.inference.find, call.actor, _repo_id(call))
    try:
        question = question_of(model, form)
        if model.task == "text-generation":
            result: Any = await _text(call, model, question)
        else:
            result = await call.hub.inference.ask(call.actor, model, question)
    except (InvalidInput, Busy, NotSupported, RunsUnavailable) as error:
        return await _page(
            call, model, form, fault=error.message, status=400 if isinstance(error, InvalidInput) else 503
        )
    return await _page(call, model, form, result=result)


async def ask_of_picture(call: Call) -> Response:
    model = await asyncio.to_thread(call.hub.inference.find, call.actor, _repo_id(call))
    if model.task not in OF_PICTURES:
        raise InvalidInput(_("This model does not look at pictures."))
    _name, content = await read_file(call, "picture", PICTURE_LIMIT)
    try:
        if not content:
            raise InvalidInput(_("Choose a picture."))
        question = Question(model.task, base64.b64encode(content).decode(), {})
        result = await call.hub.inference.ask(call.actor, model, question)
    except (InvalidInput, Busy, NotSupported, RunsUnavailable) as error:
        status = 400 if isinstance(error, InvalidInput) else 503
        return await _page(call, model, {}, fault=error.message, status=status)
    return await _page(call, model, {}, result=result)


def question_of(model: Model, form: Mapping[str, str]) -> Question:
    """What the form of the task says."""
    text = form.get("text", "").strip()
    if model.task in OF_TABLES:
        return Question(model.task, check_table(_columns_of(text)), {})
    if model.task == "unconditional-image-generation":
        steps, seed = _number(form, "steps", USUAL_STEPS, MOST_STEPS), _number(form, "seed", 0, 2**31)
        return Question(model.task, "", {"num_inference_steps": steps, "seed": seed})
    check_texts(text)
    match model.task:
        case "question-answering":
            check_texts(form.get("context", "").strip())
            return Question(model.task, {"question": text, "context": form["context"]}, {})
        case "zero-shot-classification":
            labels = [label.strip() for label in form.get("labels", "").split(",") if label.strip()]
            if not labels:
                raise InvalidInput(_("Name at least one label."))
            return Question(model.task, text, {"candidate_labels": labels[:20]})
        case "sentence-similarity" | "feature-extraction":
            others = [line.strip() for line in form.get("others", "").splitlines() if line.strip()]
            if not others:
                raise InvalidInput(_("Write at least one sentence to compare with."))
            return Question("sentence-similarity", {"source_sentence": text, "sentences": others[:50]}, {})
        case "text-generation":
            said = {"max_new_tokens": _number(form, "tokens", USUAL_TOKENS, MOST_TOKENS)}
            messages = [{"role": "user", "content": text}]
            return Question(model.task, {"messages": messages} if form.get("as") != "text" else text, said)
        case "text-to-image":
            steps, seed = _number(form, "steps", USUAL_STEPS, MOST_STEPS), _number(form, "seed", 0, 2**31)
            return Question(model.task, text, {"num_inference_steps": steps, "seed": seed})
    return Question(model.task, text, {})


def _typed(table: Mapping[str, Sequence[Any]]) -> str:
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(table)
    lines.writerows(itertools.islice(zip(*table.values(), strict=False), 5))
    return out.getvalue()[:4_000]


def _columns_of(text: str) -> dict[str, list[str]]:
    """A table as it is typed: names in the first line, with commas."""
    rows = list(csv.reader(io.StringIO(text)))
    if len(rows) < 2:
        raise InvalidInput(_("Write the names of the columns in the first line, and values below."))
    return {
        name.strip(): [(row + [""] * len(rows[0]))[at].strip() for row in rows[1:] if row]
        for at, name in enumerate(rows[0])
    }


async def _text(call: Call, model: Model, question: Question) -> str:
    pieces = []
    async for one in call.hub.inference.stream(call.actor, model, question):
        pieces.append((one.get("part") or {}).get("text", ""))
    return "".join(pieces)


def _number(form: Mapping[str, str], name: str, usual: int, most: int) -> int:
    text = form.get(name, "")
    return min(most, int(text)) if text.isascii() and text.isdigit() and len(text) < 12 else usual


async def _page(
    call: Call, model: Model, form: Mapping[str, str], result: Any = None, fault: str = "", status: int = 200
) -> Response:
    header = await asyncio.to_thread(call.hub.browse.header, call.actor, model.repo.repo_id)
    values = {
        **page_values(call, header, "try"),
        "model": model,
        "state": call.hub.inference.state(model),
        "form": form,
        "result": result,
        "fault": fault,
        "codes": _codes(call, model, form),
        "text_limit": TEXT_LIMIT,
        "of_pictures": model.task in OF_PICTURES,
        "of_tables": model.task in OF_TABLES,
        "paints": model.task in PAINTS,
    }
    return await asyncio.to_thread(call.hub.templates.page, call, "inference/try.html", values, status)


def _example(model: Model) -> str:
    """Of the card, where it has one (`widget: [{text: ...}]`); of a table, its first rows."""
    said = model.repo.card.get("widget")
    first = said[0] if isinstance(said, list) and said else None
    if isinstance(first, dict) and isinstance(first.get("text"), str):
        return str(first["text"])[:2_000]
    table = first.get("structuredData") if isinstance(first, dict) else None
    if isinstance(table, dict) and table and all(isinstance(column, list) for column in table.values()):
        return _typed(table)
    return EXAMPLES.get(model.task, "")


def _codes(call: Call, model: Model, form: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """(title, language, code) to ask the same from elsewhere."""
    url, name = f"{call.base_url}/models/{model.repo.repo_id.full}", model.repo.repo_id.full
    text = json.dumps(form.get("text") or "Hello", ensure_ascii=False)
    body = json.dumps({"inputs": form.get("text") or "Hello"}, ensure_ascii=False).replace("'", "'\\''")
    if model.task == "text-generation":
        python = (
            f'from openai import OpenAI\n\nclient = OpenAI(base_url="{call.base_url}/v1", api_key="YOUR_TOKEN")\n'
            f'answer = client.chat.completions.create(\n    model="{name}",\n'
            f'    messages=[{{"role": "user", "content": {text}}}],\n)\n'
            "print(answer.choices[0].message.content)\n"
        )
    else:
        verb = model.task.replace("-", "_")
        python = (
            "from huggingface_hub import InferenceClient\n\n"
            f'client = InferenceClient(model="{url}", token="YOUR_TOKEN")\nprint(client.{verb}({text}))\n'
        )
    curl = f"curl {url} -H 'Authorization: Bearer YOUR_TOKEN' -H 'Content-Type: application/json' -d '{body}'"
    script = (
        f'const answer = await fetch("{url}", {{\n  method: "POST",\n'
        '  headers: { Authorization: "Bearer YOUR_TOKEN", "Content-Type": "application/json" },\n'
        f"  body: JSON.stringify({{ inputs: {text} }}),\n}});\nconsole.log(await answer.json());\n"
    )
    return [("Python", "python", python), ("curl", "bash", curl), ("JavaScript", "javascript", script)]


def _repo_id(call: Call) -> RepoId:
    return RepoId.parse(RepoKind.MODEL, f"{call.arg('ns')}/{call.arg('name')}")


routes = [
    Route("GET", "/{ns}/{name}/try", show, dialect="html"),
    Route("POST", "/{ns}/{name}/try", ask, dialect="html", limit=FORM_LIMIT),
    Route(
        "POST", "/{ns}/{name}/try/picture", ask_of_picture, dialect="html", body="stream", limit=PICTURE_LIMIT + SLACK
    ),
]
