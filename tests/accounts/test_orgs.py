"""Organisations, their members and roles."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pioche.accounts.types import ANONYMOUS, OPERATOR, Account, Actor, OrgRole
from pioche.errors import Conflict, Forbidden, NotFound
from pioche.hub import Hub

PASSWORD = "correct horse"  # of everybody whom `join` makes
Join = Callable[..., Actor]


def members(hub: Hub, org: Account) -> dict[str, str]:
    return {m.account.name: m.role.label for m in hub.accounts.profile(ANONYMOUS, org.name).members}


def test_members_and_their_roles(hub: Hub, join: Join) -> None:
    alice, bob, carol = join("alice"), join("bob"), join("carol")
    org = hub.accounts.orgs.create(alice, "acme", "Acme Ltd")
    alice = _again(hub, alice)
    hub.accounts.orgs.set_member(alice, "ACME", "Bob", OrgRole.WRITE)
    assert members(hub, org) == {"alice": "admin", "bob": "write"}
    bob = _again(hub, bob)
    assert bob.orgs == {org.id: OrgRole.WRITE}
    for who in (bob, carol):
        with pytest.raises(Forbidden):
            hub.accounts.orgs.set_member(who, "acme", "carol", OrgRole.READ)
        with pytest.raises(Forbidden):
            hub.accounts.orgs.remove_member(who, "acme", "alice")
        with pytest.raises(Forbidden):
            hub.accounts.orgs.get(who, "acme")
    hub.accounts.orgs.set_member(alice, "acme", "bob", OrgRole.CONTRIBUTOR)
    assert members(hub, org)["bob"] == "contributor"
    hub.accounts.orgs.remove_member(bob, "acme", "bob")
    assert members(hub, org) == {"alice": "admin"}
    for name in ("nobody", "acme"):
        with pytest.raises(NotFound):
            hub.accounts.orgs.set_member(alice, "acme", name, OrgRole.READ)
    with pytest.raises(NotFound):
        hub.accounts.orgs.remove_member(alice, "acme", "carol")
    assert hub.accounts.profile(ANONYMOUS, "alice").orgs[0].account.name == "acme"


def test_an_organisation_keeps_an_admin(hub: Hub, join: Join) -> None:
    alice = join("alice")
    join("bob")
    org = hub.accounts.orgs.create(alice, "acme")
    alice = _again(hub, alice)
    with pytest.raises(Conflict):
        hub.accounts.orgs.remove_member(alice, "acme", "alice")
    with pytest.raises(Conflict):
        hub.accounts.orgs.set_member(alice, "acme", "alice", OrgRole.WRITE)
    hub.accounts.orgs.set_member(alice, "acme", "bob", OrgRole.ADMIN)
    hub.accounts.orgs.remove_member(alice, "acme", "alice")
    assert members(hub, org) == {"bob": "admin"}


def test_operators_make_organisations_for_others(hub: Hub, join: Join) -> None:
    join("alice")
    org = hub.accounts.orgs.create(OPERATOR, "acme", admin="alice")
    assert members(hub, org) == {"alice": "admin"}
    with pytest.raises(Forbidden):
        hub.accounts.orgs.create(join("eve"), "evil", admin="alice")


def _again(hub: Hub, actor: Actor) -> Actor:
    """The same log-in, with the rights of now."""
    found = hub.accounts.actor_of_session(hub.accounts.log_in(actor.name, PASSWORD, "10.0.0.1"))
    assert found is not None
    return found
