"""A small client of what hubs of other makers do not have: training. For everything else there is `huggingface_hub`.

    from pioche.client import train

    for told in train("text-classification", "comments.csv", "ada/moods", hub="http://127.0.0.1:8470"):
        print(told["stage"], told["step"], told["steps"])

Nothing but the standard library is imported.
"""

from __future__ import annotations

import json
import os
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

EVERY, SOON = 0.5, 0.2
"""Seconds between two looks at a training: while it learns, and after its last step."""
ENDS = ("done", "failed", "stopped")
FILES = (".csv", ".tsv", ".jsonl", ".parquet", ".zip")


class TrainingError(Exception):
    """What the hub answered, in words."""


class Trainer:
    """Where they are not given, `hub` is `HF_ENDPOINT`, and `token` is `HF_TOKEN` or that of `hf auth login`."""

    def __init__(self, hub: str = "", token: str = "") -> None:
        self.hub = (hub or os.environ.get("HF_ENDPOINT", "") or "http://127.0.0.1:8470").rstrip("/")
        self.token = token or os.environ.get("HF_TOKEN", "") or _logged_in()

    def tasks(self) -> list[dict[str, Any]]:
        return list(self._ask("GET", "/api/trainings/tasks"))

    def keep(self, owner: str, file: Path) -> str:
        """Sends a table or a zip of pictures; the name of the private dataset that it becomes."""
        query = urllib.parse.urlencode({"name": file.name})
        return str(self._ask("POST", f"/api/trainings/{owner}/data?{query}", file.read_bytes())["dataset"])

    def preview(self, **recipe: Any) -> dict[str, Any]:
        """Which columns are likely, what is odd about the data, and about how long it takes."""
        return dict(self._ask("POST", "/api/trainings/preview", recipe))

    def start(self, owner: str, **recipe: Any) -> dict[str, Any]:
        return dict(self._ask("POST", f"/api/trainings/{owner}", recipe))

    def follow(self, owner: str, key: str) -> Iterator[dict[str, Any]]:
        """What it tells, until it has ended. A hub that is being restarted is asked again."""
        while True:
            told = self._ask("GET", f"/api/trainings/{owner}/{key}", patient=True)
            yield told
            if told["stage"] in ENDS:
                return
            nearly = told["stage"] == "publishing" or 0 < told["steps"] <= told["step"]
            time.sleep(SOON if nearly else EVERY)

    def stop(self, owner: str, key: str) -> dict[str, Any]:
        return dict(self._ask("POST", f"/api/trainings/{owner}/{key}/stop"))

    def resume(self, owner: str, key: str) -> dict[str, Any]:
        return dict(self._ask("POST", f"/api/trainings/{owner}/{key}/resume"))

    def _ask(self, method: str, path: str, body: bytes | Mapping[str, Any] | None = None, patient: bool = False) -> Any:
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        kind = "application/octet-stream" if isinstance(body, bytes) else "application/json"
        headers = {"content-type": kind} | ({"authorization": f"Bearer {self.token}"} if self.token else {})
        request = urllib.request.Request(self.hub + path, data, headers, method=method)  # noqa: S310
        for left in range(30 if patient else 0, -1, -1):
            try:
                with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310
                    return json.loads(answer.read())
            except urllib.error.HTTPError as error:
                raise TrainingError(_words(error)) from error
            except OSError as error:
                if not left:
                    why = getattr(error, "reason", error)
                    raise TrainingError(f"The hub at {self.hub} does not answer: {why}.") from error
                time.sleep(EVERY)
        raise AssertionError("never reached")


def train(
    task: str, data: str | Path, model: str, *, hub: str = "", token: str = "", **recipe: Any
) -> Iterator[dict[str, Any]]:
    """Trains `owner/name` on a file of this machine or a dataset of the hub, and tells how it goes.

    `recipe`: `columns` (role -> column; likely ones for those left out), `base`, `epochs`, `learning_rate`,
    `batch_size`, `seed`, `lora`, `private`, `file` (of a dataset). Raises `TrainingError`.
    """
    trainer, (owner, _, name) = Trainer(hub, token), model.partition("/")
    if not name:
        raise TrainingError("Name the model as 'owner/name'.")
    known = [one["task"] for one in trainer.tasks()]
    if task not in known:
        raise TrainingError(f"There is no task '{task}'. There are: {', '.join(known)}.")
    asked = {"task": task, "dataset": _dataset_of(trainer, owner, data), "model": name, **recipe}
    likely = trainer.preview(**asked)["columns"]
    made = trainer.start(owner, **{**asked, "columns": {**likely, **recipe.get("columns", {})}})
    yield from trainer.follow(owner, made["id"])


def _dataset_of(trainer: Trainer, owner: str, data: str | Path) -> str:
    """What `data` names: a file, which is sent, or a dataset that is there already."""
    path = Path(data)
    if path.is_file():
        return trainer.keep(owner, path)
    if isinstance(data, Path) or path.suffix.lower() in FILES or not re.fullmatch(r"[^/]+/[^/]+", data):
        raise TrainingError(f"There is no file '{data}' here. A dataset of the hub is called 'owner/name'.")
    return data


def _logged_in() -> str:
    """The token that `hf auth login` has kept, or nothing."""
    home = os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface"
    try:
        return Path(os.environ.get("HF_TOKEN_PATH") or Path(home) / "token").expanduser().read_text().strip()
    except (OSError, ValueError, RuntimeError):
        return ""


def _words(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.loads(error.read())["error"])
    except (ValueError, KeyError, TypeError, OSError):
        return f"The hub answered {error.code}."
