"""Who may push to which ref."""

from __future__ import annotations

import pytest

from pioche.accounts.types import Actor
from pioche.git.checks import ref_reasons
from pioche.git.types import ZERO, Push, RefUpdate
from pioche.names import RepoId, RepoKind
from pioche.repos.service.commits import PullRequestFacts
from pioche.repos.types import Repo

OLD, NEW = "1" * 40, "2" * 40
AUTHOR, OTHER = 7, 8
PULL_REQUESTS = {
    3: PullRequestFacts(AUTHOR, is_over=False, is_locked=False),
    4: PullRequestFacts(None, is_over=False, is_locked=False),
    5: PullRequestFacts(AUTHOR, is_over=True, is_locked=False),
    6: PullRequestFacts(AUTHOR, is_over=False, is_locked=True),
}


def push_of(user: int, can_write: bool) -> Push:
    repo = Repo(
        id=1,
        repo_id=RepoId(RepoKind.MODEL, "alice", "m"),
        owner_id=1,
        private=False,
        gated="",
        default_branch="main",
        created_by=1,
        created_at=0,
        updated_at=0,
        head=None,
        card={},
        tags=(),
        pipeline_tag=None,
        library=None,
        sdk=None,
        storage=0,
        group_id=None,
        likes=0,
        downloads=0,
    )
    return Push(Actor(user_id=user), repo, can_write)


def reasons(update: RefUpdate, user: int = OTHER, can_write: bool = True) -> str:
    return " ".join(ref_reasons(push_of(user, can_write), [update], PULL_REQUESTS.get))


def test_updates_are_read_as_git_writes_them() -> None:
    assert RefUpdate.parse(f"{ZERO} {NEW} refs/heads/a") == RefUpdate("refs/heads/a", None, NEW)
    assert RefUpdate.parse(f"{OLD} {ZERO} refs/heads/a") == RefUpdate("refs/heads/a", OLD, None)


@pytest.mark.parametrize("ref", ["refs/heads/main", "refs/heads/a/b", "refs/tags/v1"])
def test_writers_write_branches_and_tags_and_others_do_not(ref: str) -> None:
    for old in (None, OLD):
        assert reasons(RefUpdate(ref, old, NEW)) == ""
        assert "you may not write" in reasons(RefUpdate(ref, old, NEW), can_write=False)
    assert "you may not write" in reasons(RefUpdate(ref, OLD, None), can_write=False)


def test_any_branch_but_the_default_one_can_be_deleted() -> None:
    assert reasons(RefUpdate("refs/heads/other", OLD, None)) == ""
    assert reasons(RefUpdate("refs/tags/main", OLD, None)) == ""
    assert "default branch cannot be deleted" in reasons(RefUpdate("refs/heads/main", OLD, None))


@pytest.mark.parametrize("name", ["HEAD", "-x", "a..b", "a b", "x.lock", "a" * 201, "4" * 40])
def test_new_names_follow_the_rule(name: str) -> None:
    assert "cannot be the name" in reasons(RefUpdate(f"refs/heads/{name}", None, NEW))
    assert reasons(RefUpdate(f"refs/heads/{name}", OLD, NEW)) == ""  # it is there: let it be used and removed


def test_a_pull_request_belongs_to_its_author_and_to_writers() -> None:
    assert reasons(RefUpdate("refs/pr/3", OLD, NEW), AUTHOR, can_write=False) == ""
    assert reasons(RefUpdate("refs/pr/3", OLD, NEW), OTHER, can_write=True) == ""
    assert "only its author" in reasons(RefUpdate("refs/pr/3", OLD, NEW), OTHER, can_write=False)
    assert "only its author" in reasons(RefUpdate("refs/pr/4", OLD, NEW), OTHER, can_write=False)


def test_what_is_closed_or_locked_takes_no_more_commits() -> None:
    assert "closed or merged" in reasons(RefUpdate("refs/pr/5", OLD, NEW), AUTHOR, can_write=False)
    assert "closed or merged" in reasons(RefUpdate("refs/pr/5", OLD, NEW), OTHER, can_write=True)
    assert "locked" in reasons(RefUpdate("refs/pr/6", OLD, NEW), AUTHOR, can_write=False)
    assert reasons(RefUpdate("refs/pr/6", OLD, NEW), OTHER, can_write=True) == ""


def test_nobody_makes_or_deletes_a_pull_request_by_push() -> None:
    assert "no such pull request" in reasons(RefUpdate("refs/pr/3", None, NEW), AUTHOR)
    assert "closed on the hub" in reasons(RefUpdate("refs/pr/3", OLD, None), AUTHOR)


@pytest.mark.parametrize("ref", ["refs/convert/parquet", "refs/notes/x", "refs/pr/03", "refs/pr/x", "refs/x", "HEAD"])
def test_other_refs_are_not_for_people(ref: str) -> None:
    assert reasons(RefUpdate(ref, OLD, NEW)) != ""
