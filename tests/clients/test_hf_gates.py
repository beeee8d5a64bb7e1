"""Gated repositories with the stock client and git: the queue, decisions, and downloads before and after."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError

from pioche.testkit.clients import Git, Hf
from pioche.testkit.factories import Make
from pioche.testkit.people import Cast, Person
from pioche.testkit.server import Server

pytestmark = pytest.mark.client


def ask(server: Server, path: str, person: Person) -> None:
    headers = {"authorization": f"Bearer {person.token}"}
    httpx.post(f"{server.url}/{path}/ask-access", headers=headers, json={}).raise_for_status()


def make_gated(alice: HfApi, make: Make, cast: Cast, kind: str = "model") -> str:
    files = {"README.md": "# Shut\n", "big.bin": b"secret" * 3_000_000, "a.txt": "secret"}
    repo = make.repo(cast.alice, files=files, kind=kind)
    alice.update_repo_settings(repo, gated="manual", repo_type=kind)
    return repo


@pytest.mark.parametrize("kind", ["model", "dataset"])
def test_asking_accepting_rejecting(hf: Hf, server: Server, make: Make, cast: Cast, tmp_path: Path, kind: str) -> None:
    alice, carol = hf.as_(cast.alice).api, hf.as_(cast.carol).api
    repo = make_gated(alice, make, cast, kind)
    path = repo if kind == "model" else f"datasets/{repo}"

    def get(name: str) -> bytes:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        return Path(carol.hf_hub_download(repo, name, repo_type=kind, local_dir=folder)).read_bytes()

    assert get("README.md") == b"# Shut\n"
    assert "a.txt" in carol.list_repo_files(repo, repo_type=kind)
    with pytest.raises(GatedRepoError):
        carol.auth_check(repo, repo_type=kind)
    for name in ("a.txt", "big.bin"):
        with pytest.raises(GatedRepoError):
            get(name)
    with pytest.raises(HfHubHTTPError):
        list(carol.list_pending_access_requests(repo, repo_type=kind))

    ask(server, path, cast.carol)
    [one] = alice.list_pending_access_requests(repo, repo_type=kind)
    assert (one.username, one.email, one.status, one.fields) == ("carol", cast.carol.email, "pending", None)
    alice.accept_access_request(repo, "carol", repo_type=kind)
    assert [one.username for one in alice.list_accepted_access_requests(repo, repo_type=kind)] == ["carol"]
    carol.auth_check(repo, repo_type=kind)
    assert get("big.bin") == b"secret" * 3_000_000

    alice.cancel_access_request(repo, request_id=one.request_id, repo_type=kind)
    assert len(list(alice.list_pending_access_requests(repo, repo_type=kind))) == 1
    alice.reject_access_request(repo, "carol", repo_type=kind, rejection_reason="No more")
    assert [one.username for one in alice.list_rejected_access_requests(repo, repo_type=kind)] == ["carol"]
    with pytest.raises(GatedRepoError):
        get("a.txt")
    with pytest.raises(HfHubHTTPError, match="404"):
        alice.reject_access_request(repo, "carol", repo_type=kind, rejection_reason=None)

    alice.grant_access(repo, "carol", repo_type=kind)
    assert get("a.txt") == b"secret"
    with pytest.raises(HfHubHTTPError, match="already"):
        alice.grant_access(repo, "carol", repo_type=kind)


def test_git_clones_only_after_the_gate(hf: Hf, git: Git, make: Make, cast: Cast, tmp_path: Path) -> None:
    alice = hf.as_(cast.alice).api
    repo = make_gated(alice, make, cast)
    remote = git.remote(repo, cast.carol)
    refused = git.try_run("clone", remote, str(tmp_path / "before"))
    assert refused.returncode != 0
    assert not (tmp_path / "before" / "a.txt").exists()
    alice.grant_access(repo, "carol")
    git.run("clone", remote, str(tmp_path / "after"))
    assert (tmp_path / "after" / "a.txt").read_text() == "secret"
    assert (tmp_path / "after" / "big.bin").stat().st_size == 18_000_000
