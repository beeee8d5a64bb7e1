"""Trainings on a running hub: stopped, gone on with, done again, and through the hub's own death."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from pioche.testkit.people import Cast
from pioche.testkit.server import Server

pytestmark = pytest.mark.library

GOOD, BAD = ("good", "great", "fine", "lovely", "happy"), ("bad", "awful", "sad", "cold", "rude")
SECONDS = 240


def table(rows: int = 400) -> bytes:
    chance = random.Random(2)
    lines = ["comment,mood"]
    for number in range(rows):
        label, words = ("praise", GOOD) if number % 2 else ("blame", BAD)
        lines.append(f"room {chance.randrange(90)} was {chance.choice(words)} and {chance.choice(words)},{label}")
    return "\n".join(lines).encode()


@pytest.fixture
def client(own_server: Server, own_cast: Cast) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {own_cast.alice.token}"}
    with httpx.Client(base_url=own_server.url, headers=headers, timeout=60) as client:
        yield client


@pytest.fixture
def start(client: httpx.Client) -> Callable[..., dict[str, Any]]:
    made = client.post("/api/trainings/alice/data", params={"name": "Comments.csv"}, content=table())
    assert made.status_code == 201, made.text

    def start(model: str, **more: Any) -> dict[str, Any]:
        asked = {"dataset": made.json()["dataset"], "model": model, "columns": {"text": "comment", "label": "mood"}}
        answer = client.post("/api/trainings/alice", json={**asked, **more})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    return start


def until(client: httpx.Client, key: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        said = client.get(f"/api/trainings/alice/{key}").json()
        if holds(said):
            return dict(said)
        assert said["stage"] not in ("failed", "stopped"), said
        time.sleep(0.2)
    raise AssertionError(f"not within {SECONDS} s: {said}")


def is_done(said: dict[str, Any]) -> bool:
    return bool(said["stage"] == "done")


def test_it_is_published_and_done_again(
    client: httpx.Client, start: Callable[..., dict[str, Any]], own_cast: Cast, own_server: Server, tmp_path: Path
) -> None:
    key = start("moods")["id"]
    done = until(client, key, is_done)
    assert done["metrics"]["accuracy"]["value"] > 0.9
    assert done["cpuSeconds"] > 1
    assert done["loss"]
    card = client.get("/alice/moods/raw/main/README.md").text
    for word in ("datasets:\n- alice/comments-data", "model-index", "CPU seconds", "To be written by its author"):
        assert word in card
    # Only its owner's people see it; to everyone else it is not there.
    stranger = {"authorization": f"Bearer {own_cast.carol.token}"}
    for path in (f"/api/trainings/alice/{key}", f"/train/{key}", f"/train/{key}/live"):
        assert client.get(path, headers=stranger).status_code == 404, path
    loads_alone(own_server, own_cast.alice.token, tmp_path)

    again = client.post(f"/api/trainings/alice/{key}/reproduce").json()
    assert again["recipe"]["revision"] == done["recipe"]["revision"]
    second = until(client, again["id"], is_done)
    assert second["model"] == "alice/moods-again"
    assert second["metrics"]["accuracy"]["value"] == done["metrics"]["accuracy"]["value"]
    page = client.get(f"/train/{again['id']}").text
    assert "First time" in page
    assert f"/train/{key}" in page


def loads_alone(server: Server, token: str, tmp_path: Path) -> None:
    """The stock library, in a process that knows nothing else."""
    program = (
        "from transformers import pipeline\n"
        "print(pipeline('text-classification', 'alice/moods')('the room was lovely and great')[0]['label'])"
    )
    environment = {**os.environ, "HF_ENDPOINT": server.url, "HF_TOKEN": token, "HF_HOME": str(tmp_path / "home")}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, env=environment, check=False
    )
    assert done.stdout.strip() == "praise", done.stderr[-2000:]


def test_a_killed_run_goes_on_from_its_checkpoint(
    client: httpx.Client, start: Callable[..., dict[str, Any]], own_server: Server
) -> None:
    key = start("killed", epochs=16)["id"]
    until(client, key, lambda said: said["step"] >= said["steps"] / 3 > 0)
    kill(key)
    deadline = time.monotonic() + SECONDS
    while (said := client.get(f"/api/trainings/alice/{key}").json())["stage"] == "running":
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert said["stage"] == "failed"
    assert said["message"]
    reached = said["step"]
    assert client.post(f"/api/trainings/alice/{key}/resume").json()["attempt"] == 2
    assert client.post(f"/api/trainings/alice/{key}/resume").status_code == 409
    done = until(client, key, is_done)
    # Its checkpoint was not older than two tenths of the way: it did not begin anew.
    told = [step for step, _ in done["loss"]]
    assert told == sorted(set(told))
    assert own_server.logs.count("Traceback") == 0
    assert reached <= done["steps"] == done["step"]


def kill(key: str) -> None:
    """As the kernel would: the program itself, from outside of its sandbox."""
    found = False
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"python" in command[0] and b"/opt/recipes/text_classification.py" in command[1:]:
                os.kill(int(entry.name), signal.SIGKILL)
                found = True
    assert found, key


def test_it_outlives_the_hub(client: httpx.Client, start: Callable[..., dict[str, Any]], own_server: Server) -> None:
    key = start("outlives", epochs=12)["id"]
    until(client, key, lambda said: said["step"] > 2)
    own_server.kill9()
    own_server.start()
    done = until(client, key, is_done)
    assert done["attempt"] == 1
    assert done["step"] == done["steps"]
    (used,) = client.get("/api/usage/alice").json()["usage"]
    assert (used["kind"], used["runs"]) == ("training", 1)
    assert used["computeMinutes"] > 0


def test_it_is_stopped(client: httpx.Client, start: Callable[..., dict[str, Any]]) -> None:
    first, second = start("stopped", epochs=50)["id"], start("waits")["id"]
    until(client, first, lambda said: said["stage"] == "running")
    assert client.post(f"/api/trainings/alice/{second}/stop").json()["stage"] == "stopped"
    client.post(f"/api/trainings/alice/{first}/stop")
    deadline = time.monotonic() + 30
    while (said := client.get(f"/api/trainings/alice/{first}").json())["stage"] != "stopped":
        assert time.monotonic() < deadline, said
        time.sleep(0.2)
    assert client.get("/api/models/alice/stopped").status_code in (401, 404)


@pytest.mark.parametrize(
    ("asked", "status", "word"),
    [
        ({"task": "levitation"}, 400, "text-classification"),
        ({"columns": {"text": "nope", "label": "mood"}}, 400, "There are: comment, mood"),
        ({"file": "other.csv"}, 404, "other.csv"),
        ({"file": "README.md"}, 400, "no table"),
        ({"dataset": "alice/nothing"}, 404, ""),
        ({"epochs": 10_000}, 400, "Epochs"),
        ({"base": "alice/nothing"}, 404, ""),
        ({"task": "text-generation", "columns": {"prompt": "comment", "completion": "mood"}}, 400, "begin with"),
        ({"model": "has spaces"}, 400, ""),
        ({"task": "tabular-classification", "columns": {"target": "mood"}, "lora": True}, 400, "text-classification"),
    ],
)
def test_what_cannot_be_trained_is_refused(client: httpx.Client, asked: dict[str, Any], status: int, word: str) -> None:
    made = client.post("/api/trainings/alice/data", params={"name": "a.csv"}, content=table(60))
    usual = {"dataset": made.json()["dataset"], "model": "m", "columns": {"text": "comment", "label": "mood"}}
    answer = client.post("/api/trainings/alice", json={**usual, **asked})
    assert (answer.status_code, word in answer.json()["error"]) == (status, True), answer.text


def test_from_a_terminal_and_from_python(own_server: Server, own_cast: Cast, tmp_path: Path) -> None:
    file = tmp_path / "Hotel comments.csv"
    file.write_bytes(table())
    where = ["--hub", own_server.url, "--token", own_cast.alice.token]
    said = own_server.command("train", "text-classification", str(file), "--model", "alice/typed", *where, data=False)
    assert "published: alice/typed" in said
    assert "\nAccuracy: 0." in said or "\nAccuracy: 1." in said
    assert "image-classification" in own_server.command("train", *where, data=False)
    with pytest.raises(RuntimeError, match="There is a model 'alice/typed' already"):
        own_server.command("train", "text-classification", str(file), "--model", "alice/typed", *where, data=False)

    from pioche.client import train

    tellings = train(
        "tabular-classification",
        "alice/hotel-comments-data",
        "alice/guessed",
        hub=own_server.url,
        token=own_cast.alice.token,
        columns={"target": "mood"},
    )
    last = list(tellings)[-1]
    assert (last["stage"], "no column to learn from" in last["message"]) == ("failed", True)


def test_a_table_foretells(client: httpx.Client, own_server: Server, own_cast: Cast) -> None:
    rows = "".join(f"{n % 7},{n % 3},{'late' if n % 7 > 3 else 'on time'}\n" for n in range(120))
    made = client.post(
        "/api/trainings/alice/data", params={"name": "trains.csv"}, content=f"rain,wind,arrives\n{rows}".encode()
    )
    asked = {"task": "tabular-classification", "dataset": made.json()["dataset"], "columns": {"target": "arrives"}}
    key = client.post("/api/trainings/alice", json={**asked, "model": "trains"}).json()["id"]
    done = until(client, key, is_done)
    assert done["metrics"]["accuracy"]["value"] == 1
    from huggingface_hub import InferenceClient

    url = f"{own_server.url}/models/alice/trains"
    guesses = InferenceClient(model=url, token=own_cast.alice.token, timeout=200)
    table = {"rain": ["6", "0"], "wind": ["0", "0"]}
    assert guesses.tabular_classification(table) == ["late", "on time"]
    assert client.post("/models/alice/trains", json={"table": {"rain": ["1"]}}).status_code == 400
    page = client.get("/alice/trains/try").text
    assert 'name="column" value="rain"' in page
    answer = client.post("/alice/trains/try", data={"text": "rain,wind\n6,1\n1,1\n"}).text
    assert "<b>late</b>" in answer


def test_nobody_trains_under_another_name(
    client: httpx.Client, start: Callable[..., dict[str, Any]], own_cast: Cast
) -> None:
    asked = {"dataset": "alice/comments-data", "model": "m", "columns": {"text": "comment", "label": "mood"}}
    carol = {"authorization": f"Bearer {own_cast.carol.token}"}
    assert client.post("/api/trainings/carol", json=asked, headers=carol).status_code == 404  # private data of alice
    client.put("/api/datasets/alice/comments-data/settings", json={"private": False})
    assert client.post("/api/trainings/alice", json=asked, headers=carol).status_code == 403
    assert client.post("/api/trainings/alice/data?name=a.csv", content=table(60), headers=carol).status_code == 403
