"""What HTML of others may stand in our pages: a strict allow-list, applied to the parsed tree.

Nothing that runs, frames, posts, styles or poses as our own interface gets through. Ids are prefixed so that they
can neither shadow a script's names nor be mistaken for ours; classes are those that our own renderer writes.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import nh3
from pygments.token import STANDARD_TYPES

from pioche.web.balance import TAGS, balance

ID_PREFIX = "user-content-"
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_UNSEEN = re.compile(r"[\x00-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]")
_SCHEMES = {"http", "https", "mailto"}

_ATTRIBUTES = {
    "*": {"id", "title", "dir", "lang", "align"},
    "a": {"href", "aria-hidden", "tabindex"},
    "abbr": {"title"},
    "audio": {"src", "controls", "muted", "loop"},
    "col": {"span"},
    "colgroup": {"span"},
    "details": {"open"},
    "img": {"src", "alt", "width", "height"},
    "input": {"checked"},
    "li": {"value"},
    "ol": {"start", "reversed"},
    "source": {"src", "type", "media"},
    "span": {"data-math"},
    "pre": {"tabindex"},
    "td": {"colspan", "rowspan", "width", "valign"},
    "th": {"colspan", "rowspan", "width", "valign", "scope"},
    "video": {"src", "controls", "muted", "loop", "poster", "width", "height"},
}
_CLASSES = {
    "a": {"anchor", "footnote-backref"},
    "div": {"code"},
    "hr": {"footnotes-sep"},
    "li": {"task-list-item", "footnote-item"},
    "ol": {"footnotes-list"},
    "pre": {"hl"},
    "section": {"footnotes"},
    "span": {"math", "math-block", *filter(None, STANDARD_TYPES.values())},
    "sup": {"footnote-ref"},
    "ul": {"contains-task-list"},
}
# A check box of a task list shows a state; nobody can tick or send it.
_FORCED = {"input": {"type": "checkbox", "disabled": "", "aria-label": "Task"}, "img": {"loading": "lazy"}}
_DROPPED_WHOLE = {"script", "style", "title", "textarea", "template", "noscript", "iframe", "object", "svg", "math"}
_ADDRESSES = {"href", "src", "poster"}


def sanitise(html: str, link: Callable[[str], str]) -> str:
    """The harmless part of `html`. `link` gives the address of a relative link or image."""

    def attribute(tag: str, name: str, value: str) -> str | None:
        return _address(value, link) if name in _ADDRESSES else value

    return nh3.clean(
        balance(html),
        tags=set(TAGS),
        clean_content_tags=_DROPPED_WHOLE,
        attributes=_ATTRIBUTES,
        allowed_classes=_CLASSES,
        set_tag_attribute_values=_FORCED,
        attribute_filter=attribute,
        url_schemes=_SCHEMES,
        link_rel="nofollow noopener",
        id_prefix=ID_PREFIX,
        strip_comments=True,
    )


def _address(value: str, link: Callable[[str], str]) -> str | None:
    """An address that is safe to follow, or None. Browsers ignore what we strip first, so it must not hide a scheme."""
    bare = _UNSEEN.sub("", value).replace("\\", "/")
    if bare.startswith("#"):
        name = bare[1:].removeprefix(ID_PREFIX)
        return f"#{ID_PREFIX}{name}" if name else "#"
    scheme = _SCHEME.match(bare)
    if scheme:
        return value.strip() if scheme.group()[:-1].lower() in _SCHEMES else None
    if bare.startswith("/") or not bare:
        return bare or None
    resolved = link(value.strip())
    return None if (scheme := _SCHEME.match(resolved)) and scheme.group()[:-1].lower() not in _SCHEMES else resolved
