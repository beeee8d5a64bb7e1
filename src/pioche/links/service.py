"""`Links`: what surrounds a repository, and keeping that in step with the cards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pioche.accounts.types import Actor
from pioche.errors import InvalidInput
from pioche.links import store
from pioche.links.reading import links_of, target_of
from pioche.links.types import MADE_FROM, Around, Linked, Named, Relation
from pioche.names import RepoId, RepoKind
from pioche.ports.database import Database, Tx
from pioche.repos import store as repos_store
from pioche.repos.types import Repo

SHOWN = 6
MAX_SPACES = 100
AT_ONCE = 100  # repositories that one transaction of `rebuild` reads
DEPTH = 5
"""Steps up from a model that its page shows."""


Widened = tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]
"""Tags that must all be there, and groups of which one must."""


class Links:
    def __init__(self, database: Database) -> None:
        self._database = database

    # -- reading; the repositories were found for the actor already --

    def around(self, actor: Actor, repo: Repo) -> Around:
        """For the page of a repository."""
        with self._database.read() as tx:
            match repo.repo_id.kind:
                case RepoKind.MODEL:
                    return _around_model(tx, actor, repo)
                case RepoKind.DATASET:
                    trained = store.sources(tx, actor, repo.id, Relation.TRAINED, SHOWN)
                    return Around(trained=trained, spaces=_spaces(tx, actor, repo))
                case RepoKind.SPACE:
                    named = store.targets(tx, actor, [repo.id]).get(repo.id, [])
                    datasets = [one for one in named if one.target.kind is RepoKind.DATASET]
                    return Around(models=_models(named), datasets=datasets)
                case RepoKind.KERNEL:
                    return Around()

    def count_children(self, actor: Actor, numbers: Sequence[int]) -> Mapping[int, int]:
        """model -> how many models say that they were made from it."""
        with self._database.read() as tx:
            return store.count_sources(tx, actor, numbers, MADE_FROM)

    def spaces_using(self, actor: Actor, numbers: Sequence[int]) -> Mapping[int, list[str]]:
        """model or dataset -> names of the Spaces that use it."""
        with self._database.read() as tx:
            return store.source_names(tx, actor, numbers, Relation.USES, MAX_SPACES * len(numbers))

    def widen(self, actor: Actor, tags: Sequence[str]) -> Widened:
        """Tags that name a repository, as a filter says them, also by the other names that it has had.

        Of what the actor may not see no other name is told.
        """
        plain: list[str] = []
        groups: list[tuple[str, ...]] = []
        with self._database.read() as tx:
            for tag in tags:
                named = target_of(tag)
                names = [] if named is None else store.names_of(tx, actor, named[1])
                if named is None or len(names) < 2:
                    plain.append(tag)
                else:
                    groups.append(tuple(f"{named[0]}{name}" for name in names))
        return tuple(plain), tuple(groups)

    # -- work in the background --

    def read(self, number: int, ref: str = "") -> None:
        """What the card says now. `ref` is what moved: only the default branch counts."""
        with self._database.write() as tx:
            _read(tx, number, ref)

    def resolve(self, number: int, old_name: str = "") -> None:
        """A repository got its name: what names it, and what names its old name, leads to who has that now."""
        with self._database.write() as tx:
            repo = repos_store.get(tx, number)
            if repo is None:
                return
            store.resolve(tx, repo.repo_id)
            if old_name:
                try:
                    store.resolve(tx, RepoId.parse(repo.repo_id.kind, old_name))
                except InvalidInput:
                    return

    def rebuild(self) -> None:
        """All of them, from what is known of each repository."""
        with self._database.read() as tx:
            numbers = repos_store.numbers(tx)
        for start in range(0, len(numbers), AT_ONCE):
            with self._database.write() as tx:
                for number in numbers[start : start + AT_ONCE]:
                    _read(tx, number)


def _read(tx: Tx, number: int, ref: str = "") -> None:
    repo = repos_store.get(tx, number)
    if repo is not None and ref in ("", f"refs/heads/{repo.default_branch}"):
        store.replace(tx, number, links_of(repo))


def _around_model(tx: Tx, actor: Actor, repo: Repo) -> Around:
    named = store.targets(tx, actor, [repo.id]).get(repo.id, [])
    counts = store.count_by_relation(tx, actor, repo.id, MADE_FROM)
    return Around(
        bases=_bases(tx, actor, repo, _made_from(named)),
        newer=next((one for one in named if one.relation is Relation.NEWER and one.repo is not None), None),
        children=counts,
        datasets=[one for one in named if one.relation is Relation.TRAINED],
        spaces=_spaces(tx, actor, repo),
    )


def _bases(tx: Tx, actor: Actor, repo: Repo, parents: Sequence[Named]) -> list[Sequence[Named]]:
    """The oldest first. Where there are several parents it ends: their own parents would need a wider page."""
    steps: list[Sequence[Named]] = []
    seen = {repo.id}
    while parents and len(steps) < DEPTH:
        steps.append(parents)
        only = parents[0].repo if len(parents) == 1 else None
        if only is None or only.id in seen:  # cards can say that two models were made from each other
            break
        seen.add(only.id)
        parents = _made_from(store.targets(tx, actor, [only.id]).get(only.id, []))
    return steps[::-1]


def _made_from(named: Sequence[Named]) -> list[Named]:
    return [one for one in named if one.relation in MADE_FROM]


def _models(named: Sequence[Named]) -> list[Named]:
    return [one for one in named if one.target.kind is RepoKind.MODEL]


def _spaces(tx: Tx, actor: Actor, repo: Repo) -> Linked:
    return store.sources(tx, actor, repo.id, Relation.USES, SHOWN)
