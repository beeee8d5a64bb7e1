"""History is public and is never forgotten: what the hub writes in it names the account, and no address of a person."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from pioche.app import build_hub
from pioche.repos.service.authors import author_of
from pioche.settings import Settings
from pioche.testkit.room import Room, small


@pytest.mark.parametrize(
    ("public_url", "host"),
    [("https://hub.example.org:8443", "hub.example.org"), ("", "localhost")],
)
def test_authors_are_named_by_their_account(tmp_path: Path, public_url: str, host: str) -> None:
    hub = build_hub(Settings(data=tmp_path / "data", public_url=public_url))
    room = Room(hub)
    alice = room.actor(room.cast.alice)
    author = author_of(alice, hub.settings, 1)
    assert (author.name, author.email) == ("alice", f"alice@users.noreply.{host}")
    assert author_of(replace(alice, email="new@example.test"), hub.settings, 1).email == author.email
    hub.database.close()


def test_no_object_of_git_holds_an_address(room: Room) -> None:
    """Commits, a pull request merged, a tag with a message, a squash, a duplicate: every way that the hub writes."""
    alice, bob = room.cast.alice, room.cast.bob
    repo = room.repo(alice, "quiet")
    room.write(alice, repo, {"a.txt": "a"})
    opened = room.commit(bob, repo, small("b.txt", "b"), query="?create_pr=1")
    assert opened.status_code == 200, opened.text
    number = opened.json()["pullRequestUrl"].rpartition("/")[2]
    merged = room.post(f"/api/models/{repo}/discussions/{number}/merge", alice, json={"comment": "thanks"})
    assert merged.status_code == 200, merged.text
    tagged = room.post(f"/api/models/{repo}/tag/main", alice, json={"tag": "v1", "message": "first"})
    assert tagged.status_code == 201, tagged.text
    squashed = room.post(f"/api/models/{repo}/super-squash/main", alice, json={"message": "one"})
    assert squashed.status_code == 200, squashed.text
    copied = room.post(f"/api/models/{repo}/duplicate", alice, json={"repository": "alice/quiet-copy"})
    assert copied.status_code == 200, copied.text
    for name in (repo, "alice/quiet-copy"):
        path = room.hub.gitstore.path(room.number(alice, name))
        command = ["git", "-C", str(path), "cat-file", "--batch-all-objects", "--batch"]
        content = subprocess.run(command, check=True, capture_output=True).stdout
        assert b"@users.noreply." in content
        for person in (alice, bob):
            assert person.email.encode() not in content
