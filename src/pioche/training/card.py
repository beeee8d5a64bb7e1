"""The card of a model that was trained here. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from pioche.training.types import Training

WATTS_PER_CPU = 10.0
"""What a busy core is reckoned to take: nothing here measures it."""


def card_of(training: Training) -> str:
    recipe, result = training.recipe, training.result
    metrics: Mapping[str, Any] = result.get("metrics") or {}
    front = {
        "pipeline_tag": recipe.task,
        "library_name": "transformers",
        "datasets": [recipe.dataset],
        "tags": ["trained-here"],
        "model-index": [_index(training, metrics)],
    }
    head = yaml.safe_dump(front, sort_keys=False, allow_unicode=True)
    return f"---\n{head}---\n\n" + "\n".join(_lines(training, metrics)) + "\n"


def _lines(training: Training, metrics: Mapping[str, Any]) -> Iterator[str]:
    recipe, result = training.recipe, training.result
    yield f"# {recipe.model}"
    yield ""
    labels = [str(label) for label in result.get("labels") or ()]
    yield f"Puts texts into one of {len(labels)} classes: {', '.join(labels)}."
    yield ""
    yield "## Training"
    yield ""
    where = f"[{recipe.dataset}](/datasets/{recipe.dataset}), `{recipe.file}` at `{recipe.revision[:12]}`"
    yield f"- Data: {where}, {result.get('rows')} rows"
    yield f"- Columns: {', '.join(f'{role} = `{column}`' for role, column in recipe.columns.items())}"
    yield f"- Recipe: `{recipe.task}`, from scratch, seed {recipe.seed}, {result.get('parameters'):,} parameters"
    energy = training.cpu_seconds * WATTS_PER_CPU / 3600
    yield f"- Cost: {training.cpu_seconds:.0f} CPU seconds, about {energy:.2f} Wh (estimated from CPU time)"
    yield ""
    yield "## Evaluation"
    yield ""
    yield "On rows that were kept apart, with 95 % intervals:"
    yield ""
    yield "| Metric | Value | From | To | Rows |"
    yield "| --- | --- | --- | --- | --- |"
    for name, said in metrics.items():
        yield f"| {name} | {said['value']:.3f} | {said['low']:.3f} | {said['high']:.3f} | {said['count']} |"
    yield ""
    yield f"Always naming the most frequent class would be right in {result.get('chance', 0):.3f} of them."
    yield ""
    yield "## Limits"
    yield ""
    yield "To be written by its author: for whom it is, where it fails, and what it must not be used for."


def _index(training: Training, metrics: Mapping[str, Any]) -> dict[str, Any]:
    values = [{"type": name, "value": round(float(said["value"]), 4)} for name, said in metrics.items()]
    dataset = {"name": training.recipe.dataset, "type": training.recipe.dataset, "revision": training.recipe.revision}
    result = {"task": {"type": training.recipe.task}, "dataset": dataset, "metrics": values}
    return {"name": training.recipe.model, "results": [result]}
