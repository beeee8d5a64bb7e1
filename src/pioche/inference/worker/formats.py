"""Which engine a folder wants: tables of scikit-learn and GGUF here, the rest in `engines`, which takes torch."""

from __future__ import annotations

import json
import math
import os
import queue
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TRUSTED = ("sklearn.", "numpy.", "scipy.")
"""Of types in a file of skops: those of the libraries themselves."""
MOST_ROWS = 1_000
CONTEXT = 4096
MOST_TOKENS = 2048


def open_engine(folder: Path, task: str) -> Any:
    if task.startswith("tabular-"):
        return Tables(folder)
    if found := sorted(folder.rglob("*.gguf")):
        return Squeezed(found[0])
    import engines

    return engines.open_engine(folder, task)


class Tables:
    """Columns into a class or a number for each row, by a model of scikit-learn in the format of skops."""

    def __init__(self, folder: Path) -> None:
        import skops.io

        file = next(iter(sorted(folder.rglob("*.skops"))), None)
        if file is None:
            raise ValueError("There is no file in the format of skops.")
        unknown = skops.io.get_untrusted_types(file=file)
        if strange := [name for name in unknown if not name.startswith(TRUSTED)]:
            raise ValueError(f"The model holds types that are not of scikit-learn: {', '.join(strange[:5])}.")
        self._model = skops.io.load(file, trusted=unknown)
        said = json.loads((folder / "config.json").read_text()) if (folder / "config.json").is_file() else {}
        self._said = said.get("sklearn") or {}

    def streams(self, task: str) -> bool:
        return False

    def run(self, task: str, inputs: list[Any], parameters: dict[str, Any]) -> list[Any]:
        return [self._predict(one) for one in inputs]

    def _predict(self, table: dict[str, list[Any]]) -> list[Any]:
        names = self._said.get("columns") or list(getattr(self._model, "feature_names_in_", table))
        if missing := [name for name in names if name not in table]:
            raise ValueError(f"The table lacks these columns: {', '.join(map(str, missing[:10]))}.")
        rows = list(zip(*(table[name] for name in names), strict=True))
        if len(rows) > MOST_ROWS:
            raise ValueError(f"{MOST_ROWS} rows at once are the limit.")
        return [one.item() if hasattr(one, "item") else one for one in self._model.predict(self._cells(names, rows))]

    def _cells(self, names: list[str], rows: list[Any]) -> Any:
        """As the model was given them when it learned: with names, as numbers, or as numbers and words."""
        import numpy

        numbers = self._said.get("numeric_columns")
        if numbers is None:
            numbers = [name for at, name in enumerate(names) if all(_is_number(row[at]) for row in rows)]
        cells = numpy.empty((len(rows), len(names)), dtype=object)
        for at, row in enumerate(rows):
            for column, name in enumerate(names):
                cells[at, column] = _number(row[column], name) if name in numbers else _word(row[column])
        if hasattr(self._model, "feature_names_in_"):
            import pandas

            return pandas.DataFrame(cells, columns=names).infer_objects()
        return cells.astype(float) if set(names) <= set(numbers) else cells


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _number(value: Any, name: str) -> float:
    if value is None or value == "":
        return math.nan
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"'{str(value)[:40]}' in the column '{name}' is not a number.") from error


def _word(value: Any) -> str:
    return "" if value is None else str(value)


class Squeezed:
    """A language model in GGUF, by llama.cpp."""

    def __init__(self, file: Path) -> None:
        import xllamacpp

        settings = xllamacpp.CommonParams()
        settings.model.path = str(file)
        settings.n_ctx = CONTEXT
        settings.n_parallel = 1
        settings.warmup = False
        # More than the share of the machine that it has, and its threads wait for each other.
        threads = max(1, int(os.environ.get("OMP_NUM_THREADS", "1") or 1))
        settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = threads
        self._server = xllamacpp.Server(settings)

    def streams(self, task: str) -> bool:
        return True

    def run(self, task: str, inputs: list[Any], parameters: dict[str, Any]) -> list[Any]:
        raise ValueError("It speaks as it goes.")

    def stream(self, task: str, inputs: Any, parameters: dict[str, Any], gone: threading.Event) -> Iterator[Any]:
        """Pieces of text as `{"text"}`, then `{"finish", "prompt_tokens", "tokens"}`."""
        asked: dict[str, Any] = {"stream": True, "stream_options": {"include_usage": True}}
        asked["max_tokens"] = min(int(parameters.get("max_new_tokens") or 256), MOST_TOKENS)
        for name in ("temperature", "top_p", "seed", "stop"):
            if parameters.get(name) is not None:
                asked[name] = parameters[name]
        ask = self._server.handle_completions if isinstance(inputs, str) else self._server.handle_chat_completions
        asked |= {"prompt": inputs} if isinstance(inputs, str) else {"messages": inputs["messages"]}
        said: queue.Queue[Any] = queue.Queue()

        def hear(one: Any) -> bool:
            said.put(one)
            return gone.is_set()  # True ends it

        thread = threading.Thread(target=_tell, args=(ask, asked, hear, said), daemon=True)
        thread.start()
        end: dict[str, Any] = {"finish": "stop", "prompt_tokens": 0, "tokens": 0}
        while (one := said.get()) is not None:
            if isinstance(one, Exception):
                raise one
            if fault := one.get("error"):
                raise ValueError(str(fault.get("message", fault) if isinstance(fault, dict) else fault)[:300])
            for choice in one.get("choices") or []:
                text = choice.get("text") or (choice.get("delta") or {}).get("content")
                if text:
                    yield {"text": text}
                if choice.get("finish_reason"):
                    end["finish"] = "length" if choice["finish_reason"] == "length" else "stop"
            if usage := one.get("usage"):
                end |= {"prompt_tokens": usage["prompt_tokens"], "tokens": usage["completion_tokens"]}
        thread.join()
        yield end


def _tell(ask: Any, asked: dict[str, Any], hear: Any, said: queue.Queue[Any]) -> None:
    try:
        ask(asked, hear)
    except Exception as error:
        said.put(error)
    said.put(None)
