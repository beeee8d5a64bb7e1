"""Code as HTML, by Pygments: short class names only, coloured by the stylesheet for both themes.

Limits: above `MAX_CHARS`, with a line above `MAX_LINE`, or after `MAX_SECONDS`, text is escaped and left plain, since
many lexers take quadratic time on what nobody reads as code anyway.
"""

from __future__ import annotations

import time
from functools import lru_cache
from html import escape

from markupsafe import Markup
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name, get_lexer_for_filename
from pygments.token import STANDARD_TYPES, _TokenType
from pygments.util import ClassNotFound

MAX_CHARS = 512 * 1024
MAX_LINE = 2_000
SHORT = 1_000  # characters of a block that is kept
MAX_SECONDS = 1.0
"""Processor time for one text; no other request is answered while a lexer searches."""
# What the plain rules of their lexers are named; they have nothing to colour.
_PLAIN = frozenset({"text", "txt", "plain", "plaintext", "output", "none"})


def highlight_lines(text: str, filename: str) -> list[str]:
    """The lines of a file as HTML, one string per line without its newline; no line is lost or added.

    A final newline ends the last line and does not begin another. Tokens that span lines are closed on each.
    """
    return _lines(text.replace("\r\n", "\n"), _lexer_for_file(filename))


def highlight(code: str, language: str = "") -> Markup:
    """A block of code in `language` (a name or alias that Pygments knows; unknown names leave it plain)."""
    return _short(code, language) if len(code) <= SHORT else _block(code, language)


@lru_cache(maxsize=1024)
def _short(code: str, language: str) -> Markup:
    """Pages show the same few lines again and again: how to use a repository."""
    return _block(code, language)


def _block(code: str, language: str) -> Markup:
    return Markup("\n".join(_lines(code, _lexer_for_name(language.lower()))))  # noqa: S704 (escaped in _lines)


def _lines(text: str, lexer: Lexer | None) -> list[str]:
    plain = text.removesuffix("\n").split("\n")
    if lexer is None or len(text) > MAX_CHARS or max(map(len, plain)) > MAX_LINE:
        return [escape(line, quote=False) for line in plain]
    marked = _marked(text, lexer, time.thread_time() + MAX_SECONDS)
    # A lexer may drop what it does not expect (a byte order mark, lone carriage returns).
    return marked if marked and len(marked) == len(plain) else [escape(line, quote=False) for line in plain]


def _marked(text: str, lexer: Lexer, until: float) -> list[str] | None:
    """None if it takes longer than `until`."""
    rows: list[list[str]] = [[]]
    for token, value in lexer.get_tokens(text):
        if time.thread_time() > until:
            return None
        name = _class_of(token)
        for index, part in enumerate(value.split("\n")):
            if index:
                rows.append([])
            if part:
                safe = escape(part, quote=False)
                rows[-1].append(f'<span class="{name}">{safe}</span>' if name else safe)
    if not rows[-1] and len(rows) > 1 and text.endswith("\n"):
        rows.pop()
    return ["".join(row) for row in rows]


@lru_cache(maxsize=512)
def _class_of(token: _TokenType) -> str:
    while token not in STANDARD_TYPES:
        if token.parent is None:
            return ""
        token = token.parent
    name = STANDARD_TYPES[token]
    return "" if name in ("w", "p", "n", "err") else name


def _lexer_for_file(filename: str) -> Lexer | None:
    name = filename.rsplit("/", 1)[-1].lower()
    try:
        return get_lexer_for_filename(name, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


@lru_cache(maxsize=256)
def _lexer_for_name(language: str) -> Lexer | None:
    if not language or language in _PLAIN or len(language) > 40:
        return None
    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None
