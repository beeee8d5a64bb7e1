"""`Spaces`: the variables, secrets and volumes that a Space is started with."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import json
from sqlalchemy import delete, func, insert, select, update

from pioche.accounts.access import Action
from pioche.accounts.sealing import Sealer
from pioche.accounts.types import Actor
from pioche.errors import Conflict, InvalidInput, NotFound, QuotaExceeded
from pioche.names import RepoId
from pioche.ports.database import Database, Tx
from pioche.repos.service.find import require_repo
from pioche.spaces.tables import space_variables, space_volumes
from pioche.spaces.types import VOLUME_KINDS, Variable, Volume

MAX_VARIABLES = 200
MAX_VALUE = 64 * 1024
MAX_VOLUMES = 50
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}\Z")
_MOUNT = re.compile(r"/[A-Za-z0-9._/-]{1,255}\Z")


class Spaces:
    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    def list(self, actor: Actor, repo_id: RepoId, secret: bool) -> Sequence[Variable]:
        """Its variables, or its secrets without their values."""
        with self._database.read() as tx:
            return _listed(tx, require_repo(tx, actor, repo_id, Action.WRITE).id, secret)

    def put(
        self, actor: Actor, repo_id: RepoId, key: str, value: str, description: str, secret: bool
    ) -> Sequence[Variable]:
        """Sets one; returns all of its sort. A name that is a variable cannot be a secret too: `Conflict`."""
        if not _KEY.match(key):
            raise InvalidInput("The name of a variable is letters, digits and '_', and begins with no digit.")
        if len(value) > MAX_VALUE or len(description) > 500 or "\0" in value:
            raise InvalidInput(f"A variable has at most {MAX_VALUE} characters, its description 500.")
        kept = self._sealer.seal(value.encode()) if secret else value
        row = space_variables.c
        with self._database.write() as tx:
            number = require_repo(tx, actor, repo_id, Action.WRITE).id
            here = (row.repo_id == number, row.key == key)
            found = tx.execute(select(row.is_secret).where(*here)).first()
            values = {"value": kept, "description": description, "updated_at": tx.now}
            if found is None:
                if tx.execute(select(func.count()).where(row.repo_id == number)).scalar_one() >= MAX_VARIABLES:
                    raise QuotaExceeded(f"A Space has at most {MAX_VARIABLES} variables and secrets.")
                tx.execute(insert(space_variables).values(repo_id=number, key=key, is_secret=secret, **values))
            elif found.is_secret is not secret:
                sort = "secret" if found.is_secret else "variable"
                raise Conflict(f"'{key}' is a {sort} of this Space. Delete it first.")
            else:
                tx.execute(update(space_variables).where(*here).values(values))
            return _listed(tx, number, secret)

    def remove(self, actor: Actor, repo_id: RepoId, key: str, secret: bool) -> Sequence[Variable]:
        row = space_variables.c
        with self._database.write() as tx:
            number = require_repo(tx, actor, repo_id, Action.WRITE).id
            here = (row.repo_id == number, row.key == key, row.is_secret.is_(secret))
            if not tx.execute(delete(space_variables).where(*here)).rowcount:
                raise NotFound(f"This Space has no {'secret' if secret else 'variable'} '{key[:128]}'.")
            return _listed(tx, number, secret)

    def volumes(self, actor: Actor, repo_id: RepoId) -> Sequence[Volume]:
        with self._database.read() as tx:
            number = require_repo(tx, actor, repo_id, Action.READ).id
            found = tx.execute(select(space_volumes.c.volumes).where(space_volumes.c.repo_id == number)).scalar()
        return [] if found is None else json.decode(found, type=list[Volume])

    def set_volumes(self, actor: Actor, repo_id: RepoId, volumes: Sequence[Volume]) -> None:
        """Replaces all."""
        _check_volumes(volumes)
        with self._database.write() as tx:
            number = require_repo(tx, actor, repo_id, Action.WRITE).id
            tx.execute(delete(space_volumes).where(space_volumes.c.repo_id == number))
            if volumes:
                text = json.encode(volumes).decode()
                tx.execute(insert(space_volumes).values(repo_id=number, volumes=text))


def _listed(tx: Tx, number: int, secret: bool) -> list[Variable]:
    row = space_variables.c
    query = select(space_variables).where(row.repo_id == number, row.is_secret.is_(secret)).order_by(row.key)
    return [
        Variable(one.key, None if secret else one.value, one.description, one.updated_at) for one in tx.execute(query)
    ]


def _check_volumes(volumes: Sequence[Volume]) -> None:
    if len(volumes) > MAX_VOLUMES:
        raise InvalidInput(f"A Space has at most {MAX_VOLUMES} volumes.")
    places = [one.mount_path.rstrip("/") for one in volumes]
    if len(set(places)) < len(places):
        raise InvalidInput("Two volumes cannot be mounted at the same path.")
    for one in volumes:
        if one.kind not in VOLUME_KINDS:
            raise InvalidInput(f"A volume is one of: {', '.join(VOLUME_KINDS)}.")
        if not _MOUNT.match(one.mount_path) or ".." in one.mount_path.split("/"):
            raise InvalidInput("A volume is mounted at a path such as '/data'.")
        if one.source.count("/") != 1 or len(one.source) > 200 or len(one.path or "") > 1000:
            raise InvalidInput(f"A volume names its source as 'owner/name', not '{one.source[:100]}'.")
        if one.read_only is False and one.kind != "bucket":
            raise InvalidInput("Only buckets can be written to.")
