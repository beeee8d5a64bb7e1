"""What a repository can be found by. Pure.

A term is a number of 63 bits, the digest of a text as `t:license:mit`. Two texts with the same number would only make
the database test a row too many: what the index finds is asked of the tables again before anybody sees it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice

import msgspec

MAX_WORDS = 600
"""Different words of one card that count."""
MAX_LENGTH = 40
MAX_TEXT = 8_000
"""Characters of a card that are read."""
_WORD = re.compile(r"[^\W_]+")
_GAPS = re.compile(r"[^a-z0-9]+")
_PARTS = re.compile(r"[^a-z0-9]+|(?<=[a-z])(?=[0-9])|(?<=[0-9])(?=[a-z])")
# Chinese, Japanese, Korean and Thai write no spaces between words: two characters in a row are what is looked for.
_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")
_HALVES = 2
_COARSE = 8
"""Ranges of parameters are put together of steps of a half octave, and of eight of those."""


class Document(msgspec.Struct, frozen=True, array_like=True):
    """What is known of a repository when it is indexed. `text` is of the card, without markup; `title` is what its
    front matter calls it."""

    kind: str
    owner_id: int
    created_by: int | None
    namespace: str
    name: str
    private: bool
    gated: bool
    tags: tuple[str, ...]
    pipeline_tag: str | None
    library: str | None
    parameters: int | None
    uses: tuple[str, ...]
    title: str
    text: str
    group_id: int | None = None


@lru_cache(maxsize=1 << 16)
def term(text: str) -> int:
    """The number of `<field>:<value>`."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest()) >> 1


def terms(document: Document) -> set[int]:
    """All terms of a repository."""
    full = f"{document.namespace}/{document.name}".lower()
    texts = _facts(document)
    texts += [f"t:{tag.lower()}" for tag in document.tags]
    texts += [f"u:{used.lower()}" for used in document.uses]
    texts += [f"3:{full[at : at + 3]}" for at in range(len(full) - 2)]
    texts += [f"1:{start}" for start in _starts(full)]
    texts += [f"w:{word}" for word in _words_of(document, full)]
    return set(map(term, texts))


def _facts(document: Document) -> list[str]:
    found = [f"k:{document.kind}", f"o:{document.owner_id}", f"c:{document.created_by}", f"g:{document.gated:d}"]
    if not document.private:
        found.append("public")
    if document.group_id is not None:
        found += ["grouped", f"r:{document.group_id}"]
    if document.pipeline_tag:
        found.append(f"p:{document.pipeline_tag}")
    if document.library:
        found.append(f"l:{document.library}")
    return found if document.parameters is None else [*found, *_steps_of(document.parameters)]


def _starts(full: str) -> set[str]:
    """One or two letters that a part of the name begins with: `v2` has the parts `v2`, `v` and `2`."""
    parts = [*_PARTS.split(full), *_GAPS.split(full)]
    return {part[:size] for part in parts for size in (1, 2) if part}


def _words_of(document: Document, full: str) -> Iterable[str]:
    found = dict.fromkeys(words("\n".join((full, *document.tags, document.title, document.text))))
    return found if len(found) <= MAX_WORDS else islice(found, MAX_WORDS)


def words(text: str) -> list[str]:
    """Of a text, as they are looked for: small letters, digits, at most 40 of them in a row."""
    found = _WORD.findall(text.lower())
    if not text.isascii():
        found = [part for word in found for part in _spaced(word)]
    return [word[:MAX_LENGTH] for word in found]


def _spaced(word: str) -> Iterator[str]:
    """What is written without spaces in pairs, the rest as it is."""
    if not _UNSPACED.search(word):
        yield word
        return
    for run in _UNSPACED.finditer(word):
        yield from (run[0][at : at + 2] for at in range(max(1, len(run[0]) - 1)))
    yield from (rest for rest in _UNSPACED.split(word) if rest)


def of_name(word: str) -> list[int]:
    """Terms of all names that contain the word (and of a few others); of one or two letters: where parts begin so."""
    word = word.lower()
    if len(word) < 3:
        return [term(f"1:{word}")]
    ends = [*range(0, len(word) - 2, 3), len(word) - 3]
    return [term(f"3:{word[at : at + 3]}") for at in dict.fromkeys(ends)]


# -- ranges of parameters --


def _step(count: int) -> int:
    """Steps of a half octave: 0 for nothing, 2 for 2, 3 for 3, 4 for 4, 5 for 6, 6 for 8 ..."""
    if count < 2:
        return count
    octave = count.bit_length() - 1
    return octave * _HALVES + (1 if count >= 3 << (octave - 1) else 0)


def _steps_of(count: int) -> tuple[str, str]:
    step = _step(count)
    return f"n:{step}", f"N:{step // _COARSE}"


def of_range(least: int, most: int) -> list[int]:
    """Any of these terms is on everything between the two (and on what is a little outside)."""
    first, last = _step(least), _step(most)
    found: list[int] = []
    while first <= last:
        if first % _COARSE == 0 and first + _COARSE - 1 <= last:
            found.append(term(f"N:{first // _COARSE}"))
            first += _COARSE
        else:
            found.append(term(f"n:{first}"))
            first += 1
    return found
