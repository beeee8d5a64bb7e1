"""Terms: what is looked for is among what is indexed."""

from __future__ import annotations

import random

import pytest

from pioche.repos import ranks
from pioche.repos.types import SORTS
from pioche.search.terms import Document, of_name, of_range, term, terms, words


def document(**values: object) -> Document:
    fields = {
        "kind": "model",
        "owner_id": 1,
        "created_by": 2,
        "namespace": "Alice",
        "name": "Llama3.1-8B_v2",
        "private": False,
        "gated": False,
        "tags": (),
        "pipeline_tag": None,
        "library": None,
        "parameters": None,
        "uses": (),
        "title": "",
        "text": "",
    }
    return Document(**{**fields, **values})  # type: ignore[arg-type]


@pytest.mark.parametrize("word", ["llama", "ice/lla", "3.1-8b_v2", "8b_", "v2", "v", "8", "alice/llama3.1-8b_v2", "a"])
def test_a_name_has_the_terms_of_its_parts(word: str) -> None:
    assert set(of_name(word)) <= terms(document())


@pytest.mark.parametrize("word", ["llamas", "ama", "1.3", "b_", "x"])
def test_other_words_mostly_not(word: str) -> None:
    assert (set(of_name(word)) <= terms(document())) == (word == "ama")


def test_every_number_is_in_the_ranges_around_it() -> None:
    chance = random.Random(3)
    for _ in range(2_000):
        count = int(2 ** chance.uniform(0, 60))
        mine = terms(document(parameters=count))
        least, most = int(count * chance.random()), int(count * chance.uniform(1, 1000))
        assert mine & set(of_range(least, min(most, 2**62)))
        assert mine & set(of_range(count, count))
        assert not mine & set(of_range(count * 2 + 2, count * 50 + 50))


def test_ranges_are_few_terms() -> None:
    assert len(of_range(0, 2**62)) <= 30
    assert max(len(of_range(1, 2**n)) for n in range(63)) <= 30


def test_words() -> None:
    said = ["it", "s", "größe", "10", "naïve", "東京", "京タ", "タワ", "ワー", "x"]
    assert words("It's Größe_10, naïve! 東京タワー-x") == said
    assert term("w:größe") in terms(document(text="Die GRÖSSE und die Größe"))


def test_a_private_repository_is_not_public() -> None:
    assert term("public") in terms(document())
    assert term("public") not in terms(document(private=True))


@pytest.mark.parametrize("sort", SORTS)
def test_steps_are_in_order(sort: str) -> None:
    chance = random.Random(4)
    for _ in range(3_000):
        one, other = sorted(chance.choice((chance.randrange(20), 10 ** chance.uniform(0, 12))) for _ in range(2))
        first, second = ranks.step(sort, one), ranks.step(sort, other)  # type: ignore[arg-type]
        assert first <= second
        assert one < ranks.above(sort, first)  # type: ignore[arg-type]
        assert first == 0 or one >= ranks.above(sort, first - 1)  # type: ignore[arg-type]
