"""Models by API, as the stock `InferenceClient` asks them: `model="<this hub>/models/<owner>/<name>"`."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from starlette.responses import Response, StreamingResponse

from pioche.errors import HubError, InvalidInput
from pioche.inference.checking import check_parameters, check_picture, check_table, check_texts
from pioche.inference.service import require_task
from pioche.inference.types import OF_PICTURES, OF_TABLES, PAINTS, Model, Question
from pioche.names import RepoId, RepoKind
from pioche.web.call import Call
from pioche.web.responses import json_response
from pioche.web.routing import Route

INPUT_LIMIT = 10 * 1024 * 1024
OF_SENTENCES = ("sentence-similarity", "feature-extraction")
"""Their models take many texts in one question."""


async def ask(call: Call) -> Response:
    """By the task of the model."""
    model = await find(call)
    return await _answer(call, model, model.task)


async def ask_for(call: Call) -> Response:
    """By a task of the address: a model of sentences gives vectors too."""
    return await _answer(call, await find(call), call.arg("task"))


def info(call: Call) -> Response:
    """What it is and whether it is awake."""
    model = call.hub.inference.find(call.actor, _repo_id(call))
    said = {"model_id": model.repo.repo_id.full, "model_sha": model.commit, "pipeline_tag": model.task}
    return json_response({**said, "state": call.hub.inference.state(model)})


def health(call: Call) -> Response:
    call.hub.inference.find(call.actor, _repo_id(call))
    return json_response({})


async def find(call: Call) -> Model:
    return await call.hub.inference.look_up(call.actor, _repo_id(call))


def question_of(call: Call, task: str) -> Question:
    """Out of JSON, or of bytes for tasks about pictures."""
    kind = call.header("content-type").partition(";")[0].strip().lower()
    # The stock client sends pictures as they are, without saying what they are.
    is_json = kind == "application/json" or (not kind and call.body.lstrip()[:1] in (b"{", b""))
    if not is_json and task in OF_PICTURES:
        return Question(task, base64.b64encode(call.body).decode(), {})
    try:
        asked = msgspec.json.decode(call.body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InvalidInput(f"The request is not JSON: {error}.") from error
    if task in OF_TABLES and isinstance(asked, dict):
        return Question(task, check_table(asked.get("table") or asked.get("inputs")), {})
    if not isinstance(asked, dict) or ("inputs" not in asked and task != "unconditional-image-generation"):
        raise InvalidInput("Send an object with 'inputs', and 'parameters' if you want.")
    parameters = asked.get("parameters") or {}
    if not isinstance(parameters, dict):
        raise InvalidInput("'parameters' is an object.")
    if task == "feature-extraction":  # the client puts them beside the inputs
        parameters = {
            **{key: value for key, value in asked.items() if key not in ("inputs", "parameters")},
            **parameters,
        }
    if task in OF_PICTURES:
        check_picture(asked["inputs"])
    elif task != "unconditional-image-generation":
        check_texts(asked["inputs"])
    if task == "zero-shot-classification" and not parameters.get("candidate_labels"):
        raise InvalidInput("Name the labels to choose from: 'parameters': {'candidate_labels': [...]}.")
    check_parameters(parameters)
    return Question(task, asked.get("inputs", ""), parameters)


async def _answer(call: Call, model: Model, task: str) -> Response:
    require_task(model, task)
    question = question_of(call, task)
    inference = call.hub.inference
    if model.task == "text-generation":
        return await _text(call, model, question)
    if isinstance(question.inputs, list) and model.task not in OF_SENTENCES:
        asked = [inference.ask(call.actor, model, Question(task, one, question.parameters)) for one in question.inputs]
        return json_response([_flat(one) for one in await asyncio.gather(*asked)])
    result = await inference.ask(call.actor, model, question)
    if task in PAINTS:
        return Response(base64.b64decode(result), media_type="image/png")
    return json_response(result)


def _flat(result: Any) -> Any:
    """Of many texts at once, each has its list of labels alone."""
    return result[0] if isinstance(result, list) and len(result) == 1 and isinstance(result[0], list) else result


# -- text that goes on --


async def _text(call: Call, model: Model, question: Question) -> Response:
    said = call.hub.inference.stream(call.actor, model, question)
    asked = msgspec.json.decode(call.body)
    if isinstance(asked, dict) and asked.get("stream"):
        return StreamingResponse(_events(said), 200, {"cache-control": "no-store"}, "text/event-stream")
    pieces, end = [], {}
    async for one in said:
        if part := one.get("part"):
            pieces.append(part.get("text", ""))
            end = part
    text = "".join(pieces)
    body: dict[str, Any] = {"generated_text": text}
    if question.parameters.get("return_full_text") and isinstance(question.inputs, str):
        body["generated_text"] = question.inputs + text
    if question.parameters.get("details"):
        finish = {"stop": "eos_token", "length": "length"}[end.get("finish", "stop")]
        body["details"] = {
            "finish_reason": finish,
            "generated_tokens": end.get("tokens", 0),
            "prefill": [],
            "tokens": [],
        }
    return json_response([body] if not question.parameters.get("details") else body)


async def _events(said: AsyncIterator[dict[str, Any]]) -> AsyncIterator[bytes]:
    text, index = "", 0
    try:
        async for one in said:
            part = one.get("part") or {}
            index += 1
            if "text" in part:
                text += part["text"]
                token = {"id": index, "text": part["text"], "logprob": 0.0, "special": False}
                yield _event({"index": index, "token": token, "generated_text": None, "details": None})
            elif "finish" in part:
                token = {"id": 0, "text": "", "logprob": 0.0, "special": True}
                finish = "eos_token" if part["finish"] == "stop" else "length"
                details = {
                    "finish_reason": finish,
                    "generated_tokens": part["tokens"],
                    "input_length": part["prompt_tokens"],
                }
                yield _event({"index": index, "token": token, "generated_text": text, "details": details})
    except HubError as error:
        yield _event({"error": error.message, "error_type": "generation"})


def _event(value: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(value)}\n\n".encode()


def _repo_id(call: Call) -> RepoId:
    return RepoId.parse(RepoKind.MODEL, f"{call.arg('ns')}/{call.arg('name')}")


routes = [
    Route("POST", "/models/{ns}/{name}", ask, limit=INPUT_LIMIT),
    Route("POST", "/models/{ns}/{name}/pipeline/{task}", ask_for, limit=INPUT_LIMIT),
    Route("GET", "/models/{ns}/{name}/info", info),
    Route("GET", "/models/{ns}/{name}/health", health),
]
