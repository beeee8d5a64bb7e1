"""The SQL of what programs hold in their hands: tokens, authorization codes, device codes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, delete, insert, or_, select, update

from pioche.oauth.store import APP_COLUMNS, APPS, orgs_of, orgs_text, split, to_app, to_connection
from pioche.oauth.tables import oauth_apps, oauth_codes, oauth_connections, oauth_devices, oauth_tokens
from pioche.oauth.types import App, Code, CodeRequest, Connection, Consent, Decision, DeviceRequest, Organisations
from pioche.ports.database import Tx

# -- tokens --


def add_token(tx: Tx, connection_id: int, kind: str, digest: str, seconds: int) -> None:
    values = {
        "digest": digest,
        "connection_id": connection_id,
        "kind": kind,
        "created_at": tx.now,
        "expires_at": tx.now + seconds * 1000,
    }
    tx.execute(insert(oauth_tokens).values(values))


def find_token(tx: Tx, digest: str) -> tuple[App, Connection, Row[Any]] | None:
    """The row has `kind`, `issued_at`, `expires_at` and `used_at` of the token."""
    statement = (
        select(
            oauth_connections,
            *APP_COLUMNS[1:],
            oauth_tokens.c.kind,
            oauth_tokens.c.created_at.label("issued_at"),
            oauth_tokens.c.expires_at,
            oauth_tokens.c.used_at,
        )
        .select_from(
            oauth_tokens.join(oauth_connections, oauth_connections.c.id == oauth_tokens.c.connection_id).join(
                APPS, oauth_apps.c.id == oauth_connections.c.app_id
            )
        )
        .where(oauth_tokens.c.digest == digest)
    )
    row = tx.execute(statement).first()
    return None if row is None else (to_app(row), to_connection(row), row)


def use_refresh(tx: Tx, digest: str) -> None:
    tx.execute(update(oauth_tokens).where(oauth_tokens.c.digest == digest).values(used_at=tx.now))


def delete_token(tx: Tx, digest: str) -> None:
    tx.execute(delete(oauth_tokens).where(oauth_tokens.c.digest == digest))


def delete_expired(tx: Tx) -> None:
    for table in (oauth_tokens, oauth_devices):
        tx.execute(delete(table).where(table.c.expires_at <= tx.now))
    # A used code is kept for an hour, so that a second use is seen and ends what came of the first.
    tx.execute(delete(oauth_codes).where(oauth_codes.c.expires_at <= tx.now - 3_600_000))


# -- authorization codes --


def add_code(tx: Tx, digest: str, consent: Consent, request: CodeRequest, seconds: int) -> None:
    values = {
        "digest": digest,
        "app_id": consent.app.id,
        "user_id": consent.user_id,
        "scopes": " ".join(consent.scopes),
        "orgs": orgs_text(consent.orgs),
        "redirect": request.redirect,
        "challenge": request.challenge,
        "nonce": request.nonce,
        "expires_at": tx.now + seconds * 1000,
    }
    tx.execute(insert(oauth_codes).values(values))


def find_code(tx: Tx, digest: str) -> Code | None:
    row = tx.execute(select(oauth_codes).where(oauth_codes.c.digest == digest)).first()
    if row is None:
        return None
    return Code(
        app_id=row.app_id,
        user_id=row.user_id,
        scopes=split(row.scopes),
        orgs=orgs_of(row.orgs),
        redirect=row.redirect,
        challenge=row.challenge,
        nonce=row.nonce,
        expires_at=row.expires_at,
        connection_id=row.connection_id,
        used=row.used,
    )


def use_code(tx: Tx, digest: str, connection_id: int | None) -> None:
    values = {"used": True, "connection_id": connection_id}
    tx.execute(update(oauth_codes).where(oauth_codes.c.digest == digest).values(values))


# -- device codes --


def add_device(tx: Tx, device: DeviceRequest) -> None:
    """Raises `IntegrityError` if the code is in use."""
    values = {
        "digest": device.digest,
        "user_code": device.user_code,
        "app_id": device.app.id,
        "scopes": " ".join(device.scopes),
        "address": device.address[:100],
        "created_at": device.created_at,
        "expires_at": device.expires_at,
        "state": device.state,
    }
    tx.execute(insert(oauth_devices).values(values))


def find_device(tx: Tx, digest: str = "", user_code: str = "") -> DeviceRequest | None:
    """By either. Also one that has expired."""
    statement = (
        select(
            oauth_devices.c.digest,
            oauth_devices.c.user_code,
            oauth_devices.c.scopes,
            oauth_devices.c.address,
            oauth_devices.c.created_at,
            oauth_devices.c.expires_at,
            oauth_devices.c.state,
            oauth_devices.c.user_id,
            oauth_devices.c.orgs,
            *APP_COLUMNS,
        )
        .select_from(oauth_devices.join(APPS, oauth_apps.c.id == oauth_devices.c.app_id))
        .where(or_(oauth_devices.c.digest == digest, oauth_devices.c.user_code == user_code))
    )
    row = tx.execute(statement).first()
    if row is None:
        return None
    return DeviceRequest(
        digest=row.digest,
        user_code=row.user_code,
        app=to_app(row),
        scopes=split(row.scopes),
        address=row.address,
        created_at=row.created_at,
        expires_at=row.expires_at,
        state=row.state,
        user_id=row.user_id,
        orgs=orgs_of(row.orgs),
    )


def decide_device(tx: Tx, digest: str, state: Decision, user_id: int, orgs: Organisations) -> bool:
    """False if somebody decided already."""
    which = (oauth_devices.c.digest == digest) & (oauth_devices.c.state == "pending")
    values = {"state": state, "user_id": user_id, "orgs": orgs_text(orgs)}
    return tx.execute(update(oauth_devices).where(which).values(values)).rowcount > 0


def delete_device(tx: Tx, digest: str) -> None:
    tx.execute(delete(oauth_devices).where(oauth_devices.c.digest == digest))
