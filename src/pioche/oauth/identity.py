"""The key of the hub, and the ID tokens that it signs. Anybody can check them with the public half.

Source: OpenID Connect Core 1.0 sections 2 and 3.1.3.6, RFC 7517. RS256, because every library checks it.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import secrets
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

ALGORITHM = "RS256"
BITS = 2048
ID_TOKEN_SECONDS = 3600


class Identity:
    """Signs with the key in `path`, which is made when it is first needed: not every hub has apps."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._key: RSAKey | None = None
        self._lock = threading.Lock()

    def public_keys(self) -> dict[str, Any]:
        """The JSON Web Key Set."""
        key = self._load()
        public = {**key.as_dict(private=False), "kid": key.thumbprint(), "use": "sig", "alg": ALGORITHM}
        return {"keys": [public]}

    def id_token(self, claims: Mapping[str, Any], access_token: str) -> str:
        """`claims` (`iss`, `sub`, `aud`, ...) with the times and the hash of the access token."""
        key, now = self._load(), int(time.time())
        half = hashlib.sha256(access_token.encode()).digest()[:16]
        at_hash = base64.urlsafe_b64encode(half).rstrip(b"=").decode()
        body = {**claims, "iat": now, "exp": now + ID_TOKEN_SECONDS, "at_hash": at_hash}
        return jwt.encode({"alg": ALGORITHM, "kid": key.thumbprint()}, body, key)

    def _load(self) -> RSAKey:
        with self._lock:
            if self._key is None:
                if not self._path.exists():
                    self._make()
                self._key = RSAKey.import_key(self._path.read_bytes())
            return self._key

    def _make(self) -> None:
        """Written whole beside its place, then given its name unless another process was quicker."""
        draft = self._path.with_name(f".{self._path.name}.{secrets.token_hex(8)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(RSAKey.generate_key(BITS).as_pem(private=True))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, self._path)
        draft.unlink()
