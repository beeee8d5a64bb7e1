"""What the wizard shows of a table is what recipes learn from: of each kind of file, and of each odd cell."""

from __future__ import annotations

import csv
import importlib
import io
import json
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pioche.errors import InvalidInput
from pioche.training import data, recipes
from pioche.training.catalogue import TASKS
from pioche.training.recipes.cells import LONGEST_LIST, MOST_ITEMS, listed, tagged, text_of

WORDS = TASKS["token-classification"]
COLUMNS = {"tokens": "tokens", "tags": "tags"}
ODD: list[Any] = [
    *("plain", " with spaces ", "", None, 5, 1.5, True, float("nan"), "two\nlines", "café", "\"'"),
    *("[sic]", "[]", "['a', 'b']", '["a", 1]', "['a' 'b'\n 'c']", "[3 0 7]", "['it\\'s', \"d'or\"]", "['a'"),
    *(["New", "York"], ["a", None], [{"role": "user"}], {"a": [1]}, ["x"] * (MOST_ITEMS + 1)),
    *("a\u2028b\x0cc\x85d", '["\\ud800"]', "\ud800", "[" * 900, "[" + "'a', " * LONGEST_LIST + "]"),
]


@pytest.fixture
def read_rows(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], list[dict[str, Any]]]:
    """That of recipes, as a script finds it."""
    monkeypatch.syspath_prepend(str(Path(recipes.__file__).parent))
    return importlib.import_module("running").read_rows


def csv_of(rows: list[list[str]], **how: Any) -> bytes:
    out = io.StringIO()
    csv.writer(out, **how).writerows(rows)
    return out.getvalue().encode("utf-8", "replace")


TEXTS = [[str(cell), f"x{n}"] for n, cell in enumerate(ODD) if cell is not None]
LINES = "".join(json.dumps({"a": cell, "b": f"x{n}"}) + "\n" for n, cell in enumerate(ODD))
FILES = {
    "a.csv": csv_of([["a", "b"], *TEXTS]),
    "b.tsv": csv_of([["a", "b"], *TEXTS], delimiter="\t"),
    "names.csv": b"\xef\xbb\xbf a ; b\r\n1;2\r\n\r\n;\r\nshort\r\nlonger;than;the head\r\nline\xe2\x80\xa8end;\x85\r\n",
    "c.jsonl": LINES.encode(),
    "marked.jsonl": b"\xef\xbb\xbf"
    + json.dumps({"a": "x\u2028y", "b": ["é", 2]}, ensure_ascii=False).encode()
    + b"\n\n\n",
    "some.jsonl": b'{"a": 1, "b": 2}\n{"b": ["x", "y"]}\n',
}


@pytest.mark.parametrize("name", FILES)
def test_shown_as_it_is_learned(read_rows: Callable[[Path], list[dict[str, Any]]], name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(FILES[name])
    table, rows = data.read(name, FILES[name]), read_rows(tmp_path)
    for column in ("a", "b"):
        assert table.column(column) == [text_of(row.get(column)) for row in rows]
    shown = data.look(TASKS["text-classification"], table, {}).rows
    assert shown == [[text_of(row.get(one))[:200] for one in ("a", "b")] for row in rows[: data.SHOWN]]
    assert all(text.encode() is not None for text in table.column("a"))  # nothing that cannot be written


def test_parquet_too(read_rows: Callable[[Path], list[dict[str, Any]]], tmp_path: Path) -> None:
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    from datetime import datetime

    rows = [
        {"a": ["New", "York"], "b": datetime(2026, 1, 2), "c": [datetime(2026, 1, 2)]},
        {"a": [], "b": None, "c": []},
    ]
    parquet.write_table(arrow.Table.from_pylist(rows), tmp_path / "a.parquet")
    found = read_rows(tmp_path)
    assert [[text_of(cell) for cell in row.values()] for row in found] == [
        ["New York", "2026-01-02 00:00:00", "2026-01-02 00:00:00"],
        ["", "", ""],
    ]


def test_lists_are_read_however_they_are_written() -> None:
    chance = random.Random(3)
    for _ in range(3_000):
        items = ["".join(chance.choices("ab'\"\\ \n,[]é\u2028😀", k=chance.randrange(6))) for _ in range(4)]
        assert listed(repr(items)) == listed(json.dumps(items)) == items
    assert listed("['a' 'b'\n 'c']") == ["a", "b", "c"]  # as NumPy prints them
    assert listed("[3 0 7]") == ["3", "0", "7"]
    for text in ("[sic]", "['a''b']", "['a'", "[a, b]", "[['a']]", '[{"a": 1}]', "[__import__('os')]"):
        assert listed(text) is None, text


@pytest.mark.parametrize("inside", ["1,", "'a' ", "[", "'a',", " ", "1e", "'\\", '"'])
def test_long_cells_take_no_time(inside: str) -> None:
    began = time.process_time()
    listed(f"[{inside * ((LONGEST_LIST - 3) // len(inside))}x]")
    listed(f"[{inside * LONGEST_LIST}]")
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(
    ("words", "tags"),
    [
        (["New", "York"], ["B", "I"]),
        ("['New', 'York']", '["B", "I"]'),
        ("New York", "B I"),
        ("['New' 'York']", ["B", "I"]),
    ],
)
def test_words_and_their_tags(words: Any, tags: Any) -> None:
    assert tagged(words, tags) == (("New", "York"), ("B", "I"))
    assert tagged("[ sic ]", "O O O") == (("[", "sic", "]"), ("O", "O", "O"))
    assert tagged("['New York', 'is']", ["B", "O"])[0] == ("New York", "is")


@pytest.mark.parametrize(
    ("words", "tags", "word"),
    [
        ("['a', 'b']", "['O']", "Row 21 has 2 words and 1 tags: every word needs one tag."),
        ("a b", "O", "Row 21 has 2 words and 1 tags"),
        ("a b", "[O, O]", "Row 21 has tags that begin like a list"),
        ("a " * MOST_ITEMS, "['O'" + ", 'O'" * MOST_ITEMS + "]", "Row 21 has tags that begin like a list"),
    ],
)
def test_what_is_no_tag_for_each_word_is_refused(words: str, tags: str, word: str) -> None:
    content = csv_of([["tokens", "tags"], *([["['a', 'b']", "['O', 'X']"]] * 20), [words, tags]])
    table = data.read("a.csv", content)
    with pytest.raises(InvalidInput) as refused:
        data.check(WORDS, table, COLUMNS)
    assert refused.value.message.startswith(word)
    assert any(one.startswith(word) for one in data.look(WORDS, table, {}).warnings)


def test_lists_in_lines_of_json_too() -> None:
    line = '{"tokens": ["a", {"b": 1}], "tags": ["O", "O"]}\n'
    with pytest.raises(InvalidInput, match="Row 1 has a list of other things than texts"):
        data.check(WORDS, data.read("a.jsonl", line.encode() * 30), COLUMNS)
