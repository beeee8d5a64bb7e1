"""`Devices`: log-in of programs without a browser, by a code that a person types elsewhere.

Source: RFC 8628. The code is short, so looking one up is counted (section 5.1), and the page shows which program asks
and from where, because a code may have been sent by a stranger (section 5.4).
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from pioche.accounts.attempts import Attempts, address_key
from pioche.accounts.secrecy import digest, new_cookie
from pioche.accounts.service.rights import require_person
from pioche.accounts.types import Actor
from pioche.errors import Conflict, InvalidCredentials, InvalidInput, OauthRefused
from pioche.oauth import codes, store
from pioche.oauth.rights import check_scopes
from pioche.oauth.service.apps import authenticate
from pioche.oauth.service.connections import allowed_orgs
from pioche.oauth.service.tokens import Tokens
from pioche.oauth.types import STOCK_CLIENT_ID, App, Consent, Decision, DeviceCode, DeviceRequest, TokenPair
from pioche.ports.database import Database, Tx

# No vowels, so that no words appear, and nothing that looks like something else (RFC 8628 section 6.1).
LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
LENGTH = 8
SECONDS = 900
INTERVAL = 5
STARTS = 60  # requests for codes, per address and window of `Attempts`
GUESSES = 10  # codes that do not exist, per person, per address and window


class Devices:
    def __init__(self, database: Database, tokens: Tokens) -> None:
        self._database = database
        self._tokens = tokens
        self._starts = Attempts(STARTS)
        self._guesses = Attempts(GUESSES)
        self._pace = Pace()

    def start(self, client_id: str, secret: str, scope: str, address: str) -> DeviceCode:
        """Raises `OauthClientRefused`, `OauthRefused` (invalid_scope), `RateLimited`."""
        self._starts.count((address_key(address),))
        with self._database.write() as tx:
            app = store.stock_app(tx) if client_id == STOCK_CLIENT_ID else authenticate(tx, client_id, secret)
            device_code, scopes = new_cookie(), check_scopes(app, scope)
            user_code = _free_code(tx, app, scopes, digest(device_code), address)
        return DeviceCode(device_code, user_code, SECONDS, INTERVAL)

    def find(self, actor: Actor, user_code: str, address: str) -> DeviceRequest:
        """What waits for this code. Raises `InvalidInput` (no such code), `RateLimited`."""
        user_id, code = require_person(actor), _plain(user_code)
        try:
            with self._guesses.guard((address_key(address), f"user {user_id}")), self._database.read() as tx:
                device = codes.find_device(tx, user_code=code) if code else None
                if device is None or device.expires_at <= tx.now or device.state != "pending":
                    raise InvalidCredentials("No program waits for this code. It may have expired: start again.")
        except InvalidCredentials as error:
            raise InvalidInput(error.message, field="user_code") from error
        return device

    def decide(self, actor: Actor, user_code: str, decision: Decision, orgs: tuple[int, ...], address: str) -> App:
        """`orgs`: those that the program may reach, unless it is the stock client, which reaches all."""
        user_id, device = require_person(actor), self.find(actor, user_code, address)
        chosen = allowed_orgs(actor, device.app, orgs)
        with self._database.write() as tx:
            if not codes.decide_device(tx, device.digest, decision, user_id, chosen):
                raise Conflict("This code has just been used.", field="user_code")
        return device.app

    def exchange(self, client_id: str, secret: str, device_code: str) -> TokenPair:
        """The tokens, once, when somebody has approved. Until then raises `OauthRefused`: see RFC 8628 section 3.5."""
        key = digest(device_code)
        with self._database.read() as tx:
            app = authenticate(tx, client_id, secret)
            device = _waiting(tx, app, key)
        if device.state == "pending":
            self._pace.step(key)
            raise OauthRefused("authorization_pending", "Nobody has approved this yet.")
        with self._database.write() as tx:
            device = _waiting(tx, app, key)
            codes.delete_device(tx, key)
            if device.state == "approved" and device.user_id is not None:
                return self._tokens.connect(tx, Consent(app, device.user_id, device.scopes, device.orgs))[0]
        raise OauthRefused("access_denied", "The person refused.")


class Pace:
    """How often each program asks. Kept in this process: writing it down would cost a commit each time."""

    _MAX = 20_000

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._last: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def step(self, key: str) -> None:
        """Raises `OauthRefused` (slow_down) when asked again too soon; the interval is then longer for good."""
        now = self._clock()
        with self._lock:
            last, interval = self._last.get(key, (-INTERVAL * 1e3, float(INTERVAL)))
            # Requests travel for a while, so one that comes a second early was sent in time.
            early = now - last < interval - 1
            self._last[key] = (now, interval + INTERVAL if early else interval)
            self._last.move_to_end(key)
            while len(self._last) > self._MAX:
                self._last.popitem(last=False)
        if early:
            raise OauthRefused("slow_down", f"Ask every {interval + INTERVAL:.0f} seconds.")


def shown(user_code: str) -> str:
    """As people read it: `BCDF-GHJK`."""
    return f"{user_code[:4]}-{user_code[4:]}"


def _plain(text: str) -> str:
    """As it is kept; "" for what cannot be one."""
    code = "".join(c for c in text.upper() if c not in " -")
    return code if len(code) == LENGTH and all(c in LETTERS for c in code) else ""


def _free_code(tx: Tx, app: App, scopes: tuple[str, ...], key: str, address: str) -> str:
    """Writes the request down under a code that no other has, and returns it as people read it."""
    ends = tx.now + SECONDS * 1000
    while True:
        code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
        if codes.find_device(tx, user_code=code) is not None:
            continue
        device = DeviceRequest(key, code, app, scopes, address, tx.now, ends, "pending", None, None)
        codes.add_device(tx, device)
        return shown(code)


def _waiting(tx: Tx, app: App, key: str) -> DeviceRequest:
    device = codes.find_device(tx, digest=key)
    if device is None or device.app.id != app.id:
        raise OauthRefused("invalid_grant", "This device code is not known, or has been used.")
    if device.expires_at <= tx.now:
        raise OauthRefused("expired_token", "Nobody approved this in time. Start again.")
    return device
