"""The metadata of a card as fields of a form, beside the text that holds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pioche.names import RepoKind
from pioche.protocols.card import parse_front_matter, texts
from pioche.protocols.card_edit import FieldValue, set_fields
from pioche.repos.card_words import COLORS, LANGUAGES, LIBRARIES, LICENSES, SIZES
from pioche.repos.derive import TASKS
from pioche.repos.types import RepoFilter
from pioche.web.call import Call
from pioche.web.repo_call import repo_of
from pioche.web.text import _

CARD = "README.md"
MAX_ITEMS = 200
"""Values of one field that the form shows; of more, the text is the place."""
SUGGESTED = 40


@dataclass(frozen=True, slots=True)
class Field:
    """`suggests` names what stands in its list of suggestions."""

    name: str
    label: str
    many: bool = False
    suggests: str = ""


@dataclass(frozen=True, slots=True)
class ShownField:
    field: Field
    values: Sequence[str]


def fields_of(kind: RepoKind) -> Sequence[Field]:
    licence, tags = Field("license", _("Licence"), suggests="licenses"), Field("tags", _("Tags"), many=True)
    language = Field("language", _("Languages"), many=True, suggests="languages")
    datasets = Field("datasets", _("Datasets that it learned from"), many=True, suggests="datasets")
    match kind:
        case RepoKind.MODEL:
            task, library = Field("pipeline_tag", _("Task"), suggests="tasks"), _("Library")
            base = Field("base_model", _("Base models"), many=True, suggests="models")
            return licence, task, Field("library_name", library, suggests="libraries"), language, base, datasets, tags
        case RepoKind.DATASET:
            tasks = Field("task_categories", _("Tasks"), many=True, suggests="tasks")
            size = Field("size_categories", _("Size"), many=True, suggests="sizes")
            return licence, Field("pretty_name", _("Name to show")), tasks, language, size, tags
        case RepoKind.SPACE:
            colours = [
                Field("colorFrom", _("Colour from"), suggests="colors"),
                Field("colorTo", _("Colour to"), suggests="colors"),
            ]
            models = Field("models", _("Models that it uses"), many=True, suggests="models")
            used = Field("datasets", _("Datasets that it uses"), many=True, suggests="datasets")
            title, emoji = Field("title", _("Title")), Field("emoji", _("Emoji"))
            return title, emoji, *colours, Field("short_description", _("In one line")), licence, models, used, tags
        case _:
            return licence, tags


def form_values(call: Call, path: str, text: str) -> dict[str, Any]:
    """What the editor needs; no fields for what is no card, or one whose metadata cannot be read."""
    if path != CARD:
        return {"card_fields": [], "card_words": {}, "card_faults": []}
    metadata, _body, faults = parse_front_matter(text)
    shown = [] if faults else _shown(repo_of(call).kind, metadata)
    wanted = {one.field.suggests for one in shown} - {""}
    return {
        "card_fields": shown,
        "card_words": {name: _words(call, name) for name in sorted(wanted)},
        "card_faults": faults,
    }


def text_with_fields(call: Call) -> str:
    """The text that was sent, with the fields in it that were changed. Raises `CardNotEditable`."""
    items = call.form_items()
    text = next((value for key, value in reversed(items) if key == "text"), "").replace("\r\n", "\n")
    if ("card", "on") not in items:
        return text
    return set_fields(text, _changes(repo_of(call).kind, items))


def _changes(kind: RepoKind, items: Sequence[tuple[str, str]]) -> Mapping[str, FieldValue]:
    """What differs from what the form showed, so that a field which was changed in the text alone stays so."""
    changes: dict[str, FieldValue] = {}
    for field in fields_of(kind):
        was = [value for key, value in items if key == f"was-{field.name}"]
        if field.many:
            kept = [value for key, value in items if key == f"keep-{field.name}"]
            added = [part.strip() for key, value in items if key == f"add-{field.name}" for part in value.split(",")]
            now = list(dict.fromkeys([*kept, *filter(None, added)]))
            if now != was:
                changes[field.name] = now
        else:
            one = [value.strip() for key, value in items if key == f"card-{field.name}"]
            if one and one != (was or [""]):
                changes[field.name] = one[0] or None
    return changes


def _shown(kind: RepoKind, metadata: Mapping[str, Any]) -> list[ShownField]:
    """Without those that hold what no form field can show: numbers, mappings, long lists."""
    shown = []
    for field in fields_of(kind):
        value = metadata.get(field.name)
        items = [] if value is None else value if isinstance(value, list) else [value]
        plain = all(isinstance(item, str) and item == item.strip() and item for item in items)
        if plain and len(items) <= (MAX_ITEMS if field.many else 1) and texts(items) == items:
            shown.append(ShownField(field, items))
    return shown


def _words(call: Call, name: str) -> Sequence[str]:
    match name:
        case "models" | "datasets":
            kind = RepoKind.MODEL if name == "models" else RepoKind.DATASET
            found = call.hub.search.page(call.actor, RepoFilter(kind=kind, sort="trendingScore"), 0, SUGGESTED)
            return [repo.repo_id.full for repo in found]
        case "tasks":
            return sorted(TASKS)
        case _:
            return _FIXED[name]


_FIXED: Mapping[str, Sequence[str]] = {
    "licenses": LICENSES,
    "libraries": LIBRARIES,
    "languages": LANGUAGES,
    "sizes": SIZES,
    "colors": COLORS,
}
