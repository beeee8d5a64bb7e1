"""What pages say goes through gettext: no word of English is left out of the catalogue."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import pioche

PACKAGE = Path(pioche.__file__).parent
PAGES = sorted(path for path in PACKAGE.rglob("*.py") if "pages" in path.relative_to(PACKAGE).as_posix())
SPEAKERS = {"done", "say", "InvalidInput", "NotFound", "Conflict", "Forbidden"}


def spoken(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """(line, words) of texts with a blank in them that are handed over as they are."""
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if name in SPEAKERS:
            for argument in call.args:
                for words in constants(argument):
                    if " " in words.strip():
                        yield call.lineno, words


def constants(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Constant(value=str() as text):
            yield text
        case ast.JoinedStr(values=values):
            for value in values:
                yield from constants(value)
        case ast.IfExp(body=body, orelse=orelse):
            yield from constants(body)
            yield from constants(orelse)


def test_there_are_pages() -> None:
    assert len(PAGES) > 10


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_pages_speak_through_gettext(path: Path) -> None:
    assert list(spoken(ast.parse(path.read_text()))) == []


def test_the_rule_can_fail() -> None:
    assert list(spoken(ast.parse('done(call, "/x", f"Hello {name}, well done.")')))
    assert not list(spoken(ast.parse('done(call, "/x", _("Well done, %(name)s.") % {"name": name})')))
