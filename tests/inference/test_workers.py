"""Workers of models, as the hub sees them: ones that break off, ones that are over. In the real sandbox."""

from __future__ import annotations

import struct
import time
from pathlib import Path

import pytest
from sqlalchemy import update

from pioche.accounts.tables import users
from pioche.hub import Hub
from pioche.inference.workers import Workers
from pioche.testkit.room import Room
from pioche.testkit.stand_ins import stand_in

pytestmark = pytest.mark.client  # needs bubblewrap

CARD = "---\npipeline_tag: text-generation\n---\n"
# In the place of the interpreter of the environment: a worker that says something, and ends when it is asked to.
WORKER = """#!/usr/bin/python3
import json, os, socket
server = socket.socket(socket.AF_UNIX)
server.bind("model.sock.part")
server.listen()
os.rename("model.sock.part", "model.sock")
while True:
    one, _ = server.accept()
    asked = json.loads(one.makefile().readline())
    said = [{"part": {"text": "half of"}}]
    if "break" not in json.dumps(asked):
        said += [{"part": {"finish": "stop", "prompt_tokens": 1, "tokens": 2}}, {"result": None}]
    if "say nothing" in json.dumps(asked):
        said = []
    one.sendall(b"".join(json.dumps(each).encode() + b"\\n" for each in said))
    one.close()
"""


@pytest.fixture
def room(hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Room:
    stand_in(monkeypatch, tmp_path, WORKER)
    return Room(hub)


def model(room: Room) -> str:
    repo = room.repo(room.cast.alice, "talker")
    room.write(
        room.cast.alice,
        repo,
        {"README.md": CARD, "model.safetensors": struct.pack("<Q", 2) + b"{}", "config.json": "{}"},
    )
    room.hub.queue.run_due(room.hub)
    return repo


def test_an_answer_that_breaks_off_is_none(room: Room) -> None:
    repo, alice = model(room), room.cast.alice
    place = f"/models/{repo}"
    whole = room.post(place, alice, json={"inputs": "hello"})
    assert (whole.status_code, whole.json()) == (200, [{"generated_text": "half of"}])
    assert room.post(place, alice, json={"inputs": "break"}).status_code == 503
    for said in ("break", "say nothing, break"):
        talk = {"model": repo, "messages": [{"role": "user", "content": said}]}
        assert room.post("/v1/chat/completions", alice, json=talk).status_code == 503
        assert room.post("/v1/completions", alice, json={"model": repo, "prompt": said}).status_code == 503
    talk = {"model": repo, "messages": [{"role": "user", "content": "break"}], "stream": True}
    events = room.post("/v1/chat/completions", alice, json=talk).text
    assert "half of" in events
    assert "stopped before it had answered" in events
    silent = {**talk, "messages": [{"role": "user", "content": "say nothing"}]}
    assert room.post("/v1/chat/completions", alice, json=silent).status_code == 503


def test_questions_that_do_not_fit_are_refused(room: Room) -> None:
    repo, alice = model(room), room.cast.alice
    picture = {"content": b"\x89PNG", "headers": {"content-type": "image/png"}}
    assert room.post(f"/models/{repo}/pipeline/image-classification", alice, **picture).status_code == 400
    many = {"inputs": ["one", "two"], "parameters": {"return_full_text": True}}
    assert room.post(f"/models/{repo}", alice, json=many).status_code == 200


def test_runs_that_are_over_leave_nothing(room: Room) -> None:
    repo, alice, workers = model(room), room.cast.alice, room.hub.inference.workers
    runs = room.hub.trainings.executor
    assert room.post(f"/models/{repo}", alice, json={"inputs": "hello"}).status_code == 200
    (awake,) = runs.runs("infer-")
    workers.tidy()
    assert runs.runs("infer-") == [awake]  # it is not over
    workers.stop_all()
    until = time.monotonic() + 20
    while runs.status(awake).state != "ended":
        assert time.monotonic() < until
        time.sleep(0.02)
    workers.tidy()
    assert runs.runs("infer-") == []


def test_a_hub_that_is_started_again_asks_the_same_model(room: Room) -> None:
    """Also where its process has the same number, as in containers: what was left is neither in the way nor kept."""
    repo, alice, executor = model(room), room.cast.alice, room.hub.trainings.executor
    assert room.post(f"/models/{repo}", alice, json={"inputs": "hello"}).status_code == 200
    (left,) = executor.runs("infer-")  # by a hub that was killed
    room.hub.inference.workers = Workers(room.hub.machine, room.hub.runtimes, idle=60)
    assert room.post(f"/models/{repo}", alice, json={"inputs": "hello"}).status_code == 200
    until = time.monotonic() + 20
    while executor.status(left).state != "ended":
        assert time.monotonic() < until
        time.sleep(0.02)
    room.hub.inference.tidy()
    assert left not in executor.runs("infer-")
    assert len(executor.runs("infer-")) == 1
    room.hub.inference.workers.stop_all()


def test_what_is_kept_of_rights_goes_when_they_go(room: Room) -> None:
    repo, alice, bob = model(room), room.cast.alice, room.cast.bob
    place, said = f"/models/{repo}", {"inputs": "hello"}
    for _ in range(3):  # the second is answered without a look at the database
        assert room.post(place, bob, json=said).status_code == 200
    missing = room.post("/models/alice/nothing", bob, json=said)
    room.ask("PUT", f"/api/models/{repo}/settings", alice, json={"private": True}).raise_for_status()
    assert [room.post(place, bob, json=said).status_code for _ in range(2)] == [404, 404]
    assert room.post(place, bob, json=said).text == missing.text.replace("alice/nothing", repo)
    assert [room.post(place, alice, json=said).status_code for _ in range(2)] == [200, 200]
    with room.hub.database.write() as tx:
        tx.execute(update(users).where(users.c.id == room.actor(alice).user_id).values(disabled=True))
    assert [room.post(place, alice, json=said).status_code for _ in range(2)] == [401, 401]


def test_one_that_ended_since_it_was_asked_is_started_again(room: Room) -> None:
    repo, alice, executor = model(room), room.cast.alice, room.hub.trainings.executor
    place, said = f"/models/{repo}", {"inputs": "hello"}
    assert [room.post(place, alice, json=said).status_code for _ in range(2)] == [200, 200]
    (awake,) = executor.runs("infer-")
    executor.stop(awake)
    until = time.monotonic() + 20
    while executor.status(awake).state != "ended":
        assert time.monotonic() < until
        time.sleep(0.02)
    assert room.post(place, alice, json=said).status_code in (200, 503)  # it says why, once
    assert room.post(place, alice, json=said).status_code == 200
    room.hub.inference.workers.stop_all()
