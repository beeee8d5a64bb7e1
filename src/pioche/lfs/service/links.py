"""Addresses that carry their own permission. The clients send no credentials with the bytes of large files."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlencode

from pioche.accounts.grants import Signer
from pioche.lfs.types import UploadSlot

Step = Literal["upload", "part", "complete", "verify"]

# A link to send a file lives longer the larger the file is: as if the line carried no more than 8 Mbit/s.
SLOWEST_BYTES_PER_SECOND = 1_000_000


class Links:
    """Makes and checks the signed part of an address. `seconds` is how long a link lives at least."""

    def __init__(self, signer: Signer, seconds: int) -> None:
        self._signer = signer
        self._seconds = seconds

    def upload(self, step: Step, slot: UploadSlot) -> str:
        """The path and query of one step of sending a file."""
        match step:
            case "upload":
                path = f"/lfs/objects/{slot.sha256}"
            case "part":
                path = f"/lfs/uploads/{slot.upload_id}/{slot.part}"
            case "complete":
                path = f"/lfs/uploads/{slot.upload_id}"
            case "verify":
                path = "/lfs/verify"
        mac = self._signer.link(f"lfs-{step}", _subject(slot), self.seconds_for(slot.size))
        query = {"repo": slot.repo_id, "oid": slot.sha256, "size": slot.size, "sig": mac}
        return f"{path}?{urlencode(query)}"

    def check_upload(self, step: Step, slot: UploadSlot, mac: str) -> None:
        """Raises `InvalidCredentials` if this step was not signed here for exactly this, or has expired."""
        self._signer.check_link(mac, f"lfs-{step}", _subject(slot))

    def download(self, sha256: str) -> str:
        mac = self._signer.link("lfs-download", sha256, self._seconds)
        return f"/lfs/objects/{sha256}?{urlencode({'sig': mac})}"

    def check_download(self, sha256: str, mac: str) -> None:
        """Raises `InvalidCredentials`."""
        self._signer.check_link(mac, "lfs-download", sha256)

    @property
    def download_seconds(self) -> int:
        return self._seconds

    def seconds_for(self, size: int) -> int:
        """Seconds that the links for sending so many bytes live."""
        return self._seconds + size // SLOWEST_BYTES_PER_SECOND


def _subject(slot: UploadSlot) -> str:
    return f"{slot.repo_id}/{slot.sha256}/{slot.size}/{slot.upload_id}/{slot.part}"
