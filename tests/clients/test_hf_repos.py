"""Repositories with `huggingface_hub`: make, look, list, tag, rename, copy, hide and delete them."""

from __future__ import annotations

from pathlib import Path

import pytest
from huggingface_hub import HfApi, RepoUrl
from huggingface_hub.errors import (
    BadRequestError,
    GatedRepoError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from pioche.testkit.factories import Make
from pioche.testkit.people import Cast
from pioche.testkit.server import Server

pytestmark = pytest.mark.client

CARD = "---\nlicense: mit\nlanguage: [en]\ntags: [from-client]\n---\n# A model\n"


@pytest.fixture
def alice(make: Make, cast: Cast) -> HfApi:
    return make.api(cast.alice)


@pytest.fixture
def stranger(make: Make, cast: Cast) -> HfApi:
    return make.api(cast.carol)


@pytest.fixture
def nobody(server: Server) -> HfApi:
    return HfApi(endpoint=server.url, token=False)


def test_create_says_where_and_may_be_repeated(alice: HfApi, make: Make) -> None:
    name = make.name()
    url = alice.create_repo(name)
    assert isinstance(url, RepoUrl)
    assert url.repo_id == f"alice/{name}"
    assert alice.create_repo(name, exist_ok=True) == url
    with pytest.raises(HfHubHTTPError, match="exists already"):
        alice.create_repo(name)
    space = alice.create_repo(f"alice/{name}", repo_type="space", space_sdk="gradio")
    assert (space.repo_type, space.repo_id) == ("space", f"alice/{name}")


def test_info_and_lists_show_what_was_just_written(alice: HfApi, nobody: HfApi, make: Make, cast: Cast) -> None:
    repo = make.repo(cast.alice, {"README.md": CARD})
    found = nobody.model_info(repo, files_metadata=True)
    assert found.card_data is not None
    assert found.card_data.license == "mit"
    assert found.siblings is not None
    assert {file.rfilename: file.size for file in found.siblings}["README.md"] == len(CARD)
    assert nobody.model_info(repo, revision="main", expand=["sha"]).sha == found.sha
    assert repo in [model.id for model in nobody.list_models(filter=["license:mit", "from-client"], limit=1000)]
    assert [model.id for model in nobody.list_models(search=repo, full=True)] == [repo]
    assert len(list(nobody.list_models(limit=1))) == 1
    with pytest.raises(BadRequestError):
        nobody.model_info(repo, expand=["nothing"])  # type: ignore[list-item]


def test_branches_tags_and_squashing(alice: HfApi, make: Make, cast: Cast) -> None:
    repo = make.repo(cast.alice, {"a.txt": "a"})
    alice.create_branch(repo, branch="feature/x")
    alice.create_branch(repo, branch="feature/x", exist_ok=True)
    alice.create_tag(repo, tag="v1", tag_message="the first")
    refs = alice.list_repo_refs(repo, include_pull_requests=True)
    assert [branch.name for branch in refs.branches] == ["feature/x", "main"]
    assert refs.tags[0].target_commit == refs.branches[0].target_commit
    assert alice.model_info(repo, revision="v1").sha == refs.tags[0].target_commit
    alice.delete_branch(repo, branch="feature/x")
    alice.delete_tag(repo, tag="v1")
    with pytest.raises(RevisionNotFoundError):
        alice.delete_tag(repo, tag="v1")
    alice.super_squash_history(repo)
    assert len(alice.list_repo_commits(repo)) == 1
    assert alice.file_exists(repo, "a.txt")


def test_an_old_name_still_works(alice: HfApi, nobody: HfApi, make: Make, cast: Cast) -> None:
    repo = make.repo(cast.alice, {"a.txt": "a"})
    alice.move_repo(repo, f"{repo}-new")
    alice.move_repo(f"{repo}-new", f"{repo}-newer")
    assert nobody.model_info(repo).id == f"{repo}-newer"
    alice.upload_file(path_or_fileobj=b"b", path_in_repo="b.txt", repo_id=repo)
    assert nobody.file_exists(f"{repo}-newer", "b.txt")
    with pytest.raises(RepositoryNotFoundError):
        alice.delete_repo(repo)
    alice.delete_repo(f"{repo}-newer")
    alice.delete_repo(f"{repo}-newer", missing_ok=True)


def test_a_copy_belongs_to_who_made_it(stranger: HfApi, make: Make, cast: Cast, tmp_path: Path) -> None:
    repo = make.repo(cast.alice, {"README.md": CARD, "weights.bin": b"w" * 5000})
    url = stranger.duplicate_repo(repo, f"carol/{make.name()}")
    assert len(stranger.list_repo_commits(url.repo_id)) == 1
    path = stranger.hf_hub_download(url.repo_id, "weights.bin", local_dir=tmp_path)
    assert Path(path).read_bytes() == b"w" * 5000


def test_hidden_means_not_there(alice: HfApi, stranger: HfApi, nobody: HfApi, make: Make, cast: Cast) -> None:
    repo = make.repo(cast.alice)
    alice.update_repo_settings(repo, visibility="private")
    for other in (stranger, nobody):
        with pytest.raises(RepositoryNotFoundError):
            other.model_info(repo)
        assert not other.repo_exists(repo)
        assert repo not in [model.id for model in other.list_models(author="alice")]
    assert (repo, "private") in [(mine.id, mine.visibility) for mine in alice.list_user_repos()]


def test_access_can_be_checked(alice: HfApi, stranger: HfApi, make: Make, cast: Cast) -> None:
    repo = make.repo(cast.alice)
    stranger.auth_check(repo)
    with pytest.raises(HfHubHTTPError, match="403"):
        stranger.auth_check(repo, write=True)
    alice.update_repo_settings(repo, gated="auto")
    with pytest.raises(GatedRepoError):
        stranger.auth_check(repo)
