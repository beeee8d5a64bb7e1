"""`Writing`: what helps to write a comment: where its words would lead, and the pictures in it."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sqlalchemy import func, insert, select

from pioche.accounts.access import Action
from pioche.accounts.types import Actor
from pioche.community.references import resolve
from pioche.community.tables import attachments
from pioche.community.types import MAX_TEXT
from pioche.errors import Forbidden, InvalidInput, NotFound, QuotaExceeded, TooLarge, Unauthenticated
from pioche.names import RepoId
from pioche.ports.blobs import BlobStore
from pioche.ports.database import Database, Tx
from pioche.protocols.media import EXTENSIONS, HEAD, media_type
from pioche.repos.service.find import require_repo
from pioche.settings import Settings

MAX_PICTURE = 10_000_000
MAX_FILM = 50_000_000
MAX_A_DAY = 500_000_000
"""Bytes that one person may attach in a day."""
KINDS = "Attach a PNG, JPEG, GIF or WebP picture, an MP4, MOV or WebM film, or an MP3 or WAV sound."
DAY_MS = 24 * 3600 * 1000
PIECE = 1024 * 1024
PIECE_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that was put into comments; readable as one."""

    key: str
    media_type: str
    size: int
    blobs: BlobStore

    @property
    def name(self) -> str:
        return f"{self.key}.{EXTENSIONS[self.media_type]}"

    @property
    def local_path(self) -> Path | None:
        return self.blobs.local_path(blob_key(self.key))

    def read(self, start: int, end: int) -> Iterator[bytes]:
        with self.blobs.open(blob_key(self.key)) as file:
            file.seek(start)
            while start < end:
                piece = file.read(min(PIECE, end - start))
                if not piece:
                    return
                start += len(piece)
                yield piece


class Writing:
    def __init__(self, database: Database, blobs: BlobStore, settings: Settings) -> None:
        self._database = database
        self._blobs = blobs
        self._settings = settings

    def refers(self, actor: Actor, repo_id: RepoId, text: str) -> Mapping[str, str]:
        """What a text would lead to if it was said about this repository."""
        if len(text) > MAX_TEXT:
            raise InvalidInput(f"A comment has {MAX_TEXT} characters at most.")
        with self._database.read() as tx:
            return resolve(tx, require_repo(tx, actor, repo_id, Action.DISCUSS), [text])

    def attach(self, actor: Actor, file: IO[bytes]) -> Attachment:
        """Keeps a picture, film or sound under a name that nobody can guess. What it is, its bytes say."""
        _require_writer(actor)
        kind = media_type(file.read(HEAD))
        size = file.seek(0, 2)
        if kind is None:
            raise InvalidInput(
                "Attach a PNG, JPEG, GIF or WebP picture, an MP4, MOV or WebM film, or an MP3 or WAV sound."
            )
        limit = MAX_FILM if kind.startswith("video/") else MAX_PICTURE
        if size > limit:
            raise TooLarge(f"This file has {size:,} bytes; at most {limit:,} can be attached.")
        if self._blobs.free_bytes() - size < self._settings.free_disk_reserve:
            raise QuotaExceeded("The disk of this hub has no room left for this file. Tell its admin.")
        with self._database.read() as tx:
            _check_day(tx, actor, size)
        attachment = Attachment(secrets.token_hex(16), kind, size, self._blobs)
        self._keep(attachment, file)
        with self._database.write() as tx:
            values = {"key": attachment.key, "user_id": actor.user_id, "media_type": kind, "size": size}
            tx.execute(insert(attachments).values(**values, created_at=tx.now))
        return attachment

    def attachment(self, name: str) -> Attachment:
        key, _, ending = name.partition(".")
        with self._database.read() as tx:
            row = tx.execute(select(attachments).where(attachments.c.key == key)).first()
        found = None if row is None else Attachment(row.key, row.media_type, row.size, self._blobs)
        if found is None or found.name != f"{key}.{ending}" or self._blobs.size(blob_key(key)) is None:
            raise NotFound("There is no such file.")
        return found

    def faults(self) -> Iterator[str]:
        """A sentence for each attachment whose bytes are not as they were kept."""
        last = ""
        while True:
            with self._database.read() as tx:
                row = attachments.c
                rows = tx.execute(select(attachments).where(row.key > last).order_by(row.key).limit(PIECE_ROWS)).all()
            for one in rows:
                last, size = one.key, self._blobs.size(blob_key(one.key))
                if size != one.size:
                    said = "is missing" if size is None else f"has {size} bytes, not {one.size}"
                    yield f"the attachment {Attachment(one.key, one.media_type, one.size, self._blobs).name} {said}"
            if len(rows) < PIECE_ROWS:
                return

    def _keep(self, attachment: Attachment, file: IO[bytes]) -> None:
        spool = self._blobs.new_spool()
        try:
            file.seek(0)
            with spool.open("wb") as target:
                shutil.copyfileobj(file, target, PIECE)
            self._blobs.put_file(blob_key(attachment.key), spool)
        except BaseException:
            spool.unlink(missing_ok=True)
            raise


def blob_key(key: str) -> str:
    return f"attachments/{key[:2]}/{key}"


def _require_writer(actor: Actor) -> None:
    if actor.user_id is None:
        raise Unauthenticated("Log in, or send a token, to attach a file.")
    token = actor.token
    if token is None or token.role == "write":
        return
    if token.role == "read" or not any(scope.permission != "read" for scope in token.scopes):
        raise Forbidden(f"Your token '{token.name}' may not write to discussions, so it cannot attach files.")


def _check_day(tx: Tx, actor: Actor, size: int) -> None:
    row = attachments.c
    mine = (row.user_id == actor.user_id, row.created_at > tx.now - DAY_MS)
    used = tx.execute(select(func.coalesce(func.sum(row.size), 0)).where(*mine)).scalar_one()
    if int(used) + size > MAX_A_DAY:
        raise QuotaExceeded(
            f"You attached {int(used):,} bytes within a day; at most {MAX_A_DAY:,} are kept. Try tomorrow."
        )
