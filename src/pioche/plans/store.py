"""The SQL of plans."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, func, insert, select, update

from pioche.accounts.tables import accounts
from pioche.plans.tables import account_plans, compute_usage
from pioche.plans.types import MonthUsage, Spent
from pioche.ports.database import Tx


def find_account(tx: Tx, name: str) -> tuple[int, str] | None:
    row = tx.execute(select(accounts.c.id, accounts.c.name).where(accounts.c.name_lower == name.lower())).first()
    return None if row is None else (row.id, row.name)


def plan_name(tx: Tx, account_id: int) -> str | None:
    found: str | None = tx.execute(
        select(account_plans.c.plan).where(account_plans.c.account_id == account_id)
    ).scalar_one_or_none()
    return found


def set_plan(tx: Tx, account_id: int, plan: str | None) -> None:
    tx.execute(delete(account_plans).where(account_plans.c.account_id == account_id))
    if plan is not None:
        tx.execute(insert(account_plans).values(account_id=account_id, plan=plan, set_at=tx.now))


def with_plans(tx: Tx, limit: int) -> list[tuple[int, str, str]]:
    """(id, name, plan) of accounts that have one of their own."""
    query = select(accounts.c.id, accounts.c.name, account_plans.c.plan).join_from(account_plans, accounts)
    return [(row.id, row.name, row.plan) for row in tx.execute(query.order_by(accounts.c.name_lower).limit(limit))]


def used_ms(tx: Tx, account_ids: Sequence[int], month: str) -> dict[int, int]:
    """Of those that used something."""
    row = compute_usage.c
    query = select(row.account_id, func.sum(row.compute_ms).label("used")).group_by(row.account_id)
    found = tx.execute(query.where(row.account_id.in_(account_ids), row.month == month))
    return {one.account_id: int(one.used) for one in found}


def add(tx: Tx, account_id: int, month: str, kind: str, spent: Spent) -> None:
    row = compute_usage.c
    done = tx.execute(
        update(compute_usage)
        .where(row.account_id == account_id, row.month == month, row.kind == kind)
        .values(
            runs=row.runs + 1,
            compute_ms=row.compute_ms + spent.compute_ms,
            cpu_seconds=row.cpu_seconds + spent.cpu_seconds,
            joules=row.joules + spent.joules,
        )
    )
    if not done.rowcount:
        values = {"compute_ms": spent.compute_ms, "cpu_seconds": spent.cpu_seconds, "joules": spent.joules}
        tx.execute(insert(compute_usage).values(account_id=account_id, month=month, kind=kind, runs=1, **values))


def usage(tx: Tx, account_id: int, limit: int) -> list[MonthUsage]:
    """The latest months first."""
    row = compute_usage.c
    query = select(compute_usage).where(row.account_id == account_id).order_by(row.month.desc(), row.kind).limit(limit)
    return [
        MonthUsage(found.month, found.kind, found.runs, Spent(found.compute_ms, found.cpu_seconds, found.joules))
        for found in tx.execute(query)
    ]
