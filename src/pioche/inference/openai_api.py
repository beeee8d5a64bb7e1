"""The API of OpenAI under `/v1`, as the stock `openai` client and `InferenceClient` ask it.

Source: the published reference of chat completions, completions, embeddings, models and images. What a model here
cannot do (tools, log probabilities) is refused rather than ignored.
"""

from __future__ import annotations

import asyncio
import base64
import json
import time
import uuid
from array import array
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from starlette.responses import Response, StreamingResponse

from pioche.errors import HubError, InvalidInput
from pioche.inference.api import INPUT_LIMIT
from pioche.inference.checking import check_parameters, check_texts
from pioche.inference.types import Model, Question
from pioche.names import RepoId, RepoKind
from pioche.repos.types import Repo, RepoFilter
from pioche.web.call import Call
from pioche.web.responses import json_response
from pioche.web.routing import Route

LISTED = 100
MOST_TOKENS = 2048


class Message(msgspec.Struct):
    role: str
    content: str | list[dict[str, Any]] | None = None


class ChatRequest(msgspec.Struct):
    messages: list[Message]
    model: str = ""
    stream: bool = False
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    stop: str | list[str] | None = None
    n: int | None = 1
    tools: list[Any] | None = None
    logprobs: bool | None = None
    stream_options: dict[str, Any] | None = None


class TextRequest(msgspec.Struct):
    prompt: str | list[str]
    model: str = ""
    stream: bool = False
    max_tokens: int | None = 16
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    stop: str | list[str] | None = None


class EmbeddingRequest(msgspec.Struct):
    input: str | list[str]
    model: str = ""
    encoding_format: str = "float"


class ImageRequest(msgspec.Struct):
    prompt: str
    model: str = ""
    n: int | None = 1
    response_format: str | None = "b64_json"
    size: str | None = None


def list_models(call: Call) -> Response:
    """What can be asked, of what the actor may see; those that trend first."""
    found = listed(call, "text-generation", "sentence-similarity", "feature-extraction", "text-to-image")
    models = [
        {
            "id": repo.repo_id.full,
            "object": "model",
            "created": repo.created_at // 1000,
            "owned_by": repo.repo_id.namespace,
        }
        for repo in found
    ]
    return json_response({"object": "list", "data": models})


def listed(call: Call, *tasks: str) -> list[Repo]:
    """Models of these tasks that the actor may see and a worker can load."""
    found: dict[int, Repo] = {}
    for task in tasks:
        for weights in ("safetensors", "gguf") if task == "text-generation" else ("safetensors",):
            wanted = RepoFilter(kind=RepoKind.MODEL, pipeline_tag=task, tags=(weights,), sort="trendingScore")
            found |= {repo.id: repo for repo in call.hub.search.page(call.actor, wanted, 0, LISTED)}
    return list(found.values())


async def chat(call: Call) -> Response:
    asked = call.json(ChatRequest)
    if asked.tools or asked.logprobs or (asked.n or 1) != 1:
        raise InvalidInput("Models here give one answer, use no tools, and tell no log probabilities.")
    messages = [{"role": one.role, "content": one.content} for one in asked.messages]
    check_texts([one["content"] for one in messages])
    model = await _model(call, asked.model)
    most = asked.max_completion_tokens or asked.max_tokens or 512
    question = Question("text-generation", {"messages": messages}, _parameters(asked, most))
    said = call.hub.inference.stream(call.actor, model, question)
    name, key = model.repo.repo_id.full, f"chatcmpl-{uuid.uuid4().hex}"
    if asked.stream:
        usage = bool((asked.stream_options or {}).get("include_usage"))
        first = await anext(said)  # what cannot be answered is said with a status
        content = _chat_events(_again(first, said), key, name, usage)
        return StreamingResponse(content, 200, {"cache-control": "no-store"}, "text/event-stream")
    text, end = await _whole(said)
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": text},
        "finish_reason": end["finish"],
        "logprobs": None,
    }
    return json_response({**_head(key, "chat.completion", name), "choices": [choice], "usage": _usage(end)})


async def complete(call: Call) -> Response:
    asked = call.json(TextRequest)
    prompts = [asked.prompt] if isinstance(asked.prompt, str) else asked.prompt
    check_texts(prompts)
    model = await _model(call, asked.model)
    if asked.stream:
        if len(prompts) != 1:
            raise InvalidInput("One prompt at a time can be streamed.")
        question = Question("text-generation", prompts[0], _parameters(asked, asked.max_tokens or 16))
        said = call.hub.inference.stream(call.actor, model, question)
        first = await anext(said)
        content = _text_events(_again(first, said), f"cmpl-{uuid.uuid4().hex}", model.repo.repo_id.full)
        return StreamingResponse(content, 200, {"cache-control": "no-store"}, "text/event-stream")
    choices, total = [], {"prompt_tokens": 0, "tokens": 0}
    for index, prompt in enumerate(prompts):
        question = Question("text-generation", prompt, _parameters(asked, asked.max_tokens or 16))
        text, end = await _whole(call.hub.inference.stream(call.actor, model, question))
        choices.append({"index": index, "text": text, "finish_reason": end["finish"], "logprobs": None})
        total = {key: total[key] + end[key] for key in total}
    head = _head(f"cmpl-{uuid.uuid4().hex}", "text_completion", model.repo.repo_id.full)
    return json_response({**head, "choices": choices, "usage": _usage(total)})


