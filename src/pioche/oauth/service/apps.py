"""`Apps`: programs that people register, so that others can connect them."""

from __future__ import annotations

import hmac
import uuid
from dataclasses import replace

from pioche.accounts.secrecy import digest, new_cookie
from pioche.accounts.service.rights import require_person
from pioche.accounts.types import Actor
from pioche.errors import Conflict, InvalidInput, NotFound, OauthClientRefused
from pioche.oauth import store
from pioche.oauth.redirects import check_redirect
from pioche.oauth.types import SCOPES, App, NewApp
from pioche.ports.database import Database, Tx

SECRET_PREFIX = "hf_app_"  # noqa: S105 - a prefix, so that scanners for secrets find them
MAX_APPS = 50  # of one person
MAX_REDIRECTS = 10
MAX_NAME = 96
MAX_WEBSITE = 500


class Apps:
    """Registered by people who are logged in to the pages, and changed by nobody else."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self, actor: Actor) -> tuple[App, ...]:
        """The actor's own, the newest first."""
        user_id = require_person(actor)
        with self._database.read() as tx:
            return store.apps_of(tx, user_id)

    def get(self, actor: Actor, app_id: int) -> tuple[App, int]:
        """One of the actor's own, and how many people connected it."""
        user_id = require_person(actor)
        with self._database.read() as tx:
            return _own(tx, user_id, app_id), store.count_users(tx, app_id)

    def create(self, actor: Actor, new: NewApp, https: bool) -> tuple[App, str]:
        """The app and its secret ("" for a public one), which nobody sees again. `https`: how the hub is reached."""
        user_id, clean = require_person(actor), checked(new, https)
        secret = make_secret() if new.confidential else ""
        with self._database.write() as tx:
            if len(store.apps_of(tx, user_id)) >= MAX_APPS:
                raise Conflict(f"{MAX_APPS} applications are the limit. Delete one that is not used.")
            kept = digest(secret) if secret else None
            return store.add_app(tx, str(uuid.uuid4()), user_id, clean, kept), secret

    def change(self, actor: Actor, app_id: int, new: NewApp, https: bool) -> None:
        """Those who connected it keep what they agreed to."""
        user_id, clean = require_person(actor), checked(new, https)
        with self._database.write() as tx:
            store.change_app(tx, _own(tx, user_id, app_id).id, clean)

    def new_secret(self, actor: Actor, app_id: int) -> tuple[App, str]:
        """A new secret; the old one is dead at once. Connections stay."""
        user_id, secret = require_person(actor), make_secret()
        with self._database.write() as tx:
            app = _own(tx, user_id, app_id)
            if not app.confidential:
                raise Conflict("A public application has no secret.")
            store.set_secret(tx, app.id, digest(secret))
        return app, secret

    def delete(self, actor: Actor, app_id: int) -> None:
        """Ends all its connections."""
        user_id = require_person(actor)
        with self._database.write() as tx:
            store.delete_app(tx, _own(tx, user_id, app_id).id)


def authenticate(tx: Tx, client_id: str, secret: str) -> App:
    """The program that says it is that. A public one is believed: it proves itself by codes that only it can know.

    Raises `OauthClientRefused`, which does not say which of the two is wrong.
    """
    app = store.find_app(tx, client_id)
    if app is not None and (
        app.secret_digest is None or hmac.compare_digest(app.secret_digest, digest(secret) if secret else "")
    ):
        return app
    raise OauthClientRefused("There is no such application here, or this is not its secret.")


def _own(tx: Tx, user_id: int, app_id: int) -> App:
    app = store.get_app(tx, app_id)
    if app is None or app.owner_id != user_id:
        raise NotFound("You have no such application. It may have been deleted already.")
    return app


def make_secret() -> str:
    return SECRET_PREFIX + new_cookie()


def checked(new: NewApp, https: bool) -> NewApp:
    name, website = " ".join(new.name.split()), new.website.strip()
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise InvalidInput(f"An application needs a name of 1 to {MAX_NAME} characters.", field="name")
    if website and (not website.startswith(("https://", "http://")) or len(website) > MAX_WEBSITE):
        raise InvalidInput("A website starts with https:// or http://.", field="website")
    redirects = list(dict.fromkeys(check_redirect(line, https) for line in new.redirects.split()))
    if len(redirects) > MAX_REDIRECTS:
        raise InvalidInput(f"{MAX_REDIRECTS} redirect addresses are the limit.", field="redirects")
    scopes = tuple(scope for scope in SCOPES if scope in new.scopes)
    if not scopes:
        raise InvalidInput("Choose at least one thing that it may ask for.", field="scopes")
    return replace(new, name=name, website=website, redirects="\n".join(redirects), scopes=scopes)
