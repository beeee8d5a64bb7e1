"""The gate: the files of a gated repository are for its own people, through every door."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pioche.accounts.access import Action
from pioche.accounts.types import RepoScope, TokenInfo
from pioche.errors import GatedRepo
from pioche.names import RepoId, RepoKind
from pioche.repos.types import CommitHeader, FileSample
from pioche.testkit.room import Room


@pytest.fixture
def gated(room: Room) -> RepoId:
    repo_id = RepoId.parse(RepoKind.MODEL, room.repo(room.cast.alice, "gated"))
    room.hub.repos.change_settings(room.actor(room.cast.alice), repo_id, gated="manual")
    return repo_id


def test_strangers_see_its_card_and_not_its_files(room: Room, gated: RepoId):
    hub, carol = room.hub, room.actor(room.cast.carol)
    assert hub.browse.card(carol, gated).header.repo.gated == "manual"
    doors = [
        lambda: hub.browse.history(carol, gated, "main", "", 0),
        lambda: hub.browse.file(carol, gated, "main", ".gitattributes"),
        lambda: hub.trees.file(carol, gated, "main", ".gitattributes"),
        lambda: hub.trees.read_token(carol, gated, "main", "http://hub", 60),
        lambda: hub.trees.write_token(carol, gated, Action.DISCUSS, "http://hub", 60),
        lambda: hub.commits.upload_modes(carol, gated, "main", [FileSample("a.bin", 1)]),
        lambda: hub.commits.propose(carol, gated, "main", CommitHeader("x"), []),
        lambda: hub.git.upload_pack(carol, gated),
    ]
    for door in doors:
        with pytest.raises(GatedRepo):
            door()


def test_its_people_come_in(room: Room, gated: RepoId):
    assert room.hub.browse.file(room.actor(room.cast.alice), gated, "main", ".gitattributes").text
    assert room.hub.trees.write_token(room.actor(room.cast.alice), gated, Action.WRITE, "http://hub", 60)


def test_a_token_for_something_else_stays_outside(room: Room, gated: RepoId):
    """Its owner is let in, and a token of theirs only where its scopes say so."""
    alice = room.actor(room.cast.alice)
    number = room.hub.repos.find(alice, gated).id
    other = room.number(room.cast.alice, room.repo(room.cast.alice, "other"))

    def token(repo: int) -> TokenInfo:
        return TokenInfo(1, "t", "fineGrained", "", (RepoScope("read", repo_id=repo),), 0, None)

    with pytest.raises(GatedRepo):
        room.hub.browse.file(replace(alice, token=token(other)), gated, "main", ".gitattributes")
    assert room.hub.browse.file(replace(alice, token=token(number)), gated, "main", ".gitattributes").text
