"""Short-lived tokens that read one repository: for a page or a program that should see this and nothing else.

Shape of the text: a JSON web token, `header.payload.signature`. Its payload: `sub` (id of a person), `repo` (id of a
repository), `exp` (Unix seconds). The signature is the hub's own (see `grants`), so only the hub can check it.
"""

from __future__ import annotations

import base64
import hmac
import time

import msgspec

from pioche.accounts.grants import Signer
from pioche.accounts.types import OauthRights, RepoScope, TokenInfo
from pioche.errors import InvalidCredentials

NAME = "a token for one repository"
SECONDS = 3600
_PURPOSE = "repo token"


class _Claims(msgspec.Struct, frozen=True):
    sub: int
    repo: int
    exp: int


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


_HEADER = _text(b'{"alg":"HS256","typ":"JWT"}')


def looks_like_one(secret: str) -> bool:
    return secret.startswith(f"{_HEADER}.")


def issue(signer: Signer, user_id: int, repo_id: int) -> str:
    claims = _Claims(user_id, repo_id, int(time.time()) + SECONDS)
    body = f"{_HEADER}.{_text(msgspec.json.encode(claims))}"
    return f"{body}.{signer.mac(_PURPOSE, body.encode())}"


def read(signer: Signer, secret: str) -> tuple[int, TokenInfo]:
    """Whose it is, and what it may do; raises `InvalidCredentials`.

    Of the person it tells nothing, as a connected program without scopes.
    """
    body, _, mac = secret.rpartition(".")
    expected = signer.mac(_PURPOSE, body.encode(errors="replace"))
    if not hmac.compare_digest(mac.encode(errors="replace"), expected.encode()):
        raise InvalidCredentials("This token was not issued by this hub.")
    payload = body.partition(".")[2]
    claims = msgspec.json.decode(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)), type=_Claims)
    if claims.exp <= time.time():
        raise InvalidCredentials("This token has expired. Ask for a new one.")
    rights = OauthRights(NAME, frozenset(), (), claims.exp * 1000)
    scopes = (RepoScope("read", repo_id=claims.repo),)
    return claims.sub, TokenInfo(0, NAME, "fineGrained", "", scopes, (claims.exp - SECONDS) * 1000, None, rights)
