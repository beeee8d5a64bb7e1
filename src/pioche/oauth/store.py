"""The SQL of apps and of the people who connected them. Codes and tokens are in `codes.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import Row, delete, func, insert, or_, select, update

from pioche.accounts.tables import accounts
from pioche.oauth.tables import oauth_apps, oauth_connections, oauth_tokens
from pioche.oauth.types import SCOPES, STOCK_CLIENT_ID, STOCK_NAME, App, Connection, Consent, NewApp, Organisations
from pioche.ports.database import Tx

_orgs = msgspec.json.Decoder(tuple[int, ...])

# -- apps --


def find_app(tx: Tx, client_id: str) -> App | None:
    row = tx.execute(_select_apps().where(oauth_apps.c.client_id == client_id)).first()
    return None if row is None else to_app(row)


def get_app(tx: Tx, app_id: int) -> App | None:
    row = tx.execute(_select_apps().where(oauth_apps.c.id == app_id)).first()
    return None if row is None else to_app(row)


def apps_of(tx: Tx, owner_id: int) -> tuple[App, ...]:
    """The newest first."""
    rows = tx.execute(_select_apps().where(oauth_apps.c.owner_id == owner_id).order_by(oauth_apps.c.id.desc()))
    return tuple(to_app(row) for row in rows)


def add_app(tx: Tx, client_id: str, owner_id: int | None, new: NewApp, secret_digest: str | None) -> App:
    values = {
        **_texts(new),
        "client_id": client_id,
        "owner_id": owner_id,
        "secret_digest": secret_digest,
        "created_at": tx.now,
    }
    number = tx.execute(insert(oauth_apps).values(values).returning(oauth_apps.c.id)).scalar_one()
    app = get_app(tx, int(number))
    assert app is not None
    return app


def stock_app(tx: Tx) -> App:
    """The client that everybody has: made when somebody first logs in with it."""
    new = NewApp(STOCK_NAME, "", "", SCOPES, confidential=False)
    return find_app(tx, STOCK_CLIENT_ID) or add_app(tx, STOCK_CLIENT_ID, None, new, None)


def count_unowned(tx: Tx) -> int:
    """Programs that registered themselves."""
    query = select(func.count()).select_from(oauth_apps).where(oauth_apps.c.owner_id.is_(None))
    return int(tx.execute(query).scalar_one())


def forget_unused(tx: Tx, before: int) -> None:
    """Programs that registered themselves before then, and that nobody has connected."""
    connected = select(oauth_connections.c.app_id)
    stale = (oauth_apps.c.owner_id.is_(None), oauth_apps.c.client_id != STOCK_CLIENT_ID)
    tx.execute(delete(oauth_apps).where(*stale, oauth_apps.c.created_at < before, oauth_apps.c.id.not_in(connected)))


def change_app(tx: Tx, app_id: int, new: NewApp) -> None:
    """All but whether it is confidential."""
    tx.execute(update(oauth_apps).where(oauth_apps.c.id == app_id).values(_texts(new)))


def set_secret(tx: Tx, app_id: int, secret_digest: str) -> None:
    tx.execute(update(oauth_apps).where(oauth_apps.c.id == app_id).values(secret_digest=secret_digest))


def delete_app(tx: Tx, app_id: int) -> None:
    """With all its connections and tokens."""
    tx.execute(delete(oauth_apps).where(oauth_apps.c.id == app_id))


def to_app(row: Row[Any]) -> App:
    return App(
        id=row.app_id,
        client_id=row.client_id,
        owner_id=row.owner_id,
        owner=row.owner or "",
        name=row.app_name,
        website=row.website,
        redirects=tuple(row.redirects.split()),
        scopes=tuple(row.app_scopes.split()),
        secret_digest=row.secret_digest,
        created_at=row.app_created_at,
    )


APP_COLUMNS = (
    oauth_apps.c.id.label("app_id"),
    oauth_apps.c.client_id,
    oauth_apps.c.owner_id,
    accounts.c.name.label("owner"),
    oauth_apps.c.name.label("app_name"),
    oauth_apps.c.website,
    oauth_apps.c.redirects,
    oauth_apps.c.scopes.label("app_scopes"),
    oauth_apps.c.secret_digest,
    oauth_apps.c.created_at.label("app_created_at"),
)
APPS = oauth_apps.outerjoin(accounts, accounts.c.id == oauth_apps.c.owner_id)


def _select_apps() -> Any:
    return select(*APP_COLUMNS).select_from(APPS)


def _texts(new: NewApp) -> dict[str, str]:
    return {"name": new.name, "website": new.website, "redirects": new.redirects, "scopes": " ".join(new.scopes)}


# -- connections --


def add_connection(tx: Tx, consent: Consent) -> Connection:
    values = {
        "app_id": consent.app.id,
        "user_id": consent.user_id,
        "scopes": " ".join(consent.scopes),
        "orgs": orgs_text(consent.orgs),
        "created_at": tx.now,
    }
    number = tx.execute(insert(oauth_connections).values(values).returning(oauth_connections.c.id)).scalar_one()
    return Connection(int(number), consent.app.id, consent.user_id, consent.scopes, consent.orgs, tx.now, None)


def connections_of(tx: Tx, user_id: int) -> list[tuple[App, Connection]]:
    """The newest first."""
    statement = (
        select(oauth_connections, *APP_COLUMNS[1:])
        .select_from(oauth_connections.join(APPS, oauth_apps.c.id == oauth_connections.c.app_id))
        .where(oauth_connections.c.user_id == user_id)
        .order_by(oauth_connections.c.id.desc())
    )
    return [(to_app(row), to_connection(row)) for row in tx.execute(statement)]


def delete_connection(tx: Tx, connection_id: int) -> None:
    """With its tokens."""
    tx.execute(delete(oauth_connections).where(oauth_connections.c.id == connection_id))


def disconnect(tx: Tx, user_id: int, app_id: int) -> int:
    """Ends all connections of a person with a program; returns how many there were."""
    which = (oauth_connections.c.user_id == user_id) & (oauth_connections.c.app_id == app_id)
    return tx.execute(delete(oauth_connections).where(which)).rowcount


def count_users(tx: Tx, app_id: int) -> int:
    people = select(func.count(oauth_connections.c.user_id.distinct())).where(oauth_connections.c.app_id == app_id)
    return int(tx.execute(people).scalar_one())


def mark_used(tx: Tx, moments: Mapping[int, int]) -> None:
    """`moments`: connection id -> Unix milliseconds."""
    last = oauth_connections.c.last_used_at
    for number, moment in moments.items():
        which = (oauth_connections.c.id == number) & or_(last.is_(None), last < moment)
        tx.execute(update(oauth_connections).where(which).values(last_used_at=moment))


def delete_dead_connections(tx: Tx) -> None:
    """Those that have no token any more."""
    alive = select(oauth_tokens.c.connection_id)
    tx.execute(delete(oauth_connections).where(oauth_connections.c.id.not_in(alive)))


def to_connection(row: Row[Any]) -> Connection:
    return Connection(
        row.id, row.app_id, row.user_id, split(row.scopes), orgs_of(row.orgs), row.created_at, row.last_used_at
    )


def split(scopes: str) -> tuple[str, ...]:
    return tuple(scopes.split())


def orgs_text(orgs: Organisations) -> str | None:
    return None if orgs is None else msgspec.json.encode(orgs).decode()


def orgs_of(text: str | None) -> Organisations:
    return None if text is None else _orgs.decode(text)
