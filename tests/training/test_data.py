"""Tables before they are learned from: what is suggested, what is warned of, what is refused."""

from __future__ import annotations

import json
import time

import pytest

from pioche.errors import InvalidInput
from pioche.training import data
from pioche.training.catalogue import TASKS
from pioche.training.types import Preview

TEXTS = TASKS["text-classification"]


def look(file: str, content: bytes, **chosen: str) -> Preview:
    return data.look(TEXTS, data.read(file, content), chosen)


GOOD = "id;comment;mood\n" + "".join(
    f"{n};what a {'fine' if n % 2 else 'sad'} day {n};{'up' if n % 2 else 'down'}\n" for n in range(40)
)


def test_columns_are_suggested() -> None:
    found = look("moods.csv", GOOD.encode())
    assert (found.columns, found.count) == ({"text": "comment", "label": "mood"}, 40)
    assert found.classes == {"up": 20, "down": 20}
    assert not found.warnings
    chosen = look("moods.csv", GOOD.encode(), text="id", label="mood")
    assert chosen.columns == {"text": "id", "label": "mood"}


def test_lines_of_json_are_a_table() -> None:
    lines = "\n".join(f'{{"text": "row {n}", "label": {n % 3}, "x": null}}' for n in range(30))
    found = look("a.jsonl", lines.encode())
    assert found.columns == {"text": "text", "label": "label"}
    assert found.classes == {"0": 10, "1": 10, "2": 10}


def test_lists_of_words_are_shown_as_people_read_them() -> None:
    line = '{"text": ["New", "York", "1"], "label": "[sic"}\n'
    assert look("a.jsonl", line.encode() * 30).rows[0] == ["New York 1", "[sic"]


def test_what_is_odd_is_said() -> None:
    rows = "text,label\n" + "hello,a\n" * 30 + "bye,b\n,b\nhello,b\nme@example.org writes,a\n"
    said = " ".join(look("odd.csv", rows.encode()).warnings)
    for word in ("lacks something", "repeat others", "more than one label", "ten times", "mail addresses"):
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
        data.check(TEXTS, data.read("t.csv", content), {"text": "text", "label": "label"})


def test_columns_must_be_there() -> None:
    with pytest.raises(InvalidInput, match="no column 'nope'"):
        data.check(TEXTS, data.read("t.csv", GOOD.encode()), {"text": "nope", "label": "mood"})
    with pytest.raises(InvalidInput, match="different ones"):
        data.check(TEXTS, data.read("t.csv", GOOD.encode()), {"text": "mood", "label": "mood"})


def test_noise_is_refused_in_words() -> None:
    with pytest.raises(InvalidInput):
        data.check(TEXTS, data.read("x.csv", bytes(range(256)) * 50), {"text": "text", "label": "label"})
    with pytest.raises(InvalidInput, match="cannot be read"):
        data.read("x.jsonl", b"[1,2]\n{nope\n")


def test_other_tasks_find_their_columns() -> None:
    talk = data.read("qa.jsonl", b'{"question": "Why?", "answer": "Because.", "id": 1}\n' * 3)
    assert data.suggest(TASKS["text-generation"], talk, {}) == {"prompt": "question", "completion": "answer"}
    flats = data.read("flats.csv", b"rooms,town,rent\n2,Lyon,700\n3,Paris,1900.5\n")
    assert data.suggest(TASKS["tabular-regression"], flats, {}) == {"target": "rent"}
    assert data.suggest(TASKS["tabular-classification"], flats, {"target": "town"}) == {"target": "town"}
    with pytest.raises(InvalidInput, match="not numbers"):
        data.check(TASKS["tabular-regression"], data.read("f.csv", b"a,b\n" + b"1,x\n" * 30), {"target": "b"})


def test_texts_that_are_nearly_the_same_are_a_leak() -> None:
    rows = "".join(f"Day {n}!,a\nday {n},b\n" for n in range(20))
    assert any("case and punctuation" in said for said in look("near.csv", f"text,label\n{rows}".encode()).warnings)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("a.csv", ",".join(f"n{n}" for n in range(3_000)) + "\n" + "a\n" * 10),
        ("a.csv", ",".join(f"n{n}" for n in range(1_000)) + "\n" + "a\n" * 30_000),
        ("a.jsonl", "".join(f'{{"{n}": 1}}\n' for n in range(20_000))),
    ],
)
def test_few_bytes_are_not_read_as_billions_of_cells(file: str, content: str) -> None:
    with pytest.raises(InvalidInput, match="more than is read here"):
        data.read(file, content.encode())


def test_a_long_cell_is_searched_for_addresses_in_no_time() -> None:
    cell = "a" * 900_000
    started = time.process_time()
    found = look("a.csv", f"text,label\n{cell},x\nsay it to a.b@c-d.example,y\n".encode())
    assert any("mail addresses" in warning for warning in found.warnings)
    assert time.process_time() - started < 5


def test_cells_that_only_look_like_lists_are_shown_as_they_are() -> None:
    odd = ["[" + "1," * 50_000 + "1]", "[{[]:1}]", "[0x" + "f" * 1_900 + "]", "[" * 1_500, "['a', 'b']", '["\\ud800"]']
    lines = [json.dumps({"text": cell, "label": "ab"[at % 2]}) for at, cell in enumerate(odd)]
    for line in lines:  # five rows are shown
        (shown,) = look("odd.jsonl", line.encode()).rows[:1]
        assert len(shown[0].encode()) <= 200
