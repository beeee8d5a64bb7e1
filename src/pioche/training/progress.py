"""From the lines that a run says to what its page shows. A run is not to be trusted: whatever is odd is log."""

from __future__ import annotations

import json
import re
import sys
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

from pioche.training.types import Progress, Sample

LOGGED, MOST_SAMPLES, MOST_POINTS, MOST_SCORES = 200, 24, 2_000, 6
MOST_PICTURE, MOST_TEXT = 128 * 1024, 2_000
MOST_VALUE = sys.float_info.max
_PICTURE = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_NOT_SCORES = ("step", "at", "event", "epoch", "runtime")


def progress_of(lines: Iterable[str], before: Progress | None = None) -> Progress:
    """`before`: what was told already."""
    telling = Telling(before or Progress())
    telling.hear(lines)
    return telling.whole()


class Telling:
    """What was understood so far; `hear` goes on with it."""

    def __init__(self, before: Progress) -> None:
        self.steps, self.step = before.steps, before.step
        self.device, self.problem = before.device, before.problem
        self.result = before.result
        self.losses = dict(before.losses)
        self.scores = {name: dict(points) for name, points in before.scores.items()}
        self.samples = list(before.samples)
        self.said = deque(before.lines, LOGGED)

    def hear(self, lines: Iterable[str]) -> None:
        for line in lines:
            event = _event(line)
            if event is None:
                self.said.append(line.rpartition("\r")[2])  # of a bar that is drawn again and again, the last
            else:
                self._take(event)

    def whole(self) -> Progress:
        """It shares nothing with this that changes."""
        scores = {name: sorted(points.items()) for name, points in self.scores.items() if points}
        losses = sorted(self.losses.items())
        found = (self.steps, self.step, self.device, losses, scores, self.samples, self.problem, self.result)
        return Progress(*found, list(self.said))

    def _take(self, event: Mapping[str, Any]) -> None:
        step = _whole(event.get("step"))
        self.step = max(self.step, step)
        match event["event"]:
            case "start":
                self.steps, self.device = _whole(event.get("steps")), _text(event.get("device", ""), 80)
                self.problem = ""  # of an attempt before this one
            case "step":
                _put(self.losses, step, event.get("loss"))
            case "evaluation":
                self._score(step, event)
            case "sample":
                self._sample(step, event)
            case "problem":
                self.problem = _text(event.get("message", ""), 500)
            case "result":
                self.result = {key: value for key, value in event.items() if key not in ("event", "at")}

    def _score(self, step: int, event: Mapping[str, Any]) -> None:
        for name, value in event.items():
            called = "loss apart" if name == "loss" else _text(name, 30)
            if name not in _NOT_SCORES and (called in self.scores or len(self.scores) < MOST_SCORES):
                _put(self.scores.setdefault(called, {}), step, value)

    def _sample(self, step: int, event: Mapping[str, Any]) -> None:
        png = event.get("png")
        picture = f"data:image/png;base64,{png}" if _is_picture(png) else ""
        prompt, text = (_text(event.get(key, ""), MOST_TEXT) for key in ("prompt", "text"))
        if picture or text:
            self.samples = [*self.samples, Sample(step, prompt, text, picture)][-MOST_SAMPLES:]


def _event(line: str) -> dict[str, Any] | None:
    if not line.startswith('{"event"'):
        return None
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and isinstance(found.get("event"), str) else None


def _text(value: Any, most: int) -> str:
    """JSON may name halves of characters, which no page can show, and a zero, which no database keeps."""
    return str(value)[:most].encode("utf-8", "replace").decode().replace("\0", "?")


def _whole(value: Any) -> int:
    return int(value) if isinstance(value, int | float) and 0 <= value < 10**9 else 0


def _put(points: dict[int, float], step: int, value: Any) -> None:
    if isinstance(value, int | float) and abs(value) <= MOST_VALUE and len(points) < MOST_POINTS:
        points[step] = float(value)


def _is_picture(png: Any) -> bool:
    return isinstance(png, str) and len(png) <= MOST_PICTURE and _PICTURE.fullmatch(png) is not None
