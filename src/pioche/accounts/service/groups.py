"""`Groups`: resource groups, teams inside of an organisation. What belongs to one is known to the rooms above."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy.exc import IntegrityError

from pioche.accounts import group_store, store
from pioche.accounts.access import may_create, role_over
from pioche.accounts.service.rights import require_org_admin
from pioche.accounts.types import Account, AccountKind, Actor, Group, Membership, NewGroup, OrgRole
from pioche.errors import Conflict, Forbidden, InvalidInput, NotFound, Unauthenticated
from pioche.ports.database import Database, Tx

MAX_NAME = 96
MAX_DESCRIPTION = 500
MAX_GROUPS = 500
Members = Sequence[tuple[str, OrgRole]]


class Groups:
    """Made by admins of the organisation. Admins of a group may say who else is in it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self, actor: Actor, org_name: str) -> Sequence[Group]:
        """Those that the actor is in; for the organisation's admins all."""
        with self._database.read() as tx:
            org = _require_org(tx, actor, org_name)
            return [group for group in group_store.of_org(tx, org.id) if _knows(actor, group)]

    def get(self, actor: Actor, org_name: str, group_id: int) -> Group:
        """Raises `NotFound`, also for a group that the actor is not in."""
        with self._database.read() as tx:
            return _require(tx, actor, _require_org(tx, actor, org_name), group_id)

    def members(self, actor: Actor, groups: Sequence[Group]) -> Mapping[int, Sequence[Membership]]:
        """Of groups that were found for the actor: group -> people, those who may most first."""
        with self._database.read() as tx:
            return group_store.members_of(tx, [group.id for group in groups if _knows(actor, group)])

    def known(self, actor: Actor, group_ids: Sequence[int]) -> Mapping[int, Group]:
        """Those of these that the actor is in or administers."""
        numbers = sorted(set(group_ids))
        if not numbers or actor.is_anonymous:
            return {}
        with self._database.read() as tx:
            return {group.id: group for group in group_store.some(tx, numbers) if _knows(actor, group)}

    # -- for admins of the organisation --

    def create(self, actor: Actor, org_name: str, new: NewGroup) -> Group:
        """Raises `Conflict` (taken)."""
        name, description = _checked_name(new.name), _checked_description(new.description)
        try:
            with self._database.write() as tx:
                org = _require_org(tx, actor, org_name)
                require_org_admin(actor, org, by_token=True)
                if len(group_store.of_org(tx, org.id)) >= MAX_GROUPS:
                    raise Conflict(f"{MAX_GROUPS} resource groups are the limit.")
                number = group_store.add(tx, org.id, name, description, new.auto_join)
                _add_members(tx, actor, org, number, new.members)
        except IntegrityError as error:
            raise _name_taken(name) from error
        return self.get(actor, org_name, number)

    def describe(self, actor: Actor, org_name: str, group_id: int, name: str | None, description: str | None) -> Group:
        """What is None stays. Raises `Conflict` (taken)."""
        try:
            with self._database.write() as tx:
                group = _require_owned(tx, actor, org_name, group_id)
                name = group.name if name is None else _checked_name(name)
                description = group.description if description is None else _checked_description(description)
                group_store.describe(tx, group.id, name, description)
        except IntegrityError as error:
            raise _name_taken(name or "") from error
        return self.get(actor, org_name, group_id)

    def set_auto_join(self, actor: Actor, org_name: str, group_id: int, role: OrgRole | None) -> Group:
        """The role here of everybody who joins the organisation from now on; None: they do not join."""
        with self._database.write() as tx:
            group_store.set_auto_join(tx, _require_owned(tx, actor, org_name, group_id).id, role)
        return self.get(actor, org_name, group_id)

    def delete(self, actor: Actor, org_name: str, group_id: int) -> None:
        """Raises `Conflict` while something is in it: else it would be shown to the whole organisation unasked."""
        try:
            with self._database.write() as tx:
                group = _require_owned(tx, actor, org_name, group_id)
                group_store.remove(tx, group.id)
        except IntegrityError as error:
            raise Conflict("There are still things in this group. Take them out of it first.") from error

    # -- for admins of the organisation or the group --

    def add_members(self, actor: Actor, org_name: str, group_id: int, members: Members) -> Group:
        """People of the organisation; whoever is in the group already gets the role. All or none."""
        with self._database.write() as tx:
            org = _require_org(tx, actor, org_name)
            _add_members(tx, actor, org, _require_managed(tx, actor, org, group_id).id, members)
        return self.get(actor, org_name, group_id)

    def change_role(self, actor: Actor, org_name: str, group_id: int, user_name: str, role: OrgRole) -> None:
        """Of somebody who is in the group."""
        with self._database.write() as tx:
            group = _require_managed(tx, actor, _require_org(tx, actor, org_name), group_id)
            user_id = _member_id(tx, group, user_name)
            group_store.set_role(tx, group.id, user_id, role, actor.user_id)

    def remove_member(self, actor: Actor, org_name: str, group_id: int, user_name: str) -> None:
        with self._database.write() as tx:
            group = _require_managed(tx, actor, _require_org(tx, actor, org_name), group_id)
            group_store.leave(tx, group.id, _member_id(tx, group, user_name))


