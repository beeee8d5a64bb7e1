"""How numbers, sizes, times and faces look in a page. Pure functions, offered to templates as `FILTERS`."""

from __future__ import annotations

import hashlib
import math
import shlex
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from babel.dates import format_timedelta
from markupsafe import Markup

from pioche.web.highlight import highlight

_SIZES = ("B", "kB", "MB", "GB", "TB", "PB", "EB")
_CHANGED_IN_QUOTES = frozenset('"$`\\!')
"""What a shell reads inside quotation marks as something else."""
_COUNTS = ("", "k", "M", "B", "T")


def iso(ms: int) -> str:
    """Unix milliseconds as `2026-11-23T04:50:00Z`."""
    return datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def ago(ms: int, locale: str = "en", now: int | None = None) -> str:
    """`2 hours ago`. `now` is in Unix milliseconds too; times to come read `in 2 hours`."""
    moment = time.time_ns() // 1_000_000 if now is None else now
    seconds = (ms - moment) // 1000 or -1
    return format_timedelta(timedelta(seconds=seconds), add_direction=True, locale=locale)


def lasting(seconds: float, locale: str = "en") -> str:
    """`40 seconds`, `2 hours`."""
    return format_timedelta(timedelta(seconds=max(1, round(seconds))), locale=locale)


def command_line(words: Sequence[str]) -> str:
    """As one would type it: a word with apostrophes stands between quotation marks, if these change nothing in it."""
    return " ".join(
        f'"{word}"' if "'" in word and not _CHANGED_IN_QUOTES.intersection(word) else shlex.quote(word)
        for word in words
    )


def size(count: int) -> str:
    """Bytes in decimal units and three digits, as the field writes them: `1.02 GB`, `91 MB`, `526 B`."""
    digits, step = _scaled(count, len(_SIZES))
    return f"{digits} {_SIZES[step]}"


def number(count: int) -> str:
    """A count, short: `610`, `1.3k`, `12.4k`, `2M`."""
    digits, step = _scaled(count, len(_COUNTS), decimals=1)
    return f"{digits}{_COUNTS[step]}"


def thousands(count: int) -> str:
    """A count in full: `12,480`."""
    return f"{count:,}"


def params(count: int) -> str:
    """How many parameters: `22.7 M`, `135 M`, `7.24 B`, `12 k`."""
    digits, step = _scaled(count, len(_COUNTS))
    return f"{digits} {_COUNTS[step]}".rstrip()


def avatar_hue(name: str) -> int:
    """0 to 359, always the same for a name, whatever its case."""
    return int.from_bytes(hashlib.blake2s(name.lower().encode(), digest_size=4).digest()) % 360


def avatar_svg(name: str, classes: str = "") -> Markup:
    """A face for an account: two hues and a stroke that follow from its name. Screen readers skip it."""
    hue = avatar_hue(name)
    key = f"av{hashlib.blake2s(name.lower().encode(), digest_size=4).hexdigest()}"
    turn = hue * 7 % 360
    return Markup(
        '<svg class="avatar {classes}" viewBox="0 0 24 24" aria-hidden="true"><defs>'
        '<linearGradient id="{key}" gradientTransform="rotate({turn} .5 .5)">'
        '<stop stop-color="hsl({hue} 40% 40%)"/><stop offset="1" stop-color="hsl({other} 46% 55%)"/>'
        '</linearGradient></defs><path fill="url(#{key})" d="M0 0h24v24H0z"/>'
        '<path d="M-4 {y}Q12 {bend} 28 {end}" fill="none" stroke="#fff" stroke-opacity=".35"'
        ' stroke-width="5"/></svg>'
    ).format(
        classes=classes.strip(),
        key=key,
        turn=turn,
        hue=hue,
        other=(hue + 62) % 360,
        y=4 + hue % 17,
        bend=hue % 29 - 2,
        end=4 + hue % 13,
    )


def _scaled(count: int, steps: int, decimals: int = 2) -> tuple[str, int]:
    """`count` in the largest unit below it, with three digits and at most `decimals` after the point."""
    value, step = float(count), 0
    while step < steps - 1 and abs(value) >= 999.5:
        value /= 1000
        step += 1
    if step == 0:
        return str(count), 0
    after = min(decimals, max(0, 2 - int(math.log10(max(abs(value), 1)))))
    digits = f"{value:.{after}f}"
    return (digits.rstrip("0").rstrip(".") if "." in digits else digits), step


FILTERS: dict[str, Callable[..., Any]] = {
    "ago": ago,
    "lasting": lasting,
    "avatar_hue": avatar_hue,
    "avatar_svg": avatar_svg,
    "highlight": highlight,
    "iso": iso,
    "number": number,
    "params": params,
    "shell": command_line,
    "size": size,
    "thousands": thousands,
}
