"""`Inbox`: what one has been told, of what one may still see."""

from __future__ import annotations

from pioche.accounts.types import Actor
from pioche.errors import NotFound
from pioche.names import RepoId
from pioche.notifications import store, watch_store
from pioche.notifications.service.rights import require_changer, require_reader
from pioche.notifications.types import Chosen, Notice, NoticeFilter, NoticePage
from pioche.ports.database import Database


class Inbox:
    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, actor: Actor, wanted: NoticeFilter, page: int, size: int) -> NoticePage:
        """Newest first; pages count from 0."""
        require_reader(actor)
        with self._database.read() as tx:
            return NoticePage(
                store.page(tx, actor, wanted, page * size, size),
                all=store.count(tx, actor, NoticeFilter()),
                unread=store.count(tx, actor, NoticeFilter(read="unread")),
                view=store.count(tx, actor, wanted),
            )

    def unread(self, actor: Actor) -> int:
        """For the bell: up to 100 are counted. Nobody has none, at no cost."""
        if actor.user_id is None:
            return 0
        with self._database.read() as tx:
            return store.unread(tx, actor)

    def repos(self, actor: Actor) -> list[tuple[RepoId, int]]:
        """What the inbox is about, with how many of each."""
        require_reader(actor)
        with self._database.read() as tx:
            return store.repos_of(tx, actor)

    def open(self, actor: Actor, number: int) -> Notice:
        """One of the actor's own, which is read by this. Raises `NotFound`."""
        require_reader(actor)
        with self._database.read() as tx:
            notice = store.find(tx, actor, number)
        if notice is None:
            raise NotFound("You have no such notification, or no access to what it is about any more.")
        if notice.unread:
            self.mark(actor, Chosen(ids=(number,)), read=True)
        return notice

    def mark(self, actor: Actor, chosen: Chosen, read: bool) -> None:
        require_changer(actor)
        with self._database.write() as tx:
            store.change(tx, actor, chosen, {"unread": not read})

    def finish(self, actor: Actor, chosen: Chosen, done: bool = True) -> None:
        """They leave the inbox until something new happens; or come back (`done` False)."""
        require_changer(actor)
        with self._database.write() as tx:
            store.change(tx, actor, chosen, {"done": done, **({"unread": False} if done else {})})

    def mute(self, actor: Actor, chosen: Chosen) -> None:
        """The discussions that these are about tell nothing more; they leave the inbox."""
        user_id = require_changer(actor)
        with self._database.write() as tx:
            for number in store.discussions_of(tx, actor, chosen.ids):
                watch_store.set_level(tx, user_id, watch_store.DISCUSSION, number, "mute")
            store.change(tx, actor, chosen, {"done": True, "unread": False})
