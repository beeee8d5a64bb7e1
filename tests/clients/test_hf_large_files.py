"""Large files with the stock client: listed, deleted for good, copied on the hub by their hash."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from huggingface_hub import CommitOperationCopy, HfApi
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from pioche.testkit.clients import Hf
from pioche.testkit.factories import Make
from pioche.testkit.files import digest, write_random
from pioche.testkit.people import Cast
from pioche.testkit.server import Server

pytestmark = pytest.mark.client


def a_model(make: Make, cast: Cast, tmp_path: Path, seed: int = 1, private: bool = False) -> tuple[str, HfApi, Path]:
    api = make.api(cast.alice)
    repo = make.repo(cast.alice, {"README.md": "# Weights"}, private=private)
    file = write_random(tmp_path / f"{seed}.safetensors", 3_000_000, seed=seed)
    api.upload_file(path_or_fileobj=file, path_in_repo="w/model.safetensors", repo_id=repo)
    return repo, api, file


def test_list_and_delete_for_good(make: Make, cast: Cast, tmp_path: Path, server: Server) -> None:
    repo, api, file = a_model(make, cast, tmp_path)
    other = write_random(tmp_path / "other.bin", 2_000_000, seed=7)
    api.upload_file(path_or_fileobj=other, path_in_repo="other.bin", repo_id=repo)
    first, second = api.list_lfs_files(repo)
    assert (first.filename, first.size, first.file_oid, first.ref) == (
        "w/model.safetensors",
        3_000_000,
        digest(file),
        "refs/heads/main",
    )
    api.permanently_delete_lfs_files(repo, [first])
    assert [one.filename for one in api.list_lfs_files(repo)] == ["other.bin"]
    assert "w/model.safetensors" not in api.list_repo_files(repo), "no branch shows what is not there"
    api.permanently_delete_lfs_files(repo, [second], rewrite_history=False)
    assert list(api.list_lfs_files(repo)) == []
    assert "other.bin" in api.list_repo_files(repo)
    answer = httpx.get(f"{make.url}/{repo}/resolve/main/other.bin", headers=_bearer(cast))
    assert answer.status_code == 404
    assert repo not in server.command("doctor"), "what was deleted on purpose is no damage"


def test_what_another_repository_holds_stays(make: Make, cast: Cast, tmp_path: Path) -> None:
    repo, api, file = a_model(make, cast, tmp_path)
    twin, _, _ = a_model(make, cast, tmp_path)
    api.permanently_delete_lfs_files(repo, list(api.list_lfs_files(repo)))
    assert digest(Path(api.hf_hub_download(twin, "w/model.safetensors"))) == digest(file)


def test_copy_on_the_hub_by_client_and_command(make: Make, cast: Cast, tmp_path: Path, hf: Hf) -> None:
    repo, api, file = a_model(make, cast, tmp_path)
    target = make.repo(cast.alice)
    copies = [CommitOperationCopy("w/model.safetensors", "copied.safetensors", src_repo_id=repo, src_repo_type="model")]
    api.create_commit(target, copies, commit_message="Copy")
    assert digest(Path(api.hf_hub_download(target, "copied.safetensors"))) == digest(file)
    hf.as_(cast.alice).run("cp", f"hf://{repo}/w/model.safetensors", f"hf://{target}/again.safetensors")
    assert digest(Path(api.hf_hub_download(target, "again.safetensors"))) == digest(file)
    bucket = api.create_bucket(make.name("copies")).bucket_id
    hf.as_(cast.alice).run("cp", f"hf://{repo}/w/model.safetensors", f"hf://buckets/{bucket}/m.safetensors")
    assert [one.path for one in api.list_bucket_tree(bucket)] == ["m.safetensors"]
    api.copy_files(f"hf://{repo}/w", f"hf://datasets/{make.repo(cast.alice, kind='dataset')}/w")


def test_nobody_copies_what_they_may_not_read(make: Make, cast: Cast, tmp_path: Path) -> None:
    secret, _, file = a_model(make, cast, tmp_path, seed=3, private=True)
    carol, mine = make.api(cast.carol), make.repo(cast.carol, {"README.md": "# Mine"})
    public = make.repo(cast.alice, {"README.md": "# Public"})
    copies = [
        CommitOperationCopy("w/model.safetensors", "stolen.safetensors", src_repo_id=secret, src_repo_type="model")
    ]
    with pytest.raises(RepositoryNotFoundError):
        carol.create_commit(mine, copies, commit_message="Steal")
    body = {"target": {"type": "model", "name": mine}, "files": [{"sha256": digest(file), "xetHash": "0" * 64}]}
    bearer = {"authorization": f"Bearer {cast.carol.token}"}
    hidden = httpx.post(f"{make.url}/api/models/{secret}/lfs-files/duplicate", json=body, headers=bearer)
    assert hidden.status_code == 404
    # Who knows the hash gains nothing from a repository that does not hold it, nor learns that it exists.
    known = httpx.post(f"{make.url}/api/models/{public}/lfs-files/duplicate", json=body, headers=bearer).json()
    body["files"][0]["sha256"] = "ab" * 32  # type: ignore[index]
    unknown = httpx.post(f"{make.url}/api/models/{public}/lfs-files/duplicate", json=body, headers=bearer).json()
    assert known["failed"][0]["error"] == unknown["failed"][0]["error"]
    with pytest.raises(HfHubHTTPError):
        list(carol.list_lfs_files(public))


def _bearer(cast: Cast) -> dict[str, str]:
    return {"authorization": f"Bearer {cast.alice.token}"}
