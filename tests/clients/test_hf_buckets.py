"""Buckets with the stock client: the `hf` command, `HfApi` and `HfFileSystem`, against a running hub."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from huggingface_hub import HfFileSystem
from huggingface_hub.errors import BucketNotFoundError, EntryNotFoundError

from pioche.testkit.clients import Hf
from pioche.testkit.factories import Make
from pioche.testkit.files import digest, tree, write_random
from pioche.testkit.people import Cast

pytestmark = pytest.mark.client


def a_folder(folder: Path) -> Path:
    """Text, bytes, an empty file and an awkward name."""
    (folder / "sub é").mkdir(parents=True)
    (folder / "notes.txt").write_text("one\n")
    (folder / "empty.txt").touch()
    write_random(folder / "sub é" / "weights 1+1.bin", 3_000_000, seed=1)
    write_random(folder / "sub é" / "deep" / "%2F.bin", 200_000, seed=2)
    return folder


# -- the command --


def test_create_list_info_settings_move_delete(hf: Hf, cast: Cast, make: Make) -> None:
    alice, name, other = hf.as_(cast.alice), make.name("bucket"), make.name("moved")
    assert f"alice/{name}" in alice.run("buckets", "create", name, "--private")
    alice.run("buckets", "create", f"alice/{name}", "--exist-ok")
    assert alice.try_run("buckets", "create", f"alice/{name}").returncode != 0

    assert f"alice/{name}" in alice.run("buckets", "list", "--no-truncate", "--quiet")
    info = json.loads(alice.run("buckets", "info", f"alice/{name}", "--format", "json"))
    assert info["id"] == f"alice/{name}"
    assert info["private"] is True

    alice.run("buckets", "settings", f"alice/{name}", "--public")
    assert hf.as_(cast.carol).api.bucket_info(f"alice/{name}").private is False
    alice.run("buckets", "move", f"alice/{name}", f"{cast.org}/{other}")
    assert hf.as_(cast.bob).api.bucket_info(f"{cast.org}/{other}").id == f"{cast.org}/{other}"
    assert alice.api.bucket_info(f"alice/{name}").id == f"{cast.org}/{other}", "old names lead to the new one"
    assert f"{cast.org}/{other}" in alice.run("buckets", "list", cast.org, "--quiet")

    alice.run("buckets", "delete", f"{cast.org}/{other}", "--yes")
    with pytest.raises(BucketNotFoundError):
        alice.api.bucket_info(f"{cast.org}/{other}")
    alice.run("buckets", "delete", f"{cast.org}/{other}", "--yes", "--missing-ok")


def test_copy_in_and_out(hf: Hf, cast: Cast, make: Make, tmp_path: Path, large_size: int) -> None:
    alice = hf.as_(cast.alice)
    bucket = alice.api.create_bucket(make.name("cp")).bucket_id
    source = write_random(tmp_path / "model.bin", large_size, seed=3)
    uri = f"hf://buckets/{bucket}"

    alice.run("buckets", "cp", str(source), f"{uri}/models/model.bin", seconds=900)
    hf.as_(cast.carol).run("buckets", "cp", f"{uri}/models/model.bin", str(tmp_path / "got.bin"), seconds=900)
    assert digest(tmp_path / "got.bin") == digest(source)
    assert "model.bin" in alice.run("buckets", "list", bucket, "-R")
    assert alice.api.bucket_info(bucket).size == large_size

    alice.run("buckets", "remove", f"{bucket}/models/model.bin", "--yes")
    assert list(alice.api.list_bucket_tree(bucket, recursive=True)) == []


def test_sync_both_ways(hf: Hf, cast: Cast, make: Make, tmp_path: Path) -> None:
    alice = hf.as_(cast.alice)
    bucket = alice.api.create_bucket(make.name("sync"), private=True).bucket_id
    source, uri = a_folder(tmp_path / "source"), f"hf://buckets/{bucket}/run 1"

    alice.run("sync", str(source), uri)
    alice.run("sync", uri, str(tmp_path / "got"))
    assert tree(tmp_path / "got") == tree(source)

    (source / "notes.txt").write_text("two, and longer\n")
    (source / "sub é" / "deep" / "%2F.bin").unlink()
    (source / "new.txt").write_text("new\n")
    alice.run("sync", str(source), uri, "--delete")
    alice.run("sync", uri, str(tmp_path / "got"), "--delete")
    assert tree(tmp_path / "got") == tree(source)
    plan = alice.run("sync", str(source), uri, "--delete", "--dry-run")
    actions = [json.loads(line) for line in plan.splitlines() if line.startswith("{")]
    assert {one["action"] for one in actions if one["type"] == "operation"} <= {"skip"}, "nothing is left to do"

    for other in (None, cast.carol):
        assert hf.as_(other).try_run("sync", uri, str(tmp_path / "stolen")).returncode != 0
    assert not list((tmp_path / "stolen").rglob("*.txt"))


def test_copies_on_the_hub(hf: Hf, cast: Cast, make: Make, tmp_path: Path) -> None:
    """Between buckets and from repositories: large files without a transfer, small ones through the client."""
    alice, carol = hf.as_(cast.alice), hf.as_(cast.carol)
    weights = write_random(tmp_path / "weights.bin", 11_000_000, seed=4)
    repo = make.repo(cast.alice, files={"config.json": "{}"})
    alice.run("upload", repo, str(weights), "weights.bin")
    bucket = carol.api.create_bucket(make.name("from-repo")).bucket_id

    carol.run("buckets", "cp", f"hf://models/{repo}", f"hf://buckets/{bucket}/copy/")
    other = carol.api.create_bucket(make.name("from-bucket")).bucket_id
    carol.run("buckets", "cp", f"hf://buckets/{bucket}/copy/", f"hf://buckets/{other}/")
    alice.run("repos", "delete", repo, "--yes")

    carol.run("sync", f"hf://buckets/{other}", str(tmp_path / "got"))
    got = {Path(path).name: hashed for path, hashed in tree(tmp_path / "got").items()}
    assert got["weights.bin"] == digest(weights)
    assert "config.json" in got


# -- the library --


def test_the_library(hf: Hf, cast: Cast, make: Make, tmp_path: Path) -> None:
    api = hf.as_(cast.alice).api
    bucket = api.create_bucket(make.name("api")).bucket_id
    file = write_random(tmp_path / "a.bin", 500_000, seed=5)

    api.batch_bucket_files(bucket, add=[(file, "data/a.bin"), (b"text", "b.txt"), (b"", "empty")])
    files = {one.path: one for one in api.list_bucket_tree(bucket, recursive=True)}
    assert {path: one.size for path, one in files.items()} == {"data/a.bin": 500_000, "b.txt": 4, "empty": 0}
    assert files["data/a.bin"].mtime is not None
    assert abs(files["data/a.bin"].mtime.timestamp() - file.stat().st_mtime) < 0.01
    assert [(one.type, one.path) for one in api.list_bucket_tree(bucket)] == [
        ("file", "b.txt"),
        ("directory", "data"),
        ("file", "empty"),
    ]
    assert [one.path for one in api.get_bucket_paths_info(bucket, ["b.txt", "missing"])] == ["b.txt"]
    metadata = api.get_bucket_file_metadata(bucket, "data/a.bin")
    assert metadata.size == 500_000
    assert metadata.xet_file_data.file_hash == files["data/a.bin"].xet_hash

    copied = ("bucket", bucket, files["data/a.bin"].xet_hash, "data/copy.bin")
    api.batch_bucket_files(bucket, copy=[copied], delete=["b.txt"])
    wanted = [("data/copy.bin", tmp_path / "copy.bin"), (files["empty"], tmp_path / "empty")]
    hf.as_(cast.carol).api.download_bucket_files(bucket, wanted)
    assert digest(tmp_path / "copy.bin") == digest(file)
    assert (tmp_path / "empty").read_bytes() == b""
    with pytest.raises(EntryNotFoundError):
        api.download_bucket_files(bucket, [("b.txt", tmp_path / "b.txt")], raise_on_missing_files=True)

    assert bucket in [one.id for one in api.list_buckets(search="api")]
    api.delete_bucket(bucket)
    api.delete_bucket(bucket, missing_ok=True)


def test_the_same_again_after_it_was_deleted(hf: Hf, cast: Cast, make: Make, tmp_path: Path) -> None:
    """The client remembers what it uploaded; the hub must take it again all the same."""
    api = hf.as_(cast.alice).api
    bucket = api.create_bucket(make.name("again")).bucket_id
    file = write_random(tmp_path / "a.bin", 300_000, seed=6)
    for _ in range(2):
        api.batch_bucket_files(bucket, add=[(file, "a.bin")])
        api.batch_bucket_files(bucket, delete=["a.bin"])
    api.batch_bucket_files(bucket, add=[(file, "a.bin")])
    api.download_bucket_files(bucket, [("a.bin", tmp_path / "got")])
    assert digest(tmp_path / "got") == digest(file)


def test_the_file_system(hf: Hf, cast: Cast, make: Make, tmp_path: Path) -> None:
    alice = hf.as_(cast.alice)
    bucket = alice.api.create_bucket(make.name("fs"), private=True).bucket_id
    fs = HfFileSystem(endpoint=alice.url, token=cast.alice.token, skip_instance_cache=True)
    root = f"hf://buckets/{bucket}"

    with fs.open(f"{root}/logs/1.txt", "w") as file:
        file.write("hello\nworld\n")
    fs.pipe_file(f"{root}/logs/sub/2.bin", bytes(range(256)) * 4000)
    fs.pipe_file(f"{root}/logs.json", b"{}")
    assert sorted(fs.ls(f"{root}/logs", detail=False)) == [f"buckets/{bucket}/logs/1.txt", f"buckets/{bucket}/logs/sub"]
    assert sorted(fs.find(root)) == [
        f"buckets/{bucket}/{path}" for path in ("logs.json", "logs/1.txt", "logs/sub/2.bin")
    ]
    assert fs.read_text(f"{root}/logs/1.txt") == "hello\nworld\n"
    with fs.open(f"{root}/logs/sub/2.bin") as file:
        file.seek(700_001)
        assert file.read(5) == (bytes(range(256)) * 4000)[700_001:700_006]
    assert fs.glob(f"{root}/**/*.bin") == [f"buckets/{bucket}/logs/sub/2.bin"]
    assert fs.info(f"{root}/logs/sub/2.bin")["size"] == 1_024_000
    assert fs.exists(f"{root}/logs")
    assert not fs.exists(f"{root}/lo")

    fs.cp_file(f"{root}/logs/1.txt", f"{root}/copy.txt")
    fs.rm(f"{root}/logs", recursive=True)
    assert sorted(fs.find(root)) == [f"buckets/{bucket}/copy.txt", f"buckets/{bucket}/logs.json"]
    stranger = HfFileSystem(endpoint=alice.url, token=cast.carol.token, skip_instance_cache=True)
    assert not stranger.exists(f"{root}/copy.txt")
