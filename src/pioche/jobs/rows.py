"""What the rows of jobs and of schedules have in common: an owner, and who made them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, Select, Table, insert, select

from pioche.accounts.tables import accounts
from pioche.jobs.types import Party
from pioche.ports.database import Tx

_initiators = accounts.alias("initiators")


def add_row(tx: Tx, table: Table, values: Mapping[str, Any]) -> int:
    """Its number."""
    key = tx.execute(insert(table).values(created_at=tx.now, **values)).inserted_primary_key
    assert key is not None, "a row that was inserted has a key"
    return int(key[0])


def with_parties(table: Table) -> Select[Any]:
    """The rows, with what `owner_of` and `initiator_of` read."""
    return (
        select(
            table,
            accounts.c.name.label("owner_name"),
            accounts.c.kind.label("owner_kind"),
            _initiators.c.name.label("initiator_name"),
        )
        .join(accounts, accounts.c.id == table.c.owner_id)
        .outerjoin(_initiators, _initiators.c.id == table.c.initiator_id)
    )


def owner_of(row: Row[Any]) -> Party:
    return Party(row.owner_id, row.owner_name, row.owner_kind)


def initiator_of(row: Row[Any]) -> Party | None:
    """None where they have no account any more."""
    return None if row.initiator_id is None else Party(row.initiator_id, row.initiator_name, "user")
