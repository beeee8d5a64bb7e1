"""What every recipe shares: where its inputs and outputs are, how it tells the hub what happens, and reading data.

A recipe is a plain script. It runs in a sandbox without a network, but also by hand:

    python text_classification.py --inputs FOLDER --work FOLDER

`inputs` holds `recipe.json`, `data/` (files of the dataset) and `base/` (the model to start from, if any). `work` gets
`checkpoint/` and `model/`, which the hub publishes. `--checkpoint` is the one of the run that this one goes on with.

What happens is told on standard output, one JSON object a line with the key `event`: `start`, `step`, `evaluation`,
`sample`, `problem`, `result`. Everything else that is printed is log.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import random
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cells import read_csv, read_lines

MAX_TOLD_STEPS = 400
CHECKPOINTS = 10


class Problem(Exception):
    """Something that the author can put right: its text is shown to them."""


@dataclass
class Place:
    """`recipe` as the hub wrote it."""

    inputs: Path
    work: Path
    checkpoint: Path
    recipe: dict[str, Any] = field(default_factory=dict)

    @property
    def model(self) -> Path:
        return self.work / "model"

    @property
    def base(self) -> Path | None:
        path = self.inputs / "base"
        return path if path.is_dir() else None

    @property
    def goes_on(self) -> bool:
        """There is a checkpoint of the run that this one goes on with."""
        return self.checkpoint.is_dir() and any(self.checkpoint.iterdir())

    def number(self, name: str, default: float) -> float:
        """A number of the recipe; 0 and nothing mean the default."""
        return float(self.recipe.get(name) or default)

    def column(self, role: str) -> str:
        return str(self.recipe["columns"][role])


def tell(event: str, **facts: Any) -> None:
    print(json.dumps({"event": event, "at": round(time.time(), 3), **facts}), flush=True)


def run(train: Callable[[Place], None]) -> None:
    """The main of every recipe. What is a `Problem` is told in words; everything else ends with its traceback."""
    options = argparse.ArgumentParser()
    options.add_argument("--inputs", type=Path, default=Path("/inputs"))
    options.add_argument("--work", type=Path, default=Path.home())
    options.add_argument("--checkpoint", type=Path, default=Path("/checkpoint"))
    given = options.parse_args()
    place = Place(given.inputs.resolve(), given.work.resolve(), given.checkpoint)
    place.recipe = json.loads((place.inputs / "recipe.json").read_text())
    place.model.mkdir(parents=True, exist_ok=True)
    try:
        train(place)
    except Problem as problem:
        tell("problem", message=str(problem))
        sys.exit(2)
    except MemoryError:
        tell("problem", message="There is not enough memory for this model and batch size.")
        sys.exit(2)


# -- data --


def read_rows(folder: Path) -> list[dict[str, Any]]:
    """Rows of all files in the folder, in the order of their names."""
    rows: list[dict[str, Any]] = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            rows += _read_file(path)
    if not rows:
        raise Problem("The data has no rows.")
    return rows


def _read_file(path: Path) -> list[dict[str, Any]]:
    ending = path.suffix.lower()
    if ending == ".parquet":
        return _read_parquet(path)
    if ending not in (".csv", ".tsv", ".jsonl", ".ndjson", ".json"):
        raise Problem(f"'{path.name}' is of no kind that is read here: csv, tsv, jsonl, parquet.")
    text = path.read_bytes().decode("utf-8-sig", errors="replace")
    try:
        if ending in (".csv", ".tsv"):
            csv.field_size_limit(16 * 1024 * 1024)
            names, rows = read_csv(text, tabs=ending == ".tsv")
            return [dict(zip(names, row, strict=True)) for row in rows]
        return list(json.loads(text)) if ending == ".json" else read_lines(text)
    except (csv.Error, ValueError, RecursionError) as error:
        raise Problem(f"'{path.name}' cannot be read as a table: {error}.") from error


def _read_parquet(path: Path) -> list[dict[str, Any]]:
    """As the hub shows it, which has these rows through JSON."""
    import pyarrow.parquet as parquet

    rows = parquet.read_table(path).to_pylist()
    return [json.loads(json.dumps(row, default=str)) for row in rows]


def split(
    rows: Sequence[Any], share: float, seed: int, classes: Sequence[str] | None = None
) -> tuple[list[Any], list[Any]]:
    """(training, evaluation). With `classes`, each is in both in the same proportion, if it has two rows at all."""
    groups: dict[str, list[Any]] = {}
    for index, row in enumerate(rows):
        groups.setdefault("" if classes is None else classes[index], []).append(row)
    chance, training, evaluation = random.Random(seed), [], []  # noqa: S311
    for _, group in sorted(groups.items()):
        chance.shuffle(group)
        count = min(len(group) - 1, max(1, round(len(group) * share))) if len(group) > 1 else 0
        evaluation += group[:count]
        training += group[count:]
    chance.shuffle(training)
    return training, evaluation


# -- figures --


def interval(hits: int, count: int) -> dict[str, float]:
    """A share with its 95 % interval, by Wilson's score."""
    if not count:
        return {"value": 0.0, "low": 0.0, "high": 1.0, "count": 0}
    share, z = hits / count, 1.96
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return {"value": share, "low": max(0.0, middle - half), "high": min(1.0, middle + half), "count": count}


def resampled(
    measure: Callable[[Sequence[int]], float], count: int, seed: int = 0, times: int = 400
) -> dict[str, float]:
    """Any figure of `count` rows with its 95 % interval, by drawing rows with replacement; `measure` gets indices."""
    chance = random.Random(seed)  # noqa: S311
    drawn = sorted(measure([chance.randrange(count) for _ in range(count)]) for _ in range(times))
    low, high = drawn[int(times * 0.025)], drawn[int(times * 0.975)]
    return {"value": measure(range(count)), "low": low, "high": high, "count": count}


def check_loss(loss: float) -> None:
    if not math.isfinite(loss):
        raise Problem(
            "The loss is not a number any more: the training has blown up. Try a lower learning rate, and look for "
            "values in the data that are far from all others."
        )


def told_every(steps: int) -> int:
    """So that a curve has at most some hundred points."""
    return max(1, steps // MAX_TOLD_STEPS)


def public_recipe(recipe: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in recipe.items() if value not in ("", None, {}, 0)}
