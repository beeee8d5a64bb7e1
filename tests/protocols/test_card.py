"""Cards: what people write at the top of README.md, and what they should not."""

import time

import pytest

from pioche.protocols.card import parse_front_matter, parse_yaml, split_front_matter, texts


def test_metadata_and_body_come_apart() -> None:
    card, body, errors = parse_front_matter("---\nlicense: mit\ntags: [a, b]\n---\n# Title\n")
    assert (card, body, errors) == ({"license": "mit", "tags": ["a", "b"]}, "# Title\n", [])


@pytest.mark.parametrize(
    ("text", "front", "body"),
    [
        ("# No metadata\n---\na: b\n---\n", "", "# No metadata\n---\na: b\n---\n"),
        ("---\r\na: b\r\n---\r\nbody", "a: b\r\n", "body"),
        ("---\n---\nbody", "", "body"),
        ("\ufeff---\na: b\n---", "a: b\n", ""),
        ("---\na: b\n", "", "---\na: b\n"),
    ],
)
def test_where_the_metadata_ends(text: str, front: str, body: str) -> None:
    assert split_front_matter(text) == (front, body)


def test_scalars_are_those_of_yaml_1_2() -> None:
    text = "language: no\nday: 2024-01-31\nsplit: 12:30\nsize: 1e3\nempty:\nbig: 99999999999999999999\n1: one"
    card, _, errors = parse_front_matter(f"---\n{text}\n---\n")
    assert errors == []
    assert card == {
        "language": "no",
        "day": "2024-01-31",
        "split": "12:30",
        "size": 1000.0,
        "empty": None,
        "big": "99999999999999999999",
        "1": "one",
    }


@pytest.mark.parametrize(
    "front",
    [
        "a: [b",
        "- a list",
        "a: !!python/object:os.system x",
        "a: &a [*a]",
        "a: " + "[" * 200_000,
        "? " * 200_000,
        "a: " + "9" * 6_000,
        "a: b\n" * 300_000,
    ],
)
def test_what_cannot_be_metadata_is_a_sentence(front: str) -> None:
    started = time.process_time()
    card, body, errors = parse_front_matter(f"---\n{front}\n---\nbody")
    assert card == {}
    assert body == "body"
    assert len(errors) == 1
    assert errors[0].startswith("The metadata ")
    assert time.process_time() - started < 5


def test_a_few_aliases_cannot_become_millions_of_values() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    card, _, errors = parse_front_matter("---\n" + "\n".join(lines) + "\n---\n")
    assert card == {}
    assert errors == ["The metadata is too large or too deeply nested."]


def test_the_error_names_the_line_of_the_file() -> None:
    _, _, errors = parse_front_matter("---\nlicense: mit\ntags: [a\n---\n")
    assert "line 4" in errors[0]


def test_one_text_or_a_list_of_them() -> None:
    assert texts("en") == ["en"]
    assert texts(["en", " fr ", None, True, 1]) == ["en", "fr", "1"]
    assert texts({"en": 1}) == []


@pytest.mark.parametrize("value", ["!!bool maybe", '!!int ""', "!!int '-'", '!!float ""', "!!timestamp soon"])
def test_values_that_are_not_what_they_say_are_told_of(value: str) -> None:
    card, body, errors = parse_front_matter(f"---\nk: {value}\n---\nbody")
    assert (card, body, len(errors)) == ({}, "body", 1)


@pytest.mark.parametrize("kind", ["int", "float"])
def test_numbers_to_the_base_of_sixty_do_not_take_forever(kind: str) -> None:
    started = time.process_time()
    value, problem = parse_yaml(f"a: !!{kind} 1{':1' * 500_000}")
    assert (value, problem) == (None, "The file holds a number or another value that cannot be read.")
    assert time.process_time() - started < 5
    assert parse_yaml(f"a: !!{kind} 7\nb: 1:30")[0] == {"a": 7, "b": "1:30"}
