"""The nouns of plans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pioche.errors import InvalidInput

MINUTE_MS = 60_000
WATTS_PER_CPU = 10.0
"""What a busy core is reckoned to take where the machine does not measure it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`minutes`: compute-minutes in a month; 0 for no limit."""

    name: str
    minutes: int


@dataclass(frozen=True, slots=True)
class Spent:
    """What one run took. `compute_ms`: its time, times the CPUs that it held."""

    compute_ms: int
    cpu_seconds: float = 0.0
    joules: float = 0.0


@dataclass(frozen=True, slots=True)
class MonthUsage:
    """Of one account, month and kind of run."""

    month: str
    kind: str
    runs: int
    spent: Spent


@dataclass(frozen=True, slots=True)
class Standing:
    """Of an account this month, in milliseconds of compute. `held_ms`: what waits and runs may take, at most."""

    account: str
    plan: Plan
    used_ms: int
    held_ms: int = 0

    @property
    def left_ms(self) -> int | None:
        """None without a limit."""
        return max(0, self.plan.minutes * MINUTE_MS - self.used_ms - self.held_ms) if self.plan.minutes else None


def parse_plans(text: str) -> Sequence[Plan]:
    """`free=3000, team=30000, unlimited=0`; the first is everyone's who has no other."""
    plans: list[Plan] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, minutes = part.partition("=")
        if not name.strip().isidentifier() or len(name) > 32 or not minutes.strip().isdecimal():
            raise InvalidInput(f"The setting 'plans' is a list such as 'free=3000, team=30000', and has '{part[:40]}'.")
        plans.append(Plan(name.strip(), int(minutes)))
    if not plans or len({plan.name for plan in plans}) != len(plans):
        raise InvalidInput("The setting 'plans' names at least one plan, and each once.")
    return plans
