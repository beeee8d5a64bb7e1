"""Resource groups with the stock client: what is made in a group, and who sees it then."""

from __future__ import annotations

import pytest
from huggingface_hub.errors import BucketNotFoundError, HfHubHTTPError, RepositoryNotFoundError

from pioche.testkit.clients import Hf
from pioche.testkit.factories import Make
from pioche.testkit.people import Cast

pytestmark = pytest.mark.client


@pytest.fixture
def group(cast: Cast, make: Make) -> str:
    """The id of a group of the organisation that only its admin is in."""
    return make.group(cast.alice, cast.org)


def test_what_is_made_in_a_group_is_for_the_group(hf: Hf, cast: Cast, make: Make, group: str) -> None:
    alice, bob = hf.as_(cast.alice), hf.as_(cast.bob)
    name = f"{cast.org}/{make.name('hidden')}"
    alice.api.create_repo(name, private=True, resource_group_id=group)
    alice.api.upload_file(path_or_fileobj=b"# A\n", path_in_repo="README.md", repo_id=name)
    shown = alice.api.model_info(name, expand=["resourceGroup"]).resource_group
    assert shown is not None
    assert shown["id"] == group
    with pytest.raises(RepositoryNotFoundError):
        bob.api.model_info(name)
    assert name not in [one.id for one in bob.api.list_models(author=cast.org)]
    assert name in [one.id for one in alice.api.list_models(author=cast.org)]
    with pytest.raises(RepositoryNotFoundError):
        bob.api.upload_file(path_or_fileobj=b"mine", path_in_repo="b.txt", repo_id=name)
    with pytest.raises(HfHubHTTPError, match="no such resource group"):
        bob.api.create_repo(f"{cast.org}/{make.name('mine')}", resource_group_id=group)


def test_by_the_command(hf: Hf, cast: Cast, make: Make, group: str) -> None:
    name = f"{cast.org}/{make.name('hidden')}"
    hf.as_(cast.alice).run("repos", "create", name, "--private", "--resource-group-id", group)
    with pytest.raises(RepositoryNotFoundError):
        hf.as_(cast.bob).api.model_info(name)


def test_buckets_and_collections(hf: Hf, cast: Cast, make: Make, group: str) -> None:
    alice, bob = hf.as_(cast.alice).api, hf.as_(cast.bob).api
    bucket = f"{cast.org}/{make.name('bucket')}"
    alice.create_bucket(bucket, private=True, resource_group_id=group)
    with pytest.raises(BucketNotFoundError):
        bob.bucket_info(bucket)
    slug = alice.create_collection(make.name("list"), namespace=cast.org, private=True, resource_group_id=group).slug
    with pytest.raises(HfHubHTTPError):
        bob.get_collection(slug)
    alice.update_collection_resource_group(slug, None)
    assert bob.get_collection(slug).slug == slug
    alice.update_collection_resource_group(slug, group)
    with pytest.raises(HfHubHTTPError):
        bob.get_collection(slug)
