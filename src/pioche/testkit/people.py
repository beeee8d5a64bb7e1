"""The cast: the same four people in every test.

- alice owns repositories, and the organisation `lab`;
- bob is a member of `lab` who may write;
- carol is a stranger with an account;
- root is the admin of the hub.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pioche.accounts.service import Accounts
from pioche.accounts.types import OPERATOR, NewToken, NewUser, OrgRole
from pioche.app import build_hub
from pioche.settings import Settings

ORG = "lab"


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    password: str
    email: str
    token: str  # may write


@dataclass(frozen=True, slots=True)
class Cast:
    alice: Person
    bob: Person
    carol: Person
    root: Person
    org: str = ORG


def make_cast(accounts: Accounts) -> Cast:
    """Accounts for the four, and the organisation, on an empty hub."""
    alice, bob, carol, root = (_join(accounts, name) for name in ("alice", "bob", "carol", "root"))
    cast = Cast(alice, bob, carol, root)
    accounts.orgs.create(OPERATOR, ORG, "The lab", cast.alice.name)
    accounts.orgs.set_member(OPERATOR, ORG, cast.bob.name, OrgRole.WRITE)
    return cast


def cast_on(data: Path) -> Cast:
    """The cast on the hub with this data folder, which may be running."""
    hub = build_hub(Settings(data=data))
    try:
        return make_cast(hub.accounts)
    finally:
        hub.database.close()


def _join(accounts: Accounts, name: str) -> Person:
    password, email = f"{name} has a long password", f"{name}@example.test"
    accounts.sign_up(OPERATOR, NewUser(name, email, password, name.title(), is_admin=name == "root"))
    _, token = accounts.tokens.create(OPERATOR, NewToken("tests", "write"), owner=name)
    return Person(name, password, email, token)
