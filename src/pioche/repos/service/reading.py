"""Reading from git what `derive` needs to know about a commit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from pioche.names import RepoKind
from pioche.ports.gitstore import GitRepo, TreeNode
from pioche.protocols.card import parse_front_matter
from pioche.protocols.evals import read_benchmark
from pioche.repos.derive import ENDINGS, Derived, Facts, derive

# Longer cards are shown, but only this much of them is read for what it says about the repository.
CARD_LIMIT = 2 * 1024 * 1024
CONFIG_LIMIT = 1024 * 1024


def derive_commit(git: GitRepo, kind: RepoKind, commit: str) -> tuple[Derived, int]:
    """What the commit says, and the bytes of large files in it. Costs what has changed, not what is there."""
    outline = git.outline(commit, ENDINGS)
    top = git.tree(commit)
    others = [*outline.samples.values(), *(_builds(git, commit, top) if kind is RepoKind.KERNEL else ())]
    files = [node for node in top if node.kind == "file"]
    return derive_nodes(git, kind, files, others), sum(outline.large.values())


def _builds(git: GitRepo, commit: str, top: Iterable[TreeNode]) -> list[str]:
    """A path in each folder of `build`, which says what a kernel was built for."""
    if not any(node.path == "build" and node.kind == "directory" for node in top):
        return []
    return [f"{node.path}/" for node in git.tree(commit, "build") if node.kind == "directory"]


def derive_nodes(git: GitRepo, kind: RepoKind, nodes: Sequence[TreeNode], others: Iterable[str] = ()) -> Derived:
    """`others` are paths that stand for more of the same kind."""
    files = {node.path: node for node in nodes}
    card, body, _ = parse_front_matter(_text(git, files.get("README.md"), CARD_LIMIT))
    paths = [*files, *others]
    if kind is RepoKind.DATASET:
        benchmark = read_benchmark(_text(git, files.get("eval.yaml"), CONFIG_LIMIT))[0] if "eval.yaml" in files else {}
        return derive(Facts(kind, paths, card, body, benchmark=benchmark))
    if kind in (RepoKind.SPACE, RepoKind.KERNEL):
        return derive(Facts(kind, paths, card, body))
    config = _object(git, files.get("config.json"))
    pipeline, tokenizer = (_object(git, files.get(name)) for name in ("model_index.json", "tokenizer_config.json"))
    return derive(Facts(kind, paths, card, body, config, pipeline, tokenizer=tokenizer))


def _text(git: GitRepo, node: TreeNode | None, limit: int) -> str:
    if node is None or node.pointer is not None:
        return ""
    return git.read(node.oid, limit).decode(errors="replace")


def _object(git: GitRepo, node: TreeNode | None) -> Mapping[str, Any]:
    """A small JSON file that should hold an object; empty if it does not."""
    if node is None or node.pointer is not None or node.size > CONFIG_LIMIT:
        return {}
    try:
        value = msgspec.json.decode(git.read(node.oid))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
