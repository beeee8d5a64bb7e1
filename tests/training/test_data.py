"""Tables before they are learned from: what is suggested, what is warned of, what is refused."""

from __future__ import annotations

import pytest

from pioche.errors import InvalidInput
from pioche.training import data

GOOD = "id;comment;mood\n" + "".join(
    f"{n};what a {'fine' if n % 2 else 'sad'} day {n};{'up' if n % 2 else 'down'}\n" for n in range(40)
)


def test_columns_are_suggested() -> None:
    found = data.look("moods.csv", GOOD.encode())
    assert (found.text, found.label, found.count) == ("comment", "mood", 40)
    assert found.classes == {"up": 20, "down": 20}
    assert not found.warnings
    chosen = data.look("moods.csv", GOOD.encode(), text="id", label="mood")
    assert (chosen.text, chosen.label) == ("id", "mood")


def test_lines_of_json_are_a_table() -> None:
    lines = "\n".join(f'{{"text": "row {n}", "label": {n % 3}, "x": null}}' for n in range(30))
    found = data.look("a.jsonl", lines.encode())
    assert (found.text, found.label) == ("text", "label")
    assert found.classes == {"0": 10, "1": 10, "2": 10}


def test_what_is_odd_is_said() -> None:
    rows = "text,label\n" + "hello,a\n" * 30 + "bye,b\n,b\nhello,b\nme@example.org writes,a\n"
    said = " ".join(data.look("odd.csv", rows.encode()).warnings)
    for word in ("no text or no label", "more than once", "more than one label", "ten times", "mail addresses"):
        assert word in said


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "one column"),
        (b"only\na\nb\n", "one column"),
        (b"text,label\n", "no rows"),
        (b"a,a\n1,2\n", "same name"),
        (b"text,label\n" + b"x,y\n" * 30, "one class"),
        (b"text,label\n" + b"".join(b"t%d,l%d\n" % (n, n) for n in range(200)), "different values"),
        (b"text,label\nx,y\nz,w\n", "at least"),
    ],
)
def test_what_nothing_can_be_learned_from(content: bytes, word: str) -> None:
    with pytest.raises(InvalidInput, match=word):
        data.check("t.csv", content, "text", "label")


def test_columns_must_be_there() -> None:
    with pytest.raises(InvalidInput, match="no column 'nope'"):
        data.check("t.csv", GOOD.encode(), "nope", "mood")
    with pytest.raises(InvalidInput, match="different columns"):
        data.check("t.csv", GOOD.encode(), "mood", "mood")


def test_noise_is_refused_in_words() -> None:
    with pytest.raises(InvalidInput):
        data.check("x.csv", bytes(range(256)) * 50, "text", "label")
    with pytest.raises(InvalidInput, match="cannot be read"):
        data.read("x.jsonl", b"[1,2]\n{nope\n")
