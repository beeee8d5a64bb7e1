"""The SQL of tokens and log-ins. Only digests of the secrets are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Row, delete, insert, or_, select, update

from pioche.accounts.tables import sessions, tokens
from pioche.accounts.types import NewToken, RepoScope, SessionInfo, TokenInfo, TokenRole
from pioche.ports.database import Tx

_scopes = msgspec.json.Decoder(tuple[RepoScope, ...])

# -- tokens --


def find_token(tx: Tx, digest: str) -> tuple[int, TokenInfo] | None:
    """The owner's id and the token."""
    row = tx.execute(select(tokens).where(tokens.c.digest == digest)).first()
    return None if row is None else (row.user_id, _to_token(row))


def tokens_of(tx: Tx, user_id: int) -> tuple[TokenInfo, ...]:
    """The newest first."""
    statement = select(tokens).where(tokens.c.user_id == user_id).order_by(tokens.c.id.desc())
    return tuple(_to_token(row) for row in tx.execute(statement))


def tokens_by_owner(tx: Tx, user_ids: Sequence[int]) -> dict[int, tuple[TokenInfo, ...]]:
    """Of each the newest first."""
    found: dict[int, tuple[TokenInfo, ...]] = {}
    for row in tx.execute(select(tokens).where(tokens.c.user_id.in_(user_ids)).order_by(tokens.c.id.desc())):
        found[row.user_id] = (*found.get(row.user_id, ()), _to_token(row))
    return found


def change_token(tx: Tx, user_id: int, token_id: int, name: str, role: TokenRole) -> None:
    """Raises `IntegrityError` if the owner has another token of that name."""
    which = (tokens.c.id == token_id) & (tokens.c.user_id == user_id)
    tx.execute(update(tokens).where(which).values(name=name, role=role))


def add_token(tx: Tx, user_id: int, new: NewToken, digest: str, hint: str) -> TokenInfo:
    """Raises `IntegrityError` if the owner has a token of that name, or anyone has that secret."""
    values = {
        "user_id": user_id,
        "name": new.name,
        "role": new.role,
        "digest": digest,
        "hint": hint,
        "scopes": msgspec.json.encode(new.scopes).decode(),
        "created_at": tx.now,
    }
    number = int(tx.execute(insert(tokens).values(values).returning(tokens.c.id)).scalar_one())
    return TokenInfo(number, new.name, new.role, hint, new.scopes, tx.now, None)


def replace_secret(tx: Tx, user_id: int, token_id: int, digest: str, hint: str) -> TokenInfo | None:
    """None if the person has no such token."""
    which = (tokens.c.id == token_id) & (tokens.c.user_id == user_id)
    values = {"digest": digest, "hint": hint, "created_at": tx.now, "last_used_at": None}
    tx.execute(update(tokens).where(which).values(values))
    row = tx.execute(select(tokens).where(which)).first()
    return None if row is None else _to_token(row)


def delete_token(tx: Tx, user_id: int, token_id: int) -> bool:
    """False if the person has no such token."""
    done = tx.execute(delete(tokens).where(tokens.c.id == token_id, tokens.c.user_id == user_id))
    return done.rowcount > 0


def mark_used(tx: Tx, moments: Mapping[int, int]) -> None:
    """`moments`: token id -> Unix milliseconds."""
    for token_id, moment in moments.items():
        older = or_(tokens.c.last_used_at.is_(None), tokens.c.last_used_at < moment)
        tx.execute(update(tokens).where(tokens.c.id == token_id, older).values(last_used_at=moment))


def _to_token(row: Row[Any]) -> TokenInfo:
    scopes = _scopes.decode(row.scopes)
    return TokenInfo(row.id, row.name, row.role, row.hint, scopes, row.created_at, row.last_used_at)


# -- sessions --


def add_session(tx: Tx, user_id: int, digest: str, expires_at: int, user_agent: str) -> None:
    """Also forgets the sessions that have expired."""
    tx.execute(delete(sessions).where(sessions.c.expires_at <= tx.now))
    values = {
        "digest": digest,
        "user_id": user_id,
        "created_at": tx.now,
        "expires_at": expires_at,
        "user_agent": user_agent[:300],
    }
    tx.execute(insert(sessions).values(values))


def sessions_of(tx: Tx, user_id: int) -> tuple[SessionInfo, ...]:
    """The newest first."""
    which = (sessions.c.user_id == user_id) & (sessions.c.expires_at > tx.now)
    rows = tx.execute(select(sessions).where(which).order_by(sessions.c.created_at.desc()))
    return tuple(SessionInfo(row.digest, row.created_at, row.expires_at, row.user_agent) for row in rows)


def delete_session(tx: Tx, digest: str) -> None:
    tx.execute(delete(sessions).where(sessions.c.digest == digest))


def delete_sessions(tx: Tx, user_id: int, but: str | None) -> int:
    """All log-ins of a person but one; returns how many."""
    which = sessions.c.user_id == user_id
    if but is not None:
        which &= sessions.c.digest != but
    return tx.execute(delete(sessions).where(which)).rowcount
