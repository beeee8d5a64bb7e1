"""The SQL of accounts: people, organisations and who is in them. Tokens and log-ins are in `keys.py`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import json
from sqlalchemy import ColumnElement, Row, delete, func, insert, or_, select, update

from pioche.accounts.tables import accounts, group_members, members, sessions, users
from pioche.accounts.types import (
    Account,
    AccountKind,
    Actor,
    Membership,
    OrgRole,
    ProfileText,
    TokenInfo,
    User,
)
from pioche.ports.database import Tx

AT_ONCE = 500
"""Values in one IN."""

# -- accounts --


def find_account(tx: Tx, name: str) -> Account | None:
    """Compared without case."""
    row = tx.execute(select(accounts).where(accounts.c.name_lower == name.lower())).first()
    return None if row is None else to_account(row)


def get_account(tx: Tx, account_id: int) -> Account | None:
    row = tx.execute(select(accounts).where(accounts.c.id == account_id)).first()
    return None if row is None else to_account(row)


def named(tx: Tx, text: str, kind: AccountKind, limit: int) -> list[Account]:
    """Those whose name begins with the text; in order of their names."""
    low = text.lower()
    # A range, so that the index over names answers: `low` and what comes after it with the same beginning.
    fits = (accounts.c.name_lower >= low, accounts.c.name_lower < low + "\U0010ffff", accounts.c.kind == kind.value)
    rows = tx.execute(select(accounts).where(*fits).order_by(accounts.c.name_lower).limit(limit))
    return [to_account(row) for row in rows]


def add_account(tx: Tx, kind: AccountKind, name: str, fullname: str) -> int:
    """Raises `IntegrityError` if the name is taken."""
    values = {
        "kind": kind.value,
        "name": name,
        "name_lower": name.lower(),
        "fullname": fullname,
        "created_at": tx.now,
    }
    return int(tx.execute(insert(accounts).values(values).returning(accounts.c.id)).scalar_one())


def set_profile(tx: Tx, account_id: int, text: ProfileText) -> None:
    tx.execute(
        update(accounts)
        .where(accounts.c.id == account_id)
        .values(fullname=text.fullname, bio=text.bio, website=text.website, socials=json.encode(text.socials).decode())
    )


def to_account(row: Row[Any]) -> Account:
    return Account(
        row.id,
        AccountKind(row.kind),
        row.name,
        row.fullname,
        row.created_at,
        row.bio,
        row.website,
        json.decode(row.socials),
    )


# -- users --


def any_user(tx: Tx) -> bool:
    return tx.execute(select(users.c.id).limit(1)).first() is not None


def all_users(tx: Tx) -> list[User]:
    statement = (
        select(accounts, users.c.email, users.c.is_admin)
        .join(users, users.c.id == accounts.c.id)
        .where(accounts.c.kind == AccountKind.USER.value)
        .order_by(accounts.c.name_lower)
    )
    return [User(to_account(row), row.email, row.is_admin) for row in tx.execute(statement)]


def add_user(tx: Tx, user_id: int, email: str, password_hash: str, is_admin: bool) -> None:
    """Raises `IntegrityError` if the email is taken."""
    values = {
        "id": user_id,
        "email": email,
        "email_lower": email.lower(),
        "password_hash": password_hash,
        "is_admin": is_admin,
    }
    tx.execute(insert(users).values(values))


def email_taken(tx: Tx, email: str) -> bool:
    return tx.execute(select(users.c.id).where(users.c.email_lower == email.lower())).first() is not None


def set_email(tx: Tx, user_id: int, email: str) -> None:
    """Raises `IntegrityError` if the email is taken."""
    tx.execute(update(users).where(users.c.id == user_id).values(email=email, email_lower=email.lower()))


def find_password(tx: Tx, name_or_email: str) -> tuple[int, str] | None:
    """Id and password hash of a person who may log in."""
    text = name_or_email.lower()
    statement = (
        select(users.c.id, users.c.password_hash)
        .join(accounts, accounts.c.id == users.c.id)
        .where(or_(accounts.c.name_lower == text, users.c.email_lower == text), users.c.disabled.is_(False))
        .where(accounts.c.kind == AccountKind.USER.value)
    )
    row = tx.execute(statement).first()
    return None if row is None else (row.id, row.password_hash)


def password_of(tx: Tx, user_id: int) -> str | None:
    """The password hash of a person who may log in."""
    statement = select(users.c.password_hash).where(users.c.id == user_id, users.c.disabled.is_(False))
    found: str | None = tx.execute(statement).scalar()
    return found


def set_password(tx: Tx, user_id: int, password_hash: str) -> None:
    tx.execute(update(users).where(users.c.id == user_id).values(password_hash=password_hash))


# -- who asks --


def actor_of_user(tx: Tx, user_id: int, token: TokenInfo | None = None) -> Actor | None:
    """None if there is no such person, or they are locked out."""
    return _actor(tx, users.c.id == user_id, token, None)


def actor_of_admin(tx: Tx, name: str = "") -> Actor | None:
    """The admin of that name; the first there was, if none is named."""
    query = select(users.c.id).join(accounts, accounts.c.id == users.c.id).where(users.c.is_admin, ~users.c.disabled)
    if name:
        query = query.where(accounts.c.name == name)
    found = tx.execute(query.order_by(users.c.id).limit(1)).scalar_one_or_none()
    return None if found is None else actor_of_user(tx, found)


def actor_of_session(tx: Tx, session: str) -> Actor | None:
    """The person behind a session that has not expired."""
    owner = select(sessions.c.user_id).where(sessions.c.digest == session, sessions.c.expires_at > tx.now)
    return _actor(tx, users.c.id == owner.scalar_subquery(), None, session)


def _actor(tx: Tx, which: ColumnElement[bool], token: TokenInfo | None, session: str | None) -> Actor | None:
    statement = (
        select(accounts.c.id, accounts.c.kind, accounts.c.name, accounts.c.fullname, users.c.email, users.c.is_admin)
        .join(users, users.c.id == accounts.c.id)
        .where(which, users.c.disabled.is_(False))
    )
    row = tx.execute(statement).first()
    if row is None:
        return None
    orgs = orgs_of(tx, row.id)
    in_groups = select(group_members.c.group_id, group_members.c.role).where(group_members.c.user_id == row.id)
    return Actor(
        user_id=row.id,
        name=row.name,
        fullname=row.fullname,
        email=row.email,
        is_admin=row.is_admin,
        is_service=row.kind == AccountKind.SERVICE.value,
        orgs={org.account.id: org.role for org in orgs},
        org_names={org.account.id: org.account.name for org in orgs},
        groups={one.group_id: OrgRole(one.role) for one in tx.execute(in_groups)} if orgs else {},
        token=token,
        session=session,
    )


# -- organisations --


def orgs_of(tx: Tx, user_id: int) -> tuple[Membership, ...]:
    statement = (
        select(accounts, members.c.role)
        .join(members, members.c.org_id == accounts.c.id)
        .where(members.c.user_id == user_id)
        .order_by(accounts.c.name_lower)
    )
    return tuple(Membership(to_account(row), OrgRole(row.role)) for row in tx.execute(statement))


def members_of(tx: Tx, org_id: int) -> tuple[Membership, ...]:
    """Those who may most first."""
    statement = (
        select(accounts, members.c.role)
        .join(members, members.c.user_id == accounts.c.id)
        .where(members.c.org_id == org_id)
        .order_by(members.c.role.desc(), accounts.c.name_lower)
    )
    return tuple(Membership(to_account(row), OrgRole(row.role)) for row in tx.execute(statement))


def role_in(tx: Tx, org_id: int, user_id: int) -> OrgRole | None:
    row = tx.execute(_membership(org_id, user_id)).first()
    return None if row is None else OrgRole(row.role)


def members_named(tx: Tx, org_id: int, names: Sequence[str]) -> dict[str, int]:
    """Name in small letters -> id, of those of them who are in it."""
    query = select(accounts.c.name_lower, accounts.c.id).join(members, members.c.user_id == accounts.c.id)
    wanted, found = sorted({name.strip().lower() for name in names}), dict[str, int]()
    for at in range(0, len(wanted), AT_ONCE):
        some = query.where(members.c.org_id == org_id, accounts.c.name_lower.in_(wanted[at : at + AT_ONCE]))
        found |= {row.name_lower: row.id for row in tx.execute(some)}
    return found


def set_role(tx: Tx, org_id: int, user_id: int, role: OrgRole) -> None:
    if role_in(tx, org_id, user_id) is None:
        tx.execute(insert(members).values(org_id=org_id, user_id=user_id, role=int(role)))
    else:
        which = (members.c.org_id == org_id) & (members.c.user_id == user_id)
        tx.execute(update(members).where(which).values(role=int(role)))


def remove_member(tx: Tx, org_id: int, user_id: int) -> None:
    tx.execute(delete(members).where(members.c.org_id == org_id, members.c.user_id == user_id))


def count_admins(tx: Tx, org_id: int) -> int:
    which = (members.c.org_id == org_id) & (members.c.role == int(OrgRole.ADMIN))
    return int(tx.execute(select(func.count()).select_from(members).where(which)).scalar_one())


def _membership(org_id: int, user_id: int) -> Any:
    return select(members.c.role).where(members.c.org_id == org_id, members.c.user_id == user_id)
