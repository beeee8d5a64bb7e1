"""`Codes`: the consent page, and the code that the program gets from it and turns into tokens.

Source: RFC 6749 section 4.1, PKCE of RFC 7636 (S256 alone), RFC 9207 (`iss`), RFC 9700 (what to refuse).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping

from pioche.accounts.secrecy import digest, new_cookie
from pioche.accounts.service.rights import require_person
from pioche.accounts.types import Actor
from pioche.errors import InvalidInput, OauthRefused
from pioche.oauth import codes, store
from pioche.oauth.redirects import matches
from pioche.oauth.rights import check_scopes
from pioche.oauth.service.apps import authenticate
from pioche.oauth.service.connections import allowed_orgs
from pioche.oauth.service.tokens import Tokens
from pioche.oauth.types import App, Code, CodeRequest, Consent, TokenPair
from pioche.ports.database import Database

CODE_SECONDS = 60
MAX_STATE = 2000  # characters; of `state` and `nonce`, which travel back as they came
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}\Z")  # SHA-256, base64url without padding
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}\Z")


class Codes:
    def __init__(self, database: Database, tokens: Tokens) -> None:
        self._database = database
        self._tokens = tokens

    def read(self, values: Mapping[str, str]) -> CodeRequest:
        """What a program asks for.

        Raises `InvalidInput` if the program or its address is not known: then nobody may be sent there. Everything
        else is `OauthRefused` with `redirect` and `state` in its details, for the program to hear.
        """
        with self._database.read() as tx:
            app = store.find_app(tx, values.get("client_id", ""))
        if app is None:
            raise InvalidInput("The program that sent you here is not registered on this hub.")
        redirect = values.get("redirect_uri") or (app.redirects[0] if len(app.redirects) == 1 else "")
        if not any(matches(registered, redirect) for registered in app.redirects):
            raise InvalidInput(
                f"The program '{app.name}' wants to send you to an address that it has not registered. "
                "Nothing was passed on to it."
            )
        state = values.get("state", "")
        try:
            return _checked(app, redirect, state, values)
        except OauthRefused as error:
            raise OauthRefused(error.error, error.message, redirect=redirect, state=state[:MAX_STATE]) from error

    def approve(self, actor: Actor, request: CodeRequest, orgs: tuple[int, ...]) -> str:
        """The code, good for one use within a minute. `orgs`: organisations that the program may reach."""
        user_id, code = require_person(actor), new_cookie()
        consent = Consent(request.app, user_id, request.scopes, allowed_orgs(actor, request.app, orgs))
        with self._database.write() as tx:
            codes.add_code(tx, digest(code), consent, request, CODE_SECONDS)
        return code

    def exchange(self, client_id: str, secret: str, values: Mapping[str, str]) -> TokenPair:
        """The tokens for a code. Raises `OauthRefused` (invalid_grant).

        A code that comes twice was stolen on its way, so what the first use gave ends too.
        """
        key = digest(values.get("code", ""))
        with self._database.write() as tx:
            app = authenticate(tx, client_id, secret)
            code = codes.find_code(tx, key)
            if code is not None and code.app_id == app.id:
                if code.used and code.connection_id is not None:
                    store.delete_connection(tx, code.connection_id)
                elif not code.used:
                    proven = code.expires_at > tx.now and _is_proven(code, values)
                    pair, connection_id = None, None
                    if proven:
                        consent = Consent(app, code.user_id, code.scopes, code.orgs)
                        pair, connection_id = self._tokens.connect(tx, consent, code.nonce)
                    # A wrong guess uses the code up too.
                    codes.use_code(tx, key, connection_id)
                    if pair is not None:
                        return pair
        raise OauthRefused("invalid_grant", "This code is not valid (any more), or it was asked for by somebody else.")


def _checked(app: App, redirect: str, state: str, values: Mapping[str, str]) -> CodeRequest:
    nonce, challenge = values.get("nonce", ""), values.get("code_challenge", "")
    if max(len(state), len(nonce)) > MAX_STATE:
        raise OauthRefused("invalid_request", f"'state' and 'nonce' have {MAX_STATE} characters at most.")
    if values.get("response_type") != "code":
        raise OauthRefused("unsupported_response_type", "This hub answers with codes: response_type=code.")
    if values.get("response_mode", "query") != "query":
        raise OauthRefused("invalid_request", "This hub answers in the query: response_mode=query.")
    if "request" in values or "request_uri" in values:
        raise OauthRefused("request_not_supported", "This hub reads no request objects.")
    if challenge and (values.get("code_challenge_method") != "S256" or not _CHALLENGE.match(challenge)):
        raise OauthRefused("invalid_request", "PKCE needs code_challenge_method=S256 and a SHA-256 as challenge.")
    if not challenge and not app.confidential:
        raise OauthRefused("invalid_request", "A program without a secret needs PKCE: send a code_challenge.")
    scopes = check_scopes(app, values.get("scope", ""))
    orgs = tuple(values.get("orgIds", "").replace(",", " ").split())
    return CodeRequest(app, redirect, scopes, state, challenge, nonce, values.get("prompt", ""), orgs)


def _is_proven(code: Code, values: Mapping[str, str]) -> bool:
    """Whether who brings the code is who asked for it: the same address, and the secret behind the challenge."""
    redirect = values.get("redirect_uri", "")
    if redirect != code.redirect and (redirect or not code.challenge):
        return False
    verifier = values.get("code_verifier", "")
    if not code.challenge:
        return not verifier  # RFC 9700 section 4.8.2: a verifier without a challenge is a downgrade
    if not _VERIFIER.match(verifier):
        return False
    made = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return hmac.compare_digest(made, code.challenge)
