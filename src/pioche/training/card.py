"""The card of a model that was trained here. Pure. Raises `InvalidInput` for figures that are none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from pioche.plans.types import WATTS_PER_CPU
from pioche.training.catalogue import TASKS
from pioche.training.measures import explained, title_of
from pioche.training.results import Figure, figures_of
from pioche.training.types import Training


def card_of(training: Training) -> str:
    recipe, result = training.recipe, training.result
    figures = figures_of(result)
    task = TASKS[recipe.task]
    front: dict[str, Any] = {"pipeline_tag": recipe.task, "library_name": task.library, "datasets": [recipe.dataset]}
    if recipe.base:
        front |= {"base_model": recipe.base, "base_model_relation": "finetune"}
    if isinstance(widget := result.get("widget"), list):
        front["widget"] = widget[:5]
    front |= {"tags": ["trained-here"], "model-index": [_index(training, figures)]}
    head = yaml.safe_dump(front, sort_keys=False, allow_unicode=True)
    return f"---\n{head}---\n\n" + "\n".join(_lines(training, figures)) + "\n"


def _lines(training: Training, figures: Mapping[str, Figure]) -> Iterator[str]:
    yield f"# {training.recipe.model}"
    yield ""
    said = training.result.get("labels")
    labels = [str(label) for label in said] if isinstance(said, list) else []
    yield TASKS[training.recipe.task].title + (f": {', '.join(labels)}." if labels else ".")
    yield ""
    yield from _how(training)
    yield ""
    yield "## Evaluation"
    yield ""
    yield from _table(training, figures)
    yield ""
    yield "## Limits"
    yield ""
    yield "To be written by its author: for whom it is, where it fails, and what it must not be used for."


def _how(training: Training) -> Iterator[str]:
    recipe, result = training.recipe, training.result
    yield "## Training"
    yield ""
    place = f", `{recipe.file}`" if recipe.file else ""
    rows = f", {result['rows']} rows" if isinstance(result.get("rows"), int) else ""
    yield f"- Data: [{recipe.dataset}](/datasets/{recipe.dataset}){place} at `{recipe.revision[:12]}`{rows}"
    if recipe.columns:
        yield f"- Columns: {', '.join(f'{role} = `{column}`' for role, column in recipe.columns.items())}"
    start = f"from [{recipe.base}](/{recipe.base}) at `{recipe.base_revision[:12]}`" if recipe.base else "from scratch"
    size = f", {result['parameters']:,} parameters" if isinstance(result.get("parameters"), int) else ""
    yield f"- Recipe: `{recipe.task}`, {start}, seed {recipe.seed}{size}"
    energy = training.cpu_seconds * WATTS_PER_CPU / 3600
    yield f"- Cost: {training.cpu_seconds:.0f} CPU seconds, about {energy:.2f} Wh (estimated from CPU time)"


def _table(training: Training, figures: Mapping[str, Figure]) -> Iterator[str]:
    if not figures:
        yield "Nothing was measured."
        return
    yield "On data that was kept apart, with 95 % intervals:"
    yield ""
    yield "| Metric | Value | From | To | Rows |"
    yield "| --- | --- | --- | --- | --- |"
    for name, said in figures.items():
        yield f"| {title_of(name)} | {said.value:.3f} | {said.low:.3f} | {said.high:.3f} | {said.count} |"
    yield ""
    yield from (f"- {one.title}: {one.about}" for one in explained(figures))
    if isinstance(chance := training.result.get("chance"), float):
        yield ""
        yield f"Always naming the most frequent class would be right in {chance:.3f} of them."


def _index(training: Training, figures: Mapping[str, Figure]) -> dict[str, Any]:
    values = [{"type": name, "name": title_of(name), "value": round(said.value, 4)} for name, said in figures.items()]
    dataset = {"name": training.recipe.dataset, "type": training.recipe.dataset, "revision": training.recipe.revision}
    result = {"task": {"type": training.recipe.task}, "dataset": dataset, "metrics": values}
    return {"name": training.recipe.model, "results": [result]}
