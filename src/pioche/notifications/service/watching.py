"""`Watching`: of what one wants to be told, and how; muting; the link in mails that works without a log-in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal

from sqlalchemy import select

from pioche.accounts import store as account_store
from pioche.accounts.access import Action
from pioche.accounts.grants import Link, Signer
from pioche.accounts.types import Account, Actor
from pioche.community.tables import discussions
from pioche.errors import InvalidCredentials, InvalidInput, NotFound
from pioche.names import RepoId
from pioche.notifications import watch_store
from pioche.notifications.service.rights import require_changer, require_reader
from pioche.notifications.types import GROUPS, MAILED, Level, Watched, Wishes
from pioche.ports.database import Database, Tx
from pioche.repos.service.find import require_repo

PURPOSE = "mail"
LINK_SECONDS = 180 * 24 * 3600
SHOWN = 200
_EXTERNAL_ID = re.compile("0{9}[0-9a-f]{15}")


class Watching:
    def __init__(self, database: Database, signer: Signer) -> None:
        self._database = database
        self._signer = signer

    # -- levels --

    def level(self, actor: Actor, what: Literal["account", "repo", "discussion"], number: int) -> str:
        """watch, mute or "" (nothing was said)."""
        if actor.user_id is None:
            return ""
        column = {"account": watch_store.ACCOUNT, "repo": watch_store.REPO}.get(what, watch_store.DISCUSSION)
        with self._database.read() as tx:
            return watch_store.level(tx, actor.user_id, column, number)

    def set_account(self, actor: Actor, name: str, level: str) -> Account:
        """`name`, or the id that clients know; `level`: watch, mute or default."""
        user_id, wanted = require_changer(actor), _level(level)
        with self._database.write() as tx:
            account = account_store.find_account(tx, name)
            if account is None and _EXTERNAL_ID.fullmatch(name):
                account = account_store.get_account(tx, int(name, 16))
            if account is None:
                raise NotFound(f"There is no user or organisation '{name[:100]}'.")
            watch_store.set_level(tx, user_id, watch_store.ACCOUNT, account.id, wanted)
            return account

    def set_repo(self, actor: Actor, repo_id: RepoId, level: str) -> None:
        user_id, wanted = require_changer(actor), _level(level)
        with self._database.write() as tx:
            repo = require_repo(tx, actor, repo_id, Action.READ)
            watch_store.set_level(tx, user_id, watch_store.REPO, repo.id, wanted)

    def set_discussion(self, actor: Actor, repo_id: RepoId, num: int, level: str) -> None:
        user_id, wanted = require_changer(actor), _level(level)
        with self._database.write() as tx:
            repo = require_repo(tx, actor, repo_id, Action.READ)
            which = (discussions.c.repo_id == repo.id, discussions.c.num == num)
            number = tx.execute(select(discussions.c.id).where(*which)).scalar()
            if number is None:
                raise NotFound(f"'{repo_id.full}' has no discussion {num}.")
            watch_store.set_level(tx, user_id, watch_store.DISCUSSION, number, wanted)

    def list(self, actor: Actor) -> Sequence[Watched]:
        require_reader(actor)
        with self._database.read() as tx:
            return watch_store.watched(tx, actor, SHOWN)

    def forget(self, actor: Actor, number: int) -> None:
        """One of the list."""
        user_id = require_changer(actor)
        with self._database.write() as tx:
            watch_store.forget(tx, user_id, number)

    # -- wishes --

    def wishes(self, actor: Actor) -> Wishes:
        user_id = require_reader(actor)
        with self._database.read() as tx:
            return watch_store.wishes_of(tx, user_id)

    def set_wishes(self, actor: Actor, web: Iterable[str], mail: Iterable[str]) -> None:
        """All of them; raises `InvalidInput` for groups that there are not."""
        user_id = require_changer(actor)
        wanted = Wishes(_known(web, GROUPS), _known(mail, MAILED))
        with self._database.write() as tx:
            watch_store.set_wishes(tx, user_id, wanted)

    # -- from mails --

    def link(self, user_id: int, discussion_id: int) -> str:
        """A signed text that stops the mails of one discussion, or all, for one person. It opens nothing else."""
        return self._signer.link(PURPOSE, f"{user_id}:{discussion_id}", LINK_SECONDS)

    def unsubscribe(self, text: str, everything: bool = False) -> None:
        """What the link is for, without a log-in. Raises `NotFound` for one that is not ours, or too old."""
        user, _, discussion = self._subject(text).partition(":")
        with self._database.write() as tx:
            self._stop(tx, int(user), int(discussion), everything)

    def check(self, text: str) -> None:
        """Raises `NotFound` if the link is not one of ours, or too old."""
        self._subject(text)

    def _subject(self, text: str) -> str:
        try:
            link = self._signer.read(Link, text)
        except InvalidCredentials as error:
            raise NotFound("This link does not work (any more). Your settings say which mails you get.") from error
        if link.purpose != PURPOSE:
            raise NotFound("This link is for something else.")
        return link.subject

    @staticmethod
    def _stop(tx: Tx, user_id: int, discussion_id: int, everything: bool) -> None:
        if everything:
            if account_store.get_account(tx, user_id) is not None:
                watch_store.set_wishes(tx, user_id, Wishes(watch_store.wishes_of(tx, user_id).web, frozenset()))
        elif tx.execute(select(discussions.c.id).where(discussions.c.id == discussion_id)).first() is not None:
            watch_store.set_level(tx, user_id, watch_store.DISCUSSION, discussion_id, "mute")


def _level(text: str) -> Level | None:
    match text:
        case "watch" | "mute":
            return text
        case "default":
            return None
    raise InvalidInput("The level is one of: watch, mute, default.")


def _known(names: Iterable[str], known: Sequence[str]) -> frozenset[str]:
    found = frozenset(names)
    if unknown := found - set(known):
        raise InvalidInput(f"There is nothing called '{min(unknown)[:50]}'. There are: {', '.join(known)}.")
    return found
