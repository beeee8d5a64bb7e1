"""Making an account for a person."""

from __future__ import annotations

import re
from dataclasses import replace

from sqlalchemy.exc import IntegrityError

from pioche.accounts import store
from pioche.accounts.secrecy import Passwords, check_password
from pioche.accounts.types import Account, AccountKind, Actor, NewUser, User
from pioche.errors import Conflict, InvalidInput, NotFound
from pioche.events import UserJoined
from pioche.names import check_account_name
from pioche.ports.database import Database, Tx
from pioche.queue.service import Queue
from pioche.wiring import announce

MAX_EMAIL = 254  # RFC 5321, path without its brackets
MAX_FULLNAME = 200
_EMAIL = re.compile(r"[^\s@\x00-\x1f\x7f<>\"',;()]+@[^\s@\x00-\x1f\x7f<>\"',;()]+\Z")


def join(database: Database, queue: Queue, passwords: Passwords, actor: Actor | None, new: NewUser) -> User:
    """Makes the account. `actor` None is set-up: then the person is an admin, and must be the first.

    Raises `InvalidInput`, `InvalidName`, `Conflict`.
    """
    clean = _checked(new)
    password_hash = passwords.hash(clean.password)  # slow, so before the transaction
    with database.write() as tx:
        if actor is None:
            if store.any_user(tx):
                raise NotFound("This set-up link has been used. Log in with the account that was made.")
            clean = replace(clean, is_admin=True)
        user_id = _insert(tx, clean, password_hash)
        announce(queue, tx, UserJoined(actor_id=user_id if actor is None else actor.user_id, user_id=user_id))
        account = Account(user_id, AccountKind.USER, clean.name, clean.fullname, tx.now)
    return User(account, clean.email, clean.is_admin)


def check_email(text: str) -> str:
    """An address that mail could go to; only mail itself could prove more. Raises `InvalidInput`."""
    email = text.strip()
    if len(email) > MAX_EMAIL or not _EMAIL.match(email):
        raise InvalidInput(f"'{text[:100]}' is not an email address.", field="email")
    return email


def check_fullname(text: str) -> str:
    name = " ".join(text.split())
    if len(name) > MAX_FULLNAME:
        raise InvalidInput(f"The full name is too long: {MAX_FULLNAME} characters are the limit.", field="fullname")
    return name


def name_taken(name: str) -> Conflict:
    return Conflict(f"The name '{name}' is taken. Choose another one.", field="name")


def email_taken() -> Conflict:
    return Conflict("There is an account with this email address. Log in with it instead.", field="email")


def _checked(new: NewUser) -> NewUser:
    return replace(
        new,
        name=check_account_name(new.name.strip()),
        email=check_email(new.email),
        password=check_password(new.password),
        fullname=check_fullname(new.fullname),
    )


def _insert(tx: Tx, new: NewUser, password_hash: str) -> int:
    # Looked up first to say which of the two is taken; the constraints have the last word.
    if store.find_account(tx, new.name) is not None:
        raise name_taken(new.name)
    if store.email_taken(tx, new.email):
        raise email_taken()
    try:
        user_id = store.add_account(tx, AccountKind.USER, new.name, new.fullname)
        store.add_user(tx, user_id, new.email, password_hash, new.is_admin)
    except IntegrityError as error:
        raise Conflict("The name or email address has just been taken. Choose another one.") from error
    return user_id
