"""Tables in parquet, read in a sandbox: shown, checked and learned from as text is."""

from __future__ import annotations

import datetime
import io
import os
from pathlib import Path
from typing import Any

import pytest

from pioche.errors import InvalidInput
from pioche.hub import Hub
from pioche.testkit.room import Room
from pioche.training import data

arrow = pytest.importorskip("pyarrow")
import pyarrow.parquet as parquet  # noqa: E402

pytestmark = [pytest.mark.client, pytest.mark.timeout(600)]  # needs bubblewrap, and pyarrow

ROWS = [
    {"comment": f"it was {word} {number}", "mood": word, "picture": b"\x89PNG", "stars": {"n": number}}
    for number in range(40)
    for word in ("good", "bad")
]


@pytest.fixture
def room(hub: Hub) -> Room:
    return Room(hub)


def file_of(rows: list[dict[str, Any]], **more: Any) -> bytes:
    out = io.BytesIO()
    parquet.write_table(arrow.Table.from_pylist(rows), out, **more)
    return out.getvalue()


def test_a_file_that_is_dropped_in_is_shown_and_learned_from(room: Room) -> None:
    alice = room.cast.alice
    made = room.post("/api/trainings/alice/data?name=Comments.PARQUET", alice, content=file_of(ROWS))
    assert made.status_code == 201, made.text
    dataset = made.json()["dataset"]
    asked = {"dataset": dataset, "columns": {}, "model": "moods"}
    found = room.post("/api/trainings/preview", alice, json=asked).json()
    assert (found["file"], found["rows"]) == ("comments.parquet", 80)
    assert found["columns"] == {"text": "comment", "label": "mood"}
    assert found["classes"] == {"good": 40, "bad": 40}
    assert found["names"] == ["comment", "mood", "stars"]  # bytes are nothing to read
    started = room.post("/api/trainings/alice", alice, json={**asked, "columns": found["columns"]})
    assert started.status_code == 201, started.text


def test_all_kinds_of_values(room: Room, tmp_path: Path) -> None:
    rows = [{"day": datetime.date(2026, 11, 27), "n": 1.5, "flag": True, "none": None, "many": ["a", "b"]}]
    table = room.hub.trainings.inputs.reader.read("a.parquet", file_of(rows))
    assert {name: table.column(name)[0] for name in table.names} == {
        "day": "2026-11-27",
        "n": "1.5",
        "flag": "True",
        "none": "",
        "many": "a b",
    }


@pytest.mark.parametrize("content", [b"PAR1", b"PAR1" + os.urandom(5_000) + b"PAR1", b"a,b\n1,2\n"])
def test_what_is_no_parquet_is_refused(room: Room, content: bytes) -> None:
    answer = room.post("/api/trainings/alice/data?name=a.parquet", room.cast.alice, content=content)
    assert (answer.status_code, "cannot be read as a table" in answer.json()["error"]) == (400, True)
    damaged = bytearray(file_of(ROWS))
    damaged[20:120] = os.urandom(100)
    with pytest.raises(InvalidInput, match="cannot be read"):
        room.hub.trainings.inputs.reader.read("b.parquet", bytes(damaged))


def test_what_grows_beyond_measure_is_refused(room: Room) -> None:
    bomb = file_of([{"a": "x" * 1_000_000, "b": str(number)} for number in range(100)], compression="zstd")
    assert len(bomb) < 1_000_000
    with pytest.raises(InvalidInput, match="more than 64 MiB of text"):
        room.hub.trainings.inputs.reader.read("bomb.parquet", bomb)


def test_the_rows_of_a_few_files_are_kept(room: Room) -> None:
    reader, folder = room.hub.trainings.inputs.reader, room.hub.settings.data / "tables"
    contents = [file_of([{"a": "x", "b": str(number)}]) for number in range(10)]
    tables = [reader.read("a.parquet", content) for content in contents]
    assert [table.rows for table in tables] == [[["x", str(number)]] for number in range(10)]
    assert len(list(folder.iterdir())) == 8
    assert reader.read("again.parquet", contents[-1]) == data.Table("again.parquet", ["a", "b"], [["x", "9"]])
