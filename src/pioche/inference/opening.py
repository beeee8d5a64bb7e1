"""What a page needs to ask a model: the form of its task with something in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pioche.inference.checking import TEXT_LIMIT
from pioche.inference.examples import Example, Table
from pioche.inference.types import OF_PICTURES, OF_TABLES, PAINTS, Model, State


@dataclass(frozen=True, slots=True)
class Opening:
    """`examples` to choose from; `form` and `table` are what the fields hold."""

    model: Model
    state: State
    examples: Sequence[Example] = ()
    form: Mapping[str, str] = field(default_factory=dict)
    table: Table = field(default_factory=dict)
    text_limit: int = TEXT_LIMIT

    @property
    def task(self) -> str:
        return self.model.task

    @property
    def chats(self) -> bool:
        return self.task == "text-generation"

    @property
    def of_pictures(self) -> bool:
        return self.task in OF_PICTURES

    @property
    def of_tables(self) -> bool:
        return self.task in OF_TABLES

    @property
    def to_pictures(self) -> bool:
        return self.task in PAINTS
