"""What git shows a person whose password is wrong."""

from __future__ import annotations

from pioche.hub import Hub
from pioche.testkit.room import Room


def test_git_is_told_that_a_token_is_a_password(hub: Hub) -> None:
    room = Room(hub)
    repo = room.repo(room.cast.alice, "model")
    answer = room.get(f"/{repo}.git/info/refs?service=git-receive-pack", auth=("alice", "not this one"))
    assert answer.status_code == 401
    assert answer.text.startswith("The name or the password is wrong. An access token is a password too; make one at ")
    assert answer.text.strip().endswith("/settings/tokens")
