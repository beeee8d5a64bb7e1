"""`People`: what persons change about themselves, and operators for them."""

from __future__ import annotations

from sqlalchemy.exc import IntegrityError

from pioche.accounts import keys, store
from pioche.accounts.secrecy import Passwords, check_password
from pioche.accounts.service.joining import check_email, email_taken
from pioche.accounts.service.log_ins import LogIns
from pioche.accounts.service.profiles import check_profile
from pioche.accounts.service.rights import require_person
from pioche.accounts.types import Account, AccountKind, Actor, ProfileText, User
from pioche.errors import Forbidden, InvalidCredentials, InvalidInput, NotFound
from pioche.ports.database import Database


class People:
    def __init__(self, database: Database, passwords: Passwords, log_ins: LogIns) -> None:
        self._database = database
        self._passwords = passwords
        self._log_ins = log_ins

    def me(self, actor: Actor) -> Account:
        """The actor's own account."""
        user_id = require_person(actor)
        with self._database.read() as tx:
            account = store.get_account(tx, user_id)
        if account is None:
            raise NotFound("This account does not exist any more.")
        return account

    def named(self, text: str, limit: int) -> list[Account]:
        """Users and organisations whose name begins so, at most `limit` of each. Accounts are no secret."""
        with self._database.read() as tx:
            return [one for kind in (AccountKind.USER, AccountKind.ORG) for one in store.named(tx, text, kind, limit)]

    def change_profile(self, actor: Actor, text: ProfileText, email: str) -> None:
        """Raises `InvalidInput` with the field at fault, and `Conflict` for an email that is taken."""
        user_id = require_person(actor)
        clean, address = check_profile(text), check_email(email)
        with self._database.write() as tx:
            store.set_profile(tx, user_id, clean)
            try:
                store.set_email(tx, user_id, address)
            except IntegrityError as error:
                raise email_taken() from error

    def change_password(self, actor: Actor, old: str, new: str, address: str) -> None:
        """Ends all other log-ins of the person too. Raises `InvalidInput` for a wrong `old`, `RateLimited`."""
        user_id = require_person(actor)
        check_password(new)
        try:
            self._log_ins.actor_of_password(actor.name, old, address)
        except InvalidCredentials as error:
            raise InvalidInput("This is not your present password.", field="old") from error
        password_hash = self._passwords.hash(new)
        with self._database.write() as tx:
            store.set_password(tx, user_id, password_hash)
            keys.delete_sessions(tx, user_id, actor.session)

    def reset_password(self, actor: Actor, name: str, new: str) -> None:
        """For admins: a new password for somebody who lost theirs. Ends all their log-ins."""
        if not actor.is_admin or actor.token is not None:
            raise Forbidden("Only an admin can do this.")
        password_hash = self._passwords.hash(check_password(new))
        with self._database.write() as tx:
            account = store.find_account(tx, name)
            if account is None or account.kind is not AccountKind.USER:
                raise NotFound(f"There is no user '{name[:100]}'.")
            store.set_password(tx, account.id, password_hash)
            keys.delete_sessions(tx, account.id, None)

    def list(self, actor: Actor) -> list[User]:
        """For admins: everybody."""
        if not actor.is_admin:
            raise Forbidden("Only an admin can do this.")
        with self._database.read() as tx:
            return store.all_users(tx)
