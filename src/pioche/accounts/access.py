"""Who may do what: one typed question, one answer, for every door.

Rules, most specific first:
- An admin of the hub may do everything.
- An owner may do everything to what is theirs; in an organisation the role decides: `read` reads, `contributor`
  also makes repositories and writes to those that they made, `write` writes to all, `admin` also administers.
- What is in a resource group of the organisation is governed by the role in the group instead: who is not in the group
  is a stranger to it, but for the admins of the organisation.
- Anyone may read what is public.
- A service account reads what is public, and does what its role in its organisation says.
- A token can only narrow: a `read` token never writes, a fine-grained one does only what its scopes name.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, and_, false, or_, true

from pioche.accounts.types import Actor, OrgRole, Permission, RepoScope, Resource
from pioche.errors import Forbidden, NotFound, Unauthenticated


class Action(StrEnum):
    READ = "read"
    DISCUSS = "discuss"  # open pull requests and discussions: anyone with an account who may read
    WRITE = "write"  # content: commits, branches, tags
    ADMIN = "admin"  # settings, visibility, move, delete


_GRANTS: dict[Permission, frozenset[Action]] = {
    "read": frozenset((Action.READ,)),
    "write": frozenset(Action),
    "content": frozenset((Action.READ, Action.DISCUSS, Action.WRITE)),
    "contribute": frozenset((Action.READ, Action.DISCUSS, Action.WRITE)),
    "discuss": frozenset((Action.DISCUSS,)),
}


def allows(actor: Actor, action: Action, resource: Resource) -> bool:
    return _person_allows(actor, action, resource) and _token_allows(actor, action, resource)


def require(actor: Actor, action: Action, resource: Resource, missing: NotFound) -> None:
    """Raises `missing` if the actor may not even know of it, else `Unauthenticated` or `Forbidden`."""
    if allows(actor, action, resource):
        return
    if not allows(actor, Action.READ, resource):
        raise missing
    if actor.is_anonymous:
        raise Unauthenticated("Log in, or send a token, to do this.")
    if actor.token is not None and _person_allows(actor, action, resource):
        raise Forbidden(
            f"Your token '{actor.token.name}' may not {action.value} here. Use one with the role 'write' "
            "or with a scope for this repository."
        )
    raise Forbidden(f"You have no {action.value} access to this.")


def passes_gate(actor: Actor, resource: Resource, let_in: bool) -> bool:
    """May the actor read the files of this gated thing? Its own people may, and who was let in.

    A token opens the gate as it opens what is private; one of a connected program also by its scope for gates.
    """
    closed = replace(resource, private=True)
    if not (let_in or _person_allows(actor, Action.READ, closed)):
        return False
    oauth = actor.token.oauth if actor.token else None
    return _token_allows(actor, Action.READ, closed) or (oauth is not None and "gated-repos" in oauth.granted)


def token_reaches(actor: Actor, resource: Resource) -> bool:
    """Would the actor's token read this if it were private? True without one."""
    return _token_allows(actor, Action.READ, replace(resource, private=True))


def may_create(actor: Actor, owner_id: int, group_id: int | None = None) -> bool:
    """May the actor make repositories under this account, in that group of it?"""
    if actor.is_anonymous:
        return False
    person = actor.is_admin or role_over(actor, owner_id, group_id) >= OrgRole.CONTRIBUTOR
    token = actor.token
    if token is None or token.role == "write":
        return person
    scopes = [s for s in token.scopes if s.permission in ("write", "contribute") and s.repo_id is None]
    return person and any(scope.owner_id in (None, owner_id) for scope in scopes)


def may_run(actor: Actor, owner_id: int, group_id: int | None = None) -> bool:
    """May the actor run programs here (jobs, trainings) as this account, in that group of it?

    A connected program needs a scope for that.
    """
    oauth = actor.token.oauth if actor.token else None
    if oauth is None or (actor.token is not None and actor.token.role == "write"):
        return may_create(actor, owner_id, group_id)
    reaches = owner_id == actor.user_id or oauth.orgs is None or owner_id in oauth.orgs
    return "jobs" in oauth.granted and reaches and may_create(replace(actor, token=None), owner_id, group_id)


