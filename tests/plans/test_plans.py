"""How much an account may compute, who says so, and what is added up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from pioche.accounts.types import OPERATOR, NewToken, RepoScope
from pioche.cli import main
from pioche.errors import InvalidInput, NotFound, QuotaExceeded
from pioche.hub import Hub
from pioche.jobs.types import Job, NewJob
from pioche.plans.types import Spent, parse_plans
from pioche.ports.database import Tx
from pioche.testkit.room import Room


@pytest.fixture
def room(hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Room:
    monkeypatch.setattr("pioche.runtimes.service.Runtimes.ensure", lambda *_: tmp_path)
    return Room(hub)


def spend(room: Room, name: str, minutes: float, kind: str = "job") -> None:
    with room.hub.database.write() as tx:
        from pioche.plans import store

        found = store.find_account(tx, name)
        assert found is not None
        room.hub.plans.record(tx, found[0], kind, Spent(int(minutes * 60_000), minutes * 30, minutes * 300))


def ask(room: Room, minutes: int, flavor: str = "cpu-basic", owner: str = "alice") -> Job:
    new = NewJob("debian", ["true"], flavor=flavor, seconds=minutes * 60)
    return room.hub.jobs.submit(room.actor(room.cast.alice), owner, new)


def test_what_ran_is_added_up_by_month_and_kind(room: Room) -> None:
    for _ in range(2):
        spend(room, "alice", 10)
    spend(room, "alice", 5, "training")
    said = room.get("/api/usage/alice", room.cast.alice).json()
    assert (said["plan"], said["computeMinutes"], said["usedMinutes"], said["leftMinutes"]) == ("free", 3000, 25, 2975)
    assert [(one["kind"], one["runs"], one["computeMinutes"]) for one in said["usage"]] == [
        ("job", 2, 20),
        ("training", 1, 5),
    ]
    assert said["usage"][0]["energyWh"] == pytest.approx(20 * 300 / 3600, abs=0.001)
    assert room.get("/api/settings/billing/usage/jobs", room.cast.alice).json() == said
    page = room.get("/jobs/alice/usage", room.cast.alice)
    assert "25 of 3,000 compute-minutes" in page.text
    assert room.get("/api/usage/alice", room.cast.carol).status_code == 404
    narrow = NewToken("one repository", "fineGrained", (RepoScope("read", repo_id=1),))
    _, secret = room.hub.accounts.tokens.create(OPERATOR, narrow, owner="alice")
    assert room.get("/api/usage/alice", headers={"authorization": f"Bearer {secret}"}).status_code == 404


@pytest.mark.client  # needs bubblewrap
def test_more_than_is_left_is_refused_with_the_numbers(room: Room) -> None:
    spend(room, "alice", 2_950)
    with pytest.raises(QuotaExceeded, match=r"up to 60 compute-minutes; 'alice' has 50 left .* 2950 are used"):
        ask(room, 60)
    ask(room, 30)
    with pytest.raises(QuotaExceeded, match="30 are held by what waits and runs"):
        ask(room, 30)
    # More CPUs take more of it.
    large = room.hub.jobs.running.flavors()[-1]
    if large.cpus > 1:
        with pytest.raises(QuotaExceeded):
            ask(room, 15, large.name)
    ask(room, 10)
    said = room.get("/api/usage/alice", room.cast.alice).json()
    assert (said["heldMinutes"], said["leftMinutes"]) == (40, 10)
    assert "40 more are set aside" in room.get("/jobs/alice/usage", room.cast.alice).text
    assert "10 of 3,000 compute-minutes are left" in room.get("/jobs/alice/new", room.cast.alice).text
    answer = room.post("/api/jobs/alice", room.cast.alice, json={"dockerImage": "python", "command": ["true"]})
    assert (answer.status_code, answer.headers["x-error-code"]) == (403, "QuotaExceeded")


@pytest.mark.client
def test_an_organisation_gets_more_when_the_admin_says_so(room: Room) -> None:
    spend(room, "lab", 3_000)
    with pytest.raises(QuotaExceeded):
        ask(room, 1, owner="lab")
    answer = room.ask("PUT", "/api/admin/plans/lab", room.cast.root, json={"plan": "team"})
    assert answer.json()["computeMinutes"] == 30_000
    ask(room, 1, owner="lab")
    said = room.get("/api/admin/plans", room.cast.root).json()
    assert [(one["account"], one["plan"]) for one in said["accounts"]] == [("lab", "team")]
    room.ask("PUT", "/api/admin/plans/lab", room.cast.root, json={"plan": "free"})
    with pytest.raises(QuotaExceeded):
        ask(room, 1, owner="lab")
    room.hub.plans.set(OPERATOR, "lab", "unlimited")
    spend(room, "lab", 10_000_000)
    ask(room, 1, owner="lab")


def test_only_admins_set_plans(room: Room) -> None:
    assert room.ask("PUT", "/api/admin/plans/lab", room.cast.alice, json={"plan": "team"}).status_code == 403
    assert room.get("/api/admin/plans", room.cast.alice).status_code == 403
    with pytest.raises(InvalidInput, match="There are: free, team, unlimited"):
        room.hub.plans.set(OPERATOR, "lab", "gold")
    with pytest.raises(NotFound):
        room.hub.plans.set(OPERATOR, "nobody-here", "team")


def test_the_command_sets_and_shows(hub: Hub) -> None:
    room = Room(hub)
    spend(room, "lab", 12)

    def run(*words: str) -> str:
        done = CliRunner().invoke(main, ["plan", *words, "--data", str(hub.settings.data)])
        assert done.exit_code == 0, done.output
        return done.output

    assert "12.0 of 30000" in run("set", "lab", "team")
    assert "lab\tteam" in run("list")
    assert "free\t12" not in run("show", "lab")
    assert CliRunner().invoke(main, ["plan", "set", "lab", "gold", "--data", str(hub.settings.data)]).exit_code == 1


def test_a_plan_that_is_no_more_is_the_first(room: Room, hub: Hub) -> None:
    room.hub.plans.set(OPERATOR, "lab", "team")
    room.hub.plans.plans = parse_plans("small=1")
    assert room.hub.plans.usage(OPERATOR, "lab")[0].plan.name == "small"


@pytest.mark.parametrize("text", ["", "free", "free=-1", "free=1.5", "free=1,free=2", "a b=1", "=5", "x" * 50 + "=1"])
def test_settings_that_are_wrong(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_plans(text)


def test_the_list_of_plans_asks_no_question_for_each(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    with room.hub.database.read() as tx:
        kind = type(tx)
    asked, execute = [0], kind.execute

    def counting(self: Tx, *arguments: Any) -> Any:
        asked[0] += 1
        return execute(self, *arguments)

    monkeypatch.setattr(kind, "execute", counting)
    counts = []
    for names in (("alice",), ("bob", "carol", "lab")):
        for name in names:
            spend(room, name, len(name))
            room.hub.plans.set(OPERATOR, name, "team")
        asked[0] = 0
        found = {one.account: one.used_ms for one in room.hub.plans.list(OPERATOR)}
        counts.append(asked[0])
    assert found == {name: len(name) * 60_000 for name in ("alice", "bob", "carol", "lab")}
    assert counts[0] == counts[1]
