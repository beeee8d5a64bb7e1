"""History, last commits, diffs and patches."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from pioche.errors import (
    EntryNotFound,
    RevisionNotFound,
)
from pioche.ports.gitstore import (
    DeleteFile,
    GitRepo,
    GitStore,
    PutFile,
    PutPointer,
    Signature,
)
from pioche.testkit.gitstore import ALICE, SHA, commit, later


def test_history_and_count(repo: GitRepo) -> None:
    oids = [commit(repo, PutFile("ab"[n % 2], b"%d" % n), at=n, text=f"change {n}\n\nwhy") for n in range(6)]
    head = oids[-1]
    assert [c.oid for c in repo.history(head)] == oids[::-1]
    assert [c.oid for c in repo.history(head, skip=2, limit=2)] == [oids[3], oids[2]]
    assert [c.oid for c in repo.history(head, path="a")] == [oids[4], oids[2], oids[0]]
    assert repo.history(head, path="*") == []
    assert repo.count_commits(head) == 6
    info = repo.commit(head)
    assert (info.title, info.message, info.parents) == ("change 5", "change 5\n\nwhy", (oids[4],))
    assert (info.author_name, info.date_ms) == (ALICE.name, ALICE.date_ms + 5000)
    with pytest.raises(RevisionNotFound):
        repo.commit(repo.tree_oid(head))


def test_last_commits_of_a_folder(repo: GitRepo) -> None:
    one = commit(repo, PutFile("top", b"1"), PutFile("d/a", b"1"), PutFile("d/b", b"1"), PutFile("d/s/x", b"1"))
    two = commit(repo, PutFile("d/a", b"2"), at=1)
    three = commit(repo, PutFile("d/s/x", b"2"), PutFile("d/gone", b""), at=2)
    four = commit(repo, DeleteFile("d/gone"), at=3)
    last = {path: info.oid for path, info in repo.last_commits(four, "d").items()}
    assert last == {"d/a": two, "d/b": one, "d/s": three}
    assert {p: i.oid for p, i in repo.last_commits(four).items()} == {"top": one, "d": four}
    assert repo.last_commits(four, "nope") == {}


def test_last_commits_looks_into_merges(repo: GitRepo) -> None:
    base = commit(repo, PutFile("a", b"1"), PutFile("b", b"1"), PutFile("c", b"1"))
    left = repo.write_commit([base], [PutFile("a", b"2")], later(1), "left")
    right = repo.write_commit([base], [PutFile("b", b"2")], Signature("r", "r", ALICE.date_ms + 2000), "right")
    merged = repo.merge(left, right, later(3), "merge")
    last = {path: info.oid for path, info in repo.last_commits(merged).items()}
    assert last == {"a": left, "b": right, "c": base}


def test_last_commits_go_on_from_what_is_known(repo: GitRepo) -> None:
    names = ["plain", "line", "0" * 40, "d/x", "d/y"]
    first = commit(repo, *(PutFile(name, b"1") for name in names))
    second = commit(repo, PutFile("line", b"2"), PutFile("d/x", b"2"), at=1)
    known = {path: info.oid for path, info in repo.last_commits(second).items()}
    assert known == {"plain": first, "line": second, "0" * 40: first, "d": second}
    assert {p: i.oid for p, i in repo.last_commits(second, "d").items()} == {"d/x": second, "d/y": first}
    third = commit(repo, PutFile("0" * 40, b"3"), PutFile("new", b"3"), DeleteFile("plain"), PutFile("d/y", b"3"), at=2)
    last = {path: info.oid for path, info in repo.last_commits(third).items()}
    assert last == {"line": second, "0" * 40: third, "new": third, "d": third}
    assert {p: i.oid for p, i in repo.last_commits(third, "d").items()} == {"d/x": second, "d/y": third}
    side = repo.write_commit([second], [PutFile("side", b"4")], later(3), "side")
    merged = repo.merge(third, side, later(4), "merge")
    last = {path: info.oid for path, info in repo.last_commits(merged).items()}
    assert last == {"line": second, "0" * 40: third, "new": third, "d": third, "side": side}


def test_diff(repo: GitRepo) -> None:
    text = b"".join(b"line %d\n" % n for n in range(40))
    one = commit(
        repo,
        PutFile("edit", text),
        PutFile("gone", b"bye\n"),
        PutFile("old-name", text * 2),
        PutFile("bin", b"\0" * 50),
        PutPointer("big", SHA, 10),
    )
    two = commit(
        repo,
        PutFile("edit", text.replace(b"line 7\n", b"LINE 7\nline 7b\n")),
        DeleteFile("gone"),
        DeleteFile("old-name"),
        PutFile("new-name", text * 2 + b"one more\n"),
        PutFile("bin", b"\0" * 51),
        PutPointer("big", "cd" * 32, 20),
        PutFile("fresh", b"a\nb\n"),
    )
    found = {f.path: f for f in repo.diff(one, two).files}
    assert {(p, f.status, f.additions, f.deletions) for p, f in found.items()} == {
        ("edit", "modified", 2, 1),
        ("gone", "deleted", 0, 1),
        ("new-name", "renamed", 1, 0),
        ("bin", "modified", 0, 0),
        ("big", "modified", 2, 2),
        ("fresh", "added", 2, 0),
    }
    assert found["new-name"].old_path == "old-name"
    assert found["bin"].patch is None
    assert "+LINE 7\n" in (found["edit"].patch or "")
    assert found["fresh"].old is None
    assert found["gone"].new is None
    big = found["big"]
    assert big.old is not None
    assert big.new is not None
    assert (big.old.size, big.new.size) == (10, 20)
    assert {f.status for f in repo.diff(None, one).files} == {"added"}
    assert [f.additions for f in repo.diff(None, one).files if f.path == "edit"] == [40]


def test_a_huge_file_is_listed_without_its_lines(repo: GitRepo) -> None:
    one = commit(repo, PutFile("a", b"x\n" * 400_000))
    [file] = repo.diff(None, one).files
    assert (file.status, file.patch, file.is_long) == ("added", None, True)
    [file] = repo.diff(None, one, "a").files
    assert (file.additions, len(file.patch or "") > 1_200_000) == (400_000, True)


def test_lines_without_end_that_have_nothing_in_common_are_not_compared(repo: GitRepo) -> None:
    """It takes a minute for a million of them, in which nobody else is answered."""
    chance = random.Random(1)

    def text() -> bytes:
        return b"".join(b"%d\n" % chance.randrange(50) for _ in range(1_000_000))

    one, two = (commit(repo, PutFile("a", text())) for _ in range(2))
    started = time.process_time()
    [file] = repo.diff(one, two, "a").files
    assert (file.patch, file.is_long) == (None, True)
    assert time.process_time() - started < 3


def test_slow_files_have_a_time_together(repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pioche.ports.gitstore.bare.diffs.MAX_SECONDS", 0.01)
    chance = random.Random(1)

    def files() -> list[PutFile]:
        return [PutFile(f"f{n:02}", b"".join(b"%d\n" % chance.randrange(50) for _ in range(8_000))) for n in range(12)]

    one, two = (commit(repo, *files()) for _ in range(2))
    found = repo.diff(one, two)
    assert (found.total, len(found.files)) == (12, 12)
    assert (found.files[0].additions > 0, found.files[-1].additions) == (True, 0)
    assert found.files[-1].is_long


def test_many_files_are_counted_and_the_first_compared(repo: GitRepo) -> None:
    one = commit(repo, PutFile("kept", b"x\n"))
    many = [PutFile(f"f{n:04}", b"0123456789\n" * 200) for n in range(1100)]
    two = commit(repo, *many)
    found = repo.diff(one, two)
    assert (found.total, len(found.files)) == (1100, 1000)
    assert found.files[0].additions == 200
    assert (found.files[-1].additions, found.files[-1].is_long) == (0, True)
    [last] = repo.diff(one, two, "f1099").files
    assert (last.path, last.additions, last.is_long) == ("f1099", 200, False)
    with pytest.raises(EntryNotFound):
        repo.diff(one, two, "kept")


def test_patch_applies_and_can_be_cut(store: GitStore, repo: GitRepo, tmp_path: Path) -> None:
    one = commit(repo, PutFile("a", b"1\n"))
    two = commit(repo, PutFile("a", b"2\n"), PutFile("b", b"3\n" * 2000))
    whole = repo.patch(one, two)
    assert b"-1\n+2\n" in whole
    cut = repo.patch(one, two, limit=200)
    kept, mark, _ = cut.partition(b"# The rest")
    assert mark
    assert whole.startswith(kept)
    assert kept.count(b"diff --git") == 1
    assert 0 < len(kept) <= 200
    assert whole.startswith(repo.patch(one, two, limit=150).partition(b"# The rest")[0])
    assert cut.endswith(b"\n")
    assert b"new file mode" in repo.patch(None, one)
