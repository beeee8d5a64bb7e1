"""Who may do what, as a table."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pioche.accounts.access import Action, allows, may_create, may_run, may_see_runs, require
from pioche.accounts.types import ANONYMOUS, Actor, NewToken, OauthRights, OrgRole, RepoScope, Resource, TokenInfo
from pioche.errors import Forbidden, HubError, NotFound, Unauthenticated

ALICE, BOB, ORG = 1, 2, 10
MINE_PUBLIC = Resource(100, ALICE, private=False, created_by=ALICE)
MINE_PRIVATE = Resource(101, ALICE, private=True, created_by=ALICE)
ORG_PRIVATE = Resource(102, ORG, private=True, created_by=ALICE)
ORG_PUBLIC = Resource(103, ORG, private=False, created_by=ALICE)
BY_BOB = Resource(104, ORG, private=True, created_by=BOB)
GROUP, OTHER = 7, 8
GROUP_PRIVATE = Resource(105, ORG, private=True, created_by=ALICE, group_id=GROUP)
GROUP_PUBLIC = Resource(106, ORG, private=False, created_by=ALICE, group_id=GROUP)
BY_BOB_IN_GROUP = Resource(107, ORG, private=True, created_by=BOB, group_id=GROUP)

alice = Actor(ALICE, "alice")
bob = Actor(BOB, "bob")
root = Actor(9, "root", is_admin=True)


def member(role: OrgRole) -> Actor:
    return Actor(BOB, "bob", orgs={ORG: role})


def grouped(role: OrgRole, in_group: OrgRole | None, group: int = GROUP) -> Actor:
    """A member of the organisation with a role in one of its groups."""
    return Actor(BOB, "bob", orgs={ORG: role}, groups={} if in_group is None else {group: in_group})


OF_ROBOT = Resource(108, BOB, private=True)


def robot(role: OrgRole) -> Actor:
    """A service account, which has nothing under its own name."""
    return Actor(BOB, "bob", orgs={ORG: role}, is_service=True)


def with_token(actor: Actor, role: str, *scopes: RepoScope) -> Actor:
    new = NewToken("t", role, scopes)  # type: ignore[arg-type]
    token = TokenInfo(1, new.name, new.role, "abcd", new.scopes, 0, None)
    return Actor(actor.user_id, actor.name, orgs=actor.orgs, is_admin=actor.is_admin, token=token)


# (who, on what, the actions that they may do)
CASES = [
    (ANONYMOUS, MINE_PUBLIC, "read"),
    (ANONYMOUS, MINE_PRIVATE, ""),
    (alice, MINE_PUBLIC, "read discuss write admin"),
    (alice, MINE_PRIVATE, "read discuss write admin"),
    (bob, MINE_PUBLIC, "read discuss"),
    (bob, MINE_PRIVATE, ""),
    (root, MINE_PRIVATE, "read discuss write admin"),
    (member(OrgRole.READ), ORG_PRIVATE, "read discuss"),
    (member(OrgRole.READ), BY_BOB, "read discuss"),
    (member(OrgRole.CONTRIBUTOR), ORG_PRIVATE, "read discuss"),
    (member(OrgRole.CONTRIBUTOR), BY_BOB, "read discuss write admin"),
    (member(OrgRole.WRITE), ORG_PRIVATE, "read discuss write"),
    (member(OrgRole.ADMIN), ORG_PRIVATE, "read discuss write admin"),
    # What is in a group is governed by the group; admins of the organisation may do everything.
    (grouped(OrgRole.WRITE, None), GROUP_PRIVATE, ""),
    (grouped(OrgRole.WRITE, OrgRole.ADMIN, OTHER), GROUP_PRIVATE, ""),
    (grouped(OrgRole.WRITE, None), GROUP_PUBLIC, "read discuss"),
    (grouped(OrgRole.WRITE, None), BY_BOB_IN_GROUP, ""),
    (grouped(OrgRole.READ, OrgRole.READ), GROUP_PRIVATE, "read discuss"),
    (grouped(OrgRole.WRITE, OrgRole.READ), GROUP_PRIVATE, "read discuss"),
    (grouped(OrgRole.READ, OrgRole.CONTRIBUTOR), GROUP_PRIVATE, "read discuss"),
    (grouped(OrgRole.READ, OrgRole.CONTRIBUTOR), BY_BOB_IN_GROUP, "read discuss write admin"),
    (grouped(OrgRole.READ, OrgRole.WRITE), GROUP_PRIVATE, "read discuss write"),
    (grouped(OrgRole.READ, OrgRole.ADMIN), GROUP_PRIVATE, "read discuss write admin"),
    (grouped(OrgRole.READ, OrgRole.ADMIN), ORG_PRIVATE, "read discuss"),
    (grouped(OrgRole.ADMIN, None), GROUP_PRIVATE, "read discuss write admin"),
    (root, GROUP_PRIVATE, "read discuss write admin"),
    (alice, GROUP_PRIVATE, ""),
    (robot(OrgRole.READ), ORG_PRIVATE, "read discuss"),
    (robot(OrgRole.WRITE), ORG_PRIVATE, "read discuss write"),
    (robot(OrgRole.WRITE), GROUP_PRIVATE, ""),
    (robot(OrgRole.WRITE), MINE_PUBLIC, "read"),
    (robot(OrgRole.WRITE), MINE_PRIVATE, ""),
    (robot(OrgRole.WRITE), OF_ROBOT, ""),
    # Somebody who has left keeps nothing, not even what they made.
    (bob, BY_BOB, ""),
    (with_token(alice, "read"), MINE_PRIVATE, "read"),
    (with_token(alice, "write"), MINE_PRIVATE, "read discuss write admin"),
    (with_token(root, "read"), MINE_PRIVATE, "read"),
    (with_token(alice, "fineGrained", RepoScope("read", repo_id=101)), MINE_PRIVATE, "read"),
    (with_token(alice, "fineGrained", RepoScope("write", repo_id=101)), MINE_PRIVATE, "read discuss write admin"),
    (with_token(alice, "fineGrained", RepoScope("write", repo_id=100)), MINE_PRIVATE, ""),
    (with_token(alice, "fineGrained", RepoScope("write", repo_id=101)), MINE_PUBLIC, "read"),
    (with_token(alice, "fineGrained", RepoScope("write", owner_id=ALICE)), MINE_PRIVATE, "read discuss write admin"),
    (with_token(alice, "fineGrained", RepoScope("write", owner_id=ORG)), MINE_PRIVATE, ""),
    # A scope gives nothing that the person does not have.
    (with_token(bob, "fineGrained", RepoScope("write", repo_id=101)), MINE_PRIVATE, ""),
    (with_token(member(OrgRole.WRITE), "fineGrained", RepoScope("read", owner_id=ORG)), ORG_PRIVATE, "read"),
    (with_token(member(OrgRole.READ), "fineGrained", RepoScope("write", owner_id=ORG)), ORG_PUBLIC, "read discuss"),
]


@pytest.mark.parametrize(("actor", "resource", "allowed"), CASES)
def test_allows(actor: Actor, resource: Resource, allowed: str) -> None:
    assert [a.value for a in Action if allows(actor, a, resource)] == allowed.split()


@pytest.mark.parametrize(
    ("actor", "action", "resource", "error"),
    [
        (ANONYMOUS, Action.WRITE, MINE_PUBLIC, Unauthenticated),
        (bob, Action.WRITE, MINE_PUBLIC, Forbidden),
        (with_token(alice, "read"), Action.WRITE, MINE_PRIVATE, Forbidden),
        # What one may not see does not exist, whatever one wanted to do to it.
        (ANONYMOUS, Action.READ, MINE_PRIVATE, NotFound),
        (bob, Action.ADMIN, MINE_PRIVATE, NotFound),
        (with_token(alice, "fineGrained", RepoScope("write", repo_id=100)), Action.WRITE, MINE_PRIVATE, NotFound),
    ],
)
def test_require_says_no_in_the_right_way(
    actor: Actor, action: Action, resource: Resource, error: type[HubError]
) -> None:
    with pytest.raises(error):
        require(actor, action, resource, NotFound("It is not there."))


@pytest.mark.parametrize(
    ("actor", "owner", "expected"),
    [
        (ANONYMOUS, ALICE, False),
        (alice, ALICE, True),
        (alice, BOB, False),
        (root, ALICE, True),
        (member(OrgRole.READ), ORG, False),
        (member(OrgRole.CONTRIBUTOR), ORG, True),
        (with_token(alice, "read"), ALICE, False),
        (with_token(alice, "write"), ALICE, True),
        (with_token(alice, "fineGrained", RepoScope("write", owner_id=ALICE)), ALICE, True),
        (with_token(alice, "fineGrained", RepoScope("read", owner_id=ALICE)), ALICE, False),
        (with_token(alice, "fineGrained", RepoScope("write", repo_id=100)), ALICE, False),
    ],
)
def test_may_create(actor: Actor, owner: int, expected: bool) -> None:
    assert may_create(actor, owner) is expected


def connected(actor: Actor, granted: str, orgs: tuple[int, ...] | None, *scopes: RepoScope) -> Actor:
    """By a program that the person let in."""
    limited = with_token(actor, "fineGrained", *scopes)
    assert limited.token is not None
    rights = OauthRights("app", frozenset(granted.split()), orgs, 0)
    return replace(limited, token=replace(limited.token, oauth=rights))


def test_running_programs_is_no_part_of_writing_repositories() -> None:
    writer = member(OrgRole.WRITE)
    everything = RepoScope("write")
    assert may_run(with_token(writer, "fineGrained", everything), ORG)
    assert not may_run(with_token(writer, "fineGrained", RepoScope("write", repo_id=104)), ORG)
    assert not may_see_runs(with_token(writer, "fineGrained", RepoScope("write", repo_id=104)), ORG)
    for granted in ("", "contribute-repos", "manage-repos write-repos"):
        program = connected(writer, granted, None, everything)
        assert not may_run(program, ORG)
        assert not may_see_runs(program, ORG)
    assert may_run(connected(writer, "jobs", None), ORG)
    assert may_run(connected(writer, "jobs", (ORG,)), ORG)
    assert not may_run(connected(writer, "jobs", ()), ORG)
    assert may_run(connected(writer, "jobs", ()), BOB)
    assert not may_run(connected(member(OrgRole.READ), "jobs", None), ORG)
    assert may_see_runs(with_token(member(OrgRole.READ), "read"), ORG)
    assert not may_see_runs(alice, ORG)
