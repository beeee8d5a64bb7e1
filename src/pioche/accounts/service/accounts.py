"""`Accounts`: who asks, joining, logging in, and finding who is called what."""

from __future__ import annotations

import hmac

from pioche.accounts import repo_tokens, store
from pioche.accounts.access import token_reaches
from pioche.accounts.attempts import Attempts, address_key
from pioche.accounts.grants import Signer
from pioche.accounts.secrecy import Passwords
from pioche.accounts.service.groups import Groups
from pioche.accounts.service.joining import join
from pioche.accounts.service.log_ins import LogIns
from pioche.accounts.service.orgs import Orgs
from pioche.accounts.service.people import People
from pioche.accounts.service.resets import Resets
from pioche.accounts.service.service_accounts import ServiceAccounts
from pioche.accounts.service.tokens import Tokens
from pioche.accounts.types import Account, Actor, NewUser, Profile, Resource, User
from pioche.errors import Forbidden, InvalidCredentials, NotFound, Unauthenticated
from pioche.ports.database import Database, Tx
from pioche.queue.service import Queue
from pioche.settings import Settings

JOINS = 30  # tries to make an account, per address and window of `Attempts`


class Accounts:
    """The door to the room. `tokens`, `orgs`, `groups`, ... `log_ins` hold the verbs of one noun each."""

    def __init__(self, database: Database, settings: Settings, queue: Queue, signer: Signer) -> None:
        self._database = database
        self._settings = settings
        self._queue = queue
        self._signer = signer
        self._passwords = Passwords()
        self._joins = Attempts(JOINS)
        self.tokens = Tokens(database)
        self.orgs = Orgs(database)
        self.groups = Groups(database)
        self.service_accounts = ServiceAccounts(database)
        self.log_ins = LogIns(database, self._passwords, settings.session_days)
        self.resets = Resets(database, queue, self._passwords, signer)
        self.people = People(database, self._passwords, self.log_ins)

    # -- who asks --

    def actor_of_token(self, secret: str) -> Actor:
        """Raises `InvalidCredentials`."""
        if repo_tokens.looks_like_one(secret):
            return self._actor_of_repo_token(secret)
        return self.tokens.actor(secret)

    def repo_token(self, actor: Actor, resource: Resource) -> str:
        """A short-lived token that reads a repository which the actor may read, as the actor would."""
        if actor.user_id is None:
            raise Unauthenticated("Log in, or send a token, to get a token for this.")
        oauth = actor.token.oauth if actor.token else None
        if not token_reaches(actor, resource) or (oauth is not None and oauth.app == repo_tokens.NAME):
            raise Forbidden("This token cannot make others. Use one that reads this repository by its own right.")
        return repo_tokens.issue(self._signer, actor.user_id, resource.id)

    def actor_of_session(self, cookie: str) -> Actor | None:
        """None for a session that has ended."""
        return self.log_ins.actor(cookie)

    def actor_of_password(self, name_or_email: str, password: str, address: str) -> Actor:
        """Raises `InvalidCredentials`, and `RateLimited` after too many failures of an address or account."""
        return self.log_ins.actor_of_password(name_or_email, password, address)

    def looks_like_token(self, text: str) -> bool:
        """Whether to take a text from a password field for a token: by its prefix, or because it is one."""
        return self.tokens.looks_like_one(text)

    # -- joining and logging in --

    def sign_up(self, actor: Actor, new: NewUser, address: str | None = None) -> User:
        """Raises `Forbidden` where joining is closed, `InvalidInput`, `InvalidName`, `Conflict` (taken).

        `address`, if given, is where the person is: `RateLimited` when too many join from there.
        """
        if not actor.is_admin:
            self._require_open()
            if new.is_admin:
                raise Forbidden("Only an admin can make an admin.")
        if address is not None:
            self._joins.count((address_key(address),))
        return join(self._database, self._queue, self._passwords, actor, new)

    def log_in(self, name_or_email: str, password: str, address: str, user_agent: str = "") -> str:
        """The cookie of a new session. Raises as `actor_of_password`."""
        actor = self.log_ins.actor_of_password(name_or_email, password, address)
        return self.log_ins.open(actor, user_agent)

    def setup_key(self) -> str | None:
        """The key of the set-up page (a secret: for the operator's eyes), while nobody has an account; None afterwards.

        It is computed from the hub's own secret, so it is the same at each start and kept nowhere.
        """
        with self._database.read() as tx:
            if store.any_user(tx):
                return None
        return self._signer.mac("setup", b"first admin")

    def is_setup_key(self, key: str) -> bool:
        expected = self.setup_key()
        return expected is not None and hmac.compare_digest(key.encode(errors="replace"), expected.encode())

    def set_up(self, key: str, new: NewUser) -> User:
        """Makes the first admin. The key is dead afterwards. Raises `NotFound` for a wrong or dead one."""
        if not self.is_setup_key(key):
            raise NotFound("This set-up link does not work (any more). The hub prints the current one when it starts.")
        return join(self._database, self._queue, self._passwords, None, new)

    # -- finding --

    def find_account(self, name: str, tx: Tx | None = None) -> Account:
        """The user or organisation of that name, compared without case; raises `NotFound`."""
        if tx is not None:
            return _find(tx, name)
        with self._database.read() as own:
            return _find(own, name)

    def profile(self, actor: Actor, name: str) -> Profile:
        """An account and its people. Profiles are public: `actor` may be anybody."""
        with self._database.read() as tx:
            account = _find(tx, name)
            if account.kind == "org":
                return Profile(account, members=store.members_of(tx, account.id))
            return Profile(account, orgs=store.orgs_of(tx, account.id))

    def _actor_of_repo_token(self, secret: str) -> Actor:
        user_id, token = repo_tokens.read(self._signer, secret)
        with self._database.read() as tx:
            actor = store.actor_of_user(tx, user_id, token)
        if actor is None:
            raise InvalidCredentials("This token is not valid any more.")
        return actor

    def _require_open(self) -> None:
        if self.setup_key() is not None:
            raise Forbidden("This hub has no admin yet. Open the set-up link that it printed when it started.")
        if not self._settings.signup_open:
            raise Forbidden("Joining is closed on this hub. Ask its admin for an account.")


def _find(tx: Tx, name: str) -> Account:
    account = store.find_account(tx, name)
    if account is None:
        raise NotFound(f"There is no user or organisation '{name[:100]}'.")
    return account
