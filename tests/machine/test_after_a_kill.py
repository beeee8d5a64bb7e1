"""The hub's process is killed while a job, a training and a model hold the machine: the next one counts the same."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import httpx
import pytest

from pioche.testkit import models
from pioche.testkit.clients import Hf
from pioche.testkit.people import Cast
from pioche.testkit.server import Server
from pioche.testkit.waiting import eventually

pytestmark = [pytest.mark.client, pytest.mark.library]

SECONDS = 240


def table() -> bytes:
    chance = random.Random(3)
    words = {"praise": ("good", "great", "lovely"), "blame": ("bad", "awful", "rude")}
    rows = [f"room {n} was {chance.choice(words[label])},{label}" for n in range(200) for label in words]
    return "\n".join(["comment,mood", *rows]).encode()


def held(server: Server) -> list[str]:
    """What `pioche machine` prints below the sums."""
    return server.command("machine").splitlines()[3:]


def test_what_runs_is_counted_by_the_next_process(own_server: Server, own_cast: Cast, tmp_path: Path) -> None:
    api = Hf(own_server.url, tmp_path / "machine", own_cast.alice).api
    headers = {"authorization": f"Bearer {own_cast.alice.token}"}
    api.create_repo("alice/mood")
    api.upload_folder(repo_id="alice/mood", folder_path=str(models.classifier(tmp_path / "mood")))
    with httpx.Client(base_url=own_server.url, headers=headers, timeout=200) as client:

        def ask() -> Any:
            return client.post("/models/alice/mood", json={"inputs": "a great day"})

        job = api.run_job(image="python", command=["sleep", "600"])
        data = client.post("/api/trainings/alice/data", params={"name": "c.csv"}, content=table()).json()["dataset"]
        columns = {"text": "comment", "label": "mood"}
        asked = {"dataset": data, "model": "m", "columns": columns, "epochs": 200}
        training = client.post("/api/trainings/alice", json=asked).json()["id"]
        assert ask().status_code == 200
        eventually(lambda: [line.split("\t")[0] for line in held(own_server)] == ["job", "model", "training"], SECONDS)
        before = held(own_server)

        own_server.kill9()
        assert held(own_server) == before, "it is told without a hub, too"
        own_server.start()
        assert held(own_server)[::2] == before[::2]
        large = api.run_job(image="python", command=["true"], flavor="cpu-upgrade")
        status = api.inspect_job(job_id=large.id).status
        assert status.stage == "SCHEDULING"
        assert status.message
        assert status.message.startswith("Waits for memory: ")
        assert "beside jobs and a training" in status.message
        assert ask().status_code == 200
        assert held(own_server) == before, "the model that was left behind has ended"

        api.cancel_job(job_id=job.id)
        client.post(f"/api/trainings/alice/{training}/stop")
        eventually(lambda: api.inspect_job(job_id=large.id).status.stage == "COMPLETED", SECONDS)
        eventually(lambda: [line.split("\t")[0] for line in held(own_server)] in (["model"], []), SECONDS)
    assert own_server.logs.count("Traceback") == 0
