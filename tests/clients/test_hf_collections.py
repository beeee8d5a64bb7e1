"""Collections with the stock client: `HfApi` and the `hf` command, against a running hub."""

from __future__ import annotations

import json

import pytest
from huggingface_hub.errors import HfHubHTTPError

from pioche.testkit.clients import Hf
from pioche.testkit.factories import Make
from pioche.testkit.people import Cast

pytestmark = pytest.mark.client


def test_make_change_list_delete(hf: Hf, cast: Cast, make: Make) -> None:
    api, title = hf.as_(cast.alice).api, make.name("list")
    made = api.create_collection(title, namespace="alice", description="The best", private=True)
    assert made.slug.startswith(f"alice/{title}-")
    assert (made.title, made.description, made.private, made.items) == (title, "The best", True, [])
    assert api.create_collection(title, namespace="alice", exists_ok=True).slug == made.slug
    with pytest.raises(HfHubHTTPError):
        api.create_collection(title, namespace="alice")

    changed = api.update_collection_metadata(
        made.slug, title=f"{title} again", description="Better", position=1, private=False, theme="green"
    )
    assert (changed.title, changed.position, changed.theme) == (f"{title} again", 1, "green")
    assert changed.slug.startswith(f"alice/{title}-again-")
    assert changed.slug[-24:] == made.slug[-24:]
    found = hf.as_(cast.carol).api.get_collection(changed.slug)
    assert (found.title, found.private, found.upvotes) == (f"{title} again", False, 0)
    assert found.last_updated >= made.last_updated

    api.update_collection_resource_group(changed.slug, None)
    with pytest.raises(HfHubHTTPError, match="no such resource group"):
        api.update_collection_resource_group(changed.slug, "6" * 24)

    api.delete_collection(changed.slug)
    api.delete_collection(changed.slug, missing_ok=True)
    with pytest.raises(HfHubHTTPError):
        api.get_collection(changed.slug)


def test_items(hf: Hf, cast: Cast, make: Make) -> None:
    api = hf.as_(cast.alice).api
    slug = api.create_collection(make.name("items"), namespace=cast.org).slug
    inner = api.create_collection(make.name("inner"), namespace=cast.org).slug
    model = api.create_repo(make.name("model")).repo_id
    dataset = api.create_repo(make.name("data"), repo_type="dataset").repo_id
    bucket = api.create_bucket(make.name("box")).bucket_id

    api.add_collection_item(slug, model, "model", note="Small")
    api.add_collection_item(slug, dataset, "dataset")
    api.add_collection_item(slug, bucket, "bucket")
    filled = hf.as_(cast.bob).api.add_collection_item(slug, inner, "collection")
    assert [(item.item_id, item.item_type, item.position) for item in filled.items] == [
        (model, "model", 0),
        (dataset, "dataset", 1),
        (bucket, "bucket", 2),
        (inner, "collection", 3),
    ]
    assert (filled.items[0].note, filled.items[1].note) == ("Small", None)
    assert len(api.add_collection_item(slug, model, "model", exists_ok=True).items) == 4
    with pytest.raises(HfHubHTTPError):
        api.add_collection_item(slug, model, "model")
    with pytest.raises(HfHubHTTPError, match="papers"):
        api.add_collection_item(slug, "2307.09288", "paper")

    api.update_collection_item(slug, filled.items[3].item_object_id, position=0, note="First")
    found = api.get_collection(slug)
    assert [item.item_id for item in found.items] == [inner, model, dataset, bucket]
    assert found.items[0].note == "First"
    api.delete_collection_item(slug, found.items[1].item_object_id)
    api.delete_collection_item(slug, found.items[1].item_object_id, missing_ok=True)
    assert [item.item_id for item in api.get_collection(slug).items] == [inner, dataset, bucket]

    by_item = list(api.list_collections(item=[f"datasets/{dataset}"]))
    assert [one.slug for one in by_item] == [slug]
    assert slug in [one.slug for one in api.list_collections(owner=cast.org, sort="lastModified", limit=100)]
    assert len(list(api.list_collections(owner=[cast.org, "alice"], limit=1))) == 1


def test_the_command(hf: Hf, cast: Cast, make: Make) -> None:
    alice, title = hf.as_(cast.alice), make.name("from-a-terminal")
    model = alice.api.create_repo(make.name("model")).repo_id
    alice.run("collections", "create", title, "--description", "By hand")
    (made,) = [one for one in alice.api.list_collections(owner="alice") if one.title == title]
    alice.run("collections", "add-item", made.slug, model, "model", "--note", "Good")
    info = json.loads(alice.run("collections", "info", made.slug, "--format", "json"))
    assert info["title"] == title
    (item,) = alice.api.get_collection(made.slug).items
    assert item.note == "Good"
    alice.run("collections", "update-item", made.slug, item.item_object_id, "--note", "Better")
    assert alice.api.get_collection(made.slug).items[0].note == "Better"
    alice.run("collections", "update", made.slug, "--theme", "blue")
    assert made.slug in alice.run("collections", "list", "--owner", "alice", "--format", "json")
    alice.run("collections", "delete-item", made.slug, item.item_object_id)
    assert alice.api.get_collection(made.slug).items == []
    alice.run("collections", "delete", made.slug)
    assert made.slug not in [one.slug for one in alice.api.list_collections(owner="alice")]
