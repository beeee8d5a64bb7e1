"""Programs of an organisation: service accounts and tokens for one repository, with the stock client."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from pioche.testkit.clients import Hf
from pioche.testkit.factories import Make
from pioche.testkit.people import Cast, Person
from pioche.testkit.server import Server

pytestmark = pytest.mark.client


def ask(server: Server, method: str, path: str, token: str, **options: Any) -> httpx.Response:
    return httpx.request(method, f"{server.url}{path}", headers={"authorization": f"Bearer {token}"}, **options)


def test_a_service_account_works_with_hf(server: Server, hf: Hf, cast: Cast, make: Make) -> None:
    place, name = f"/api/organizations/{cast.org}/service-accounts", make.name("ci")
    made = ask(server, "POST", place, cast.alice.token, json={"name": name, "role": "contributor"}).json()
    one = f"{place}/{made['id']}"
    key = ask(server, "POST", f"{one}/tokens", cast.alice.token, json={"displayName": "deploy", "role": "write"}).json()
    robot = hf.as_(Person(name, "", "", key["token"]))
    assert name in robot.run("auth", "whoami")
    mine = f"{cast.org}/{make.name('built')}"
    robot.run("repos", "create", mine, "--private")
    robot.api.upload_file(path_or_fileobj=b"# Built\n", path_in_repo="README.md", repo_id=mine)
    assert hf.as_(cast.alice).api.list_repo_commits(mine)[0].authors == [name]
    # Nothing elsewhere, not even under its own name; in its organisation what its role says.
    public = make.repo(cast.carol, {"README.md": "# C"})
    assert robot.api.model_info(public).id == public
    for wrong in (f"{name}/own", "alice/others"):
        with pytest.raises(HfHubHTTPError):
            robot.api.create_repo(wrong)
    with pytest.raises(HfHubHTTPError):
        robot.api.create_discussion(public, "Hello")
    with pytest.raises(HfHubHTTPError):
        robot.api.upload_file(path_or_fileobj=b"1", path_in_repo="a", repo_id=make.repo(cast.alice, {"README.md": "#"}, name=f"{cast.org}/{make.name()}"))  # fmt: skip # noqa: E501
    # A new secret ends the old one.
    token = f"{one}/tokens/{key['id']}"
    new = ask(server, "POST", f"{token}/rotate", cast.alice.token).json()["token"]
    with pytest.raises(HfHubHTTPError):
        robot.api.whoami()
    again = HfApi(endpoint=server.url, token=new)
    assert again.whoami()["name"] == name
    assert ask(server, "PATCH", token, cast.alice.token, json={"role": "read"}).json()["role"] == "read"
    with pytest.raises(HfHubHTTPError):
        again.upload_file(path_or_fileobj=b"2", path_in_repo="b", repo_id=mine)
    assert ask(server, "DELETE", one, cast.alice.token).json() == {"success": True}
    with pytest.raises(HfHubHTTPError):
        again.whoami()


def test_a_token_for_one_repository(server: Server, hf: Hf, cast: Cast, make: Make) -> None:
    secret, other = (make.repo(cast.alice, {"README.md": "# S"}, private=True) for _ in range(2))
    path = f"/api/models/{secret}/jwt"
    token = ask(server, "GET", path, cast.alice.token).json()["token"]
    assert token.count(".") == 2
    narrow = HfApi(endpoint=server.url, token=token)
    assert narrow.model_info(secret).id == secret
    assert narrow.hf_hub_download(secret, "README.md")
    with pytest.raises(RepositoryNotFoundError):
        narrow.model_info(other)
    with pytest.raises(HfHubHTTPError):
        narrow.upload_file(path_or_fileobj=b"1", path_in_repo="a", repo_id=secret)
    assert ask(server, "GET", path, token).status_code == 403
    assert narrow.whoami()["email"] is None
    assert ask(server, "GET", path, cast.bob.token).status_code == 404
    assert httpx.get(f"{server.url}{path}").status_code == 401
    for broken in (token[:-1], token.replace(".", ".A", 1), f"{token.rpartition('.')[0]}.", f"{token}x"):
        assert ask(server, "GET", "/api/whoami-v2", broken).status_code == 401
