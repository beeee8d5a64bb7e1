"""Rows of a table into a class or a number: gradient-boosted trees, which want no scaling and take gaps as they are."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy
import skops.io
from cells import text_of
from running import Place, Problem, interval, read_rows, resampled, run, split, tell
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OrdinalEncoder

MOST_KINDS = 200
ROUNDS, EVERY = 100, 5
MODEL_FILE = "model.skops"


def train(place: Place) -> None:
    target, seed = place.column("target"), int(place.number("seed", 42))
    rows = [row for row in read_rows(place.inputs / "data") if text_of(row.get(target))]
    if not rows or target not in rows[0]:
        raise Problem(f"There is no column '{target}', or nothing in it.")
    regression = place.recipe["task"] == "tabular-regression"
    names = [name for name in rows[0] if name != target and is_of_use(name, rows)]
    if not names:
        raise Problem("There is no column to learn from beside the one to predict.")
    answers = [text_of(row[target]) for row in rows]
    learning, checking = split(rows, 0.2, seed, None if regression else answers)
    if not checking:
        raise Problem("There are too few rows to learn from some and check with others.")
    numbers = [name for name in names if all(is_number(row[name]) for row in rows if text_of(row[name]))]
    tell("start", steps=ROUNDS, step=0, device="CPU")
    model = pipeline(names, numbers, regression, seed, place)
    truth = [answer(row, target, regression) for row in checking]
    model.fit(cells(learning, names, numbers), [answer(row, target, regression) for row in learning])
    guesses = tell_rounds(model, cells(checking, names, numbers), truth, regression)
    metrics = of_numbers(guesses, truth) if regression else of_classes(guesses, truth)
    skops.io.dump(model, place.model / MODEL_FILE)
    labels = [] if regression else [str(label) for label in model[-1].classes_]
    write_config(place, names, numbers, rows, target, labels)
    example = {name: [text_of(row.get(name)) for row in checking[:2]] for name in names[:30]}
    facts = {"labels": labels, "rows": len(rows), "features": names, "widget": [{"structuredData": example}]}
    tell("result", metrics=metrics, **facts, **chance_of(truth, regression))


def is_of_use(name: str, rows: list[dict[str, Any]]) -> bool:
    """Numbers are; words are where there are not too many different ones, which would only be learned by heart."""
    values = {text_of(row.get(name)) for row in rows} - {""}
    return len(values) > 1 and (all(map(is_number, values)) or len(values) <= min(MOST_KINDS, len(rows) // 2))


def is_number(value: Any) -> bool:
    try:
        return math.isfinite(float(text_of(value)))
    except ValueError:
        return False


def answer(row: dict[str, Any], target: str, regression: bool) -> Any:
    if not regression:
        return text_of(row[target])
    if not is_number(row[target]):
        raise Problem(f"'{text_of(row[target])[:40]}' in '{target}' is not a number.")
    return float(text_of(row[target]))


def cells(rows: list[dict[str, Any]], names: list[str], numbers: list[str]) -> Any:
    """Rows by columns; words stay words, what is missing is NaN or an empty word."""
    found = numpy.empty((len(rows), len(names)), dtype=object)
    for at, row in enumerate(rows):
        for column, name in enumerate(names):
            said = text_of(row.get(name))
            found[at, column] = (float(said) if said else math.nan) if name in numbers else said
    return found


def pipeline(names: list[str], numbers: list[str], regression: bool, seed: int, place: Place) -> Pipeline:
    words = [at for at, name in enumerate(names) if name not in numbers]
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    trees = HistGradientBoostingRegressor if regression else HistGradientBoostingClassifier
    rate = place.number("learning_rate", 0.1)
    return make_pipeline(
        make_column_transformer((encoder, words), remainder="passthrough"),
        trees(max_iter=ROUNDS, learning_rate=rate, early_stopping=False, random_state=seed, min_samples_leaf=5),
    )


def tell_rounds(model: Pipeline, checking: Any, truth: list[Any], regression: bool) -> list[Any]:
    """How good it was after so many trees; what it guesses with all of them."""
    guesses: list[Any] = []
    for step, said in enumerate(model[-1].staged_predict(model[:-1].transform(checking)), 1):
        guesses = said.tolist()
        if step % EVERY == 0:
            if regression:
                wrong = sum(abs(guess - true) for guess, true in zip(guesses, truth, strict=True)) / len(truth)
                tell("evaluation", step=step, mae=wrong)
            else:
                tell("evaluation", step=step, accuracy=of_classes(guesses, truth)["accuracy"]["value"])
    return guesses


def of_classes(guesses: list[Any], truth: list[Any]) -> dict[str, Any]:
    return {"accuracy": interval(sum(map(lambda a, b: a == b, guesses, truth)), len(truth))}


def of_numbers(guesses: list[float], truth: list[float]) -> dict[str, Any]:
    """R² and the mean distance from the truth."""

    def fit(rows: Any) -> float:
        chosen = [truth[row] for row in rows]
        middle = sum(chosen) / len(chosen)
        around = sum((value - middle) ** 2 for value in chosen)
        return 1 - sum((guesses[row] - truth[row]) ** 2 for row in rows) / around if around else 0.0

    def distance(rows: Any) -> float:
        return math.fsum(abs(guesses[row] - truth[row]) for row in rows) / len(rows)

    return {"r2": resampled(fit, len(truth)), "mae": resampled(distance, len(truth))}


def chance_of(truth: list[Any], regression: bool) -> dict[str, float]:
    return {} if regression else {"chance": max(truth.count(kind) for kind in set(truth)) / len(truth)}


def write_config(
    place: Place, names: list[str], numbers: list[str], rows: list[dict[str, Any]], target: str, labels: list[str]
) -> None:
    """As cards of scikit-learn models on hubs have it: which columns, and an example of each."""
    example = {name: [text_of(row.get(name)) for row in rows[:3]] for name in names}
    said = {
        "sklearn": {
            "columns": names,
            "numeric_columns": numbers,
            "target": target,
            "labels": labels,
            "example_input": example,
            "model": {"file": MODEL_FILE},
            "model_format": "skops",
            "task": place.recipe["task"],
        }
    }
    (place.model / "config.json").write_text(json.dumps(said, ensure_ascii=False, indent=2))


if __name__ == "__main__":
    run(train)
