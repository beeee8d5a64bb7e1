"""`Connections`: which programs a person has let in, and shutting the door again."""

from __future__ import annotations

from pioche.accounts.service.rights import require_person
from pioche.accounts.types import Actor
from pioche.errors import NotFound
from pioche.oauth import store
from pioche.oauth.types import App, ConnectedApp, Connection, Organisations
from pioche.ports.database import Database


class Connections:
    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self, actor: Actor) -> tuple[ConnectedApp, ...]:
        """The actor's own, the program that was connected last first."""
        user_id = require_person(actor)
        with self._database.read() as tx:
            found = store.connections_of(tx, user_id)
        apps: dict[int, App] = {}
        connections: dict[int, list[Connection]] = {}
        for app, connection in found:
            apps[app.id] = app
            connections.setdefault(app.id, []).append(connection)
        return tuple(ConnectedApp(app, tuple(connections[number])) for number, app in apps.items())

    def revoke(self, actor: Actor, app_id: int) -> None:
        """Ends all of the actor's connections with a program; its tokens are dead at once."""
        user_id = require_person(actor)
        with self._database.write() as tx:
            if not store.disconnect(tx, user_id, app_id):
                raise NotFound("This program is not connected (any more).")


def allowed_orgs(actor: Actor, app: App, chosen: tuple[int, ...]) -> Organisations:
    """Of the chosen organisations those that the actor is in. The stock client stands for the person: all (None)."""
    return None if app.is_stock else tuple(number for number in chosen if number in actor.orgs)
