"""`Plans`: who may compute how much, and what they did."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from pioche.accounts.access import may_see_runs
from pioche.accounts.types import Actor
from pioche.errors import Forbidden, InvalidInput, NotFound, QuotaExceeded, Unauthenticated
from pioche.plans import store
from pioche.plans.types import MINUTE_MS, MonthUsage, Plan, Spent, Standing, parse_plans
from pioche.ports.database import Database, Tx

SHOWN_ROWS = 60
Rows = Sequence[tuple[int, str, str | None]]


class Plans:
    """`text`: the setting `plans`. `price`: of a compute-minute, in millionths of a dollar; nothing is charged.

    `holders` are asked how much accounts hold: id -> milliseconds of compute for what waits and runs.
    """

    def __init__(self, database: Database, text: str, price: int = 0) -> None:
        self._database = database
        self.plans = parse_plans(text)
        self.price = price
        self.holders: list[Callable[[Tx, Sequence[int]], Mapping[int, int]]] = []

    def standing(self, tx: Tx, account_id: int, name: str) -> Standing:
        plan = store.plan_name(tx, account_id)
        return self._standings(tx, [(account_id, name, plan)])[0]

    def require_room(self, tx: Tx, standing: Standing, wanted_ms: int) -> None:
        """Raises `QuotaExceeded` if a run that takes so much at most does not fit."""
        left = standing.left_ms
        if left is not None and wanted_ms > left:
            held = f", {_minutes(standing.held_ms)} are held by what waits and runs" if standing.held_ms else ""
            raise QuotaExceeded(
                f"This would take up to {_minutes(wanted_ms)} compute-minutes; '{standing.account}' has "
                f"{_minutes(left)} left this month (plan {standing.plan.name}: {standing.plan.minutes}, of which "
                f"{_minutes(standing.used_ms)} are used{held}). Ask for less time or hardware, or ask the admin."
            )

    def record(self, tx: Tx, account_id: int, kind: str, spent: Spent) -> None:
        """What a run took, in the transaction that ends it."""
        store.add(tx, account_id, _month(tx.now), kind, spent)

    def usage(self, actor: Actor, name: str) -> tuple[Standing, Sequence[MonthUsage]]:
        """For the account itself, members of the organisation, and admins; by tokens that may run things there."""
        if actor.user_id is None and not actor.is_admin:
            raise Unauthenticated("Log in, or send a token, to see what was used.")
        with self._database.read() as tx:
            found = store.find_account(tx, name)
            if found is None or not may_see_runs(actor, found[0]):
                raise NotFound(f"There is no usage of '{name[:96]}', or it is not yours to see.")
            return self.standing(tx, *found), store.usage(tx, found[0], SHOWN_ROWS)

    # -- for the admin --

    def set(self, actor: Actor, name: str, plan: str) -> Standing:
        """Gives an account a plan. Raises `InvalidInput` for one that there is not."""
        _require_admin(actor)
        if plan not in {one.name for one in self.plans}:
            raise InvalidInput(f"There is no plan '{plan[:40]}'. There are: {', '.join(p.name for p in self.plans)}.")
        with self._database.write() as tx:
            found = store.find_account(tx, name)
            if found is None:
                raise NotFound(f"There is no account '{name[:96]}'.")
            store.set_plan(tx, found[0], None if plan == self.plans[0].name else plan)
            return self.standing(tx, *found)

    def list(self, actor: Actor, limit: int = 1_000) -> Sequence[Standing]:
        """Accounts that have another plan than the first."""
        _require_admin(actor)
        with self._database.read() as tx:
            return self._standings(tx, store.with_plans(tx, limit))

    def _standings(self, tx: Tx, accounts: Rows) -> Sequence[Standing]:
        """Of (id, name, name of the plan)."""
        numbers = [number for number, _, _ in accounts]
        used, held = store.used_ms(tx, numbers, _month(tx.now)), [holder(tx, numbers) for holder in self.holders]
        return [
            Standing(name, self._plan(plan), used.get(number, 0), sum(one.get(number, 0) for one in held))
            for number, name, plan in accounts
        ]

    def _plan(self, name: str | None) -> Plan:
        """One that the settings no longer name is the first again."""
        return next((plan for plan in self.plans if plan.name == name), self.plans[0])


def _require_admin(actor: Actor) -> None:
    if actor.user_id is None and not actor.is_admin:
        raise Unauthenticated("Log in, or send a token, to see plans.")
    if not actor.is_admin or (actor.token is not None and actor.token.role != "write"):
        raise Forbidden("Only admins of this hub set plans.")


def _month(now: int) -> str:
    return datetime.fromtimestamp(now / 1000, UTC).strftime("%Y-%m")


def _minutes(milliseconds: int) -> str:
    return f"{milliseconds / MINUTE_MS:.1f}".removesuffix(".0")
