"""Writes docs/reference from the code: settings, errors, events, routes, commands.

`--check` writes nothing and fails if a page is not what the code says.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
import msgspec
from operations import operations_page

from pioche import errors, events
from pioche.app import ROUTES
from pioche.cli import main as command
from pioche.settings import GIB, MIB, Settings
from pioche.web.errors import status_of
from pioche.web.routing import Route
from pioche.wiring import LISTENERS

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "reference"
NOTE = "<!-- Written by `make docs` from the code; edit the code instead. -->\n"


def main(arguments: list[str]) -> int:
    stale = []
    for name, (title, write) in PAGES.items():
        path, text = FOLDER / f"{name}.md", f"{NOTE}\n# {title}\n\n" + "\n".join(write()).rstrip() + "\n"
        if path.exists() and path.read_text() == text:
            continue
        stale.append(f"docs/reference/{name}.md")
        if "--check" not in arguments:
            FOLDER.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    if stale and "--check" in arguments:
        print("Not what the code says (run `make docs`): " + ", ".join(stale))
        return 1
    return 0


def settings_page() -> Iterator[str]:
    yield "From the weakest to the strongest: the default, `pioche.toml` in the data folder, a variable of the"
    yield "environment, an option of `pioche serve`. A variable with `_FILE` at its end names a file that holds the"
    yield "value. A key that is not in this table is an error.\n"
    yield "| Key in `pioche.toml` | Variable | Default | What it decides |"
    yield "| --- | --- | --- | --- |"
    for field in fields(Settings):
        variable = f"PIOCHE_{field.name.upper()}"
        yield f"| `{field.name}` | `{variable}` | {_default(field.default)} | {field.metadata['doc']} |"


def _default(value: Any) -> str:
    if isinstance(value, bool):
        return "`true`" if value else "`false`"
    if isinstance(value, int) and value and value % MIB == 0:
        size = f"{value // GIB} GiB" if value % GIB == 0 else f"{value // MIB} MiB"
        return f"`{value}` ({size})"
    return f"`{value}`" if str(value) else "none"


def errors_page() -> Iterator[str]:
    yield "Every refusal carries its code in the header `X-Error-Code` and its message in `X-Error-Message` and in the"
    yield "body, in the form of the protocol that asked.\n"
    yield "| Code | Status | Meaning |"
    yield "| --- | --- | --- |"
    seen = set()
    for kind in _descendants(errors.HubError):
        if kind.code not in seen:
            seen.add(kind.code)
            yield f"| `{kind.code}` | {_status(kind)} | {_first_paragraph(kind)} |"


def _status(kind: type[errors.HubError]) -> int:
    """The status is decided by class alone, so an instance without its arguments will do."""
    return status_of(kind.__new__(kind))


def _descendants(kind: type[errors.HubError]) -> Iterator[type[errors.HubError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _descendants(child)


def events_page() -> Iterator[str]:
    yield "Facts that the rooms announce, recorded in the transaction that makes them true, and the background tasks"
    yield "that each one starts.\n"
    yield "| Event | Fields | Meaning | Tasks |"
    yield "| --- | --- | --- | --- |"
    for kind in events.Event.__subclasses__():
        names = ", ".join(f"`{field.name}`" for field in msgspec.structs.fields(kind))
        tasks = ", ".join(f"`{task}`" for task in LISTENERS.get(kind, ())) or "none"
        yield f"| `{kind.__name__}` | {names} | {_first_paragraph(kind)} | {tasks} |"


def routes_page() -> Iterator[str]:
    yield "Every address that the hub answers, by the module that does. `{rev}` takes a branch, a tag, a commit or"
    yield "`refs/...` (with or without `%2F`); `{path*}` takes the rest of the address. GET includes HEAD.\n"
    groups: dict[str, list[Route]] = {}
    for route in (route for group in ROUTES for route in group):
        groups.setdefault(route.handler.__module__, []).append(route)
    for module, routes in sorted(groups.items()):
        yield f"## {module.removeprefix('pioche.')}\n"
        yield "| Method | Address | Answered by |"
        yield "| --- | --- | --- |"
        for route in sorted(routes, key=lambda route: (route.pattern, route.method)):
            yield f"| {route.method} | `{route.pattern}` | `{route.handler.__name__}` |"
        yield ""


def cli_page() -> Iterator[str]:
    context = click.Context(command, info_name="pioche", terminal_width=100)
    yield from _command(command, context, "pioche")


def _command(item: click.Command, context: click.Context, name: str) -> Iterator[str]:
    yield f"## {name}\n\n```text"
    yield "\n".join(line.rstrip() for line in item.get_help(context).splitlines())
    yield "```\n"
    if isinstance(item, click.Group):
        for child in item.list_commands(context):
            found = item.get_command(context, child)
            if found is not None:
                inner = click.Context(found, info_name=child, parent=context, terminal_width=100)
                yield from _command(found, inner, f"{name} {child}")


def _first_paragraph(kind: type) -> str:
    return " ".join((kind.__doc__ or "").strip().split("\n\n")[0].split())


PAGES: dict[str, tuple[str, Callable[[], Iterator[str]]]] = {
    "settings": ("Settings", settings_page),
    "errors": ("Errors", errors_page),
    "events": ("Events", events_page),
    "routes": ("Addresses", routes_page),
    "cli": ("Commands", cli_page),
    "operations": ("Operations of the reference", operations_page),
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
