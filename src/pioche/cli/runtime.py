"""`pioche runtime`: environments of what computes, made before somebody waits for them."""

from __future__ import annotations

import time
from pathlib import Path

import click

from pioche.cli import data_option
from pioche.cli.operate import opened


@click.group()
def runtime() -> None:
    """Environments in which jobs and models run."""


@runtime.command("list")
@data_option
def list_all(data: Path | None) -> None:
    """Which there are, and which are installed."""
    with opened(data, new=True) as hub:
        for name in hub.runtimes.names():
            click.echo(f"{name}  {'installed' if hub.runtimes.is_ready(name) else 'made when it is first used'}")


@runtime.command()
@click.argument("name")
@data_option
def install(name: str, data: Path | None) -> None:
    """Make one now: `ml` is for training and models, `base` for jobs."""
    with opened(data, new=True) as hub:
        if hub.runtimes.is_ready(name):
            click.echo(f"{name} is installed.")
            return
        click.echo(f"Installing {name}. This takes as long as its packages take to come...")
        start = time.monotonic()
        place = hub.runtimes.ensure(name)
        click.echo(f"Installed in {time.monotonic() - start:.0f} s: {place}")
