"""`@name` and `#12` in a text become links, where whoever renders it says that they lead somewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping

from markdown_it.rules_core import StateCore
from markdown_it.token import Token

_WORD = re.compile(r"(?<![\w/@.&#-])(?:@[A-Za-z0-9][\w.-]{0,95}|#[1-9][0-9]{0,8}(?!\w))", re.ASCII)


def link_references(state: StateCore) -> None:
    """A rule for the Markdown parser; `env["refers"]` maps what is written, in lower case, to an address."""
    refers: Mapping[str, str] = state.env.get("refers", {})
    if not refers:
        return
    for block in state.tokens:
        if block.type == "inline" and block.children and ("@" in block.content or "#" in block.content):
            block.children = _with_links(block.children, refers)


def _with_links(children: list[Token], refers: Mapping[str, str]) -> list[Token]:
    linked: list[Token] = []
    inside = 0
    for token in children:
        if token.type in ("link_open", "link_close"):
            inside += token.nesting
        linked += _split(token, refers) if token.type == "text" and not inside else [token]
    return linked


def _split(token: Token, refers: Mapping[str, str]) -> list[Token]:
    parts: list[Token] = []
    at = 0
    for match in _WORD.finditer(token.content):
        # A full stop after a name belongs to the sentence.
        word = match.group().rstrip(".-_")
        address = refers.get(word.lower())
        if address is None:
            continue
        parts.append(_text(token.content[at : match.start()], token.level))
        parts.append(Token("link_open", "a", 1, attrs={"href": address}, level=token.level))
        parts.append(_text(word, token.level + 1))
        parts.append(Token("link_close", "a", -1, level=token.level))
        at = match.start() + len(word)
    parts.append(_text(token.content[at:], token.level))
    return [part for part in parts if part.type != "text" or part.content] or [token]


def _text(content: str, level: int) -> Token:
    return Token("text", "", 0, content=content, level=level)
