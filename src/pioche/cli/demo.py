"""`pioche demo`: a hub that is alive on day one."""

from __future__ import annotations

from pathlib import Path

import click

from pioche.accounts import store as account_store
from pioche.cli import data_option
from pioche.cli.operate import opened
from pioche.demo.filling import fill
from pioche.errors import HubError


@click.command()
@click.option("--admin", default="", help="Who makes them; the first admin if left out.")
@data_option
def demo(admin: str, data: Path | None) -> None:
    """Fill the hub with examples made on this machine: datasets, models that learn from them, a chat model.

    Trainings run while the hub runs (`pioche serve`)."""
    with opened(data) as hub:
        with hub.database.read() as tx:
            actor = account_store.actor_of_admin(tx, admin)
        if actor is None:
            raise click.ClickException(
                "There is no such admin. Make one: pioche user create NAME --email ADDRESS --admin"
            )
        try:
            for said in fill(hub, actor):
                click.echo(said)
        except HubError as error:
            raise click.ClickException(error.message) from error
    click.echo("Watch them learn at /train, and try them when they are done.")
