"""The nouns of pushes."""

from __future__ import annotations

from dataclasses import dataclass, field

from pioche.accounts.types import Actor
from pioche.repos.types import RefMove, Repo

ZERO = "0" * 40
"""What git says where there is no object."""

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
"""What git calls a tree without entries; every repository knows it."""


@dataclass(frozen=True, slots=True)
class RefUpdate:
    """One line of a push: `old` or `new` None where the ref is made or deleted."""

    ref: str
    old: str | None
    new: str | None

    @classmethod
    def parse(cls, line: str) -> RefUpdate:
        """From `<old> <new> <ref>`, as git gives it to hooks."""
        old, new, ref = line.split(" ", 2)
        return cls(ref, None if old == ZERO else old, None if new == ZERO else new)


@dataclass(slots=True)
class Push:
    """A push under way. `marker` is set while refs may move that are not recorded yet."""

    actor: Actor
    repo: Repo
    can_write: bool
    moves: dict[str, RefMove] = field(default_factory=dict)
    marker: str = ""
