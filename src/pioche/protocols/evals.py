"""Evaluation results: `.eval_results/*.yaml` of models, `eval.yaml` of benchmark datasets, `model-index` of cards.

Source: Hub documentation of evaluation results; `EvalResultEntry` and `model_index_to_eval_results` of
        `huggingface_hub` 2.4.
Shape:  a list of `{dataset: {id, task_id, revision?}, value, verifyToken?, date?, source?: {url, name?, user?, org?},
        notes?}`; `eval.yaml` is `{name?, description?, evaluation_framework?, tasks: [{id, config?, split?}]}`.
Units:  scores are numbers on a scale of the benchmark's own; more is better.
Errors: none are raised: what is wrong with a file comes back as a sentence, and nothing of that file counts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pioche.protocols.card import parse_yaml

MAX_ENTRIES = 200  # of one file
MAX_TASKS = 100
MAX_TEXT = 1000


@dataclass(frozen=True, slots=True)
class Result:
    """One entry. `score` is None where the value is no number; `data` is what clients read."""

    dataset: str
    task: str
    score: float | None
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OldScore:
    """One metric of a `model-index`."""

    task: str
    dataset: str
    metric: str
    value: str
    source_url: str = ""


class _Bad(ValueError):
    """With a sentence about an entry."""


# -- .eval_results/*.yaml --


def read_results(text: str) -> tuple[list[Result], str]:
    """The entries, or none and what is wrong."""
    value, problem = parse_yaml(text)
    if problem:
        return [], problem
    if not isinstance(value, list) or not value:
        return [], "The file must be a list of entries, each with 'dataset' and 'value'."
    if len(value) > MAX_ENTRIES:
        return [], f"The file has more than {MAX_ENTRIES} entries."
    try:
        return [_result(entry, number) for number, entry in enumerate(value, 1)], ""
    except _Bad as error:
        return [], str(error)


def _result(entry: Any, number: int) -> Result:
    where = f"Entry {number}"
    if not isinstance(entry, dict):
        raise _Bad(f"{where} must be a mapping with 'dataset' and 'value'.")
    dataset = entry.get("dataset")
    if not isinstance(dataset, dict):
        raise _Bad(f"{where} needs 'dataset' with 'id' and 'task_id'.")
    named = {"id": _text(dataset, "id", where), "task_id": _text(dataset, "task_id", where)}
    if "/" not in named["id"]:
        raise _Bad(f"{where}: 'id' of the dataset must be 'owner/name'.")
    if dataset.get("revision") is not None:
        named["revision"] = _text(dataset, "revision", where)
    value = entry.get("value")
    if value is None or isinstance(value, dict | list):
        raise _Bad(f"{where} needs 'value', a number.")
    data = {"dataset": named, "value": value if not isinstance(value, str) else value[:MAX_TEXT]}
    data |= {key: _text(entry, key, where) for key in ("verifyToken", "date", "notes") if entry.get(key) is not None}
    if entry.get("source") is not None:
        data["source"] = _source(entry["source"], where)
    return Result(named["id"], named["task_id"], _score(value), data)


def _source(value: Any, where: str) -> dict[str, str]:
    if not isinstance(value, dict):
        raise _Bad(f"{where}: 'source' must be a mapping with 'url'.")
    source = {key: _text(value, key, where) for key in ("url", "name", "user", "org") if value.get(key) is not None}
    if not source.get("url", "").startswith(("https://", "http://")):
        raise _Bad(f"{where}: 'source' needs a 'url' that begins with https://.")
    return source


def _text(value: Mapping[str, Any], key: str, where: str) -> str:
    found = value.get(key)
    if isinstance(found, bool | dict | list) or found is None or not str(found).strip():
        raise _Bad(f"{where}: '{key}' must be a text.")
    text = str(found).strip()
    if len(text) > MAX_TEXT:
        raise _Bad(f"{where}: '{key}' is longer than {MAX_TEXT} characters.")
    return text


def _score(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    number = float(value)
    return number if math.isfinite(number) else None


# -- eval.yaml --


def read_benchmark(text: str) -> tuple[dict[str, Any], str]:
    """`{name, description, evaluation_framework, tasks}` of a benchmark, or nothing and what is wrong."""
    value, problem = parse_yaml(text)
    if problem:
        return {}, problem
    tasks = value.get("tasks") if isinstance(value, dict) else None
    if not isinstance(tasks, list) or not tasks or len(tasks) > MAX_TASKS:
        return {}, f"A benchmark has 'tasks', a list of 1 to {MAX_TASKS}, each with an 'id'."
    try:
        keys = ("name", "description", "evaluation_framework")
        said = {key: _text(value, key, "The benchmark") for key in keys if value.get(key) is not None}
        return {**said, "tasks": [_task(task, number) for number, task in enumerate(tasks, 1)]}, ""
    except _Bad as error:
        return {}, str(error)


def _task(task: Any, number: int) -> dict[str, str]:
    where = f"Task {number}"
    if not isinstance(task, dict):
        raise _Bad(f"{where} must be a mapping with 'id'.")
    more = {key: _text(task, key, where) for key in ("config", "split") if task.get(key) is not None}
    return {"id": _text(task, "id", where), **more}


# -- model-index --


def read_model_index(value: Any) -> list[OldScore]:
    """What can be read of it; people write many things there."""
    found = []
    for model in _list(value):
        for result in _list(_get(model, "results")):
            task = _say(_get(result, "task"), "name", "type")
            dataset = _say(_get(result, "dataset"), "name", "type")
            url = _word(_get(_get(result, "source"), "url"))
            for metric in _list(_get(result, "metrics")):
                name, score = _say(metric, "name", "type"), _shown(_get(metric, "value"))
                if name and score:
                    found.append(OldScore(task, dataset, name, score, url if url.startswith("http") else ""))
    return found[:MAX_ENTRIES]


def _list(value: Any) -> Iterator[Any]:
    yield from value if isinstance(value, list) else ()


def _get(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


def _say(value: Any, *keys: str) -> str:
    return next((word for key in keys if (word := _word(_get(value, key)))), "")


def _word(value: Any) -> str:
    return value.strip()[:MAX_TEXT] if isinstance(value, str) else ""


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return value.strip()[:40]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)[:40]
