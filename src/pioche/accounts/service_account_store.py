"""The SQL of service accounts: accounts of a kind of their own, members of one organisation that nobody logs in to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, delete, select, update

from pioche.accounts import store
from pioche.accounts.keys import tokens_by_owner
from pioche.accounts.tables import accounts, members, tokens, users
from pioche.accounts.types import AccountKind, OrgRole, ServiceAccount
from pioche.ports.database import Tx

NOBODYS_HOST = "service.invalid"
"""No mail goes there (RFC 2606)."""
_SERVICE = accounts.c.kind == AccountKind.SERVICE.value


def of_org(tx: Tx, org_id: int, number: int | None = None) -> list[ServiceAccount]:
    """In order of their names; with `number` that one, if it is of this organisation."""
    query = select(accounts, members.c.role).join(members, members.c.user_id == accounts.c.id)
    query = query.where(members.c.org_id == org_id, _SERVICE).order_by(accounts.c.name_lower)
    rows = tx.execute(query if number is None else query.where(accounts.c.id == number)).all()
    return _filled(tx, rows)


def add(tx: Tx, org_id: int, name: str, fullname: str, role: OrgRole) -> int:
    """Raises `IntegrityError` if the name is taken."""
    number = store.add_account(tx, AccountKind.SERVICE, name, fullname)
    # No text has this hash, so no password opens it.
    store.add_user(tx, number, f"{number}@{NOBODYS_HOST}", "", is_admin=False)
    store.set_role(tx, org_id, number, role)
    return number


def end(tx: Tx, org_id: int, number: int) -> None:
    """It may do nothing any more; what it did keeps its name."""
    tx.execute(delete(tokens).where(tokens.c.user_id == number))
    tx.execute(update(users).where(users.c.id == number).values(disabled=True))
    store.remove_member(tx, org_id, number)


def _filled(tx: Tx, rows: Sequence[Row[Any]]) -> list[ServiceAccount]:
    found = tokens_by_owner(tx, [row.id for row in rows])
    return [ServiceAccount(store.to_account(row), OrgRole(row.role), found.get(row.id, ())) for row in rows]
