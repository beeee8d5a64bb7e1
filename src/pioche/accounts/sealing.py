"""Secrets that the hub keeps for people, unreadable without its key: JSON Web Encryption, A256GCM.

The key is made from `secret.key` in the data folder, so a copy of the database alone gives nothing away.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from pioche.errors import InvalidCredentials

_HEADER = {"alg": "dir", "enc": "A256GCM"}


class Sealer:
    def __init__(self, key: bytes) -> None:
        self._key = OctKey.import_key(hashlib.sha256(b"pioche sealing\0" + key).digest())

    @classmethod
    def from_file(cls, path: Path) -> Sealer:
        return cls(path.read_bytes())

    def seal(self, plain: bytes) -> str:
        return jwe.encrypt_compact(_HEADER, plain, self._key)

    def unseal(self, sealed: str) -> bytes:
        """Raises `InvalidCredentials` if it was sealed with another key."""
        try:
            plain = jwe.decrypt_compact(sealed, self._key).plaintext
        except (JoseError, ValueError) as error:
            raise InvalidCredentials(
                "A secret cannot be read: 'secret.key' is not the one it was kept with."
            ) from error
        return plain or b""