async def embed(call: Call) -> Response:
    asked = call.json(EmbeddingRequest)
    texts = [asked.input] if isinstance(asked.input, str) else asked.input
    check_texts(texts)
    model = await _model(call, asked.model)
    question = Question("feature-extraction", texts, {"normalize": True})
    vectors = await call.hub.inference.ask(call.actor, model, question)
    data = [
        {"object": "embedding", "index": index, "embedding": _encoded(vector, asked.encoding_format)}
        for index, vector in enumerate(vectors)
    ]
    words = sum(len(text.split()) for text in texts)
    usage = {"prompt_tokens": words, "total_tokens": words}
    return json_response({"object": "list", "data": data, "model": model.repo.repo_id.full, "usage": usage})


async def draw(call: Call) -> Response:
    asked = call.json(ImageRequest)
    check_texts(asked.prompt)
    if asked.response_format == "url" or not 1 <= (asked.n or 1) <= 4:
        raise InvalidInput("Pictures come as 'b64_json', one to four at once.")
    model = await _model(call, asked.model)
    size = _size(asked.size)
    questions = [Question("text-to-image", asked.prompt, {"seed": seed, **size}) for seed in range(asked.n or 1)]
    found = await asyncio.gather(*(call.hub.inference.ask(call.actor, model, one) for one in questions))
    return json_response({"created": int(time.time()), "data": [{"b64_json": one} for one in found]})


async def chat_with(call: Call) -> Response:
    """Of the model in the address, whatever the request calls it."""
    return await chat(call)


# -- how --


async def _model(call: Call, name: str) -> Model:
    if "ns" in call.params:
        name = f"{call.arg('ns')}/{call.arg('name')}"
    return await call.hub.inference.look_up(call.actor, RepoId.parse(RepoKind.MODEL, name))


def _parameters(asked: ChatRequest | TextRequest, most: int) -> dict[str, Any]:
    if not 1 <= most <= MOST_TOKENS:
        raise InvalidInput(f"'max_tokens' is from 1 to {MOST_TOKENS}.")
    stop = [asked.stop] if isinstance(asked.stop, str) else asked.stop
    found = {"max_new_tokens": most, "temperature": asked.temperature, "top_p": asked.top_p, "seed": asked.seed}
    return {key: value for key, value in {**found, "stop": stop}.items() if value is not None}


def _size(said: str | None) -> dict[str, Any]:
    if said in (None, "auto"):
        return {}
    width, _, height = str(said).partition("x")
    if not (width.isdecimal() and height.isdecimal() and len(str(said)) < 12):
        raise InvalidInput("'size' is as '512x512'.")
    size: dict[str, Any] = {"width": int(width), "height": int(height)}
    check_parameters(size)
    return size


def _head(key: str, sort: str, model: str) -> dict[str, Any]:
    return {"id": key, "object": sort, "created": int(time.time()), "model": model, "system_fingerprint": ""}


def _usage(end: dict[str, Any]) -> dict[str, int]:
    read, said = int(end["prompt_tokens"]), int(end["tokens"])
    return {"prompt_tokens": read, "completion_tokens": said, "total_tokens": read + said}


async def _whole(said: AsyncIterator[dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    text, end = "", {"finish": "stop", "prompt_tokens": 0, "tokens": 0}
    async for one in said:
        part = one.get("part") or {}
        text += part.get("text", "")
        end = part if "finish" in part else end
    return text, end


async def _again(first: dict[str, Any], rest: AsyncIterator[dict[str, Any]]) -> AsyncIterator[dict[str, Any]]:
    yield first
    async for one in rest:
        yield one


async def _chat_events(
    said: AsyncIterator[dict[str, Any]], key: str, model: str, with_usage: bool
) -> AsyncIterator[bytes]:
    head = _head(key, "chat.completion.chunk", model)
    yield _event({**head, "choices": [_delta({"role": "assistant", "content": ""})]})
    try:
        async for one in said:
            part = one.get("part") or {}
            if "text" in part:
                yield _event({**head, "choices": [_delta({"content": part["text"]})]})
            elif "finish" in part:
                yield _event({**head, "choices": [_delta({}, part["finish"])]})
                if with_usage:
                    yield _event({**head, "choices": [], "usage": _usage(part)})
    except HubError as error:
        yield _event({"error": {"message": error.message, "type": error.code}})
    yield b"data: [DONE]\n\n"


async def _text_events(said: AsyncIterator[dict[str, Any]], key: str, model: str) -> AsyncIterator[bytes]:
    head = _head(key, "text_completion", model)
    try:
        async for one in said:
            part = one.get("part") or {}
            if part:
                choice = {"index": 0, "text": part.get("text", ""), "finish_reason": part.get("finish")}
                yield _event({**head, "choices": [{**choice, "logprobs": None}]})
    except HubError as error:
        yield _event({"error": {"message": error.message, "type": error.code}})
    yield b"data: [DONE]\n\n"


def _delta(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}


def _event(value: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(value)}\n\n".encode()


def _encoded(vector: list[float], form: str) -> Any:
    """The stock client asks for the bytes of 32-bit floats, in base64."""
    if form != "base64":
        return vector
    return base64.b64encode(array("f", vector).tobytes()).decode()


routes = [
    Route("GET", "/v1/models", list_models),
    Route("POST", "/v1/chat/completions", chat, limit=INPUT_LIMIT),
    Route("POST", "/v1/completions", complete, limit=INPUT_LIMIT),
    Route("POST", "/v1/embeddings", embed, limit=INPUT_LIMIT),
    Route("POST", "/v1/images/generations", draw, limit=INPUT_LIMIT),
    Route("POST", "/models/{ns}/{name}/v1/chat/completions", chat_with, limit=INPUT_LIMIT),
]
