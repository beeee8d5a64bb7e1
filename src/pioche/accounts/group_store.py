"""The SQL of resource groups and who is in them. What belongs to a group is in the tables of the rooms above."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, Select, delete, func, insert, select, update

from pioche.accounts.store import AT_ONCE, to_account
from pioche.accounts.tables import accounts, group_members, resource_groups
from pioche.accounts.types import Group, Membership, OrgRole
from pioche.ports.database import Tx

_of = group_members.c
_group = resource_groups.c


def get(tx: Tx, group_id: int) -> Group | None:
    row = tx.execute(_select().where(_group.id == group_id)).first()
    return None if row is None else _to_group(row)


def some(tx: Tx, group_ids: Sequence[int]) -> list[Group]:
    return [_to_group(row) for row in tx.execute(_select().where(_group.id.in_(group_ids)))]


def of_org(tx: Tx, org_id: int) -> list[Group]:
    """In order of their names."""
    rows = tx.execute(_select().where(_group.org_id == org_id).order_by(_group.name_lower))
    return [_to_group(row) for row in rows]


def add(tx: Tx, org_id: int, name: str, description: str, auto_join: OrgRole | None) -> int:
    """Raises `IntegrityError` if the organisation has a group of that name."""
    values = {"org_id": org_id, **_named(name), "description": description, "created_at": tx.now}
    values["auto_join"] = None if auto_join is None else int(auto_join)
    return int(tx.execute(insert(resource_groups).values(values).returning(_group.id)).scalar_one())


def describe(tx: Tx, group_id: int, name: str, description: str) -> None:
    """Raises `IntegrityError` if the organisation has another group of that name."""
    values = {**_named(name), "description": description}
    tx.execute(update(resource_groups).where(_group.id == group_id).values(values))


def set_auto_join(tx: Tx, group_id: int, role: OrgRole | None) -> None:
    value = None if role is None else int(role)
    tx.execute(update(resource_groups).where(_group.id == group_id).values(auto_join=value))


def remove(tx: Tx, group_id: int) -> None:
    """Raises `IntegrityError` while something belongs to it."""
    tx.execute(delete(resource_groups).where(_group.id == group_id))


# -- who is in them --


def members_of(tx: Tx, group_ids: Sequence[int]) -> dict[int, list[Membership]]:
    """Group -> its people, those who may most first."""
    query = (
        select(accounts, _of.group_id, _of.role)
        .join(group_members, _of.user_id == accounts.c.id)
        .where(_of.group_id.in_(group_ids))
        .order_by(_of.role.desc(), accounts.c.name_lower)
    )
    found: dict[int, list[Membership]] = {number: [] for number in group_ids}
    for row in tx.execute(query):
        found[row.group_id].append(Membership(to_account(row), OrgRole(row.role)))
    return found


def role_in(tx: Tx, group_id: int, user_id: int) -> OrgRole | None:
    row = tx.execute(select(_of.role).where(_of.group_id == group_id, _of.user_id == user_id)).first()
    return None if row is None else OrgRole(row.role)


def set_role(tx: Tx, group_id: int, user_id: int, role: OrgRole, by: int | None) -> None:
    here = (_of.group_id == group_id, _of.user_id == user_id)
    if not tx.execute(update(group_members).where(*here).values(role=int(role))).rowcount:
        tx.execute(insert(group_members).values(group_id=group_id, user_id=user_id, role=int(role), added_by=by))


def set_roles(tx: Tx, group_id: int, roles: Mapping[int, OrgRole], by: int | None) -> None:
    """Of many, user -> role."""
    there = {row.user_id for row in tx.execute(select(_of.user_id).where(_of.group_id == group_id))}
    for role in OrgRole:
        known = [user_id for user_id, wanted in roles.items() if wanted is role and user_id in there]
        for at in range(0, len(known), AT_ONCE):
            here = (_of.group_id == group_id, _of.user_id.in_(known[at : at + AT_ONCE]))
            tx.execute(update(group_members).where(*here).values(role=int(role)))
    new = [
        {"group_id": group_id, "user_id": user_id, "role": int(role), "added_by": by}
        for user_id, role in roles.items()
        if user_id not in there
    ]
    if new:
        tx.execute(insert(group_members), new)


def leave(tx: Tx, group_id: int, user_id: int) -> bool:
    """False if the person was not in it."""
    return tx.execute(delete(group_members).where(_of.group_id == group_id, _of.user_id == user_id)).rowcount > 0


def join_all(tx: Tx, org_id: int, user_id: int) -> None:
    """Into the groups that take in whoever joins the organisation."""
    query = select(_group.id, _group.auto_join).where(_group.org_id == org_id, _group.auto_join.is_not(None))
    for row in tx.execute(query).all():
        set_role(tx, row.id, user_id, OrgRole(row.auto_join), None)


def leave_all(tx: Tx, org_id: int, user_id: int) -> None:
    of_org = select(_group.id).where(_group.org_id == org_id)
    tx.execute(delete(group_members).where(_of.user_id == user_id, _of.group_id.in_(of_org)))


def _select() -> Select[Any]:
    people = select(func.count()).where(_of.group_id == _group.id).scalar_subquery()
    return select(resource_groups, people.label("people"))


def _named(name: str) -> Mapping[str, Any]:
    return {"name": name, "name_lower": name.lower()}


def _to_group(row: Row[Any]) -> Group:
    role = None if row.auto_join is None else OrgRole(row.auto_join)
    return Group(row.id, row.org_id, row.name, row.description, role, row.created_at, row.people)
