"""Who may clone and push at all, and how much."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import update

from pioche.accounts.types import ANONYMOUS, Actor
from pioche.app import build_hub
from pioche.errors import Forbidden, GatedRepo, QuotaExceeded, RepoNotFound, Unauthenticated
from pioche.git.service import GUEST_PUSH_LIMIT
from pioche.hub import Hub
from pioche.names import RepoId, RepoKind
from pioche.repos.tables import repos
from pioche.repos.types import NewRepo, Repo
from pioche.testkit.people import make_cast

NAME = RepoId(RepoKind.MODEL, "alice", "m")


class People:
    def __init__(self, hub: Hub) -> None:
        cast = make_cast(hub.accounts)
        self.alice, self.carol, self.root = (
            hub.accounts.actor_of_token(person.token) for person in (cast.alice, cast.carol, cast.root)
        )


@pytest.fixture
def people(hub: Hub) -> People:
    return People(hub)


@pytest.fixture
def make(hub: Hub, people: People) -> Callable[..., Repo]:
    def new(private: bool = False, gated: str = "") -> Repo:
        repo = hub.repos.create(people.alice, NewRepo(NAME, private=private))
        with hub.database.write() as tx:
            tx.execute(update(repos).where(repos.c.id == repo.id).values(gated=gated))
        return repo

    return new


def test_anyone_clones_what_is_public(hub: Hub, people: People, make: Callable[..., Repo]) -> None:
    repo = make()
    for actor in (ANONYMOUS, people.carol, people.alice):
        program = hub.git.upload_pack(actor, NAME)
        assert program.arguments[-1] == str(hub.gitstore.path(repo.id))


def test_what_is_private_does_not_exist_for_others(hub: Hub, people: People, make: Callable[..., Repo]) -> None:
    make(private=True)
    hub.git.upload_pack(people.alice, NAME)
    hub.git.upload_pack(people.root, NAME)
    for actor in (ANONYMOUS, people.carol):
        with pytest.raises(RepoNotFound):
            hub.git.upload_pack(actor, NAME)
        with pytest.raises(RepoNotFound):
            hub.git.begin_push(actor, NAME)


def test_gated_content_is_neither_cloned_nor_probed_by_pushes(
    hub: Hub, people: People, make: Callable[..., Repo]
) -> None:
    make(gated="manual")
    hub.git.upload_pack(people.alice, NAME)
    with pytest.raises(GatedRepo):
        hub.git.upload_pack(people.carol, NAME)
    with pytest.raises(GatedRepo):
        hub.git.begin_push(people.carol, NAME)


def test_a_push_needs_an_account_and_a_token_that_writes(hub: Hub, people: People, make: Callable[..., Repo]) -> None:
    make()
    with pytest.raises(Unauthenticated):
        hub.git.begin_push(ANONYMOUS, NAME)
    assert people.alice.token is not None
    reader: Actor = replace(people.alice, token=replace(people.alice.token, role="read"))
    with pytest.raises(Forbidden, match="token"):
        hub.git.begin_push(reader, NAME)
    assert hub.git.begin_push(people.alice, NAME).can_write
    assert not hub.git.begin_push(people.carol, NAME).can_write


def test_a_guest_may_push_less(hub: Hub, people: People, make: Callable[..., Repo]) -> None:
    make()
    guest = hub.git.receive_pack(hub.git.begin_push(people.carol, NAME)).arguments
    owner = hub.git.receive_pack(hub.git.begin_push(people.alice, NAME)).arguments
    assert f"receive.maxInputSize={GUEST_PUSH_LIMIT}" in guest
    assert f"receive.maxInputSize={hub.settings.commit_body_limit}" in owner


def test_a_full_disk_takes_no_push(hub: Hub, people: People, make: Callable[..., Repo]) -> None:
    make()
    full = build_hub(replace(hub.settings, free_disk_reserve=10**18))
    with pytest.raises(QuotaExceeded, match="nearly full"):
        full.git.receive_pack(full.git.begin_push(people.alice, NAME))
    full.git.upload_pack(ANONYMOUS, NAME)
    full.database.close()


def test_the_hooks_are_programs_and_follow_the_hub(hub: Hub) -> None:
    for name in ("pre-receive", "post-receive"):
        path: Path = hub.gitstore.hooks / name
        assert path.stat().st_mode & 0o111
        path.write_text("#!/nowhere/python\n")
    build_hub(hub.settings).database.close()
    assert "hook.py" in (hub.gitstore.hooks / "post-receive").read_text()
