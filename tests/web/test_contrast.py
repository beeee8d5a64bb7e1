"""The colours of the stylesheet meet WCAG 2.2 AA in both themes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import pioche

CSS = (Path(pioche.__file__).parent / "web/static/css/pioche.css").read_text()
TOKENS = dict(re.findall(r"--([\w-]+): light-dark\((#\w{6}, #\w{6})\)", CSS))

GROUNDS = ("paper", "sheet", "well")
HUES = ("malachite", "copper", "danger", "info")
TEXT = [
    *((ink, ground) for ink in ("ink", "ink-2", "ink-3", *HUES) for ground in GROUNDS),
    *((ink, f"{ink}-soft") for ink in HUES),
    ("malachite-ink", "malachite"),
    ("malachite-ink", "malachite-deep"),
    ("malachite-deep", "malachite-soft"),
    ("danger-ink", "danger"),
    ("ink-2", "add"),
    ("ink-2", "del"),
    ("ink", "malachite-soft"),
    ("ink-3", "copper-soft"),
]
EDGES = [("edge", ground) for ground in GROUNDS] + [("focus", "paper")]


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str, theme: int) -> float:
    names = {"focus": "malachite"}
    colours = (TOKENS[names.get(name, name)].split(", ")[theme] for name in (first, second))
    light, dark = sorted(map(luminance, colours), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXT)
def test_text_can_be_read(ink: str, ground: str, theme: int) -> None:
    assert contrast(ink, ground, theme) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("edge", "ground"), EDGES)
def test_edges_of_controls_can_be_seen(edge: str, ground: str, theme: int) -> None:
    assert contrast(edge, ground, theme) >= 3
