"""`ServiceAccounts`: what programs of an organisation log in as, so that no person's token is needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.exc import IntegrityError

from pioche.accounts import group_store, keys, service_account_store, store
from pioche.accounts.secrecy import digest, new_token
from pioche.accounts.service.joining import check_fullname, name_taken
from pioche.accounts.service.rights import require_org_admin
from pioche.accounts.service.tokens import checked_name
from pioche.accounts.types import Account, AccountKind, Actor, NewToken, OrgRole, ServiceAccount, TokenInfo
from pioche.errors import Conflict, Forbidden, InvalidInput, NotFound
from pioche.names import check_account_name
from pioche.ports.database import Database, Tx

MAX_ACCOUNTS = 100
MAX_TOKENS = 20


class ServiceAccounts:
    """All for admins of the organisation who are people; also by a token of theirs that may write."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self, actor: Actor, org_name: str) -> Sequence[ServiceAccount]:
        with self._database.read() as tx:
            return service_account_store.of_org(tx, _org(tx, actor, org_name).id)

    def get(self, actor: Actor, org_name: str, number: int) -> ServiceAccount:
        with self._database.read() as tx:
            return _require(tx, _org(tx, actor, org_name), number)

    def create(self, actor: Actor, org_name: str, name: str, fullname: str, role: OrgRole) -> ServiceAccount:
        """Raises `Conflict` (taken): it is called as people are. An admin of an organisation is a person."""
        clean, full = check_account_name(name.strip()), check_fullname(fullname)
        if role is OrgRole.ADMIN:
            raise InvalidInput("A service account can have the roles read, contributor and write.", field="role")
        try:
            with self._database.write() as tx:
                org = _org(tx, actor, org_name)
                if len(service_account_store.of_org(tx, org.id)) >= MAX_ACCOUNTS:
                    raise Conflict(f"{MAX_ACCOUNTS} service accounts are the limit.")
                if store.find_account(tx, clean) is not None:
                    raise name_taken(clean)
                number = service_account_store.add(tx, org.id, clean, full, role)
        except IntegrityError as error:
            raise name_taken(clean) from error
        return self.get(actor, org_name, number)

    def delete(self, actor: Actor, org_name: str, number: int) -> None:
        """Its tokens end at once. The name stays taken: what it did is signed with it."""
        with self._database.write() as tx:
            org = _org(tx, actor, org_name)
            account = _require(tx, org, number).account
            group_store.leave_all(tx, org.id, account.id)
            service_account_store.end(tx, org.id, account.id)

    # -- tokens --

    def add_token(self, actor: Actor, org_name: str, number: int, new: NewToken) -> tuple[TokenInfo, str]:
        """The token and its secret, which nobody sees again. Raises `Conflict` (taken)."""
        clean = replace(new, name=checked_name(new.name), secret=None)
        secret = new_token()
        try:
            with self._database.write() as tx:
                found = _require(tx, _org(tx, actor, org_name), number)
                if len(found.tokens) >= MAX_TOKENS:
                    raise Conflict(f"{MAX_TOKENS} tokens are the limit. Delete one that is not used.")
                return keys.add_token(tx, found.account.id, clean, digest(secret), secret[-4:]), secret
        except IntegrityError as error:
            raise _token_taken(clean.name) from error

    def change_token(self, actor: Actor, org_name: str, number: int, token_id: int, change: NewToken) -> TokenInfo:
        """Another name and role. Raises `Conflict` (taken)."""
        name = checked_name(change.name)
        try:
            with self._database.write() as tx:
                found = _require(tx, _org(tx, actor, org_name), number)
                token = _token(found, token_id)
                keys.change_token(tx, found.account.id, token.id, name, change.role)
        except IntegrityError as error:
            raise _token_taken(name) from error
        return replace(token, name=name, role=change.role)

    def rotate_token(self, actor: Actor, org_name: str, number: int, token_id: int) -> tuple[TokenInfo, str]:
        """A new secret; the old one is dead at once."""
        secret = new_token()
        with self._database.write() as tx:
            found = _require(tx, _org(tx, actor, org_name), number)
            token = keys.replace_secret(tx, found.account.id, token_id, digest(secret), secret[-4:])
        if token is None:
            raise _no_token()
        return token, secret

    def delete_token(self, actor: Actor, org_name: str, number: int, token_id: int) -> None:
        with self._database.write() as tx:
            found = _require(tx, _org(tx, actor, org_name), number)
            if not keys.delete_token(tx, found.account.id, token_id):
                raise _no_token()


def _org(tx: Tx, actor: Actor, name: str) -> Account:
    org = store.find_account(tx, name)
    if org is None or org.kind is not AccountKind.ORG:
        raise NotFound(f"There is no organisation '{name[:100]}'.")
    require_org_admin(actor, org, by_token=True)
    if actor.is_service:
        raise Forbidden("Service accounts are for people to make.")
    return org


def _require(tx: Tx, org: Account, number: int) -> ServiceAccount:
    found = service_account_store.of_org(tx, org.id, number)
    if not found:
        raise NotFound(f"There is no such service account of '{org.name}'.")
    return found[0]


def _token(found: ServiceAccount, token_id: int) -> TokenInfo:
    for token in found.tokens:
        if token.id == token_id:
            return token
    raise _no_token()


def _token_taken(name: str) -> Conflict:
    return Conflict(f"There is a token '{name}' already. Choose another name.", field="token_name")


def _no_token() -> NotFound:
    return NotFound("The service account has no such token. It may have been deleted already.")
