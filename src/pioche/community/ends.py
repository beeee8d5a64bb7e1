"""Which commits a pull request would bring, or has brought."""

from __future__ import annotations

from pioche.community.types import Discussion, Ends
from pioche.errors import RevisionNotFound
from pioche.names import CommitOid
from pioche.ports.gitstore import GitRepo


def ends_of(git: GitRepo, discussion: Discussion) -> Ends | None:
    """As they are now; of a merged one, as they were when it was merged. None if a side is gone."""
    if discussion.merged is not None:
        return discussion.merged if _has(git, discussion.merged) else None
    try:
        if discussion.merge_commit is not None:
            return _merged_long_ago(git, CommitOid(discussion.merge_commit))
        base, head = git.resolve(discussion.base), git.resolve(discussion.ref)
    except RevisionNotFound:
        return None
    return Ends(git.merge_base(base, head), head)


def _merged_long_ago(git: GitRepo, merge_commit: CommitOid) -> Ends | None:
    """Once, only the commit of the merge was noted; where the branch just moved on, it says nothing."""
    merged = git.commit(merge_commit)
    if len(merged.parents) != 2 or not merged.title.startswith("Merge pull request #"):
        return None
    base, head = (CommitOid(oid) for oid in merged.parents)
    return Ends(git.merge_base(base, head), head)


def _has(git: GitRepo, ends: Ends) -> bool:
    """Commits may be gone: squashing a branch and tidying forget them."""
    try:
        return all(oid is None or git.commit(oid) for oid in (ends.old, ends.new))
    except RevisionNotFound:
        return False
