"""Scheduled jobs with the stock client, against a hub whose clock goes on by itself."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError

from pioche.testkit.clients import Hf
from pioche.testkit.people import Cast, cast_on
from pioche.testkit.server import Server

pytestmark = [pytest.mark.client, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Cast]]:
    server = Server(tmp_path_factory.mktemp("scheduled") / "data").start()
    yield server, cast_on(server.data)
    server.put_away()


@pytest.fixture
def alice(hub: tuple[Server, Cast], tmp_path: Path) -> Hf:
    return Hf(hub[0].url, tmp_path / "machine", hub[1].alice)


def test_every_method(alice: Hf, tmp_path: Path) -> None:
    api = alice.api
    made = api.create_scheduled_job(
        image="python", command=["python", "-c", "print('by the clock')"], schedule="0 9 * * 1", labels={"a": "b"}
    )
    assert (made.schedule, made.suspend, made.concurrency, made.owner.name) == ("0 9 * * 1", False, False, "alice")
    assert made.status.next_job_run_at is not None
    assert (made.status.next_job_run_at.hour, made.status.next_job_run_at.weekday()) == (9, 0)
    assert made.job_spec.command == ["python", "-c", "print('by the clock')"]
    key = made.id
    assert [one.id for one in api.list_scheduled_jobs()] == [key]
    assert api.list_scheduled_jobs(labels={"a": "c"}) == []
    api.suspend_scheduled_job(scheduled_job_id=key)
    assert api.inspect_scheduled_job(scheduled_job_id=key).suspend
    api.resume_scheduled_job(scheduled_job_id=key)
    assert not api.inspect_scheduled_job(scheduled_job_id=key).suspend
    assert api.update_scheduled_job_schedule(scheduled_job_id=key, schedule="@daily").schedule == "@daily"
    changed = api.update_scheduled_job_labels(scheduled_job_id=key, labels={"c": "d"})
    assert (changed.job_spec.labels or {})["c"] == "d"
    job = api.trigger_scheduled_job(scheduled_job_id=key)
    assert job.initiator is not None
    assert (job.initiator.type, job.initiator.id) == ("scheduled-job", key)
    assert list(api.fetch_job_logs(job_id=job.id, follow=True)) == ["by the clock"]
    last = api.inspect_scheduled_job(scheduled_job_id=key).status.last_job
    assert last is not None
    assert last.id == job.id
    api.delete_scheduled_job(scheduled_job_id=key)
    with pytest.raises(HfHubHTTPError):
        api.inspect_scheduled_job(scheduled_job_id=key)
    (tmp_path / "nightly.py").write_text("print('a script of the night')\n")
    script = api.create_scheduled_uv_job(str(tmp_path / "nightly.py"), schedule="@yearly")
    job = api.trigger_scheduled_job(scheduled_job_id=script.id)
    assert list(api.fetch_job_logs(job_id=job.id, follow=True)) == ["a script of the night"]
    with pytest.raises(HfHubHTTPError, match="is no schedule"):
        api.create_scheduled_job(image="python", command=["true"], schedule="sometimes")


def test_every_command(alice: Hf, tmp_path: Path) -> None:
    made = alice.run("jobs", "scheduled", "run", "@hourly", "python", "echo", "hello", "--format", "json")
    key = json.loads(made)["id"]
    assert key in alice.run("jobs", "scheduled", "list", "--quiet")
    assert json.loads(alice.run("jobs", "scheduled", "inspect", key, "--format", "json"))[0]["schedule"] == "@hourly"
    alice.run("jobs", "scheduled", "suspend", key)
    assert key not in alice.run("jobs", "scheduled", "list", "--quiet")
    assert key in alice.run("jobs", "scheduled", "list", "--all", "--quiet")
    alice.run("jobs", "scheduled", "resume", key)
    alice.run("jobs", "scheduled", "reschedule", key, "*/5 * * * *")
    alice.run("jobs", "scheduled", "labels", key, "--label", "a=b")
    alice.run("jobs", "scheduled", "trigger", key)
    alice.run("jobs", "scheduled", "delete", key)
    assert key not in alice.run("jobs", "scheduled", "list", "--all", "--quiet")
    (tmp_path / "s.py").write_text("print(1)\n")
    alice.run("jobs", "scheduled", "uv", "run", "@weekly", str(tmp_path / "s.py"))


def test_it_comes_by_itself_also_after_the_hub_was_killed(alice: Hf, hub: tuple[Server, Cast]) -> None:
    """Up to a minute: cron knows nothing shorter."""
    api = alice.api
    made = api.create_scheduled_job(image="python", command=["echo", "tick"], schedule="* * * * *")
    hub[0].restart()
    api = alice.api
    deadline = time.monotonic() + 100
    while not (found := _of(api, made.id)) and time.monotonic() < deadline:
        time.sleep(1)
    assert len(found) == 1
    at = made.status.next_job_run_at
    assert at is not None
    assert abs((found[0].created_at - at).total_seconds()) < 20
    api.delete_scheduled_job(scheduled_job_id=made.id)


def _of(api: HfApi, key: str) -> list[object]:
    return [one for one in api.list_jobs(namespace="alice") if one.initiator and one.initiator.id == key]


def test_strangers(alice: Hf, hub: tuple[Server, Cast]) -> None:
    made = alice.api.create_scheduled_job(image="python", command=["true"], schedule="@yearly")
    carol = alice.as_(hub[1].carol).api
    with pytest.raises(HfHubHTTPError):
        carol.inspect_scheduled_job(scheduled_job_id=made.id, namespace="alice")
    with pytest.raises(HfHubHTTPError):
        carol.list_scheduled_jobs(namespace="alice")
    with pytest.raises(HfHubHTTPError):
        carol.create_scheduled_job(image="python", command=["true"], schedule="@yearly", namespace="alice")
