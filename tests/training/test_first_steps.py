"""What people type first: a file that is not there, half of the columns, the same file twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from pioche.client import Trainer, TrainingError, train
from pioche.hub import Hub
from pioche.testkit.people import Cast
from pioche.testkit.room import Room
from pioche.testkit.server import Server

ROWS = "".join(f"what a {'fine' if n % 2 else 'sad'} day {n},{'up' if n % 2 else 'down'}\n" for n in range(40))
TABLE = f"comment,mood\n{ROWS}".encode()


@pytest.fixture
def room(hub: Hub) -> Room:
    return Room(hub)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "days.csv").write_bytes(TABLE)
    return tmp_path / "days.csv"


@pytest.mark.parametrize("data", ["nothing.csv", "folder/nothing.csv", "a/b/nothing", "nothing", Path("some/path")])
def test_a_file_that_is_not_there_is_told(own_server: Server, own_cast: Cast, data: str | Path) -> None:
    with pytest.raises(TrainingError, match="There is no file '"):
        next(train("text-classification", data, "alice/x", hub=own_server.url, token=own_cast.alice.token))


def test_a_task_that_does_not_exist_is_told_before_the_file_is_sent(
    own_server: Server, own_cast: Cast, file: Path
) -> None:
    where = {"hub": own_server.url, "token": own_cast.alice.token}
    with pytest.raises(TrainingError, match=r"There is no task 'text-clasification'\. There are: text-"):
        next(train("text-clasification", file, "alice/x", **where))
    with pytest.raises(TrainingError, match="There is no dataset 'alice/days-data'"):
        next(train("text-classification", "alice/days-data", "alice/x", **where))


def test_columns_that_are_not_named_are_filled_in(own_server: Server, own_cast: Cast, file: Path) -> None:
    where = {"hub": own_server.url, "token": own_cast.alice.token}
    with pytest.raises(TrainingError, match="There is no column 'nothing'"):
        next(train("text-classification", file, "alice/x", columns={"label": "nothing"}, **where))
    told = next(train("text-classification", file, "alice/x", columns={"label": "mood"}, **where))
    assert told["recipe"]["columns"] == {"text": "comment", "label": "mood"}
    Trainer(own_server.url, own_cast.alice.token).stop("alice", told["id"])


def test_the_token_of_the_stock_client_is_used(
    own_server: Server, own_cast: Cast, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("HF_TOKEN", "HF_TOKEN_PATH", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    (tmp_path / "token").write_text(own_cast.alice.token + "\n")
    (tmp_path / "days.csv").write_bytes(TABLE)
    assert Trainer(own_server.url).keep("alice", tmp_path / "days.csv") == "alice/days-data"
    (tmp_path / "token").unlink()
    with pytest.raises(TrainingError, match="Log in, or send a token"):
        Trainer(own_server.url).keep("alice", tmp_path / "days.csv")


def test_a_column_that_nobody_chose_is_asked_for(room: Room) -> None:
    room.post("/api/trainings/alice/data?name=days.csv", room.cast.alice, content=TABLE)
    asked = {"task": "text-classification", "dataset": "alice/days-data", "model": "x", "columns": {"label": "mood"}}
    answer = room.post("/api/trainings/alice", room.cast.alice, json=asked)
    assert (answer.status_code, answer.json()["error"]) == (
        400,
        "Say which column of 'days.csv' is the text. There are: comment, mood.",
    )


def test_the_same_file_again_is_the_same_dataset(room: Room) -> None:
    alice = room.cast.alice

    def drop(content: bytes = TABLE) -> str:
        answer = room.post("/api/trainings/alice/data?name=days.csv", alice, content=content)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["dataset"])

    assert [drop(), drop(), drop(TABLE + b"x,up\n"), drop()] == [
        "alice/days-data",
        "alice/days-data",
        "alice/days-data-2",
        "alice/days-data",
    ]
    # What was changed or shown since is another thing.
    answer = room.ask("PUT", "/api/datasets/alice/days-data/settings", alice, json={"private": False})
    assert answer.status_code == 200, answer.text
    assert drop() == "alice/days-data-3"


def test_what_may_not_be_kept_is_not_read(room: Room) -> None:
    """A table of 32 MiB takes seconds to read, a zip more. These could not be read at all."""
    for owner, who in (("alice", room.cast.bob), ("lab", room.cast.carol), ("nobody-at-all", room.cast.bob)):
        for name in ("days.csv", "days.zip", "days.parquet"):
            answer = room.post(f"/api/trainings/{owner}/data?name={name}", who, content=b"no table, nor a zip")
            assert answer.status_code == 403, answer.text


def test_who_waits_is_told_so(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pioche.training.running.Running.launch", lambda _: None)
    alice = room.cast.alice
    room.post("/api/trainings/alice/data?name=days.csv", alice, content=TABLE)
    asked = {"task": "text-classification", "dataset": "alice/days-data", "model": "x"}
    made = room.post(
        "/api/trainings/alice", alice, json={**asked, "columns": {"text": "comment", "label": "mood"}}
    ).json()
    page = room.get(f"/train/{made['id']}", alice).text
    assert "It waits for its turn" in page
    assert "installs what it needs" not in page


def test_what_a_task_cannot_learn_from_is_not_kept(room: Room) -> None:
    alice = room.cast.alice
    for task, name, word in (
        ("image-classification", "days.csv", "Choose a zip file of pictures"),
        ("text-classification", "days.ZIP", "Choose a table"),
    ):
        form = {"files": {"file": (name, TABLE)}, "headers": {"accept": "text/html"}}
        answer = room.post(f"/train/drop?task={task}", alice, **form)
        assert (answer.status_code, word in answer.text) == (400, True)
    assert "days-data" not in room.get("/datasets", alice).text


def test_a_column_that_is_nothing_is_told(room: Room) -> None:
    room.post("/api/trainings/alice/data?name=days.csv", room.cast.alice, content=TABLE)
    columns = {"text": "comment", "label": "mood", "lable": "mood"}
    asked = {"task": "text-classification", "dataset": "alice/days-data", "model": "x", "columns": columns}
    answer = room.post("/api/trainings/alice", room.cast.alice, json=asked)
    assert (
        answer.json()["error"] == "No column is the 'lable' for text-classification. What columns can be: text, label."
    )
