"""What becomes of a training that ends, fails to be published or is stopped at an odd moment; in the real sandbox."""

from __future__ import annotations

import json
import re
import threading
import time
from pathlib import Path

import pytest
import yaml
from sqlalchemy import delete, update

from pioche.accounts.types import OPERATOR, NewGroup
from pioche.hub import Hub
from pioche.jobs import tasks as jobs_tasks
from pioche.names import RepoId, RepoKind
from pioche.ports.gitstore import PutFile
from pioche.testkit.room import Room
from pioche.testkit.stand_ins import stand_in
from pioche.training import store
from pioche.training.tables import trainings
from pioche.training.types import Recipe, Stage, Training

pytestmark = pytest.mark.client  # needs bubblewrap

# In the place of the interpreter of the environment: it leaves a model, and more.
PROGRAM = """#!/bin/sh
mkdir model checkpoint cache
echo '{}' > model/config.json
echo old > checkpoint/state
echo much > cache/rest
echo '{"event": "result", "metrics": {"accuracy": {"value": 1.0, "low": 0.9, "high": 1.0, "count": 8}}}'
"""


@pytest.fixture
def room(hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Room:
    stand_in(monkeypatch, tmp_path, PROGRAM)
    return Room(hub)


def start(room: Room, owner: str = "alice", group_id: int | None = None) -> Training:
    alice = room.cast.alice
    table = "comment,mood\n" + "".join(f"it was {word} {n},{word}\n" for n in range(40) for word in ("good", "bad"))
    kept = room.post(f"/api/trainings/{owner}/data?name=moods.csv", alice, content=table.encode())
    dataset = kept.json()["dataset"]
    if group_id is not None:
        place = f"/api/datasets/{dataset}/resource-group"
        assert room.post(place, alice, json={"resourceGroupId": f"{group_id:024x}"}).status_code == 200
    recipe = Recipe("text-classification", dataset, "", {"text": "comment", "label": "mood"}, "moods")
    return room.hub.trainings.start(room.actor(alice), owner, recipe)


def now(room: Room, training: Training) -> Training:
    return room.hub.trainings.find(OPERATOR, training.key)


def run(room: Room, training: Training) -> Training:
    """Until its run has ended; its stage waits for who watches."""
    running, executor = room.hub.trainings.running, room.hub.trainings.executor
    running.launch()
    until = time.monotonic() + 30
    while executor.status(training.run_id).state != "ended":
        assert time.monotonic() < until
        time.sleep(0.02)
    return now(room, training)


def test_what_a_run_wrote_goes_when_it_is_published_and_its_log_stays(room: Room) -> None:
    training = run(room, start(room))
    executor, running = room.hub.trainings.executor, room.hub.trainings.running
    assert sorted(path.name for path in executor.home(training.run_id).iterdir()) == ["cache", "checkpoint", "model"]
    running.watch()
    assert (now(room, training).stage, now(room, training).model) == (Stage.DONE, "alice/moods")
    assert not executor.home(training.run_id).exists()
    assert running.logs.progress(training).result == {
        "metrics": {"accuracy": {"value": 1.0, "low": 0.9, "high": 1.0, "count": 8}}
    }


@pytest.mark.parametrize(
    ("told", "word"),
    [
        ('"metrics": [0.5, 0.6]', "figures"),
        ('"metrics": "very good"', "figures"),
        ('"metrics": {"accuracy": 0.5}', "figures"),
        ('"metrics": {"accuracy": {"value": "0.5", "low": 0, "high": 1, "count": 8}}', "figures"),
        ('"metrics": {"accuracy": {"value": null, "low": 0, "high": 1, "count": 8}}', "figures"),
        ('"metrics": {"accuracy": {"value": NaN, "low": 0, "high": 1, "count": 8}}', "no result"),
        (f'"metrics": {{"accuracy": {{"value": 1{"0" * 400}, "low": 0, "high": 1, "count": 8}}}}', "figures"),
        ('"labels": 1e999', "no result"),
    ],
    ids=["a list", "a text", "a number", "words", "nothing", "no number", "a large one", "endless"],
)
def test_figures_that_are_none_end_it_in_words(room: Room, told: str, word: str, tmp_path: Path) -> None:
    """They broke the card, which was tried again for ever, while nobody else's training began."""
    line = f'{{"event": "result", {told}}}'
    leave_and_say(tmp_path, line)
    training = run(room, start(room))
    room.hub.trainings.running.watch()
    assert (now(room, training).stage, word in now(room, training).message) == (Stage.FAILED, True)
    assert room.get(f"/train/{training.key}", room.cast.alice).status_code == 200
    assert room.get("/api/models/alice/moods", room.cast.alice).status_code == 404


def test_what_is_odd_beside_the_figures_is_left_out(room: Room, tmp_path: Path) -> None:
    lines = [
        '{"event": "step", "step": 1, "loss": 1' + "0" * 400 + "}",
        '{"event": "result", "labels": 7, "widget": {}, "rows": "many", "chance": "none", "parameters": []}',
    ]
    leave_and_say(tmp_path, *lines)
    training = run(room, start(room))
    room.hub.trainings.running.watch()
    assert (now(room, training).stage, now(room, training).message) == (Stage.DONE, "")
    assert room.get(f"/train/{training.key}", room.cast.alice).status_code == 200
    assert "Nothing was measured." in room.get("/alice/moods/raw/main/README.md", room.cast.alice).text


def test_a_fault_that_is_no_text_is_told_as_one(room: Room, tmp_path: Path) -> None:
    leave_and_say(tmp_path, r'{"event": "problem", "message": "no \ud800 text \u0000 at all"}')
    training = run(room, start(room))
    room.hub.trainings.running.watch()
    assert (now(room, training).stage, now(room, training).message) == (Stage.FAILED, "no ? text ? at all")
    assert room.get(f"/train/{training.key}", room.cast.alice).status_code == 200


def test_of_old_logs_the_page_keeps_what_it_shows(room: Room, tmp_path: Path) -> None:
    steps = [f'{{"event": "step", "step": {n}, "loss": {9 - n}}}' for n in range(1, 9)]
    samples = [f'{{"event": "sample", "step": {n}, "prompt": "p", "text": "text {n}"}}' for n in range(8)]
    scores = [f'{{"event": "evaluation", "step": {n}, "accuracy": {n / 10}}}' for n in (4, 8)]
    said = ["a line that was said " + "x" * 900, *(f"line {n}" for n in range(90))]
    leave_and_say(tmp_path, '{"event": "start", "steps": 8}', *steps, *samples, *scores, *said, RESULT)
    training = run(room, start(room))
    running, executor = room.hub.trainings.running, room.hub.trainings.executor
    running.watch()
    before = running.logs.progress(training)
    running.tidy()
    assert running.logs.progress(training) == before
    make_older(room, training, 91)
    running.tidy()
    assert training.run_id not in executor.runs("")
    after = running.logs.progress(now(room, training))
    assert (after.losses, after.scores, after.step) == (before.losses, before.scores, 8)
    assert [one.text for one in after.samples] == [f"text {n}" for n in range(4, 8)]
    assert after.lines == before.lines[-20:]
    page = room.get(f"/train/{training.key}", room.cast.alice).text
    assert page.count("<polyline") == 2
    assert re.search(r'<td class="num">1(\.0+)?</td>', page), "the figures are kept with the training"
    running.tidy()
    assert running.logs.progress(now(room, training)) == after


def test_what_goes_on_after_its_log_was_shortened_adds_to_it(room: Room, tmp_path: Path) -> None:
    leave_and_say(tmp_path, '{"event": "step", "step": 1, "loss": 3}', '{"event": "problem", "message": "no luck"}')
    first = run(room, start(room))
    running, alice = room.hub.trainings.running, room.actor(room.cast.alice)
    running.watch()
    running.tidy()
    assert first.run_id in room.hub.trainings.executor.runs("")
    make_older(room, first, 91)
    running.tidy()
    assert first.run_id not in room.hub.trainings.executor.runs("")
    assert running.logs.progress(now(room, first)).problem == "no luck"
    leave_and_say(tmp_path, '{"event": "start", "steps": 2}', '{"event": "step", "step": 2, "loss": 1}', RESULT)
    second = run(room, room.hub.trainings.resume(alice, first.key))
    running.watch()
    assert now(room, second).stage is Stage.DONE
    assert running.logs.progress(second).losses == [(1, 3.0), (2, 1.0)]


def test_logs_of_one_owner_have_an_end(room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pioche.training.logs.KEPT", 5_000)
    running, alice = room.hub.trainings.running, room.actor(room.cast.alice)
    leave_and_say(tmp_path, *(f"line {n} of many" for n in range(99)), RESULT)
    first = run(room, start(room))
    running.watch()
    second = run(room, room.hub.trainings.reproduce(alice, first.key))
    running.watch()
    leave_and_say(tmp_path, *(f"line {n} of many" for n in range(99)))
    failed = run(room, room.hub.trainings.reproduce(alice, first.key))
    running.watch()
    assert now(room, failed).stage is Stage.FAILED
    running.tidy()
    kept = set(room.hub.trainings.executor.runs(""))
    assert kept == {failed.run_id}, "the newest; and one that may go on is never shortened"
    assert second.run_id not in kept


def make_older(room: Room, training: Training, days: int) -> None:
    with room.hub.database.write() as tx:
        older = {"ended_at": trainings.c.ended_at - days * 24 * 3_600_000}
        tx.execute(update(trainings).where(trainings.c.id == training.id).values(older))


RESULT = '{"event": "result", "metrics": {"accuracy": {"value": 1.0, "low": 0.9, "high": 1.0, "count": 8}}}'


def leave_and_say(tmp_path: Path, *lines: str) -> None:
    """What the interpreter of the environment does from now on."""
    said = "".join(f"echo '{line}'\n" for line in lines)
    (tmp_path / "environment/bin/python").write_text(f"#!/bin/sh\nmkdir model\necho '{{}}' > model/a.json\n{said}")


def test_what_it_learned_from_and_said_goes_with_its_account(room: Room) -> None:
    gone, kept = run(room, start(room)), start(room)
    room.hub.trainings.running.watch()
    inputs, executor = room.hub.settings.data / "trainings", room.hub.trainings.executor
    for key in (gone.key, kept.key):
        (inputs / key / "data").mkdir(parents=True)
    with room.hub.database.write() as tx:
        tx.execute(delete(trainings).where(trainings.c.key == gone.key))
    room.hub.trainings.running.tidy()
    assert [path.name for path in inputs.iterdir()] == [kept.key]
    assert gone.key in executor.runs("")
    jobs_tasks.tidy(room.hub, {})
    assert gone.key not in executor.runs("")


def test_figures_are_told_in_words(room: Room, tmp_path: Path) -> None:
    """On its page, in its card and beside the model. A name that no recipe gives is a text like any other."""
    said = {"value": 0.75, "low": 0.5, "high": 0.9, "count": 8}
    odd = "<b>100%(x)s</b>"
    told = {"event": "result", "metrics": {"words_followed": said, "words_followed_before": said, odd: said}}
    leave_and_say(tmp_path, json.dumps(told))
    training = run(room, start(room))
    room.hub.trainings.running.watch()
    alice = room.cast.alice
    page = room.get(f"/train/{training.key}/live", alice).text
    for text in (
        "<td>Words followed</td>",
        "<td>Words followed before</td>",
        "0.5 is chance",
        "100%(x)s&lt;/b&gt;</td>",
    ):
        assert text in page
    assert page.count("0.5 is chance") == 1
    card = room.get("/alice/moods/raw/main/README.md", alice).text
    assert "| Words followed before | 0.750 | 0.500 | 0.900 | 8 |" in card
    assert card.count("- Words followed: ") == 1
    assert "Words followed before" in room.get("/alice/moods", alice).text.rpartition("Evaluation results")[2]
    metrics = yaml.safe_load(card.split("---")[1])["model-index"][0]["results"][0]["metrics"]
    assert metrics[0] == {"type": "words_followed", "name": "Words followed", "value": 0.75}


def test_it_is_published_once_however_many_look(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that came second found nothing any more, or was in the way of the first."""
    training = run(room, start(room))
    commit, turn, went_on = room.hub.commits.commit, threading.Event(), threading.Event()

    def slowly(*arguments: object, **more: object) -> object:
        turn.set()
        assert went_on.wait(30)
        return commit(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(type(room.hub.commits), "commit", lambda _self, *a, **k: slowly(*a, **k))
    first = threading.Thread(target=room.hub.trainings.running.watch)
    first.start()
    assert turn.wait(30)
    second = threading.Thread(target=room.hub.trainings.running.watch)
    second.start()
    second.join(10)
    assert not second.is_alive()  # it left that to the first
    went_on.set()
    first.join(30)
    assert now(room, training).stage is Stage.DONE
    repo = RepoId.parse(RepoKind.MODEL, "alice/moods")
    assert room.hub.trees.history(room.actor(room.cast.alice), repo, "main", "", 10).total == 2


def test_a_disk_that_is_full_ends_it(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    training = run(room, start(room))

    def full(*_: object) -> PutFile:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pioche.training.publishing.PutFile", full)
    room.hub.trainings.running.watch()
    assert now(room, training).stage is Stage.FAILED
    assert now(room, training).message == "It could not be published: No space left on device"


def test_a_stop_that_comes_as_it_is_taken_up_stops_it(room: Room) -> None:
    waiting = start(room)
    with room.hub.database.write() as tx:  # between the reading and the stopping
        store.move(tx, waiting.key, Stage.WAITING, {"stage": Stage.RUNNING.value, "started_at": tx.now})
    room.hub.trainings.running.stop(waiting)
    assert now(room, waiting).stage is Stage.STOPPED


def test_an_address_names_the_owner_it_has(room: Room) -> None:
    key, alice = start(room).key, room.cast.alice
    assert room.get(f"/api/trainings/Alice/{key}", alice).status_code == 200
    assert room.get(f"/api/trainings/lab/{key}", alice).status_code == 404
    assert room.post(f"/api/trainings/lab/{key}/stop", alice).status_code == 404


def test_a_model_is_in_the_group_that_it_learned_from(room: Room) -> None:
    alice, bob = room.cast.alice, room.cast.bob
    group = room.hub.accounts.groups.create(room.actor(alice), "lab", NewGroup("team"))
    training = run(room, start(room, "lab", group.id))
    room.hub.trainings.running.watch()
    assert now(room, training).stage is Stage.DONE
    repo = room.hub.repos.find(room.actor(alice), RepoId.parse(RepoKind.MODEL, "lab/moods"))
    assert (repo.group_id, repo.private) == (group.id, True)
    assert room.get("/api/models/lab/moods", bob).status_code == 404


def test_what_somebody_else_made_meanwhile_stays_as_it_is(room: Room) -> None:
    bob, repo = room.cast.bob, RepoId.parse(RepoKind.MODEL, "lab/moods")
    training = run(room, start(room, "lab"))
    made = room.post("/api/repos/create", bob, json={"name": "moods", "organization": "lab"})
    assert made.status_code == 200, made.text
    before = room.hub.repos.find(room.actor(bob), repo).head
    room.hub.trainings.running.watch()
    assert now(room, training).stage is Stage.FAILED
    assert "somebody else" in now(room, training).message
    assert room.hub.repos.find(room.actor(bob), repo).head == before
