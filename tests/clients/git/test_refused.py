"""The real git against a real hub: pushes that are refused, with words that help."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

from pioche.community.types import NewDiscussion
from pioche.hub import Hub
from pioche.names import RepoId, RepoKind
from pioche.ports.gitstore import PutFile
from pioche.protocols.lfs import format_pointer
from pioche.repos.types import Repo
from pioche.testkit.clients import Git
from pioche.testkit.clones import Clone, MakeRepo, Work
from pioche.testkit.people import Cast

pytestmark = pytest.mark.client

Find = Callable[[str], Repo]


def test_a_stranger_is_refused(new_repo: MakeRepo, clone: Clone, cast: Cast, git: Git) -> None:
    path = new_repo(PutFile("a", b"1"))
    work = clone(path, cast.carol)
    work.commit("a", "2")
    assert "you may not write to this repository. You can open a pull request." in work.refused()
    work.run("remote", "set-url", "origin", git.remote(path))
    assert "could not read Username" in work.refused() or "Authentication failed" in work.refused()


@pytest.mark.parametrize(
    ("ref", "words"),
    [
        ("refs/pr/1", "there is no such pull request"),
        ("refs/convert/parquet", "the hub itself writes these"),
        ("refs/notes/commits", "only branches, tags and pull requests"),
        ("refs/heads/HEAD", "cannot be the name of a branch"),
    ],
)
def test_refs_that_cannot_be_pushed(new_repo: MakeRepo, clone: Clone, ref: str, words: str) -> None:
    work = clone(new_repo(PutFile("a", b"1")))
    assert words in work.refused(f"HEAD:{ref}")
    assert ref not in work.run("ls-remote", "origin")


def test_the_default_branch_stays(new_repo: MakeRepo, clone: Clone) -> None:
    work = clone(new_repo(PutFile("a", b"1")))
    assert "the default branch cannot be deleted" in work.refused("--delete", "main")


def test_a_pull_request_takes_commits_of_who_may_write(
    new_repo: MakeRepo, clone: Clone, cast: Cast, inside: Hub, find: Find
) -> None:
    path = new_repo(PutFile("a", b"1"))
    repo = find(path)
    bare = inside.gitstore.open(repo.id)
    bare.move_ref("refs/pr/1", bare.resolve("main"), None)
    work = clone(path)
    new = work.commit("a", "in the pull request")
    work.push("HEAD:refs/pr/1")
    assert bare.resolve("refs/pr/1") == new
    assert "closed on the hub" in work.refused("--delete", "refs/pr/1")
    stranger = clone(path, cast.carol)
    stranger.commit("a", "not mine")
    assert "only its author" in stranger.refused("--force", "HEAD:refs/pr/1")


def test_a_closed_pull_request_takes_no_commits(new_repo: MakeRepo, clone: Clone, cast: Cast, inside: Hub) -> None:
    path = new_repo(PutFile("a", b"1"))
    repo_id, carol = RepoId.parse(RepoKind.MODEL, path), inside.accounts.actor_of_token(cast.carol.token)
    num = inside.community.open(carol, repo_id, NewDiscussion("Title", "", True))
    work = clone(path, cast.carol)
    work.commit("a", "in the pull request")
    work.push(f"HEAD:refs/pr/{num}")
    inside.community.set_status(carol, repo_id, num, "closed")
    work.commit("a", "too late")
    assert "closed or merged" in work.refused(f"HEAD:refs/pr/{num}")


def test_a_file_that_must_be_large(new_repo: MakeRepo, clone: Clone) -> None:
    work = clone(new_repo())
    work.commit("weights/w.dat", bytes(10 * 1024 * 1024 + 1))
    said = work.refused()
    assert "This push was refused:" in said
    assert "'weights/w.dat' has 10.0 MiB" in said
    assert 'git lfs migrate import --include="weights/w.dat"' in said
    work.commit("weights/w.dat", "small again")
    assert "'weights/w.dat' has 10.0 MiB" in work.refused()  # it is still in the history


def test_a_pointer_without_its_bytes(new_repo: MakeRepo, clone: Clone) -> None:
    work = clone(new_repo())
    work.commit("w.dat", format_pointer("ab" * 32, 12345))
    said = work.refused()
    assert "'w.dat' is a large file whose bytes did not arrive" in said
    assert "git lfs push --all origin" in said


def test_a_broken_card(new_repo: MakeRepo, clone: Clone) -> None:
    work = clone(new_repo())
    work.commit("README.md", "---\nlicense: [mit\n---\n# Hi\n")
    assert "README.md: The metadata is not valid YAML" in work.refused()
    work.commit("README.md", "---\nlicense: mit\n---\n# Hi\n")
    work.push()


def tree_with(work: Work, *entries: tuple[str, bytes]) -> str:
    """A commit whose root is made by hand, with names that no file system would take."""
    blob = subprocess.run(
        ["git", "hash-object", "-w", "--stdin"], cwd=work.folder, input=b"x", capture_output=True, check=True
    ).stdout.strip()
    raw = b"".join(mode.encode() + b" " + name + b"\0" + bytes.fromhex(blob.decode()) for mode, name in entries)
    tree = subprocess.run(
        ["git", "hash-object", "-t", "tree", "-w", "--stdin", "--literally"],
        cwd=work.folder,
        input=raw,
        capture_output=True,
        check=True,
    ).stdout.strip()
    return work.run("commit-tree", tree.decode(), "-p", "HEAD", "-m", "odd names").strip()


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([b"..", b"a"], "hasDotdot"),
        ([b".git"], "hasDotgit"),
        ([b"a\x1bb"], r"contains a control character"),
        ([b"a\\b"], "contains a backslash"),
        ([b"a\xffb"], "must be UTF-8 text"),
        ([b"README", b"readme"], "differs only in upper and lower case"),
        ([b"e\xcc\x81", b"\xc3\xa9"], "differs only in upper and lower case"),
        ([b"x" * 300], "longer than 255 bytes"),
    ],
)
def test_names_that_cannot_be(new_repo: MakeRepo, clone: Clone, names: list[bytes], words: str) -> None:
    work = clone(new_repo(PutFile("a", b"1")))
    new = tree_with(work, *(("100644", name) for name in names))
    assert words in work.refused(f"{new}:refs/heads/odd")
    assert "odd" not in work.run("ls-remote", "--heads", "origin")


def test_a_bad_name_for_a_file_that_is_there_already(new_repo: MakeRepo, clone: Clone) -> None:
    """Git lists no object for it, since the repository has the content; only the folder is new."""
    work = clone(new_repo(PutFile("a", b"x")))
    new = tree_with(work, ("100644", b"bad\tname"))
    assert "'bad\\x09name' is not allowed" in work.refused(f"{new}:refs/heads/odd")


def test_a_refused_push_leaves_nothing_behind(new_repo: MakeRepo, clone: Clone, inside: Hub, find: Find) -> None:
    path = new_repo()
    work = clone(path)
    head = work.commit("w.dat", format_pointer("ab" * 32, 12345))
    work.refused("HEAD:main", "HEAD:refs/heads/other")
    repo = find(path)
    folder = inside.gitstore.path(repo.id)
    assert not list(folder.glob("objects/*incoming*"))
    assert "other" not in work.run("ls-remote", "origin")
    done = subprocess.run(["git", "-C", str(folder), "cat-file", "-e", head], check=False, capture_output=True)
    assert done.returncode != 0
    assert not list((inside.settings.data / "moves").iterdir())


def test_pushing_past_the_hub_is_refused(new_repo: MakeRepo, clone: Clone, inside: Hub, find: Find) -> None:
    """Somebody on the machine who pushes to the folder: nothing would be checked or recorded."""
    path = new_repo()
    work = clone(path)
    work.commit("a", "1")
    repo = find(path)
    work.run("remote", "set-url", "origin", str(inside.gitstore.path(repo.id)))
    assert "Push through the address of the hub" in work.refused()
