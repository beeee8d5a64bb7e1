"""Commands for whoever runs the hub. They work while the hub runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from pioche.app import ROUTES, build_hub
from pioche.cli import data_option
from pioche.cli.inspect import Doctor
from pioche.hub import Hub
from pioche.lfs.tasks import UNHELD_GRACE_DAYS
from pioche.settings import load_settings

OF_A_HUB = ("secret.key", "hub.db")  # in the data folder; a folder without both was never a hub's


@contextmanager
def opened(data: Path | None, new: bool = False) -> Iterator[Hub]:
    """The hub of a data folder, for one command. Only with `new` is one made where none is; else that is an error."""
    settings = load_settings({"data": data})
    if not new and not any((settings.data / name).is_file() for name in OF_A_HUB):
        raise click.ClickException(f"There is no hub in {settings.data.absolute()}. Name its folder with --data.")
    hub = build_hub(settings)
    try:
        yield hub
    finally:
        hub.database.close()


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
    with opened(data, new=True):
        click.echo("The database is up to date.")


@click.command()
@data_option
def gc(data: Path | None) -> None:
    """Free what nobody uses any more: large files, chunks, git objects. Recent things are kept for their grace."""
    with opened(data) as hub:
        files, freed = hub.lfs.collect(UNHELD_GRACE_DAYS)
        click.echo(f"Large files: {files} removed, {freed} bytes freed.")
        report = hub.xet.sweep()
        click.echo(
            f"Chunk store: {report.files} files forgotten, {report.doomed} xorbs marked, {report.deleted} removed, "
            f"{report.freed} bytes freed."
        )
        numbers = hub.repos.numbers()
        for number in numbers:
            hub.gitstore.maintain(number)
        click.echo(f"Repositories: {len(numbers)} packed.")


@click.command()
@click.argument("what", type=click.Choice(["repos", "search"]))
@data_option
def rebuild(what: str, data: Path | None) -> None:
    """Make derived data again from what is true: tags, cards, sizes, links, evaluation results; the index of search."""
    with opened(data) as hub:
        if what == "search":
            click.echo(f"Indexed {hub.indexer.rebuild()} repositories.")
            return
        numbers = hub.repos.numbers()
        for number in numbers:
            hub.refs.refresh(number)
            hub.infos.measure(number)
        hub.links.rebuild()
        hub.evals.rebuild()
        click.echo(f"Rebuilt {len(numbers)} {what}.")


@click.command()
@click.option("--deep", is_flag=True, help="Also read every stored byte and compare it with its name (slow).")
@data_option
def doctor(deep: bool, data: Path | None) -> None:
    """Look for damage: database, git repositories, large files. Says what is wrong and changes nothing."""
    with opened(data) as hub:
        count = 0
        for fault in Doctor(hub, deep).faults():
            click.echo(fault)
            count += 1
    if count:
        raise click.ClickException(f"{count} faults. Restore what is missing from a backup.")
    click.echo("All is well.")


@click.command()
@click.argument("message")
def migration(message: str) -> None:
    """Write a migration from what the tables say now (for developers)."""
    from pioche.migrations.write import write_migration

    click.echo(f"Wrote {write_migration(message)}. Read it before you commit it.")
