"""What the text of a dataset's card says it is: its first words, and how to cite it. Pure: Markdown in, texts out."""

from __future__ import annotations

import re

MAX_DESCRIPTION = 500
MAX_CITATION = 4_000

_BIBTEX = re.compile(r"```(?:bibtex|latex|tex|)[ \t]*\r?\n\s*(@\w+\s*\{.*?)```", re.DOTALL | re.IGNORECASE)
_FENCE = re.compile(r"^(```|~~~).*?^\1[^\n]*$", re.DOTALL | re.MULTILINE)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_NO_PROSE = re.compile(
    r"<[^>\n]{1,2000}>|!\[[^\]\n]{0,500}\]\([^)\n]{0,2000}\)|^#{1,6} .*$|^[ \t]*[|].*$|[*_`]{1,3}", re.MULTILINE
)
_LINK = re.compile(r"\[([^\]\n]{1,500})\]\([^)\n]{0,2000}\)")


def describe(text: str) -> dict[str, str]:
    """`description` and `citation`, each left out if the text has none."""
    head = text[:50_000]
    found = {"description": _prose(head), "citation": _citation(text[:200_000])}
    return {key: value for key, value in found.items() if value}


def _prose(text: str) -> str:
    plain = _LINK.sub(r"\1", _NO_PROSE.sub(" ", _FENCE.sub(" ", _COMMENT.sub(" ", text))))
    words = " ".join(plain.split())
    if len(words) <= MAX_DESCRIPTION:
        return words
    return words[:MAX_DESCRIPTION].rpartition(" ")[0] + "…"


def _citation(text: str) -> str:
    match = _BIBTEX.search(text)
    return match[1].strip()[:MAX_CITATION] if match else ""
