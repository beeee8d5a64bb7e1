"""An order of magnitude, so that nobody makes it quadratic."""

from __future__ import annotations

import time

from pioche.ports.gitstore import (
    GitRepo,
    GitStore,
    PutFile,
)
from pioche.testkit.gitstore import commit


def test_ten_thousand_files_in_one_commit(store: GitStore, repo: GitRepo) -> None:
    changes = [PutFile(f"data/{n // 1000}/file-{n:05}.json", b'{"n": %d}' % n) for n in range(10_000)]
    start = time.process_time()
    head = commit(repo, *changes)
    assert time.process_time() - start < 6
    start = time.process_time()
    assert len(repo.tree(head, recursive=True)) == 10_011
    assert time.process_time() - start < 2


def test_last_commits_of_a_wide_folder(repo: GitRepo) -> None:
    for n in range(26):
        commit(repo, *(PutFile(f"data/f{n}-{k}", b"%d" % k) for k in range(250)), at=n)
    head = repo.resolve("main")
    start = time.process_time()
    last = repo.last_commits(head, "data")
    assert time.process_time() - start < 2
    assert len(last) == 6500
    assert last["data/f0-0"].oid == repo.history(head, limit=1, skip=25)[0].oid
