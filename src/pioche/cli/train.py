"""`pioche train`: teaches a model from a terminal, on a hub that runs anywhere."""

from __future__ import annotations

from typing import Any

import click

from pioche.client import Trainer, TrainingError
from pioche.client import train as train_model
from pioche.training.measures import title_of

WIDTH = 30
BARS = "▁▂▃▄▅▆▇█"


@click.command()
@click.argument("task", required=False)
@click.argument("data", required=False)
@click.option("--model", default="", help="What it becomes: owner/name.")
@click.option(
    "--column", "columns", multiple=True, help="Which column is what: text=comment. Likely ones for those left out."
)
@click.option("--file", default="", help="The table, in a dataset that has several.")
@click.option("--base", default="", help="A model of the hub to begin with.")
@click.option("--lora", is_flag=True, help="Learn a small part beside the model to begin with.")
@click.option("--epochs", type=float, default=0.0, help="How often it goes through the data.")
@click.option("--learning-rate", type=float, default=0.0)
@click.option("--batch-size", type=int, default=0)
@click.option("--seed", type=int, default=42, show_default=True)
@click.option("--public", is_flag=True, help="Everyone may see the model.")
@click.option("--hub", default="", help="Its address; HF_ENDPOINT if left out.")
@click.option("--token", default="", help="HF_TOKEN, or that of `hf auth login`, if left out.")
def train(task: str, data: str, columns: tuple[str, ...], hub: str, token: str, **said: Any) -> None:
    """Teach a model. DATA is a file (csv, tsv, jsonl, parquet, zip of pictures) or a dataset of the hub. Without a
    TASK, tells which ones there are."""
    try:
        if not task:
            for one in Trainer(hub, token).tasks():
                click.echo(f"{one['task']:32} {one['about']}")
            return
        if not data or not said["model"]:
            raise click.UsageError("Name the data, and what the model shall be called: --model owner/name.")
        model, private = said.pop("model"), not said.pop("public")
        recipe = {"columns": dict(_pair(one) for one in columns), "private": private, **said}
        _follow(train_model(task, data, model, hub=hub, token=token, **recipe))
    except TrainingError as error:
        raise click.ClickException(str(error)) from error


def _pair(text: str) -> tuple[str, str]:
    role, equals, name = text.partition("=")
    if not equals:
        raise click.UsageError(f"'{text}' is no ROLE=COLUMN.")
    return role, name


def _follow(tellings: Any) -> None:
    shown = ""
    for told in tellings:
        if not shown:
            click.echo(told["url"])
        line = _line(told)
        if line != shown:
            click.echo(line)
            shown = line
    if told["stage"] != "done":
        raise click.ClickException(told["message"] or f"It was {told['stage']}.")
    for name, figure in (told["metrics"] or {}).items():
        click.echo(f"{title_of(name)}: {figure['value']:.3f} ({figure['low']:.3f} to {figure['high']:.3f})")
    click.echo(f"published: {told['model']}")


def _line(told: dict[str, Any]) -> str:
    losses = [loss for _, loss in told["loss"]]
    step = f" {told['step']}/{told['steps']}" if told["steps"] else ""
    return f"{told['stage']}{step}" + (f"  loss {losses[-1]:.3f} {curve(losses)}" if losses else "")


def curve(values: list[float]) -> str:
    """At most `WIDTH` bars."""
    every = max(1, len(values) // WIDTH)
    few = values[::every][-WIDTH:]
    low, high = min(few), max(few)
    return "".join(BARS[int((value - low) / ((high - low) or 1) * (len(BARS) - 1))] for value in few)
