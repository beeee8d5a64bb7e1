"""`Papers`: finding them, and telling of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from pioche.accounts.types import Actor
from pioche.errors import Forbidden, InvalidInput, NotFound, Unauthenticated
from pioche.names import RepoKind
from pioche.papers import store
from pioche.papers.types import Paper, PaperFilter, PaperPage, Told
from pioche.ports.database import Database
from pioche.repos.types import RepoFilter
from pioche.search.service import Search

SHOWN = 20
MAX_TITLE, MAX_SUMMARY, MAX_AUTHORS, MAX_NAME = 500, 20_000, 500, 200
_KEY = re.compile(r"\d{4}\.\d{4,5}\Z")


class Papers:
    def __init__(self, database: Database, search: Search) -> None:
        self._database = database
        self._search = search

    def find(self, actor: Actor, key: str) -> PaperPage:
        """Raises `NotFound` if nobody told of it, and nothing that the actor may see refers to it."""
        key = _checked_key(key)
        with self._database.read() as tx:
            paper = store.find(tx, key)
        found = [self._search.top(actor, RepoFilter(kind, tags=(f"arxiv:{key}",)), SHOWN) for kind in _KINDS]
        totals = (found[0][1], found[1][1], found[2][1])
        if paper is None and not any(totals):
            raise _unknown(key)
        return PaperPage(paper or Paper(key), found[0][0], found[1][0], found[2][0], totals)

    def named(self, keys: Sequence[str]) -> Sequence[Paper]:
        """What people told of these, which something that the reader sees refers to; else the number alone."""
        if not keys:
            return []
        with self._database.read() as tx:
            known = store.find_many(tx, keys)
        return [known.get(key) or Paper(key) for key in keys]

    def list(self, actor: Actor, wanted: PaperFilter, offset: int, limit: int) -> Sequence[Paper]:
        """Those that people told of; on the first page of a plain list, then those that cards refer to."""
        if len(wanted.text) > 300:
            raise InvalidInput("Search for 300 characters at most.")
        with self._database.read() as tx:
            found = store.told(tx, wanted, offset, limit)
            narrowed = wanted.since is not None or wanted.until is not None or wanted.submitter
            if offset == 0 and len(found) < limit and not narrowed:
                keys = [key for key in store.recent_keys(tx, actor) if _fits(key, wanted.text)]
                known = store.find_many(tx, keys) if keys else {}
                shown = {one.key for one in found}
                found += [Paper(key) for key in keys if key not in known and key not in shown][: limit - len(found)]
        return found

    def tell(self, actor: Actor, new: Told) -> Paper:
        """Adds a paper, or what is told to one that the actor told of. Raises `Forbidden` for one of another's."""
        user_id = require_person(actor)
        _check(new)
        with self._database.write() as tx:
            known = store.find(tx, new.key)
            if known is None:
                store.add(tx, new, user_id)
            elif store.submitter_of(tx, new.key) == user_id or actor.is_admin:
                store.change(tx, new)
            else:
                raise Forbidden(
                    f"'{new.key}' was told of by {known.submitter or 'somebody who left'}, who may change it."
                )
            made = store.find(tx, new.key)
        assert made is not None, "it was written in this transaction"
        return made


_KINDS = (RepoKind.MODEL, RepoKind.DATASET, RepoKind.SPACE)


def _checked_key(key: str) -> str:
    if not _KEY.match(key):
        raise _unknown(key)
    return key


def _unknown(key: str) -> NotFound:
    return NotFound(f"This hub knows no paper '{key[:40]}'.")


def _fits(key: str, text: str) -> bool:
    return all(word in key for word in text.lower().split())


def require_person(actor: Actor) -> int:
    """The id of somebody who may write here."""
    if actor.user_id is None:
        raise Unauthenticated("Log in, or send a token, to write about papers.")
    if actor.token is not None and actor.token.role != "write":
        raise Forbidden(f"Your token '{actor.token.name}' may not do this. Use one with the role 'write'.")
    return actor.user_id


def _check(new: Told) -> None:
    if not _KEY.match(new.key):
        raise InvalidInput("A paper is named by its arXiv number, as in '2401.01234'.")
    names = [len(name) for name in new.authors]
    if len(new.title) > MAX_TITLE or len(new.summary) > MAX_SUMMARY or len(names) > MAX_AUTHORS:
        raise InvalidInput(f"A title has at most {MAX_TITLE} characters, a summary {MAX_SUMMARY}.")
    if any(length > MAX_NAME for length in names):
        raise InvalidInput(f"The name of an author has at most {MAX_NAME} characters.")
    for link in (new.project_page, new.github_repo):
        if link and (len(link) > 500 or urlsplit(link).scheme not in ("http", "https")):
            raise InvalidInput("A link begins with http:// or https://.")