def may_see_runs(actor: Actor, owner_id: int) -> bool:
    """What programs of this account do and say is for its people; for a token that is limited, if it may run them."""
    if not (actor.is_admin or owner_role(actor, owner_id)):
        return False
    return actor.token is None or actor.token.role != "fineGrained" or may_run(actor, owner_id)


def owner_role(actor: Actor, owner_id: int) -> int:
    """The actor's role in the owning account; 0 for none. A user is the admin of their own account.

    A service account owns nothing: it is there for its organisation.
    """
    if actor.user_id is not None and owner_id == actor.user_id and not actor.is_service:
        return OrgRole.ADMIN
    return actor.orgs.get(owner_id, 0)


def role_over(actor: Actor, owner_id: int, group_id: int | None) -> int:
    """The actor's role over what belongs to an account, and there to a resource group."""
    role = owner_role(actor, owner_id)
    if group_id is None or role in (0, OrgRole.ADMIN):
        return role
    return actor.groups.get(group_id, 0)


def insiders(actor: Actor, owner_id: Column[Any], group_id: Column[Any]) -> ColumnElement[bool]:
    """As SQL: where `role_over` is any role at all."""
    all_of = [org for org, role in actor.orgs.items() if role >= OrgRole.ADMIN]
    all_of += [] if actor.user_id is None or actor.is_service else [actor.user_id]
    some_of = [org for org, role in actor.orgs.items() if role < OrgRole.ADMIN]
    if not some_of:
        return owner_id.in_(all_of)
    within = or_(group_id.is_(None), group_id.in_(list(actor.groups))) if actor.groups else group_id.is_(None)
    return or_(owner_id.in_(all_of), and_(owner_id.in_(some_of), within))


def readable(actor: Actor, table: Table, number: ColumnElement[Any]) -> ColumnElement[bool]:
    """`allows(actor, Action.READ, ...)` as SQL, over a table that has the columns of a `Resource`; `number` is its id.

    The two must say the same; tests compare them.
    """
    row = table.c
    public = row.private == false()
    person = true() if actor.is_admin else or_(public, insiders(actor, row.owner_id, row.group_id))
    token = actor.token
    if token is None or token.role != "fineGrained":
        return person
    granted = [_within(actor, scope, table, number) for scope in token.scopes if scope.permission != "discuss"]
    return and_(person, or_(public, *granted))


def _within(actor: Actor, scope: RepoScope, table: Table, number: ColumnElement[Any]) -> ColumnElement[bool]:
    """`_covers` as SQL."""
    made = table.c.created_by == actor.user_id if scope.permission == "contribute" else true()
    if scope.repo_id is not None:
        return and_(made, number == scope.repo_id)
    return made if scope.owner_id is None else and_(made, table.c.owner_id == scope.owner_id)


def _person_allows(actor: Actor, action: Action, resource: Resource) -> bool:
    role = role_over(actor, resource.owner_id, resource.group_id)
    if actor.is_admin:
        return True
    if action is Action.READ:
        return not resource.private or role >= OrgRole.READ
    if actor.is_anonymous:
        return False
    if action is Action.DISCUSS:
        return (not resource.private and not actor.is_service) or role >= OrgRole.READ
    made_it = role >= OrgRole.CONTRIBUTOR and resource.created_by == actor.user_id
    if action is Action.WRITE:
        return role >= OrgRole.WRITE or made_it
    return role >= OrgRole.ADMIN or made_it


def _token_allows(actor: Actor, action: Action, resource: Resource) -> bool:
    token = actor.token
    if token is None or token.role == "write":
        return True
    if action is Action.READ and (not resource.private or token.role == "read"):
        return True
    if token.role == "read":
        return False
    if action is Action.DISCUSS and not _token_allows(actor, Action.READ, resource):
        return False
    return any(action in _GRANTS[scope.permission] and _covers(actor, scope, resource) for scope in token.scopes)


def _covers(actor: Actor, scope: RepoScope, resource: Resource) -> bool:
    if scope.permission == "contribute" and resource.created_by != actor.user_id:
        return False
    return scope.repo_id == resource.id or (scope.repo_id is None and scope.owner_id in (None, resource.owner_id))
