"""What Spaces are started with, with the stock client: secrets, variables, volumes; running them comes later."""

from __future__ import annotations

import json

import httpx
import pytest
from huggingface_hub import Volume
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from pioche.testkit.clients import Hf
from pioche.testkit.factories import Make
from pioche.testkit.people import Cast

pytestmark = pytest.mark.client


@pytest.fixture
def space(make: Make, cast: Cast) -> str:
    name = f"alice/{make.name('app')}"
    make.api(cast.alice).create_repo(name, repo_type="space", space_sdk="static")
    return name


def test_secrets_are_kept_and_never_shown(make: Make, cast: Cast, space: str) -> None:
    api = make.api(cast.alice)
    api.add_space_secret(space, "TOKEN", "very-s3cret", description="For the other hub")
    assert {key: one.description for key, one in api.get_space_secrets(space).items()} == {"TOKEN": "For the other hub"}
    bearer = {"authorization": f"Bearer {cast.alice.token}"}
    said = httpx.get(f"{make.url}/api/spaces/{space}/secrets", headers=bearer).text
    assert "TOKEN" in said
    assert "s3cret" not in said
    with pytest.raises(HfHubHTTPError, match="is a secret"):
        api.add_space_variable(space, "TOKEN", "1")
    api.delete_space_secret(space, "TOKEN")
    assert api.get_space_secrets(space) == {}


def test_variables(make: Make, cast: Cast, space: str) -> None:
    api = make.api(cast.alice)
    made = api.add_space_variable(space, "SIZE", "small", description="Of the model")
    assert (made["SIZE"].value, made["SIZE"].description) == ("small", "Of the model")
    assert api.add_space_variable(space, "SIZE", "large")["SIZE"].value == "large"
    assert api.get_space_variables(space)["SIZE"].value == "large"
    assert api.delete_space_variable(space, "SIZE") == {}
    for key in ("1A", "A-B", "", "A" * 200):
        with pytest.raises(HfHubHTTPError):
            api.add_space_variable(space, key, "1")


def test_volumes(make: Make, cast: Cast, space: str) -> None:
    api = make.api(cast.alice)
    api.set_space_volumes(space, [Volume(type="model", source="alice/base", mount_path="/models", read_only=True)])
    runtime = api.space_info(space).runtime
    assert runtime is not None
    assert [(one.source, one.mount_path) for one in runtime.volumes or []] == [("alice/base", "/models")]
    with pytest.raises(HfHubHTTPError, match="Only buckets"):
        api.set_space_volumes(space, [Volume(type="model", source="alice/base", mount_path="/m", read_only=False)])
    with pytest.raises(HfHubHTTPError, match="mounted at a path"):
        api.set_space_volumes(space, [Volume(type="bucket", source="alice/b", mount_path="/../etc")])
    api.delete_space_volumes(space)
    assert api.get_space_runtime(space).volumes in (None, [])


def test_what_there_is_to_run_on_and_what_comes_later(make: Make, cast: Cast, space: str) -> None:
    api = make.api(cast.alice)
    assert api.get_space_runtime(space).stage == "STOPPED"
    assert "cpu-basic" in {one.name for one in api.list_spaces_hardware()}
    assert api.get_zero_gpu_quota().base == 0
    assert api.list_space_templates() == []
    for call in (lambda: api.restart_space(space), lambda: api.pause_space(space)):
        with pytest.raises(HfHubHTTPError, match="does not run spaces"):
            call()


def test_others_see_and_change_nothing(make: Make, cast: Cast, space: str) -> None:
    make.api(cast.alice).add_space_variable(space, "A", "1")
    for person in (cast.carol,):
        with pytest.raises(HfHubHTTPError):
            make.api(person).get_space_variables(space)
        with pytest.raises(HfHubHTTPError):
            make.api(person).add_space_secret(space, "B", "2")
    make.api(cast.alice).update_repo_settings(space, visibility="private", repo_type="space")
    with pytest.raises(RepositoryNotFoundError):
        make.api(cast.carol).get_space_variables(space)


def test_every_command(hf: Hf, cast: Cast, space: str) -> None:
    alice = hf.as_(cast.alice)
    alice.run("spaces", "variables", "add", space, "-e", "SIZE=small")
    assert "SIZE" in alice.run("spaces", "variables", "list", space)
    alice.run("spaces", "variables", "delete", space, "SIZE", "--yes")
    alice.run("spaces", "secrets", "add", space, "-s", "KEY=word")
    assert "KEY" in alice.run("spaces", "secrets", "list", space)
    alice.run("spaces", "secrets", "delete", space, "KEY", "--yes")
    alice.run("spaces", "volumes", "set", space, "-v", "hf://buckets/alice/b:/data")
    assert "/data" in alice.run("spaces", "volumes", "list", space)
    alice.run("spaces", "volumes", "delete", space, "--yes")
    assert "cpu-basic" in alice.run("spaces", "hardware")
    alice.run("spaces", "templates")
    assert space in alice.run("spaces", "list", "--author", "alice", "--limit", "100", "--quiet")
    assert json.loads(alice.run("spaces", "info", space, "--format", "json"))["id"] == space
