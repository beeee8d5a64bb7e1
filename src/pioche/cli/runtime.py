"""`pioche runtime`: environments of what computes, made before somebody waits for them."""

from __future__ import annotations

import time
from pathlib import Path

import click

from pioche.cli import data_option
from pioche.cli.operate import opened
from pioche.runtimes.pruning import CACHE, LEAST_DAYS, UNUSED_DAYS, Installed


@click.group()
def runtime() -> None:
    """Environments in which jobs and models run."""


@runtime.command("list")
@data_option
def list_all(data: Path | None) -> None:
    """Which there are, which are installed, how large they are, and when one was last used."""
    with opened(data, new=True) as hub:
        current = dict(zip(hub.runtimes.current(), hub.runtimes.names(), strict=True))
        found = {one.place: one for one in hub.runtimes.installed()}
        for place, name in current.items():
            if hub.runtimes.is_ready(name):
                click.echo(f"{name}  installed, {_facts(found[place])}")
            else:
                click.echo(f"{name}  made when it is first used")
        for place, one in found.items():
            if place not in current:
                what = "what was downloaded for them" if place.name == CACHE else "of no set of today"
                click.echo(f"{place.name}  {what}, {_facts(one)}")


@runtime.command()
@click.option("--days", type=click.IntRange(min=LEAST_DAYS), default=UNUSED_DAYS, help="That nobody used it for.")
@data_option
def prune(days: int, data: Path | None) -> None:
    """Remove what is of no set of today, and downloads, that nobody used for a week. The hub does so each day."""
    with opened(data, new=True) as hub:
        gone = hub.runtimes.prune(days)
    for one in gone:
        click.echo(f"Removed {one.place.name}: {_facts(one)}")
    if not gone:
        click.echo("There is nothing to remove.")


def _facts(one: Installed) -> str:
    days = int((time.time() - one.used) / 86_400)
    return f"{one.size / 1e6:,.0f} MB, used {f'{days} days ago' if days else 'today'}"


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
