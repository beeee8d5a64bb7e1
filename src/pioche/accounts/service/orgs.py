"""`Orgs`: organisations and who is in them."""

from __future__ import annotations

from sqlalchemy.exc import IntegrityError

from pioche.accounts import group_store, store
from pioche.accounts.service.joining import check_fullname, name_taken
from pioche.accounts.service.profiles import check_profile
from pioche.accounts.service.rights import require_org_admin, require_person
from pioche.accounts.types import Account, AccountKind, Actor, Membership, OrgRole, ProfileText
from pioche.errors import Conflict, Forbidden, NotFound
from pioche.names import check_account_name
from pioche.ports.database import Database, Tx


class Orgs:
    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, actor: Actor, name: str, fullname: str = "", admin: str | None = None) -> Account:
        """`admin` is the first one: the actor, or for an admin of the hub any user. Raises `Conflict` (taken)."""
        clean, full = check_account_name(name.strip()), check_fullname(fullname)
        with self._database.write() as tx:
            first = _first_admin(tx, actor, admin)
            if store.find_account(tx, clean) is not None:
                raise name_taken(clean)
            try:
                org_id = store.add_account(tx, AccountKind.ORG, clean, full)
            except IntegrityError as error:
                raise name_taken(clean) from error
            store.set_role(tx, org_id, first, OrgRole.ADMIN)
            return Account(org_id, AccountKind.ORG, clean, full, tx.now)

    def get(self, actor: Actor, name: str) -> tuple[Account, tuple[Membership, ...]]:
        """An organisation and the people in it, for its admins."""
        with self._database.read() as tx:
            org = _org(tx, name)
            require_org_admin(actor, org)
            found = store.members_of(tx, org.id)
            return org, tuple(one for one in found if one.account.kind is AccountKind.USER)

    def members(self, name: str) -> tuple[Membership, ...]:
        """Who is in it, those who may most first. Public, as profiles are."""
        with self._database.read() as tx:
            return store.members_of(tx, _org(tx, name).id)

    def set_member(self, actor: Actor, org_name: str, user_name: str, role: OrgRole) -> None:
        """Adds a person or changes their role. Raises `Conflict` if no admin would be left."""
        with self._database.write() as tx:
            org = _org(tx, org_name)
            require_org_admin(actor, org)
            user_id = _user_id(tx, user_name)
            if role is not OrgRole.ADMIN:
                _keep_an_admin(tx, org, user_id)
            if store.role_in(tx, org.id, user_id) is None:
                group_store.join_all(tx, org.id, user_id)
            store.set_role(tx, org.id, user_id, role)

    def change_role(self, actor: Actor, org_name: str, user_name: str, role: OrgRole) -> None:
        """Of somebody who is a member; also by a token that may write. Raises `NotFound` for others, and `Conflict`."""
        with self._database.write() as tx:
            org = _org(tx, org_name)
            require_org_admin(actor, org, by_token=True)
            user_id = _user_id(tx, user_name)
            if store.role_in(tx, org.id, user_id) is None:
                raise NotFound(f"'{user_name[:100]}' is not in '{org.name}'.")
            if role is not OrgRole.ADMIN:
                _keep_an_admin(tx, org, user_id)
            store.set_role(tx, org.id, user_id, role)

    def require_admin(self, actor: Actor, name: str) -> None:
        """Raises unless the actor, or their token that may write, administers that organisation."""
        with self._database.read() as tx:
            require_org_admin(actor, _org(tx, name), by_token=True)

    def remove_member(self, actor: Actor, org_name: str, user_name: str) -> None:
        """Takes a person out; anybody may leave by themselves. Raises `Conflict` if no admin would be left."""
        with self._database.write() as tx:
            org = _org(tx, org_name)
            user_id = _user_id(tx, user_name)
            if user_id != actor.user_id or actor.session is None:
                require_org_admin(actor, org)
            if store.role_in(tx, org.id, user_id) is None:
                raise NotFound(f"'{user_name}' is not in '{org.name}'.")
            _keep_an_admin(tx, org, user_id)
            group_store.leave_all(tx, org.id, user_id)
            store.remove_member(tx, org.id, user_id)

    def change_profile(self, actor: Actor, name: str, text: ProfileText) -> None:
        clean = check_profile(text)
        with self._database.write() as tx:
            org = _org(tx, name)
            require_org_admin(actor, org)
            store.set_profile(tx, org.id, clean)


def _first_admin(tx: Tx, actor: Actor, admin: str | None) -> int:
    if admin is None or admin.lower() == actor.name.lower():
        return require_person(actor)
    if not actor.is_admin or actor.token is not None:
        raise Forbidden("Only an admin of the hub can make organisations for others.")
    return _user_id(tx, admin)


def _org(tx: Tx, name: str) -> Account:
    org = store.find_account(tx, name)
    if org is None or org.kind is not AccountKind.ORG:
        raise NotFound(f"There is no organisation '{name[:100]}'.")
    return org


def _user_id(tx: Tx, name: str) -> int:
    user = store.find_account(tx, name.strip())
    if user is None or user.kind is not AccountKind.USER:
        raise NotFound(f"There is no user '{name[:100]}'.", field="user")
    return user.id


def _keep_an_admin(tx: Tx, org: Account, user_id: int) -> None:
    """The transaction writes, so nobody else can take the other admin away meanwhile."""
    if store.role_in(tx, org.id, user_id) is OrgRole.ADMIN and store.count_admins(tx, org.id) == 1:
        raise Conflict(f"'{org.name}' needs an admin. Make somebody else one first.")
