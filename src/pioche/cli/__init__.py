"""The `pioche` command. Each command lives in its own module and is loaded when it is called."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Any

import click

import pioche
from pioche.errors import HubError

# command -> module that holds a click command of that name
COMMANDS = {
    "serve": "pioche.cli.serve",
    "user": "pioche.cli.accounts",
    "token": "pioche.cli.accounts",
    "org": "pioche.cli.accounts",
    "routes": "pioche.cli.operate",
    "gc": "pioche.cli.operate",
    "rebuild": "pioche.cli.operate",
    "doctor": "pioche.cli.operate",
    "migrate": "pioche.cli.operate",
    "to-postgres": "pioche.cli.transfer",
    "migration": "pioche.cli.operate",
    "runtime": "pioche.cli.runtime",
    "machine": "pioche.cli.machine",
    "plan": "pioche.cli.plan",
    "train": "pioche.cli.train",
    "demo": "pioche.cli.demo",
}


class LazyGroup(click.Group):
    """Starting is fast because only the called command is imported."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = COMMANDS.get(cmd_name)
        if module is None:
            return None
        command: click.Command = getattr(importlib.import_module(module), cmd_name.replace("-", "_"))
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except HubError as error:
            raise click.ClickException(error.message) from error
        except OSError as error:
            if error.filename is None:
                raise
            raise click.ClickException(f"{error.filename}: {error.strerror}.") from error


@click.group(cls=LazyGroup)
@click.version_option(pioche.__version__, prog_name="pioche")
def main() -> None:
    """Pioche: an AI hub that people own."""
    # Whoever else has an account on this machine must not read passwords and private files, wherever the folder is.
    os.umask(0o027)


data_option = click.option(
    "--data", type=click.Path(path_type=Path), default=None, help="The data folder (or PIOCHE_DATA)."
)
