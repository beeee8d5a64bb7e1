"""Commands for whoever runs the hub."""

from __future__ import annotations

from pathlib import Path

import click

from pioche.app import ROUTES, build_hub
from pioche.cli import data_option
from pioche.settings import load_settings


@click.command()
@click.argument("text", default="")
def routes(text: str) -> None:
    """Print the addresses that contain TEXT: method, path and the function that answers."""
    for route in (route for group in ROUTES for route in group):
        if text.lower() in route.pattern.lower():
            handler = route.handler
            click.echo(f"{route.method:7}{route.pattern:60}{handler.__module__}.{handler.__name__}")


@click.command()
@data_option
def migrate(data: Path | None) -> None:
    """Bring the database of a data folder to this version."""
    build_hub(load_settings({"data": data})).database.close()
    click.echo("The database is up to date.")
