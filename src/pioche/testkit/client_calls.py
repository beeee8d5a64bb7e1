"""Which calls of the stock client the tests have made: a table at the end of a run, with `--client-table`.

Every public method of `HfApi` and every command of `hf` is watched while tests run. A call counts when it returned, in
a test that passed. What computes, and what the client sends to hosts of its own, is named below with the reason; if
anything else was not proven, the run fails.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

# Reason -> the names it excuses: whole names of methods, and beginnings of commands.
LATER_METHODS = {
    "computes": """update_job_expose enable_space_dev_mode disable_space_dev_mode fetch_space_logs pause_space
        request_space_hardware restart_space set_space_sleep_time wait_for_space""",
    "goes to a host of its own": """create_inference_endpoint create_inference_endpoint_from_catalog
        delete_inference_endpoint get_inference_endpoint list_inference_catalog list_inference_endpoints
        list_inference_endpoints_hardware pause_inference_endpoint resume_inference_endpoint
        scale_to_zero_inference_endpoint update_inference_endpoint""",
    "refused by the client for other hubs": "list_dataset_parquet_files",
}
LATER_COMMANDS = {
    "computes": """jobs expose|jobs ssh|sandbox|spaces dev-mode|spaces hot-reload|spaces logs|spaces pause|
        spaces restart|spaces settings|spaces ssh|spaces wait""",
    "goes to a host of its own": "endpoints|extensions|update",
    "refused by the client for other hubs": "datasets parquet",
    "needs an extension that DuckDB fetches from its own host": "datasets sql",
    "asks no hub": """cache list|cache prune|cache rm|env|version|lfs-enable-largefiles|lfs-multipart-upload|
        auth list|auth logout|auth switch|auth token|skills preview""",
}


@dataclass
class ClientCalls:
    """What was called, by the tests that passed."""

    proven: set[str] = field(default_factory=set)
    _running: set[str] = field(default_factory=set)
    _watching: bool = False

    def begin(self) -> None:
        self._running.clear()
        if not self._watching:
            self._watching = True
            for name in methods():
                self._watch(name)

    def end(self, passed: bool) -> None:
        if passed:
            self.proven |= self._running
        self._running.clear()

    def note_command(self, arguments: Sequence[str]) -> None:
        """A run of `hf ARGUMENTS` that ended well."""
        for name, words in commands().items():
            if len(arguments) >= len(words) and all(said in word for said, word in zip(arguments, words, strict=False)):
                self._running.add(f"hf {name}")

    def _watch(self, name: str) -> None:
        from huggingface_hub import HfApi

        method = inspect.getattr_static(HfApi, name)

        @functools.wraps(method)
        def watched(*arguments: Any, **named: Any) -> Any:
            answer = method(*arguments, **named)
            self._running.add(name)
            return answer

        setattr(HfApi, name, watched)


CALLS = ClientCalls()


@functools.cache
def methods() -> tuple[str, ...]:
    """The public methods of `HfApi`."""
    from huggingface_hub import HfApi

    return tuple(name for name, _ in inspect.getmembers(HfApi, callable) if not name.startswith("_"))


@functools.cache
def commands() -> dict[str, tuple[frozenset[str], ...]]:
    """The commands of `hf` that do something, `repos branch create`, and what each of their words may be written as."""
    from huggingface_hub.cli.hf import app

    return {" ".join(name): words for name, words in _commands_in(app, (), ())}


def _commands_in(
    command: Any, name: tuple[str, ...], words: tuple[frozenset[str], ...]
) -> Iterator[tuple[tuple[str, ...], tuple[frozenset[str], ...]]]:
    """Groups are loaded when they are asked for, and name commands with their other spellings: `list | ls`."""
    import click

    if not isinstance(command, click.Group):
        yield name, words
        return
    for key in command.commands or command.list_commands(click.Context(command)):
        spellings = [part.strip() for part in key.split("|")]
        inner = command.get_command(click.Context(command), spellings[0])
        yield from _commands_in(inner, (*name, spellings[0]), (*words, frozenset(spellings)))


def _words(name: str) -> tuple[str, ...]:
    return tuple(name.split())


def table() -> list[tuple[str, str]]:
    """Name -> `yes`, the reason why it is left out, or `NO`."""
    later = {name: reason for reason, names in LATER_METHODS.items() for name in names.split()}
    rows = [(name, _state(name, later.get(name))) for name in methods()]
    begins = [(tuple(text.split()), why) for why, texts in LATER_COMMANDS.items() for text in texts.split("|")]
    for name in commands():
        why = next((reason for words, reason in begins if _words(name)[: len(words)] == words), None)
        rows.append((f"hf {name}", _state(f"hf {name}", why)))
    return rows


def _state(name: str, reason: str | None) -> str:
    if name in CALLS.proven:
        return "yes"
    return f"({reason})" if reason else "NO"


def write_table(write: Callable[[str], None]) -> bool:
    """Prints it; True if all that is asked for was proven."""
    rows = table()
    width = max(len(name) for name, _ in rows)
    for name, state in rows:
        write(f"{name:<{width}} | {state}")
    missing = [name for name, state in rows if state == "NO"]
    asked = [state for _, state in rows if not state.startswith("(")]
    write(f"{len(asked) - len(missing)} of {len(asked)} calls of the stock client passed.")
    return not missing
