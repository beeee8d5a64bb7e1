"""`Telling`: from an event to the rows of those who are told, and to what will be mailed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import insert

from pioche.notifications import recipients, store
from pioche.notifications.tables import mail_items
from pioche.notifications.types import Reason, Thing, Wishes, group_of
from pioche.ports.database import Database, Tx
from pioche.queue.service import Queue

MAIL_TASK = "notifications.mail"
WAKE_TASK = "notifications.wake"
CHUNK = 50
MAIL_DELAY_MS = 30_000
"""What happens within this time goes into one mail."""
MAILED_THINGS = ("opened", "commented", "edited", "status")


class Telling:
    """`mails`: whether the hub sends mail at all."""

    def __init__(self, database: Database, queue: Queue, mails: bool) -> None:
        self._database = database
        self._queue = queue
        self._mails = mails

    def tell(self, thing: Thing) -> None:
        """Everybody whom it concerns. What is gone, or hidden by now, is told nobody."""
        with self._database.read() as tx:
            about = recipients.subject(tx, thing)
            if about is None:
                return
            comment_id, text = recipients.text_of(tx, thing)
            if thing.what in ("commented", "edited") and comment_id is None:
                return
            people = recipients.recipients(tx, thing, about, text)
            wishes = recipients.wishes(tx, people)
        if not people:
            return
        with self._database.write() as tx:
            web = {p: r for p, r in people.items() if group_of(r) in wishes.get(p, Wishes()).web}
            store.tell(tx, thing, web, comment_id)
            if self._mails and thing.what in MAILED_THINGS:
                mail = {p: r for p, r in people.items() if group_of(r) in wishes.get(p, Wishes()).mail}
                self._to_mail(tx, thing, mail, comment_id)

    def tell_follow(self, follower_id: int, user_id: int) -> None:
        """A user that somebody follows them; an organisation is not told."""
        with self._database.write() as tx:
            if "follow" in recipients.wishes(tx, [user_id]).get(user_id, Wishes()).web:
                store.tell_follow(tx, user_id, follower_id)

    def _to_mail(self, tx: Tx, thing: Thing, people: Mapping[int, Reason], comment_id: int | None) -> None:
        common: dict[str, int | str | None] = {
            "discussion_id": thing.discussion_id,
            "what": thing.what,
            "detail": thing.detail[:300],
        }
        common |= {"actor_id": thing.actor_id, "comment_id": comment_id, "created_at": tx.now}
        rows = [{**common, "user_id": person, "reason": reason} for person, reason in people.items()]
        for at in range(0, len(rows), recipients.BATCH):
            tx.execute(insert(mail_items), rows[at : at + recipients.BATCH])
        names = list(people)
        if len(names) <= CHUNK:
            self._wake(tx, names)
            return
        # A task for each of thousands of watchers would keep all other writers waiting.
        for at in range(0, len(names), CHUNK):
            self._queue.enqueue(tx, WAKE_TASK, {"user_ids": names[at : at + CHUNK]})

    def wake(self, user_ids: Sequence[int]) -> None:
        """Each of them gets their mail a little later."""
        with self._database.write() as tx:
            self._wake(tx, user_ids)

    def _wake(self, tx: Tx, user_ids: Sequence[int]) -> None:
        for person in user_ids:
            self._queue.enqueue(tx, MAIL_TASK, {"user_id": person}, str(person), MAIL_DELAY_MS)
