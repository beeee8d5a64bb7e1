"""What recipes measure, in words that people understand. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pioche.training.catalogue import N_

BEFORE = "_before"
"""What a name ends with that says how good the model was with which it began."""


@dataclass(frozen=True, slots=True)
class Measure:
    title: str
    about: str


_ALL: Mapping[str, Measure] = {
    "accuracy": Measure(N_("Accuracy"), N_("The share of answers that are right.")),
    "f1": Measure("F1", N_("What is missed and what is found wrongly, in one figure: 1 is without fault.")),
    "exact_match": Measure(N_("Exact match"), N_("The share of answers that are right to the letter.")),
    "accuracy_at_1": Measure(N_("Accuracy at 1"), N_("How often the text that means the same is the nearest of all.")),
    "spearman": Measure("Spearman", N_("How well the order of scores is met: 1 is the same order, 0 is chance.")),
    "r2": Measure("R²", N_("How much of the differences it predicts: 1 is all, 0 is nothing.")),
    "mae": Measure(N_("Mean absolute error"), N_("How far from the truth its numbers are, on average.")),
    "denoising_error": Measure(
        N_("Denoising error"),
        N_("How badly it parts noise from pictures that it has not seen: 0 is perfect, 1 is knowing nothing."),
    ),
    "words_followed": Measure(
        N_("Words followed"),
        N_("How often it sees a picture through noise better with its own words than with others: 0.5 is chance."),
    ),
}


def measure_of(name: str) -> Measure | None:
    return _ALL.get(name.removesuffix(BEFORE))


def title_of(name: str) -> str:
    """In English, for cards and terminals. What is not known is called as it is."""
    found = measure_of(name)
    if found is None:
        return name
    return f"{found.title} before" if name.endswith(BEFORE) else found.title


def explained(names: Iterable[str]) -> list[Measure]:
    """Each that is known, once, in order."""
    found = map(measure_of, names)
    return [one for one in dict.fromkeys(found) if one is not None]
