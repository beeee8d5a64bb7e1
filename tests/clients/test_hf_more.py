"""The calls of the stock client that the other manuals here do not need: each does what it says."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest
from huggingface_hub import HfApi, snapshot_download
from huggingface_hub.errors import HfHubHTTPError, RevisionNotFoundError

from pioche.testkit.clients import Hf
from pioche.testkit.factories import Make
from pioche.testkit.people import Cast
from pioche.testkit.server import Server

pytestmark = pytest.mark.client

CARD = "---\nlicense: mit\nlanguage: [en]\npipeline_tag: fill-mask\ntags: [of-more]\n---\n# A model\n"


def tensors(names: list[str]) -> bytes:
    """A file of safetensors with float32 tensors of two numbers each."""
    header = {name: {"dtype": "F32", "shape": [2], "data_offsets": [8 * n, 8 * n + 8]} for n, name in enumerate(names)}
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + b"\0" * 8 * len(names)


@pytest.fixture
def alice(make: Make, cast: Cast) -> HfApi:
    return make.api(cast.alice)


def test_files_are_uploaded_read_and_deleted(alice: HfApi, make: Make, cast: Cast, tmp_path: Path) -> None:
    repo = make.repo(cast.alice)
    source = tmp_path / "source"
    (source / "sub").mkdir(parents=True)
    for name in ("a.txt", "b.txt", "sub/c.txt", "sub/d.txt"):
        (source / name).write_text(name)
    alice.upload_folder(repo_id=repo, folder_path=source)
    fetched = Path(alice.snapshot_download(repo, local_dir=tmp_path / "fetched"))
    assert (fetched / "sub" / "d.txt").read_text() == "sub/d.txt"
    assert alice.verify_repo_checksums(repo, local_dir=fetched).checked_count >= 4
    alice.delete_file("a.txt", repo)
    alice.delete_folder("sub", repo)
    alice.delete_files(repo, ["b.*"])
    assert [name for name in alice.list_repo_files(repo) if name != ".gitattributes"] == []
    assert alice.run_as_future(alice.repo_exists, repo).result() is True
    assert Path(snapshot_download(repo, endpoint=make.url, token=cast.alice.token)).is_dir()


def test_metadata_of_files_and_tensors(alice: HfApi, make: Make, cast: Cast) -> None:
    files = {"model.safetensors": tensors(["a.weight", "b.weight"])}
    repo = make.repo(cast.alice, files)
    url = f"{make.url}/{repo}/resolve/main/model.safetensors"
    assert alice.get_hf_file_metadata(url=url).size == len(files["model.safetensors"])
    found = alice.get_safetensors_metadata(repo)
    assert (found.sharded, found.parameter_count) == (False, {"F32": 4})
    assert set(alice.parse_safetensors_file_metadata(repo, "model.safetensors").tensors) == {"a.weight", "b.weight"}

    index = {"metadata": {}, "weight_map": {"a": "one.safetensors", "b": "two.safetensors"}}
    sharded = make.repo(
        cast.alice,
        {
            "model.safetensors.index.json": json.dumps(index),
            "one.safetensors": tensors(["a"]),
            "two.safetensors": tensors(["b"]),
        },
    )
    assert alice.get_safetensors_metadata(sharded).parameter_count == {"F32": 4}
    whole = alice.get_sharded_safetensors_metadata(sharded, filename="model.safetensors.index.json")
    assert (whole.weight_map, whole.parameter_count) == (
        {"a": "one.safetensors", "b": "two.safetensors"},
        {"F32": 4},
    )
    for odd in ("README.md", "one.safetensors", "nothing.json"):
        with pytest.raises(HfHubHTTPError):
            alice.get_sharded_safetensors_metadata(sharded, filename=odd)


def test_revisions(alice: HfApi, make: Make, cast: Cast) -> None:
    repo = make.repo(cast.alice, {"README.md": CARD})
    assert alice.revision_exists(repo, "main")
    assert not alice.revision_exists(repo, "nothing")
    commit = alice.resolve_revision(repo, revision="main")
    assert commit.resolved == alice.model_info(repo).sha
    with pytest.raises(RevisionNotFoundError):
        alice.model_info(repo, revision="nothing")


def test_names_lists_and_tags(alice: HfApi, make: Make, cast: Cast) -> None:
    model, data = make.repo(cast.alice, {"README.md": CARD}), make.repo(cast.alice, {"a.csv": "a\n1\n"}, kind="dataset")
    space = f"alice/{make.name('listed')}"
    alice.create_repo(space, repo_type="space", space_sdk="static")
    assert alice.get_full_repo_name("x") == "alice/x"
    assert model in {one.id for one in alice.list_models(filter="of-more", author="alice")}
    assert data in {one.id for one in alice.list_datasets(author="alice", search=data.partition("/")[2])}
    assert space in {one.id for one in alice.list_spaces(author="alice", search=space.partition("/")[2])}
    assert "of-more" in {tag["id"] for tags in alice.get_model_tags().values() for tag in tags}
    assert "format:csv" in {tag["id"] for tags in alice.get_dataset_tags().values() for tag in tags}


def test_spaces_are_found_by_words(alice: HfApi, make: Make, cast: Cast) -> None:
    space = f"alice/{make.name('rainfall')}"
    alice.create_repo(space, repo_type="space", space_sdk="static")
    make.commit(cast.alice, space, {"README.md": "---\ntitle: Rain tomorrow\nsdk: static\n---\n"}, kind="space")
    found = list(alice.search_spaces("rainfall", include_non_running=True))
    assert space in {one.id for one in found}
    assert next(one.title for one in found if one.id == space) == "Rain tomorrow"


def test_buckets(alice: HfApi, make: Make, cast: Cast, tmp_path: Path, hf: Hf) -> None:
    bucket = alice.create_bucket(make.name("more")).bucket_id
    alice.update_bucket_settings(bucket, private=True)
    assert alice.bucket_info(bucket).private
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.txt").write_text("1")
    alice.sync_bucket(str(tmp_path / "files"), f"hf://buckets/{bucket}")
    moved = f"alice/{make.name('moved')}"
    alice.move_bucket(bucket, moved)
    assert [one.path for one in alice.list_bucket_tree(moved)] == ["a.txt"]
    hf.as_(cast.alice).run("buckets", "sync", f"hf://buckets/{moved}", str(tmp_path / "back"))
    assert (tmp_path / "back" / "a.txt").read_text() == "1"


def test_commands_that_read(hf: Hf, make: Make, cast: Cast, tmp_path: Path) -> None:
    alice = hf.as_(cast.alice)
    model = make.repo(cast.alice, {"README.md": CARD})
    data = make.repo(cast.alice, {"README.md": "# Rows", "a.csv": "a,b\n1,2\n3,4\n"}, kind="dataset")
    space = f"alice/{make.name('read')}"
    alice.api.create_repo(space, repo_type="space", space_sdk="static")
    make.commit(cast.alice, space, {"README.md": "---\nsdk: static\n---\n# An app"}, kind="space")
    for kind, name, text in (
        ("models", model, "# A model"),
        ("datasets", data, "# Rows"),
        ("spaces", space, "# An app"),
    ):
        assert json.loads(alice.run(kind, "info", name, "--format", "json"))["id"] == name
        assert text in alice.run(kind, "card", name)
        assert name in alice.run(kind, "list", "--author", "alice", "--search", name.partition("/")[2], "--quiet")
    assert space in alice.run("spaces", "search", space.partition("/")[2], "--include-non-running", "--quiet")
    alice.run("spaces", "zero-gpu", "quota")
    alice.run("download", model)
    alice.run("cache", "verify", model)


def test_commands_that_change(hf: Hf, make: Make, cast: Cast) -> None:
    alice = hf.as_(cast.alice)
    repo = make.repo(cast.alice, {"README.md": CARD, "a.txt": "1", "b.bin": "2"})
    alice.run("repos", "branch", "create", repo, "dev")
    alice.run("repos", "branch", "delete", repo, "dev")
    alice.run("repos", "tag", "create", repo, "v1")
    assert "v1" in alice.run("repos", "tag", "list", repo)
    alice.run("repos", "tag", "delete", repo, "v1", "--yes")
    alice.run("repos", "settings", repo, "--private")
    assert alice.api.model_info(repo).private
    alice.run("repos", "settings", repo, "--public")
    assert repo in alice.run("repos", "list", "--quiet")
    copy = f"alice/{make.name('copy')}"
    alice.run("repos", "duplicate", repo, copy)
    alice.run("repos", "delete-files", repo, "a.txt")
    assert "a.txt" not in alice.api.list_repo_files(repo)
    alice.run("repos", "cp", f"hf://{copy}/a.txt", f"hf://{repo}/again.txt")
    assert "again.txt" in alice.api.list_repo_files(repo)


def test_skills_come_from_a_bucket(hf: Hf, cast: Cast, tmp_path: Path, server: Server) -> None:
    """The client looks for them in a bucket of a fixed name, in an organisation that an admin makes for it."""
    root = hf.as_(cast.root)
    server.command("org", "create", "huggingface", "--admin", "root")
    listing = {"plugins": [{"name": "weather", "source": "./weather", "description": "Of rain"}]}
    skill = "---\nname: weather\ndescription: Of rain\n---\n# Weather\n"
    root.api.create_bucket("huggingface/skills", exist_ok=True)
    files = [(json.dumps(listing).encode(), "marketplace.json"), (skill.encode(), "weather/SKILL.md")]
    root.api.batch_bucket_files("huggingface/skills", add=files)
    assert "weather" in hf.run("skills", "list")
    hf.run("skills", "add", "weather", "--dest", str(tmp_path / "skills"))
    hf.run("skills", "update", "--dest", str(tmp_path / "skills"))
    assert list((tmp_path / "skills").rglob("SKILL.md"))
