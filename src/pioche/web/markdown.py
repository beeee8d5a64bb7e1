"""Cards and comments: GitHub-flavoured Markdown to safe HTML.

Bounds: text beyond `MAX_CHARS` is left out, with a notice; parsing may use `MAX_SECONDS` of processor time, and a
text that needs more (it is built to, or it is a table of a hundred thousand cells) is shown as its source.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererProtocol
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.tasklists import tasklists_plugin

from pioche.web.highlight import highlight
from pioche.web.references import link_references
from pioche.web.sanitise import sanitise

MAX_CHARS = 1_000_000
MAX_SECONDS = 1.0
MAX_HTML = 3_000_000
_CODE_CHARS = 128 * 1024
_CODE_BLOCKS = 200
# A bare address ends at white space, quotes and brackets of tags; final punctuation belongs to the sentence.
_BARE = re.compile(r"\bhttps?://[^\s<>\"'`\\^{}|]{1,2000}")
_NOT_IN_SLUG = re.compile(r"[^\w\- ]")
# Languages whose lexers are quick on any input; others are shown plain.
_LANGUAGE_NAMES = """
bash sh shell zsh console powershell batch python py python3 pycon json jsonl yaml yml toml ini xml html
css javascript js typescript ts jsx tsx c cpp c++ csharp java kotlin swift go rust ruby php perl r julia
sql lua scala haskell dockerfile docker makefile cmake diff latex tex markdown md http graphql protobuf
cuda
"""
_LANGUAGES = frozenset(_LANGUAGE_NAMES.split())


class _TooSlow(Exception):
    """The text has used up its processor time."""


def render_card(
    text: str,
    link: Callable[[str], str],
    say: Callable[[str], str] = str,
    seconds: float = MAX_SECONDS,
    refers: Mapping[str, str] | None = None,
) -> str:
    """HTML of a card whose front matter is already gone. It is safe to put in a page as it is.

    `link` gives the address of a relative link or image (`assets/a.png`); `say` translates our own notices;
    `seconds` is the processor time that parsing may take; `refers` is where `@name` and `#12` lead, in lower case.
    """
    notice = ""
    if len(text) > MAX_CHARS:
        text = text[:MAX_CHARS]
        notice = _notice(say("This text is too long to show in full. Its file has the rest."))
    try:
        clock = {"until": time.thread_time() + seconds, "calls": 0, "code": [0, 0]}
        html = _parser().render(text, {**clock, "refers": refers or {}})
        if len(html) > MAX_HTML:
            raise _TooSlow
    except _TooSlow:
        notice = _notice(say("This text is too complex to lay out. This is its source."))
        return f'{notice}<div class="code"><pre tabindex="0"><code>{escape(text, quote=False)}</code></pre></div>'
    return sanitise(html, link) + notice


def _notice(text: str) -> str:
    return f'<p class="notice" data-kind="warning">{escape(text)}</p>'


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    parser.use(footnote_plugin).use(tasklists_plugin)
    parser.use(dollarmath_plugin, allow_space=False, allow_digits=False)
    parser.inline.ruler.before("escape", "bracket_math", _bracket_math)
    parser.block.ruler.before("table", "clock", _block_clock, {"alt": ["paragraph", "reference", "blockquote"]})
    parser.inline.ruler.before("text", "clock", _inline_clock)
    parser.core.ruler.push("bare_addresses", _link_bare_addresses)
    parser.core.ruler.push("references", link_references)
    parser.core.ruler.push("heading_anchors", _anchor_headings)
    parser.core.ruler.push("cell_alignment", _align_cells)
    for name in ("math_inline", "math_inline_double", "math_block", "math_block_label"):
        parser.add_render_rule(name, _render_math)
    for name in ("fence", "code_block"):
        parser.add_render_rule(name, _render_code)
    return parser


# -- the clock --


def _tick(env: EnvType) -> None:
    env["calls"] += 1
    if env["calls"] % 64 == 0 and time.thread_time() > env["until"]:
        raise _TooSlow


def _block_clock(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    _tick(state.env)
    return False


def _inline_clock(state: StateInline, silent: bool) -> bool:
    _tick(state.env)
    return False


# -- math --


def _bracket_math(state: StateInline, silent: bool) -> bool:
    r"""`\(a\)` in a line and `\[a\]` on its own. Without its end it is an escaped bracket, as ever."""
    opening = state.src[state.pos : state.pos + 2]
    if opening not in ("\\(", "\\["):
        return False
    closing = "\\)" if opening == "\\(" else "\\]"
    # Looking at most 2,000 characters ahead keeps a line of openings linear.
    end = state.src.find(closing, state.pos + 2, min(state.posMax, state.pos + 2_000))
    content = state.src[state.pos + 2 : end].strip() if end > 0 else ""
    if not content:
        return False
    if not silent:
        token = state.push("math_inline" if opening == "\\(" else "math_inline_double", "math", 0)
        token.content = content
    state.pos = end + 2
    return True


def _render_math(
    renderer: RendererProtocol, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    tex = tokens[index].content.strip()
    classes = "math" if tokens[index].type == "math_inline" else "math math-block"
    span = f'<span class="{classes}" data-math="{escape(tex)}">{escape(tex)}</span>'
    return f"<p>{span}</p>\n" if tokens[index].block else span


# -- code --


def _render_code(
    renderer: RendererProtocol, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    token = tokens[index]
    language = token.info.strip().split(maxsplit=1)[0].lower() if token.info.strip() else ""
    env["code"][0] += len(token.content)
    env["code"][1] += 1
    affordable = env["code"][0] <= _CODE_CHARS and env["code"][1] <= _CODE_BLOCKS
    if language in _LANGUAGES and affordable and time.thread_time() < env["until"]:
        html: str = highlight(token.content, language)
    else:
        html = escape(token.content.removesuffix("\n"), quote=False)
    return f'<div class="code"><pre class="hl" tabindex="0"><code>{html}</code></pre></div>\n'


# -- bare addresses --


def _link_bare_addresses(state: StateCore) -> None:
    for block in state.tokens:
        if block.type == "inline" and block.children and "://" in block.content:
            block.children = _with_links(block.children)


def _with_links(children: list[Token]) -> list[Token]:
    linked: list[Token] = []
    inside = 0
    for token in children:
        if token.type in ("link_open", "link_close"):
            inside += token.nesting
        if token.type == "text" and not inside and "://" in token.content:
            linked += _split_at_addresses(token)
        else:
            linked.append(token)
    return linked


def _split_at_addresses(token: Token) -> list[Token]:
    parts: list[Token] = []
    at = 0
    for match in _BARE.finditer(token.content):
        address = _without_trailing(match.group())
        parts.append(_text(token.content[at : match.start()], token.level))
        parts.append(Token("link_open", "a", 1, attrs={"href": address}, level=token.level))
        parts.append(_text(address, token.level + 1))
        parts.append(Token("link_close", "a", -1, level=token.level))
        at = match.start() + len(address)
    parts.append(_text(token.content[at:], token.level))
    return [part for part in parts if part.type != "text" or part.content]


def _without_trailing(address: str) -> str:
    """`(see https://a.b/c_(d)).` links `https://a.b/c_(d)`."""
    while address[-1] in ".,:;!?*_~)]":
        if address[-1] == ")" and address.count("(") >= address.count(")"):
            break
        address = address[:-1]
    return address


def _text(content: str, level: int) -> Token:
    return Token("text", "", 0, content=content, level=level)


# -- tables and headings --


def _align_cells(state: StateCore) -> None:
    """Alignment as an attribute: `style` does not pass the sanitiser."""
    for token in state.tokens:
        if token.type in ("th_open", "td_open") and "style" in token.attrs:
            token.attrs = {"align": str(token.attrs["style"]).removeprefix("text-align:")}


def _anchor_headings(state: StateCore) -> None:
    seen: dict[str, int] = {}
    for opening, inline in zip(state.tokens, state.tokens[1:], strict=False):
        if opening.type != "heading_open" or inline.children is None:
            continue
        slug = _slug("".join(child.content for child in inline.children if child.type in ("text", "code_inline")))
        if not slug:
            continue
        count = seen[slug] = seen.get(slug, -1) + 1
        name = f"{slug}-{count}" if count else slug
        opening.attrSet("id", name)
        attrs: dict[str, Any] = {"class": "anchor", "href": f"#{name}", "aria-hidden": "true", "tabindex": "-1"}
        inline.children += [
            Token("link_open", "a", 1, attrs=attrs),
            _text("#", 1),
            Token("link_close", "a", -1),
        ]


def _slug(heading: str) -> str:
    """As the field makes them: lower case, spaces to dashes, letters of any script kept."""
    return _NOT_IN_SLUG.sub("", heading.strip().lower()).replace(" ", "-")[:120]
