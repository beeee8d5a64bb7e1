"""Comments as HTML, within a time that one page, or one answer, may take."""

from __future__ import annotations

import time
from collections.abc import Sequence
from html import escape

from pioche.community.types import DiscussionEvent
from pioche.web.markdown import render_card

SECONDS = 3.0
"""Of processor time for all comments of one page; texts that are built to be slow are then shown as their source."""
EACH = 1.0


def render_comments(events: Sequence[DiscussionEvent], seconds: float = SECONDS) -> dict[int, str]:
    """Of each comment that is not hidden, by its id."""
    until = time.thread_time() + seconds
    found = {}
    for event in events:
        if event.kind == "comment" and not event.hidden:
            left = until - time.thread_time()
            found[event.id] = render_comment(event, min(EACH, left)) if left > 0 else _source(event.text)
    return found


def render_comment(event: DiscussionEvent, seconds: float = EACH) -> str:
    return render_card(event.text, str, seconds=seconds, refers=event.refers)


def _source(text: str) -> str:
    return f'<div class="code"><pre tabindex="0"><code>{escape(text, quote=False)}</code></pre></div>'
