"""`Oauth`: the door to the room."""

from __future__ import annotations

from pathlib import Path

from pioche.accounts.service import Accounts
from pioche.oauth.identity import Identity
from pioche.oauth.service.apps import Apps
from pioche.oauth.service.codes import Codes
from pioche.oauth.service.connections import Connections
from pioche.oauth.service.devices import Devices
from pioche.oauth.service.registrations import Registrations
from pioche.oauth.service.tokens import ACCESS_PREFIX, Tokens
from pioche.ports.database import Database


class Oauth:
    """Each field holds the verbs of one noun. Made once per hub: from then on `accounts` takes our access tokens."""

    def __init__(self, database: Database, accounts: Accounts, key: Path) -> None:
        self.apps = Apps(database)
        self.registrations = Registrations(database)
        self.tokens = Tokens(database)
        self.devices = Devices(database, self.tokens)
        self.codes = Codes(database, self.tokens)
        self.connections = Connections(database)
        self.identity = Identity(key)
        accounts.tokens.add_source(ACCESS_PREFIX, self.tokens.find)
