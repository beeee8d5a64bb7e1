"""`pioche plan`: how much an account may compute. It works while the hub runs, too."""

from __future__ import annotations

from pathlib import Path

import click

from pioche.accounts.types import OPERATOR
from pioche.cli import data_option
from pioche.cli.operate import opened
from pioche.plans.types import MINUTE_MS, Standing


@click.group()
def plan() -> None:
    """Show and set the plans of accounts."""


@plan.command("list")
@data_option
def list_plans(data: Path | None) -> None:
    """Print the plans, and the accounts that have another than the first."""
    with opened(data) as hub:
        for one in hub.plans.plans:
            click.echo(f"{one.name}\t{one.minutes or 'no limit'}")
        for standing in hub.plans.list(OPERATOR):
            click.echo(_line(standing))


@plan.command("show")
@click.argument("name")
@data_option
def show_plan(name: str, data: Path | None) -> None:
    """Print what the account NAME may compute this month, and did."""
    with opened(data) as hub:
        click.echo(_line(hub.plans.usage(OPERATOR, name)[0]))


@plan.command("set")
@click.argument("name")
@click.argument("plan_name", metavar="PLAN")
@data_option
def set_plan(name: str, plan_name: str, data: Path | None) -> None:
    """Give the user or organisation NAME the plan PLAN."""
    with opened(data) as hub:
        click.echo(_line(hub.plans.set(OPERATOR, name, plan_name)))


def _line(one: Standing) -> str:
    limit = one.plan.minutes or "no limit"
    return f"{one.account}\t{one.plan.name}\t{one.used_ms / MINUTE_MS:.1f} of {limit} compute-minutes this month"
