"""`Resets`: a new password for somebody who lost theirs, by a link that is mailed to them.

The link holds no secret that is kept: it is signed, names the person and what their password is now (as a digest), so
it works once, and not at all once the password was changed otherwise.
"""

from __future__ import annotations

from pioche.accounts import keys, store
from pioche.accounts.attempts import Attempts, address_key
from pioche.accounts.grants import Link, Signer
from pioche.accounts.secrecy import Passwords, check_password
from pioche.errors import InvalidCredentials, NotFound
from pioche.ports.database import Database, Tx
from pioche.queue.service import Queue

PURPOSE = "password"
SECONDS = 3600
TASK = "accounts.mail_reset"
PER_ACCOUNT = 3  # mails to one person in the window of `Attempts`
PER_ADDRESS = 20


class Resets:
    def __init__(self, database: Database, queue: Queue, passwords: Passwords, signer: Signer) -> None:
        self._database = database
        self._queue = queue
        self._passwords = passwords
        self._signer = signer
        self._asked = Attempts(PER_ACCOUNT)
        self._addresses = Attempts(PER_ADDRESS)

    def ask(self, name_or_email: str, address: str) -> None:
        """Says nothing of whether there is such an account: that is looked up later, by the task that mails.

        Raises `RateLimited`, also without such an account.
        """
        who = name_or_email.strip().lower()[:320]
        if not who:
            return
        self._addresses.count([address_key(address)])
        self._asked.count([f"reset {who}"])
        with self._database.write() as tx:
            self._queue.enqueue(tx, TASK, {"who": who}, who[:150])

    def letter(self, name_or_email: str) -> tuple[str, str, str] | None:
        """(email, name, signed text of the link); None if nobody is called so or they may not log in."""
        with self._database.read() as tx:
            found = store.find_password(tx, name_or_email)
            actor = None if found is None else store.actor_of_user(tx, found[0])
        if found is None or actor is None:
            return None
        return actor.email, actor.name, self._signer.link(PURPOSE, self._subject(*found), SECONDS)

    def check(self, text: str) -> None:
        """Raises `NotFound` for a link that is not ours, too old, or used."""
        with self._database.read() as tx:
            self._user(tx, text)

    def reset(self, text: str, new: str) -> None:
        """Sets the password and ends all log-ins of the person. Raises as `check`, and `InvalidInput`."""
        self.check(text)
        password_hash = self._passwords.hash(check_password(new))
        with self._database.write() as tx:
            user_id = self._user(tx, text)
            store.set_password(tx, user_id, password_hash)
            keys.delete_sessions(tx, user_id, None)

    def _user(self, tx: Tx, text: str) -> int:
        try:
            link = self._signer.read(Link, text)
        except InvalidCredentials as error:
            raise _dead() from error
        number = link.subject.partition(":")[0]
        if link.purpose != PURPOSE or not number.isdigit():
            raise _dead()
        password_hash = store.password_of(tx, int(number))
        if password_hash is None or link.subject != self._subject(int(number), password_hash):
            raise _dead()
        return int(number)

    def _subject(self, user_id: int, password_hash: str) -> str:
        return f"{user_id}:{self._signer.mac('password reset', password_hash.encode())[:22]}"


def _dead() -> NotFound:
    return NotFound("This link does not work (any more). Ask for a new one.")
