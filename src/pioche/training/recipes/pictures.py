"""Pictures in folders: what the recipes that see or paint share."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy
from PIL import Image, UnidentifiedImageError
from running import Problem

ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".bmp")
MOST_PIXELS = 50_000_000
SHOWN = 64  # pixels of a picture that is shown on the way


def read_pictures(folder: Path, size: int) -> list[tuple[Any, str]]:
    """Every picture as an array of `size` by `size` by 3 bytes, and the name of its folder."""
    return [(picture, (folder / name).parent.name) for name, picture in read_named_pictures(folder, size)]


def read_named_pictures(folder: Path, size: int) -> list[tuple[str, Any]]:
    """(path in the folder, array of `size` by `size` by 3 bytes)."""
    found, broken = [], 0
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in ENDINGS:
            continue
        try:
            with Image.open(path) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    raise Problem(f"'{path.name}' has more than {MOST_PIXELS // 1_000_000} million pixels.")
                small = picture.convert("RGB").resize((size, size), Image.Resampling.BILINEAR)
        except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
            broken += 1
            continue
        found.append((path.relative_to(folder).as_posix(), numpy.asarray(small, dtype=numpy.uint8)))
    if not found:
        raise Problem("There are no pictures that can be read.")
    if broken > len(found) // 10:
        raise Problem(f"{broken} of {broken + len(found)} pictures cannot be read.")
    return found


def usual_side(folder: Path, least: int, most: int) -> int:
    """Pixels of the shorter side of a picture in the middle, in powers of two."""
    sides = []
    for path in sorted(folder.rglob("*"))[:200]:
        if path.suffix.lower() in ENDINGS:
            try:
                with Image.open(path) as picture:
                    sides.append(min(picture.size))
            except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
                continue
    middle = sorted(sides)[len(sides) // 2] if sides else least
    side = least
    while side * 2 <= min(middle, most):
        side *= 2
    return side


def png_of(picture: Any) -> str:
    """A PIL picture as base64, for a `sample`."""
    out = io.BytesIO()
    if max(picture.size) < SHOWN:
        picture = picture.resize((SHOWN, SHOWN), Image.Resampling.NEAREST)
    picture.save(out, "PNG")
    return base64.b64encode(out.getvalue()).decode()
