"""Patterns of `.gitignore` and `.gitattributes`: which paths a line is about.

Source: git's documentation of gitignore and gitattributes.
Shape:  text, a rule per line; `*` and `?` stay within a folder, `**` does not, `[...]` with ranges and classes.
        A pattern without a slash fits at any depth; the last line that fits decides.
Units:  paths with `/`, from the folder in which the file of rules is.
Errors: none for a line that cannot be understood: it is passed over, as git does. `InvalidInput` for rules and paths
        that are made to take very long together.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

from pioche.errors import InvalidInput

MAX_TEXT = 256 * 1024
"""Characters of one file of rules that are looked at."""
MAX_RULES = 2_000
MAX_SECONDS = 3.0
"""Processor time that the rules of one question may take: usually it is a few milliseconds."""

_CLASSES = {
    "alpha": "a-zA-Z",
    "digit": "0-9",
    "alnum": "a-zA-Z0-9",
    "upper": "A-Z",
    "lower": "a-z",
    "space": r"\s",
    "blank": r" \t",
    "punct": r"!-/:-@\[-`{-~",
    "xdigit": "0-9a-fA-F",
}


class Effort:
    """What is left of `MAX_SECONDS`, for the thread that made it."""

    def __init__(self, seconds: float = MAX_SECONDS) -> None:
        self._until = time.thread_time() + seconds
        self._steps = 0

    def step(self) -> None:
        """Raises `InvalidInput` when it is used up."""
        self._steps += 1
        if self._steps % 128 == 0 and time.thread_time() > self._until:
            raise InvalidInput(
                "The rules in .gitignore or .gitattributes take too long for these paths. Ask about fewer files."
            )


@dataclass(frozen=True, slots=True)
class Pattern:
    """One pattern. `parts` are expressions for each folder or name; None stands for `**`."""

    parts: tuple[re.Pattern[str] | None, ...]
    folders_only: bool

    def fits(self, path: Sequence[str], effort: Effort, is_folder: bool = False) -> bool:
        if self.folders_only and not is_folder:
            return False
        return _fits(self.parts, path, effort)


def parse_pattern(text: str) -> Pattern | None:
    """None for a pattern that fits nothing."""
    folders_only = text.endswith("/")
    body = text.rstrip("/") if folders_only else text
    anchored = "/" in body
    names = body.removeprefix("/").split("/")
    if not any(names):
        return None
    try:
        parts = [None if name == "**" else re.compile(_expression(name)) for name in names]
    except re.error:
        return None
    return Pattern(tuple(parts if anchored else [None, *parts]), folders_only)


def _fits(parts: Sequence[re.Pattern[str] | None], path: Sequence[str], effort: Effort) -> bool:
    """Linear but for the last `**` seen: only that one needs to take more, since an earlier one can always wait."""
    at = here = 0
    retry: tuple[int, int] | None = None
    while here < len(path):
        effort.step()
        part = parts[at] if at < len(parts) else None
        if at < len(parts) and part is None:
            # A `**` at the end wants something below the folder, elsewhere it may stand for nothing.
            if at == len(parts) - 1:
                return True
            retry = (at, here)
            at += 1
        elif part is not None and part.match(path[here]):
            at, here = at + 1, here + 1
        elif retry is not None:
            retry = (retry[0], retry[1] + 1)
            at, here = retry[0] + 1, retry[1]
        else:
            return False
    return at == len(parts)


def _expression(name: str) -> str:
    """A regular expression for one name. Stars are atomic, so that no pattern takes more than quadratic time."""
    tokens = _tokens(name)
    pieces = "".join(tokens).split("\0")
    if len(pieces) == 1:
        return pieces[0] + r"\Z"
    middle = "".join(f"(?>.*?{piece})" for piece in pieces[1:-1] if piece)
    return f"(?s:{pieces[0]}{middle}.*{pieces[-1]})\\Z"


def _tokens(name: str) -> list[str]:
    """Expressions of single characters; NUL for a star."""
    tokens = []
    at = 0
    while at < len(name):
        sign = name[at]
        if sign == "*":
            tokens.append("\0")
        elif sign == "?":
            tokens.append("(?s:.)")
        elif sign == "[":
            expression, at = _bracket(name, at)
            tokens.append(expression)
            continue
        else:
            at += sign == "\\" and at + 1 < len(name)
            tokens.append(re.escape(name[at]))
        at += 1
    return tokens


_BRACKET = re.compile(r"\[([!^]?)(\]?(?:\[:[a-z]+:\]|\\.|[^\]\\])*)\]")
_ITEM = re.compile(r"\[:([a-z]+):\]|(\\.|.)-(\\.|.)|(\\.|.)", re.DOTALL)


def _bracket(name: str, at: int) -> tuple[str, int]:
    """A set of characters and where it ends; a bracket that is never closed fits nothing, as in git."""
    found = _BRACKET.match(name, at)
    if found is None:
        return "(?!)", len(name)
    items = []
    for item in _ITEM.finditer(found[2]):
        named, low, high, single = item.groups()
        if named:
            items.append(_CLASSES.get(named, ""))
        elif single:
            items.append(re.escape(single[-1]))
        elif low[-1] <= high[-1]:
            items.append(f"{re.escape(low[-1])}-{re.escape(high[-1])}")
    if not any(items):
        return "(?!)", found.end()
    return f"[{'^' if found[1] else ''}{''.join(items)}]", found.end()


# -- .gitignore --


class IgnoreRules:
    """The rules of one `.gitignore` at the root."""

    def __init__(self, text: str, effort: Effort | None = None) -> None:
        self._effort = effort or Effort()
        self._rules: list[tuple[Pattern, bool]] = []
        for line in text[:MAX_TEXT].splitlines()[:MAX_RULES]:
            rule = _ignore_rule(line)
            if rule is not None:
                self._rules.append(rule)

    def ignores(self, path: str) -> bool:
        """A file in a folder that is ignored is ignored, whatever later lines say of the file."""
        names = path.split("/")
        return any(self._decides(names[:end], end < len(names)) for end in range(1, len(names) + 1))

    def _decides(self, names: Sequence[str], is_folder: bool) -> bool:
        return next(
            (ignore for rule, ignore in reversed(self._rules) if rule.fits(names, self._effort, is_folder)), False
        )


def _ignore_rule(line: str) -> tuple[Pattern, bool] | None:
    text = line.rstrip(" ")
    if len(text) < len(line) and text.endswith("\\"):
        text += " "
    if not text or text.startswith("#"):
        return None
    ignore = not text.startswith("!")
    pattern = parse_pattern(text if ignore else text[1:])
    return None if pattern is None else (pattern, ignore)


# -- .gitattributes --


class AttributeRules:
    """What one `.gitattributes` says about the attribute `filter`."""

    def __init__(self, text: str, effort: Effort | None = None) -> None:
        self._effort = effort or Effort()
        self._rules: list[tuple[Pattern, str | bool | None]] = []
        for line in text[:MAX_TEXT].splitlines()[:MAX_RULES]:
            self._add(line.strip())

    def filter_of(self, path: str) -> str | bool | None:
        """`"lfs"`; False if it is unset (`-filter`); None if nothing is said, or it is said to be unspecified."""
        names = path.split("/")
        return next((value for rule, value in reversed(self._rules) if rule.fits(names, self._effort)), None)

    def says_nothing(self, path: str) -> bool:
        """No line is about the filter of this path: the file one folder up decides."""
        names = path.split("/")
        return not any(rule.fits(names, self._effort) for rule, _ in self._rules)

    def _add(self, line: str) -> None:
        text, states = _split_attributes(line)
        pattern = parse_pattern(text) if text and not text.startswith(("!", "#", "[attr]")) else None
        if pattern is None:
            return
        for state in states:
            name, equals, value = state.lstrip("-!").partition("=")
            if name == "filter":
                self._rules.append((pattern, _state(state[:1], equals, value)))


def _state(sign: str, equals: str, value: str) -> str | bool | None:
    if sign == "-":
        return False
    if sign == "!":
        return None
    return value if equals else True


_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"\s*(.*)')


def _split_attributes(line: str) -> tuple[str, list[str]]:
    """(pattern, states); a pattern with spaces stands in double quotes, as C writes strings."""
    quoted = _QUOTED.match(line)
    if quoted:
        return re.sub(r'\\(["\\])', r"\1", quoted[1]), quoted[2].split()
    text, *states = line.split() or [""]
    return text, states
