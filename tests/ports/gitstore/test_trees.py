"""Reading trees and file contents."""

from __future__ import annotations

import pytest

from pioche.errors import (
    BlobNotFound,
    EntryNotFound,
    RevisionNotFound,
)
from pioche.ports.gitstore import (
    DeleteFile,
    GitRepo,
    GitStore,
    PutFile,
    PutPointer,
)
from pioche.protocols.lfs import format_pointer
from pioche.testkit.gitstore import ALICE, SHA, commit, git, paths


def test_tree_and_entries(repo: GitRepo) -> None:
    head = commit(
        repo,
        PutFile("README.md", b"# hi\n"),
        PutFile("run.sh", b"#!/bin/sh\n", executable=True),
        PutFile("a.txt", b"x"),
        PutFile("a/b/c.bin", b"\0" * 2000),
        PutPointer("a/w.safetensors", SHA, 5_000_000_000),
    )
    assert paths(repo, head, recursive=False) == ["README.md", "a.txt", "a", "run.sh"]
    assert paths(repo, head) == ["README.md", "a.txt", "a", "a/b", "a/b/c.bin", "a/w.safetensors", "run.sh"]
    assert paths(repo, head, "a") == ["a/b", "a/b/c.bin", "a/w.safetensors"]
    node = repo.entry(head, "a/w.safetensors")
    assert (node.kind, node.size, node.name) == ("file", 5_000_000_000, "w.safetensors")
    assert node.pointer is not None
    assert (node.pointer.sha256, node.pointer.size) == (SHA, 5_000_000_000)
    assert node.pointer.pointer_size == len(format_pointer(SHA, 5_000_000_000))
    assert repo.entry(head, "run.sh").executable
    assert repo.entry(head, "a").kind == "directory"
    assert repo.entry(head, "").oid == repo.tree_oid(head)
    assert repo.entry(head, "a/b/c.bin").size == 2000
    assert repo.read(repo.entry(head, "a/b/c.bin").oid, limit=5) == b"\0" * 5


def test_the_listing_is_what_git_lists(store: GitStore, repo: GitRepo) -> None:
    names = ["z", "a-b", "a/x", "a.b/y", "ä/é.txt", "a0", 'sp ace/q uote".txt', "d/e/f/g"]
    head = commit(repo, *(PutFile(name, name.encode()) for name in names))
    listed = [f"{n.oid}\t{n.path}" for n in repo.tree(head, recursive=True)]
    raw = git(store, 1, "ls-tree", "-r", "-t", "-z", head)
    assert listed == [line.split(" ", 2)[2] for line in raw.strip("\0").split("\0")]
    git(store, 1, "fsck", "--strict")


@pytest.mark.parametrize("path", ["nope", "a/nope", "a/f/deeper", "/a", "a//f", "..", "a/", "a\0b"])
def test_missing_entries_name_the_commit(repo: GitRepo, path: str) -> None:
    head = commit(repo, PutFile("a/f", b"1"))
    with pytest.raises(EntryNotFound) as caught:
        repo.entry(head, path)
    assert caught.value.details["commit"] == head


def test_a_file_has_no_listing(repo: GitRepo) -> None:
    head = commit(repo, PutFile("a", b"1"))
    with pytest.raises(EntryNotFound):
        repo.tree(head, "a")
    with pytest.raises(RevisionNotFound):
        repo.tree("1" * 40)


def test_read_knows_only_file_contents(repo: GitRepo) -> None:
    head = commit(repo, PutFile("a", b"1"))
    for oid in (head, repo.tree_oid(head), "1" * 40, "main", ""):
        with pytest.raises(BlobNotFound):
            repo.read(oid)


def test_pointers_of_all_history(repo: GitRepo) -> None:
    one = commit(repo, PutPointer("a", SHA, 7), PutPointer("again", SHA, 7))
    two = commit(repo, DeleteFile("a"), DeleteFile("again"), PutPointer("b", "cd" * 32, 8))
    other = repo.write_commit([two], [PutPointer("c", "ef" * 32, 9)], ALICE, "in a pull request")
    repo.move_ref("refs/pr/1", other, None)
    assert {p.sha256 for p in repo.pointers()} == {SHA, "cd" * 32, "ef" * 32}
    assert [p.sha256 for p in repo.pointers([one])] == [SHA]
    lone = repo.squash(two, "squashed", ALICE)
    assert [p.sha256 for p in repo.pointers([lone])] == ["cd" * 32]