def require_place(tx: Tx, actor: Actor, owner_id: int, group_id: int | None) -> None:
    """Raises unless the actor may put something there: under an account, and in that group of it.

    `NotFound` for a group that is of another account, or that the actor is not in.
    """
    require_known(tx, actor, owner_id, group_id)
    if not may_create(actor, owner_id, group_id):
        raise Forbidden("You may not put things there." if group_id is None else "You may only read in this group.")


def require_known(tx: Tx, actor: Actor, owner_id: int, group_id: int | None) -> None:
    """Raises `NotFound` for a group that is of another account, or that the actor is not in."""
    if group_id is not None:
        group = group_store.get(tx, group_id)
        if group is None or group.org_id != owner_id or not _knows(actor, group):
            raise _missing()


def _require_org(tx: Tx, actor: Actor, name: str) -> Account:
    """The organisation, for its people. Raises `Unauthenticated`, `Forbidden`."""
    if actor.is_anonymous:
        raise Unauthenticated("Log in, or send a token, to see resource groups.")
    org = store.find_account(tx, name)
    if org is None or org.kind is not AccountKind.ORG:
        raise NotFound(f"There is no organisation '{name[:100]}'.")
    is_in = actor.is_admin or org.id in actor.orgs
    if not is_in or (actor.token is not None and actor.token.role == "fineGrained"):
        raise Forbidden(f"Resource groups of '{org.name}' are for its members, with a token for all they may read.")
    return org


def _require(tx: Tx, actor: Actor, org: Account, group_id: int) -> Group:
    group = group_store.get(tx, group_id)
    if group is None or group.org_id != org.id or not _knows(actor, group):
        raise _missing()
    return group


def _require_owned(tx: Tx, actor: Actor, org_name: str, group_id: int) -> Group:
    org = _require_org(tx, actor, org_name)
    group = _require(tx, actor, org, group_id)
    require_org_admin(actor, org, by_token=True)
    return group


def _require_managed(tx: Tx, actor: Actor, org: Account, group_id: int) -> Group:
    group = _require(tx, actor, org, group_id)
    writes = actor.session is not None or (actor.token is not None and actor.token.role == "write")
    if not (writes and actor.groups.get(group.id) is OrgRole.ADMIN):
        require_org_admin(actor, org, by_token=True)
    return group


def _knows(actor: Actor, group: Group) -> bool:
    return actor.is_admin or role_over(actor, group.org_id, group.id) > 0


def _add_members(tx: Tx, actor: Actor, org: Account, group_id: int, members: Members) -> None:
    known = store.members_named(tx, org.id, [name for name, _ in members])
    roles: dict[int, OrgRole] = {}
    for name, role in members:
        user_id = known.get(name.strip().lower())
        if user_id is None:
            raise NotFound(f"'{name[:100]}' is not in '{org.name}'. Only its members are in its groups.", field="user")
        roles[user_id] = role
    group_store.set_roles(tx, group_id, roles, actor.user_id)


def _member_id(tx: Tx, group: Group, name: str) -> int:
    user = store.find_account(tx, name.strip())
    if user is None or group_store.role_in(tx, group.id, user.id) is None:
        raise NotFound(f"'{name[:100]}' is not in this group.", field="user")
    return user.id


def _checked_name(text: str) -> str:
    name = " ".join(text.split())
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise InvalidInput(f"A resource group needs a name of 1 to {MAX_NAME} characters.", field="name")
    return name


def _checked_description(text: str) -> str:
    text = text.strip()
    if len(text) > MAX_DESCRIPTION or "\0" in text:
        raise InvalidInput(f"The description has {MAX_DESCRIPTION} characters at most.", field="description")
    return text


def _name_taken(name: str) -> Conflict:
    return Conflict(f"There is a resource group '{name}' already.", field="name")


def _missing() -> NotFound:
    return NotFound("There is no such resource group, or you are not in it.")
