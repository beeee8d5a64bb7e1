"""Card: the README.md of a repository, with metadata as YAML between two `---` lines at its top (front matter).

Source: Hub documentation of model, dataset and Space cards. YAML as the Hub reads it, which is the core schema of
        version 1.2: only `true` and `false` are booleans (so that the language `no` stays a text), dates are texts.
Shape:  `---\\n<YAML mapping>\\n---\\n<Markdown>`.
Units:  characters; a front matter is at most 1 MiB, and at most 200,000 values once its aliases are followed.
Errors: none are raised: what is wrong comes back as sentences, with whatever could be read.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from typing import Any, ClassVar

import yaml

MAX_CHARACTERS = 1024 * 1024
MAX_VALUES = 200_000
MAX_TEXT = 8 * MAX_CHARACTERS
MAX_DEPTH = 60
MAX_DIGITS = 1_000

_FRONT = re.compile(
    r"\ufeff?\s*?---[ \t]*\r?\n(?P<yaml>.*?)(?:^|(?<=\n))---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE
)


def split_front_matter(text: str) -> tuple[str, str]:
    """The YAML (empty if there is none) and the Markdown after it."""
    match = _FRONT.match(text)
    if match is None:
        return "", text
    return match["yaml"], text[match.end() :]


def parse_front_matter(text: str) -> tuple[dict[str, Any], str, list[str]]:
    """Metadata as JSON values, the Markdown after it, and what is wrong with the metadata."""
    front, body = split_front_matter(text)
    value, problem = parse_yaml(front, "The metadata", 2)  # the first line of the file is the `---`
    if problem:
        return {}, body, [problem]
    if value is None:
        return {}, body, []
    if not isinstance(value, dict):
        return {}, body, ["The metadata must be a mapping of names to values, such as 'license: mit'."]
    return value, body, []


def parse_yaml(text: str, what: str = "The file", first_line: int = 1) -> tuple[Any, str]:
    """JSON values, and what is wrong as a sentence about `what` (then the value is None)."""
    if len(text) > MAX_CHARACTERS:
        return None, f"{what} is longer than {MAX_CHARACTERS} characters."
    try:
        _check_depth(text)
        return _Plain().of(yaml.load(text, Loader=_Loader)), ""  # noqa: S506 - a safe loader, made stricter below
    except yaml.YAMLError as error:
        return None, _sentence(error, what, first_line)
    except _TooMuch:
        return None, f"{what} is too large or too deeply nested."
    except (ValueError, KeyError, IndexError, AttributeError, OverflowError):
        # What the library makes of `!!bool maybe`, `!!int ""` or `!!timestamp soon`.
        return None, f"{what} holds a number or another value that cannot be read."


class _TooMuch(ValueError):
    pass


def _check_depth(front: str) -> None:
    """Before anything recursive sees it: the C parser does not survive ten thousand brackets."""
    depth = values = 0
    for event in yaml.parse(front, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise _TooMuch
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.ScalarEvent):
            values += 1
            if values > MAX_VALUES:  # reading so many takes seconds
                raise _TooMuch


class _Plain:
    """YAML values as JSON values. Counts as it copies, because a few aliases can stand for millions of values."""

    def __init__(self) -> None:
        self._values = 0
        self._text = 0

    def of(self, value: Any, depth: int = 0) -> Any:
        self._values += 1
        if self._values > MAX_VALUES or depth > MAX_DEPTH or self._text > MAX_TEXT:
            raise _TooMuch
        match value:
            case dict():
                return {self._key(key): self.of(item, depth + 1) for key, item in value.items()}
            case list() | tuple() | set():
                return [self.of(item, depth + 1) for item in value]
            case str():
                return self._clean(value)
            case None | bool() | float():
                return value
            case int():
                return value if abs(value) < 2**63 else str(value)
            case datetime.date():
                return value.isoformat()
            case _:
                return self._clean(str(value))

    def _key(self, key: Any) -> str:
        return self._clean(key if isinstance(key, str) else str(key).lower())

    def _clean(self, text: str) -> str:
        """A lone surrogate, which YAML escapes can spell, is no text that JSON or the database takes."""
        self._text += len(text)
        return text.encode("utf-8", "replace").decode()


# The C parser is twenty times as fast.
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc]
    """`yaml.SafeLoader` with the scalars of YAML 1.2."""

    yaml_implicit_resolvers: ClassVar[dict[str, list[tuple[str, re.Pattern[str]]]]] = {}

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Merge keys are not in version 1.2, and nested ones would grow without end."""

    def number(self, node: yaml.ScalarNode) -> Any:
        """Nor are numbers to the base of 60 (`1:30`), which take forever when they are long."""
        text = self.construct_scalar(node)
        if ":" in text or len(text) > MAX_DIGITS:
            raise ValueError("a number that is not read")
        return self.construct_yaml_int(node) if node.tag.endswith(":int") else self.construct_yaml_float(node)


for _kind in ("int", "float"):
    _Loader.add_constructor(f"tag:yaml.org,2002:{_kind}", _Loader.number)

_SCALARS: list[tuple[str, str, str]] = [
    ("bool", r"(?:true|True|TRUE|false|False|FALSE)\Z", "tTfF"),
    ("null", r"(?:~|null|Null|NULL|)\Z", "~nN"),
    ("int", r"(?:[-+]?(?:0|[1-9][0-9]*)|0x[0-9a-fA-F]+)\Z", "-+0123456789"),
    (
        "float",
        r"(?:[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z",
        "-+.0123456789",
    ),
]
for _tag, _pattern, _first in _SCALARS:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), [*_first])
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"\Z"), [""])


def _sentence(error: yaml.YAMLError, what: str, first_line: int) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = str(getattr(error, "problem", None) or "it cannot be read").strip()
    # The mark counts from 0.
    where = f" (line {mark.line + first_line}, column {mark.column + 1})" if mark is not None else ""
    return f"{what} is not valid YAML: {problem}{where}."


def texts(value: Any) -> list[str]:
    """A field that may be one text or a list of them, as a list of texts."""
    return list(_texts(value))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if value.strip():
            yield value.strip()
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, str | int | float) and not isinstance(item, bool) and str(item).strip():
                yield str(item).strip()
