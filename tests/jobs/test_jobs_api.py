"""What the stock client does not ask, but others do: counts, rights, events, usage; and what a job took."""

from __future__ import annotations

import contextlib
import html
import json
import re
import time
from pathlib import Path

import httpx
import pytest

from pioche.hub import Hub
from pioche.jobs.types import Job, NewJob
from pioche.ports.executor.sandbox.measures import Meter
from pioche.testkit.people import Cast
from pioche.testkit.room import Room
from pioche.testkit.server import Server
from pioche.web.streams import MOST

pytestmark = pytest.mark.client  # needs bubblewrap


@pytest.fixture
def room(hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Room:
    monkeypatch.setattr("pioche.runtimes.service.Runtimes.ensure", lambda *_: tmp_path)
    return Room(hub)


def run(room: Room, *command: str, attempts: int = 1) -> Job:
    new = NewJob("debian", command, attempts=attempts)
    job = room.hub.jobs.submit(room.actor(room.cast.alice), "alice", new)
    room.hub.queue.run_due(room.hub)
    return job


def finish(room: Room, job: Job) -> Job:
    alice = room.actor(room.cast.alice)
    while not (job := room.hub.jobs.find(alice, "alice", job.key)).has_ended:
        room.hub.queue.run_due(room.hub)
        time.sleep(0.05)
    return job


def test_counts_and_rights(room: Room) -> None:
    job = finish(room, run(room, "true"))
    run(room, "sleep", "60")
    alice, bob = room.cast.alice, room.cast.bob
    assert room.get("/api/jobs/alice/count", alice).json() == {"count": 2}
    assert room.get("/api/jobs/alice/count?stage=COMPLETED", alice).json() == {"count": 1}
    assert room.get("/api/jobs/alice/count", bob).status_code == 404
    for what in ("read", "write"):
        assert room.post(f"/api/jobs/alice/auth-check/{what}", alice).status_code == 200
        assert room.post(f"/api/jobs/alice/{job.key}/auth-check/{what}", alice).status_code == 200
        assert room.post(f"/api/jobs/alice/auth-check/{what}", bob).status_code == 404
    assert room.post("/api/jobs/alice/auth-check/fly", alice).status_code == 400
    assert room.post(f"/api/jobs/alice/{'0' * 24}/auth-check/read", alice).status_code == 404
    stages = [one["status"]["stage"] for one in room.get("/api/jobs/alice?stage=COMPLETED&stage=ERROR", alice).json()]
    assert stages == ["COMPLETED"]
    assert room.get("/api/jobs/alice?stage=SLEEPING", alice).status_code == 400
    room.hub.jobs.cancel(room.actor(alice), "alice", room.hub.jobs.list(room.actor(alice), "alice")[0].key)


def test_events_tell_each_stage_and_end(room: Room) -> None:
    job = finish(room, run(room, "sh", "-c", "exit 3"))
    said = room.get(f"/api/jobs/alice/{job.key}/events", room.cast.alice)
    assert said.headers["content-type"].startswith("text/event-stream")
    lines = [line.removeprefix("data: ") for line in said.text.splitlines() if line.startswith("data: ")]
    assert [json.loads(line)["status"]["stage"] for line in lines] == ["ERROR"]


def test_what_a_job_took_is_told_and_added_up_once(room: Room) -> None:
    job = finish(room, run(room, "sh", "-c", "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; sleep 1"))
    said = room.get(f"/api/jobs/alice/{job.key}", room.cast.alice).json()["usage"]
    assert said["computeMinutes"] == pytest.approx((job.ended_at - job.started_at) / 60_000, rel=0.2)  # type: ignore[operator]
    assert said["cpuSeconds"] > 0
    assert said["peakMemoryBytes"] > 0
    if said["energyIsEstimated"]:
        assert said["energyWh"] == pytest.approx(said["cpuSeconds"] * 10 / 3600, abs=0.001)
    for _ in range(3):
        room.hub.jobs.running.watch()
    (month,) = room.get("/api/usage/alice", room.cast.alice).json()["usage"]
    assert (month["runs"], month["kind"]) == (1, "job")


def test_what_it_wrote_is_deleted_later_and_its_log_is_kept(room: Room) -> None:
    job = finish(room, run(room, "sh", "-c", "echo said; head -c 1000000 /dev/zero > big"))
    home = room.hub.settings.data / "runs" / job.key / "work"
    assert (home / "big").exists()
    room.hub.jobs.running.clear(job.run_id)
    assert not home.exists()
    lines, _, _ = room.hub.jobs.logs(room.actor(room.cast.alice), "alice", job.key, 0)
    assert [line.text for line in lines] == ["said"]


def test_energy_is_measured_where_the_machine_tells(tmp_path: Path) -> None:
    card = tmp_path / "intel-rapl:0"
    card.mkdir()
    stat = tmp_path / "stat"

    def now(microjoules: int, busy: int) -> None:
        (card / "energy_uj").write_text(str(microjoules))
        stat.write_text(f"cpu  {busy} 0 0 999 0 0 0 0 0 0\n")

    now(1_000_000, 100)
    meter = Meter(tmp_path, stat)
    now(11_000_000, 300)  # ten joules over two busy seconds, one of which was ours
    meter.add(1.0)
    assert meter.joules == pytest.approx(5.0)
    now(5, 400)  # the counter began again
    meter.add(2.0)
    assert meter.joules == pytest.approx(5.0)
    assert Meter(tmp_path / "nothing", stat).read() is None


def test_the_page_shows_the_end_of_a_long_log(room: Room) -> None:
    job = finish(room, run(room, "sh", "-c", "seq 1 6000"))
    page = room.get(f"/jobs/alice/{job.key}", room.cast.alice).text
    assert "The last 2,000 lines." in page
    assert "\n6000\n" in page
    assert "\n4000\n" not in page


def test_the_end_of_a_log_goes_through_all_attempts(room: Room) -> None:
    alice = room.actor(room.cast.alice)
    job = finish(room, run(room, "sh", "-c", "seq 1 5; exit 1", attempts=3))
    last = room.hub.jobs.running.logs.last
    tail = last(job, 7)
    assert (job.attempt, [line.text for line in tail.lines], tail.is_all) == (3, [*"45", *"12345"], False)
    assert room.hub.jobs.logs(alice, "alice", job.key, tail.position)[0] == []
    tail = last(job, 100)
    assert (len(tail.lines), tail.is_all) == (15, True)


def test_a_log_is_followed_from_a_place_in_it(room: Room) -> None:
    alice = room.cast.alice
    job = finish(room, run(room, "seq", "4"))
    where = f"/api/jobs/alice/{job.key}/logs"
    _, place, _ = room.hub.jobs.logs(room.actor(alice), "alice", job.key, 0)
    said = {
        query: [line for line in room.get(f"{where}{query}", alice).text.splitlines() if '"data"' in line]
        for query in ("", "?tail=2", f"?after={place}", "?after=1", "?after=99999999999999999999999")
    }
    assert [len(lines) for lines in said.values()] == [4, 2, 0, 3, 0]
    assert '"data":"3"' in said["?tail=2"][0]


@pytest.mark.parametrize("attempts", [0, 11, -1])
def test_attempts_that_make_no_sense(room: Room, attempts: int) -> None:
    asked = {"dockerImage": "debian", "command": ["true"], "attempts": attempts}
    assert room.post("/api/jobs/alice", room.cast.alice, json=asked).status_code == 400


def test_what_there_is_not_yet_is_said(room: Room) -> None:
    base = {"dockerImage": "debian", "command": ["true"]}
    for more in (
        {"network": {"group": "a"}},
        {"ssh": {"enabled": True}},
        {"expose": {"ports": [80], "portsPublic": []}},
    ):
        answer = room.post("/api/jobs/alice", room.cast.alice, json={**base, **more})
        assert (answer.status_code, answer.headers["x-error-code"]) == (501, "NotSupported")
    job = finish(room, run(room, "true"))
    assert room.ask("PUT", f"/api/jobs/alice/{job.key}/expose", room.cast.alice, json={}).status_code == 501


def test_logs_of_one_owner_have_an_end(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pioche.jobs.logs.KEPT", 100_000)
    alice, jobs = room.actor(room.cast.alice), [finish(room, run(room, "seq", "1500")) for _ in range(3)]
    other = room.hub.jobs.submit(room.actor(room.cast.bob), "bob", NewJob("debian", ["seq", "1500"]))
    room.hub.queue.run_due(room.hub)
    bob = room.actor(room.cast.bob)
    while not room.hub.jobs.find(bob, "bob", other.key).has_ended:
        time.sleep(0.05)
    room.hub.jobs.running.clear(jobs[-1].run_id)
    kept = [bool(room.hub.jobs.logs(alice, "alice", job.key, 0)[0]) for job in jobs]
    assert kept == [False, True, True]
    assert room.hub.jobs.logs(bob, "bob", other.key, 0)[0]
    assert room.hub.jobs.find(alice, "alice", jobs[0].key).stage == "COMPLETED"


def test_one_person_cannot_follow_everything(own_server: Server, own_cast: Cast) -> None:
    """Each log that is followed is looked at several times a second: a thousand of them held up the hub."""
    headers = {"authorization": f"Bearer {own_cast.carol.token}"}
    with httpx.Client(base_url=own_server.url, headers=headers, timeout=60) as client, contextlib.ExitStack() as open_:
        asked = {"dockerImage": "debian", "command": ["sleep", "60"], "flavor": "cpu-basic"}
        key = client.post("/api/jobs/carol", json=asked).json()["id"]
        where = f"/api/jobs/carol/{key}/logs"
        found = [open_.enter_context(client.stream("GET", where)).status_code for _ in range(MOST + 2)]
        assert found == [200] * MOST + [429] * 2
        open_.close()
        until = time.monotonic() + 10
        while True:
            with client.stream("GET", where) as again:
                if again.status_code == 200:
                    break
            assert time.monotonic() < until, "places that were left stay taken"
            time.sleep(0.2)
        client.post(f"/api/jobs/carol/{key}/cancel")


def test_pages_show_a_command_as_a_shell_takes_it(room: Room) -> None:
    job = run(room, "python", "-c", "print(1 + 1)")
    for path in ("/jobs/alice", f"/jobs/alice/{job.key}"):
        shown = html.unescape(re.sub(r"<[^>]+>", "", room.get(path, room.cast.alice).text))
        assert "python -c 'print(1 + 1)'" in shown, path
