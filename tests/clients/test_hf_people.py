"""Users and organisations with the stock client: overviews, followers, members, what somebody likes."""

from __future__ import annotations

import httpx
import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError

from pioche.testkit.factories import Make
from pioche.testkit.people import Cast, Person
from pioche.testkit.server import Server

pytestmark = pytest.mark.client


def follow(server: Server, person: Person, path: str, method: str = "POST") -> None:
    headers = {"authorization": f"Bearer {person.token}"}
    answer = httpx.request(method, f"{server.url}/api/{path}/follow", headers=headers)
    assert answer.status_code == 200, answer.text


def test_overviews_and_lists(server: Server, cast: Cast, make: Make) -> None:
    repo = make.repo(cast.alice, files={"a.txt": b"1"})
    secret = make.repo(cast.alice, files={"a.txt": b"1"}, private=True)
    follow(server, cast.bob, "users/alice")
    follow(server, cast.carol, "users/alice")
    follow(server, cast.bob, "organizations/lab")
    mine, theirs = HfApi(server.url, token=cast.alice.token), HfApi(server.url, token=cast.bob.token)
    user = theirs.get_user_overview("alice")
    assert (user.username, user.is_following) == ("alice", True)
    assert user.num_models < mine.get_user_overview("alice").num_models
    assert "lab" in {org.name for org in user.orgs}
    followers = {one.username for one in theirs.list_user_followers("alice")}
    assert {"bob", "carol"} <= followers
    assert user.num_followers == len(followers)
    assert "alice" in {one.username for one in theirs.list_user_following("bob")}
    org = theirs.get_organization_overview("lab")
    assert (org.name, org.is_following) == ("lab", True)
    assert "bob" in {one.username for one in theirs.list_organization_followers("lab")}
    members = {one.username for one in theirs.list_organization_members("lab")}
    assert {"alice", "bob"} <= members
    assert org.num_users == len(members)
    for name in (repo, secret):
        headers = {"authorization": f"Bearer {cast.alice.token}"}
        assert httpx.post(f"{server.url}/api/models/{name}/like", headers=headers).status_code == 200
    assert set(theirs.list_liked_repos("alice").models) & {repo, secret} == {repo}
    assert set(mine.list_liked_repos().models) >= {repo, secret}
    for person, path in ((cast.bob, "users/alice"), (cast.carol, "users/alice"), (cast.bob, "organizations/lab")):
        follow(server, person, path, "DELETE")
    assert "bob" not in {one.username for one in theirs.list_user_followers("alice")}


def test_repositories_with_their_size(server: Server, cast: Cast, make: Make) -> None:
    repo = make.repo(cast.carol, files={"a.txt": b"1"})
    api = HfApi(server.url, token=cast.carol.token)
    assert repo in {one.id for one in api.list_user_repos()}
    with pytest.raises(HfHubHTTPError):
        list(api.list_user_repos("lab"))
    assert isinstance(list(HfApi(server.url, token=cast.alice.token).list_user_repos("lab")), list)


def test_nobody(server: Server, cast: Cast) -> None:
    api = HfApi(server.url, token=cast.alice.token)
    for ask in (api.get_user_overview, api.get_organization_overview):
        with pytest.raises(HfHubHTTPError) as caught:
            ask("there-is-nobody")
        assert caught.value.response.status_code == 404
