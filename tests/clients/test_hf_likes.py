"""Likes with `huggingface_hub`, which can take one back, and list them."""

from __future__ import annotations

import httpx
import pytest

from pioche.testkit.factories import Make
from pioche.testkit.people import Cast, Person
from pioche.testkit.server import Server

pytestmark = pytest.mark.client


def like(server: Server, person: Person, kind: str, repo: str) -> None:
    """The client has no method for it."""
    address = f"{server.url}/api/{kind}s/{repo}/like"
    httpx.post(address, headers={"authorization": f"Bearer {person.token}"}).raise_for_status()


@pytest.mark.parametrize("kind", ["model", "dataset", "space"])
def test_likers_and_unlike(server: Server, make: Make, cast: Cast, kind: str) -> None:
    api = make.api(cast.carol)
    repo = f"alice/{make.name()}"
    make.api(cast.alice).create_repo(repo, repo_type=kind, space_sdk="static" if kind == "space" else None)
    like(server, cast.carol, kind, repo)
    like(server, cast.bob, kind, repo)
    assert [user.username for user in api.list_repo_likers(repo, repo_type=kind)] == ["bob", "carol"]
    assert repo in getattr(api.list_liked_repos(), f"{kind}s")
    assert api.repo_info(repo, repo_type=kind).likes == 2
    api.unlike(repo, repo_type=kind)
    assert [user.username for user in api.list_repo_likers(repo, repo_type=kind)] == ["bob"]
    assert repo not in getattr(api.list_liked_repos("carol"), f"{kind}s")
    assert api.repo_info(repo, repo_type=kind).likes == 1


def test_what_is_private_is_not_in_the_list_of_others(server: Server, make: Make, cast: Cast) -> None:
    repo = make.repo(cast.alice, private=True)
    like(server, cast.alice, "model", repo)
    assert repo in make.api(cast.alice).list_liked_repos().models
    assert repo not in make.api(cast.carol).list_liked_repos("alice").models
