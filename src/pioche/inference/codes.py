"""The same question as code, to ask from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from pioche.inference.types import OF_PICTURES, OF_TABLES, Model

WIDE = 72
TOKEN = "YOUR_TOKEN"  # noqa: S105
Code = tuple[str, str, str]
"""Title, language, code."""
Message = Mapping[str, str]
"""`role` and `content`."""


def codes_of(base: str, model: Model, form: Mapping[str, str], table: Mapping[str, list[str]]) -> list[Code]:
    if model.task == "text-generation":
        return chat_codes(base, model.repo.repo_id.full, messages_of(form), form)
    url = f"{base}/models/{model.repo.repo_id.full}"
    verb, arguments = model.task.replace("-", "_"), _arguments(model, form, table)
    python = (
        f'from huggingface_hub import InferenceClient\n\nclient = InferenceClient(model="{url}", token="{TOKEN}")\n'
    )
    if model.task == "unconditional-image-generation":
        python = (
            "import requests\n\n"
            f'answer = requests.post("{url}", json={{}}, headers={{"Authorization": "Bearer {TOKEN}"}})\n'
            'open("picture.png", "wb").write(answer.content)\n'
        )
    elif model.task == "text-to-image":
        python += f'client.{verb}({arguments}).save("picture.png")\n'
    else:
        python += f"print(client.{verb}({arguments}))\n"
    return [("Python", "python", python), *_plain(url, model, form, table)]


def messages_of(form: Mapping[str, str]) -> list[Message]:
    """A talk that begins with what is in the fields."""
    messages = [{"role": "user", "content": text}] if (text := form.get("text", "").strip()) else []
    if system := form.get("system", "").strip():
        messages.insert(0, {"role": "system", "content": system})
    return list(messages)


def chat_codes(base: str, name: str, messages: Sequence[Message], form: Mapping[str, str]) -> list[Code]:
    """By the API of OpenAI. Where nobody says anything yet, a greeting stands for it; `form` has the settings."""
    if not any(one["role"] == "user" for one in messages):
        messages = [*messages, {"role": "user", "content": "Hello"}]
    extra = {
        "max_tokens": form["tokens"] if form.get("tokens", "").isdecimal() else None,
        "temperature": form["temperature"] if form.get("temperature", "").replace(".", "", 1).isdecimal() else None,
    }
    known = {key: float(value) if "." in value else int(value) for key, value in extra.items() if value}
    lines = "".join(f"    {key}={value},\n" for key, value in known.items())
    said = _wrapped_part(list(messages)).replace("\n", "\n    ")
    python = (
        f'from openai import OpenAI\n\nclient = OpenAI(base_url="{base}/v1", api_key="{TOKEN}")\n'
        f'stream = client.chat.completions.create(\n    model="{name}",\n    messages={said},\n{lines}'
        "    stream=True,\n)\nfor piece in stream:\n"
        '    print(piece.choices[0].delta.content or "", end="")\n'
    )
    body = {"model": name, "messages": list(messages), **known}
    return [("Python", "python", python), *_requests(f"{base}/v1/chat/completions", body)]


def _arguments(model: Model, form: Mapping[str, str], table: Mapping[str, list[str]]) -> str:
    text = _python(form.get("text") or "Hello")
    match model.task:
        case "question-answering":
            return f"question={text}, context={_python(form.get('context') or '')}"
        case "zero-shot-classification":
            return f"{text}, {_list(form.get('labels', '').split(','))}"
        case "sentence-similarity":
            return f"{text}, other_sentences={_list(form.get('others', '').splitlines())}"
        case "text-to-image":
            numbers = {"num_inference_steps": form.get("steps", ""), "seed": form.get("seed", "")}
            return text + "".join(f", {key}={value}" for key, value in numbers.items() if value.isdecimal())
        case task if task in OF_PICTURES:
            return '"picture.png"'
        case task if task in OF_TABLES:
            return _wrapped(dict(table))
    return text


def _plain(url: str, model: Model, form: Mapping[str, str], table: Mapping[str, list[str]]) -> list[Code]:
    """With curl and JavaScript."""
    if model.task in OF_PICTURES:
        head = f"-H 'Authorization: Bearer {TOKEN}' \\\n  -H 'Content-Type: image/png'"
        script = (
            f'const answer = await fetch("{url}", {{\n  method: "POST",\n'
            f'  headers: {{ Authorization: "Bearer {TOKEN}", "Content-Type": file.type }},\n'
            "  body: file, // of an <input type=file>\n});\nconsole.log(await answer.json());\n"
        )
        return [
            ("curl", "bash", f"curl {url} \\\n  {head} \\\n  --data-binary @picture.png"),
            ("JavaScript", "javascript", script),
        ]
    text, parameters = form.get("text") or "Hello", {}
    body: dict[str, object] = {"inputs": text}
    match model.task:
        case "question-answering":
            body = {"inputs": {"question": text, "context": form.get("context") or ""}}
        case "zero-shot-classification":
            labels = [label.strip() for label in form.get("labels", "").split(",") if label.strip()]
            body["parameters"] = {"candidate_labels": labels}
        case "sentence-similarity":
            body = {"inputs": {"source_sentence": text, "sentences": form.get("others", "").splitlines()}}
        case "text-to-image":
            numbers = {"num_inference_steps": form.get("steps", ""), "seed": form.get("seed", "")}
            parameters = {key: int(value) for key, value in numbers.items() if value.isdecimal()}
            body["parameters"] = parameters
        case "unconditional-image-generation":
            body = {}
        case task if task in OF_TABLES:
            body = {"table": dict(table)}
    return _requests(url, body, is_picture=model.task.endswith(("-to-image", "-image-generation")))


def _requests(url: str, body: Mapping[str, object], is_picture: bool = False) -> list[Code]:
    plain = _wrapped(body).replace("\n", "\n  ")
    quoted = plain.replace("'", "'\\''")
    head = f"-H 'Authorization: Bearer {TOKEN}' \\\n  -H 'Content-Type: application/json'"
    curl = f"curl {url} \\\n  {head} \\\n  -d '{quoted}'" + (" \\\n  -o picture.png" if is_picture else "")
    script = (
        f'const answer = await fetch("{url}", {{\n  method: "POST",\n'
        f'  headers: {{ Authorization: "Bearer {TOKEN}", "Content-Type": "application/json" }},\n'
        f"  body: JSON.stringify({plain}),\n}});\nconsole.log(await answer.{'blob' if is_picture else 'json'}());\n"
    )
    return [("curl", "bash", curl), ("JavaScript", "javascript", script)]


def _wrapped(said: Mapping[str, object]) -> str:
    """On one line if it is short. Tables and the like are read by column, so that no line holds all of them."""
    plain = json.dumps(said, ensure_ascii=False)
    if len(plain) <= WIDE or not said:
        return plain
    parts = (f"  {_python(key)}: {_wrapped_part(value)}" for key, value in said.items())
    return "{\n" + ",\n".join(parts) + "\n}"


def _wrapped_part(value: object) -> str:
    plain = json.dumps(value, ensure_ascii=False)
    if isinstance(value, list) and len(plain) > WIDE and all(isinstance(one, dict) for one in value):  # a talk
        return "[\n" + ",\n".join(f"  {json.dumps(one, ensure_ascii=False)}" for one in value) + "\n]"
    return _wrapped(value).replace("\n", "\n  ") if isinstance(value, dict) else plain


def _python(text: str) -> str:
    """JSON's way to write a text is Python's too."""
    return json.dumps(text, ensure_ascii=False)


def _list(texts: list[str]) -> str:
    return json.dumps([text.strip() for text in texts if text.strip()], ensure_ascii=False)
