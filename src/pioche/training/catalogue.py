"""What can be trained here: a task in plain words, which data it takes, and what it costs. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

DataKind = Literal["table", "images"]
BaseUse = Literal["none", "allowed", "needed"]
LoraUse = Literal["never", "allowed", "always"]


def N_(text: str) -> str:  # noqa: N802: the name that finders of translatable texts know
    return text


@dataclass(frozen=True, slots=True)
class Role:
    """What a column is for. `names`: what such columns are often called. `classes`: it has a few different values."""

    name: str
    title: str
    names: tuple[str, ...] = ()
    classes: bool = False
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Task:
    """`program`: the recipe. `icon`: its sign. `seconds`: how long it takes for each row and pass on one core, about,
    beside `start`.

    `bases`: tasks of models that it may begin with. `lora`: whether it leaves that model as it is, and learns a small
    part beside it.
    """

    name: str
    title: str
    about: str
    roles: tuple[Role, ...]
    program: str
    icon: str
    library: str = "transformers"
    data: DataKind = "table"
    base: BaseUse = "none"
    bases: tuple[str, ...] = ()
    lora: LoraUse = "never"
    epochs: float = 4
    seconds: float = 0.0015
    start: float = 10
    least: int = 20

    def role(self, name: str) -> Role | None:
        return next((role for role in self.roles if role.name == name), None)


TEXT = Role("text", N_("Column of the text"), ("text", "sentence", "comment", "description", "review", "message"))
LABEL = Role("label", N_("Column of the label"), ("label", "labels", "class", "category", "target"), classes=True)

_ALL = (
    Task(
        "text-classification",
        N_("Put texts into classes"),
        N_("Mails into departments, comments into moods, reports into topics. A table with a text and a label."),
        (TEXT, LABEL),
        "text_classification.py",
        "tag",
        base="allowed",
        bases=("fill-mask", "text-classification", "sentence-similarity", "feature-extraction"),
        lora="allowed",
    ),
    Task(
        "token-classification",
        N_("Find names and other words in texts"),
        N_("People, places, part numbers. A table with the words of a text and a tag for each: O, B-PLACE, I-PLACE."),
        (
            Role("tokens", N_("Column of the words"), ("tokens", "words", "text", "sentence")),
            Role("tags", N_("Column of their tags"), ("tags", "ner_tags", "labels", "label")),
        ),
        "token_classification.py",
        "map-pin",
        base="allowed",
        bases=("fill-mask", "token-classification"),
        lora="allowed",
        epochs=6,
        seconds=0.002,
    ),
    Task(
        "sentence-similarity",
        N_("Tell which texts mean the same"),
        N_("Questions and their answers, two ways to say one thing. A table with two texts, and how alike they are."),
        (
            Role("first", N_("Column of a text"), ("first", "sentence1", "anchor", "query", "question", "text1")),
            Role("second", N_("Column of the other"), ("second", "sentence2", "positive", "answer", "text2")),
            Role("score", N_("Column of how alike they are"), ("score", "similarity"), optional=True),
        ),
        "sentence_similarity.py",
        "git-compare",
        library="sentence-transformers",
        base="allowed",
        bases=("sentence-similarity", "feature-extraction", "fill-mask"),
        epochs=6,
        seconds=0.002,
    ),
    Task(
        "text-generation",
        N_("Teach a chat model to answer"),
        N_("A chat model of this hub learns from questions and the answers that you want. A table with both."),
        (
            Role("prompt", N_("Column of what is asked"), ("prompt", "question", "instruction", "input")),
            Role("completion", N_("Column of the answer"), ("completion", "answer", "response", "output")),
        ),
        "text_generation.py",
        "message-square",
        base="needed",
        bases=("text-generation",),
        lora="always",
        epochs=1,
        seconds=0.45,
        start=30,
    ),
    Task(
        "image-classification",
        N_("Put pictures into classes"),
        N_("Pictures in folders that are called as their class is, in a zip file or a dataset of this hub."),
        (),
        "image_classification.py",
        "eye",
        data="images",
        base="allowed",
        bases=("image-classification",),
        epochs=14,
        seconds=0.004,
    ),
    Task(
        "tabular-classification",
        N_("Predict a class from a table"),
        N_("Which customers leave, which machines fail. A table in which one column is what you want to know."),
        (Role("target", N_("Column to predict"), ("target", "label", "class", "y", "outcome"), classes=True),),
        "tabular.py",
        "table-2",
        library="sklearn",
        epochs=1,
        seconds=0.0005,
        start=4,
    ),
    Task(
        "tabular-regression",
        N_("Predict a number from a table"),
        N_("Prices, amounts, durations. A table in which one column is the number that you want to know."),
        (Role("target", N_("Column to predict"), ("target", "price", "value", "y", "amount", "score")),),
        "tabular.py",
        "chart-line",
        library="sklearn",
        epochs=1,
        seconds=0.0005,
        start=4,
    ),
    Task(
        "unconditional-image-generation",
        N_("Paint pictures like yours"),
        N_("A small diffusion model learns to paint pictures of the kind that it has seen."),
        (),
        "image_generation.py",
        "image",
        library="diffusers",
        data="images",
        epochs=20,
        seconds=0.004,
    ),
    Task(
        "text-to-image",
        N_("Paint what words say"),
        N_("Pictures whose folder says what they show, or with a file metadata.csv (file_name, text)."),
        (),
        "text_to_image.py",
        "pencil",
        library="diffusers",
        data="images",
        base="allowed",
        bases=("text-to-image",),
        lora="always",
        epochs=30,
        seconds=0.006,
    ),
)
TASKS: Mapping[str, Task] = {task.name: task for task in _ALL}


def seconds_of(task: Task, rows: int, epochs: float = 0) -> int:
    """About how long a training takes, on one core of a machine of 2025."""
    return round(task.start + task.seconds * rows * (epochs or task.epochs))
