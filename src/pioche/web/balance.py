"""HTML of others made well-formed and shallow, before it is sanitised.

Why: an HTML5 parser must repair anything, and repairing can be made to take minutes (a hundred thousand open `<div>`,
or unclosed `<b>` that are opened again in every paragraph). After this pass tags nest, at most `MAX_DEPTH` deep, and
every `<` that is not a sound tag of the list is text. Linear in the length of the input.
"""

from __future__ import annotations

import re

MAX_DEPTH = 100
_TAG_NAMES = """
a abbr audio b blockquote br caption center cite code col colgroup dd del details dfn div dl dt em
figcaption figure h1 h2 h3 h4 h5 h6 hr i img input ins kbd li mark ol p picture pre q rp rt ruby s samp
section small source span strike strong sub summary sup table tbody td tfoot th thead tr tt u ul var video
wbr
"""
TAGS = frozenset(_TAG_NAMES.split())
_VOID = frozenset({"br", "col", "hr", "img", "input", "source", "wbr"})
# What goes with its content, and comments. Each match ends at its end tag or at the end of the text.
_DROPPED = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style|title|textarea|template|noscript|iframe|object|svg|math|xmp|select)\b"
    r".*?(?:</\1\s*>|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_TAG = re.compile(
    r"""<(/?)([a-zA-Z][a-zA-Z0-9]*)((?>\s++[^\s"'<>/=]++"""
    r"""(?>\s*+=\s*+(?>"[^"]*+"|'[^']*+'|[^\s"'=<>`]++))?+)*+)\s*+/?>"""
)
_BLOCK_NAMES = """
blockquote center details div dl figure figcaption h1 h2 h3 h4 h5 h6 hr ol p pre section summary table ul
li dd dt
"""
_CLOSES_P = frozenset(_BLOCK_NAMES.split())
_ALT = re.compile(r"\salt\s*=", re.IGNORECASE)
_NO_ALT = ' alt=""'
_CELLS = frozenset({"td", "th"})
_GROUPS = frozenset({"thead", "tbody", "tfoot"})
# Opening a tag ends an open sibling, unless the boundary lies between.
_SIBLINGS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "li": (frozenset({"li"}), frozenset({"ul", "ol"})),
    "dt": (frozenset({"dt", "dd"}), frozenset({"dl"})),
    "dd": (frozenset({"dt", "dd"}), frozenset({"dl"})),
    "td": (_CELLS, frozenset({"table"})),
    "th": (_CELLS, frozenset({"table"})),
    "tr": (frozenset({"tr"}), frozenset({"table"})),
    "thead": (_GROUPS, frozenset({"table"})),
    "tbody": (_GROUPS, frozenset({"table"})),
    "tfoot": (_GROUPS, frozenset({"table"})),
    "a": (frozenset({"a"}), _CELLS),
}
_P = (frozenset({"p"}), _CELLS)


def balance(html: str) -> str:
    """The same HTML with tags that nest; unknown tags are gone, stray `<` are text."""
    html = _DROPPED.sub("", html)
    out: list[str] = []
    stack: list[str] = []
    at = 0
    for tag in _TAG.finditer(html):
        out.append(html[at : tag.start()].replace("<", "&lt;"))
        at = tag.end()
        name = tag.group(2).lower()
        if name not in TAGS:
            continue
        if tag.group(1):
            if name in stack:
                _close(stack, out, len(stack) - 1 - stack[::-1].index(name))
        else:
            _open(stack, out, name, tag.group(3))
    out.append(html[at:].replace("<", "&lt;"))
    _close(stack, out, 0)
    return "".join(out)


def _open(stack: list[str], out: list[str], name: str, attributes: str) -> None:
    if name in _CLOSES_P:
        _end_sibling(stack, out, *_P)
    if name in _SIBLINGS:
        _end_sibling(stack, out, *_SIBLINGS[name])
    if name in _VOID:
        # An image that says nothing is skipped by screen readers; without `alt` they read its address.
        silent = name == "img" and not _ALT.search(attributes)
        out.append(f"<{name}{attributes}{_NO_ALT if silent else ''}>")
    elif len(stack) < MAX_DEPTH:
        out.append(f"<{name}{attributes}>")
        stack.append(name)


def _end_sibling(stack: list[str], out: list[str], siblings: frozenset[str], boundary: frozenset[str]) -> None:
    for index in range(len(stack) - 1, -1, -1):
        if stack[index] in siblings:
            return _close(stack, out, index)
        if stack[index] in boundary:
            return None
    return None


def _close(stack: list[str], out: list[str], depth: int) -> None:
    while len(stack) > depth:
        out.append(f"</{stack.pop()}>")
