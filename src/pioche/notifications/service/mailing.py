"""`Mailing`: sends what is to be mailed to one person, of what they may see and still want."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, delete, select

from pioche.accounts import store as account_store
from pioche.accounts.access import Action, allows
from pioche.accounts.tables import accounts
from pioche.accounts.types import Actor
from pioche.community.tables import discussion_events, discussions
from pioche.notifications import watch_store
from pioche.notifications.mails import Item, Letter, Writer
from pioche.notifications.service.telling import MAIL_DELAY_MS, MAIL_TASK
from pioche.notifications.service.watching import Watching
from pioche.notifications.tables import mail_items
from pioche.notifications.types import group_of
from pioche.ports.database import Database, Tx
from pioche.ports.mail import Mail, Mailer
from pioche.queue.service import Queue
from pioche.repos.store import select_repos, to_repo
from pioche.repos.tables import repos

AT_ONCE = 200
"""Items that one task looks at."""
LETTERS = 3
"""News in more discussions than this are one mail."""


class Mailing:
    def __init__(self, database: Database, queue: Queue, mailer: Mailer, watching: Watching, writer: Writer) -> None:
        self._database = database
        self._queue = queue
        self._mailer = mailer
        self._watching = watching
        self._writer = writer

    def send(self, user_id: int) -> int:
        """The number of mails. Raises `MailFailed`: what was not sent stays, for the next try of the task."""
        with self._database.read() as tx:
            rows = _waiting(tx, user_id)
            actor = account_store.actor_of_user(tx, user_id)
            letters = [] if actor is None else self._letters(tx, actor, rows)
        sent = {item.id for letter in letters for item in letter.items}
        self._forget([row.id for row in rows if row.id not in sent])
        if actor is None or not letters:
            return 0
        if len(letters) > LETTERS:
            self._deliver(self._writer.digest(actor.email, letters), list(sent))
        else:
            for letter in letters:
                mail = self._writer.letter(actor.email, letter)
                self._deliver(mail, [item.id for item in letter.items])
        if len(rows) == AT_ONCE:
            with self._database.write() as tx:
                self._queue.enqueue(tx, MAIL_TASK, {"user_id": user_id}, str(user_id), MAIL_DELAY_MS)
        return 1 if len(letters) > LETTERS else len(letters)

    def _deliver(self, mail: Mail, item_ids: Sequence[int]) -> None:
        """Forgotten after it is sent: a crash in between sends it twice, never not at all."""
        self._mailer.send(mail)
        self._forget(item_ids)

    def _forget(self, item_ids: Sequence[int]) -> None:
        if item_ids:
            with self._database.write() as tx:
                tx.execute(delete(mail_items).where(mail_items.c.id.in_(item_ids)))

    def _letters(self, tx: Tx, actor: Actor, rows: Sequence[Row[Any]]) -> list[Letter]:
        wanted = watch_store.wishes_of(tx, actor.user_id or 0).mail
        places = _places(tx, actor, {row.discussion_id for row in rows})
        items: dict[int, list[Item]] = {}
        for row in rows:
            hidden = row.comment_id is not None and row.hidden is not False
            if group_of(row.reason) in wanted and row.discussion_id in places and not hidden:
                item = Item(
                    row.id, row.what, row.detail, row.actor or "Someone", row.text or "", row.reason, row.comment_id
                )
                items.setdefault(row.discussion_id, []).append(item)
        return [
            Letter(number, *places[number], self._watching.link(actor.user_id or 0, number), found)
            for number, found in items.items()
        ]


def _waiting(tx: Tx, user_id: int) -> Sequence[Row[Any]]:
    query = (
        select(mail_items, accounts.c.name.label("actor"), discussion_events.c.text, discussion_events.c.hidden)
        .outerjoin(accounts, accounts.c.id == mail_items.c.actor_id)
        .outerjoin(discussion_events, discussion_events.c.id == mail_items.c.comment_id)
        .where(mail_items.c.user_id == user_id)
    )
    return tx.execute(query.order_by(mail_items.c.id).limit(AT_ONCE)).all()


def _places(tx: Tx, actor: Actor, numbers: set[int]) -> dict[int, tuple[Any, int, str]]:
    """Of the discussions that the actor may see and has not muted: repository, number, title."""
    query = (
        select_repos()
        .join(discussions, discussions.c.repo_id == repos.c.id)
        .add_columns(discussions.c.id.label("discussion_id"), discussions.c.num, discussions.c.title)
        .where(discussions.c.id.in_(numbers))
    )
    found = {}
    for row in tx.execute(query):
        repo = to_repo(row)
        muted = watch_store.level(tx, actor.user_id or 0, watch_store.DISCUSSION, row.discussion_id) == "mute"
        if allows(actor, Action.READ, repo.resource) and not muted:
            found[row.discussion_id] = (repo.repo_id, row.num, row.title)
    return found
