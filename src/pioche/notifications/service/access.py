"""`Access`: who asks to be let in to a gated repository, and what became of it; in the inbox and by mail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, and_, delete, insert, or_, select

from pioche.accounts import store as account_store
from pioche.accounts.access import Action, allows
from pioche.accounts.tables import accounts, group_members, members
from pioche.accounts.types import OrgRole
from pioche.notifications import recipients, store, watch_store
from pioche.notifications.mails import AccessLetter, Writer
from pioche.notifications.service.telling import MAIL_DELAY_MS, MAIL_TASK
from pioche.notifications.service.watching import Watching
from pioche.notifications.tables import access_mails, watches
from pioche.notifications.types import Reason, What, Wishes, group_of
from pioche.ports.database import Database, Tx
from pioche.ports.mail import Mailer
from pioche.queue.service import Queue
from pioche.repos import gate_store
from pioche.repos import store as repo_store
from pioche.repos.types import Repo

AT_ONCE = 500


class Access:
    def __init__(self, database: Database, queue: Queue, mailer: Mailer, watching: Watching, writer: Writer) -> None:
        self._database = database
        self._queue = queue
        self._mailer = mailer
        self._watching = watching
        self._writer = writer

    def tell_requested(self, repo_id: int, asker_id: int) -> None:
        """Those who can decide: its owner, or the admins of its organisation and who made it."""
        with self._database.write() as tx:
            repo = repo_store.get(tx, repo_id)
            request = None if repo is None else gate_store.find(tx, repo_id, asker_id)
            if repo is not None and request is not None and request.status == "pending":
                self._tell(tx, _deciders(tx, repo), repo, ("requested", "owner", asker_id, ""))

    def tell_decided(self, repo_id: int, account_id: int, status: str, actor_id: int | None) -> None:
        """Whoever asked. What was decided anew since is not told."""
        with self._database.write() as tx:
            repo, request = repo_store.get(tx, repo_id), gate_store.find(tx, repo_id, account_id)
            if repo is None or request is None or request.status != status or account_id == actor_id:
                return
            match status:
                case "accepted" | "rejected":
                    self._tell(tx, _people(tx, [account_id]), repo, (status, "asked", actor_id, request.reason))

    def send(self, user_id: int) -> int:
        """The number of mails. Raises `MailFailed`: what was not sent stays, for the next try of the task."""
        with self._database.read() as tx:
            rows = _waiting(tx, user_id)
            actor = account_store.actor_of_user(tx, user_id) if rows else None
            wanted = watch_store.wishes_of(tx, user_id).mail
            letters: dict[tuple[int, str], list[Row[Any]]] = {}
            repos = {row.repo_id: repo_store.get(tx, row.repo_id) for row in rows}
            for row in rows:
                repo = repos[row.repo_id]
                seen = actor is not None and repo is not None and allows(actor, Action.READ, repo.resource)
                if seen and group_of(row.reason) in wanted:
                    letters.setdefault((row.repo_id, row.what), []).append(row)
        kept = {row.id for found in letters.values() for row in found}
        self._forget([row.id for row in rows if row.id not in kept])
        for (repo_id, what), found in letters.items():
            repo = repos[repo_id]
            if actor is not None and repo is not None:
                names = list(dict.fromkeys(row.actor or "Someone" for row in found))
                stop = self._watching.link(user_id, 0)
                letter = AccessLetter(found[-1].id, repo.repo_id, what, names, found[-1].detail, stop)
                self._mailer.send(self._writer.access(actor.email, letter))
                self._forget([row.id for row in found])
        return len(letters)

    def _tell(self, tx: Tx, people: Sequence[int], repo: Repo, said: tuple[What, Reason, int | None, str]) -> None:
        what, reason, actor_id, detail = said
        wishes, muted = recipients.wishes(tx, people), _muted(tx, repo.id)
        told = [person for person in people if person not in muted]
        group, values = group_of(reason), {"what": what, "reason": reason, "actor_id": actor_id}
        web = [person for person in told if group in wishes.get(person, Wishes()).web]
        store.tell_access(tx, web, repo.id, values)
        if not self._mailer.is_on:
            return
        for person in told:
            if group in wishes.get(person, Wishes()).mail:
                row = {**values, "user_id": person, "repo_id": repo.id, "detail": detail[:300], "created_at": tx.now}
                tx.execute(insert(access_mails).values(row))
                self._queue.enqueue(tx, MAIL_TASK, {"user_id": person}, str(person), MAIL_DELAY_MS)

    def _forget(self, numbers: Sequence[int]) -> None:
        if numbers:
            with self._database.write() as tx:
                tx.execute(delete(access_mails).where(access_mails.c.id.in_(numbers)))


def _deciders(tx: Tx, repo: Repo) -> list[int]:
    row = members.c
    query = select(row.user_id).where(row.org_id == repo.owner_id, row.role >= OrgRole.ADMIN)
    found = [repo.owner_id, *(one.user_id for one in tx.execute(query))]
    within = row.org_id == repo.owner_id
    if repo.group_id is not None:
        row, within = group_members.c, group_members.c.group_id == repo.group_id
    may = or_(row.role >= OrgRole.ADMIN, and_(row.user_id == repo.created_by, row.role >= OrgRole.CONTRIBUTOR))
    found += [one.user_id for one in tx.execute(select(row.user_id).where(within, may))]
    return _people(tx, list(dict.fromkeys(found)))


def _people(tx: Tx, account_ids: Sequence[int]) -> list[int]:
    """Those of these that are users."""
    which = (accounts.c.id.in_(account_ids), accounts.c.kind == "user")
    return [row.id for row in tx.execute(select(accounts.c.id).where(*which).order_by(accounts.c.id))]


def _muted(tx: Tx, repo_id: int) -> set[int]:
    row = watches.c
    return {one.user_id for one in tx.execute(select(row.user_id).where(row.repo_id == repo_id, row.level == "mute"))}


def _waiting(tx: Tx, user_id: int) -> Sequence[Row[Any]]:
    query = select(access_mails, accounts.c.name.label("actor")).where(access_mails.c.user_id == user_id)
    query = query.outerjoin(accounts, accounts.c.id == access_mails.c.actor_id)
    return tx.execute(query.order_by(access_mails.c.id).limit(AT_ONCE)).all()
