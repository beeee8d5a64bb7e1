"""`Evals`: what models scored, leaderboards, and keeping both in step with the files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import msgspec

from pioche.accounts.access import Action, allows
from pioche.accounts.types import Actor
from pioche.errors import EntryNotFound, InvalidInput, NotFound, RepoNotFound, RevisionNotFound
from pioche.evals import store
from pioche.evals.types import (
    FOLDER,
    MAX_FILE,
    MAX_FILES,
    MAX_RESULTS,
    SHOWN,
    Board,
    BoardFilter,
    Entry,
    Place,
    Score,
    ShownScore,
)
from pioche.names import RepoId, RepoKind
from pioche.ports.database import Database, Tx
from pioche.ports.gitstore import GitRepo, GitStore, TreeNode
from pioche.protocols.evals import read_results
from pioche.repos import store as repos_store
from pioche.repos.service.find import require_repo
from pioche.repos.types import Repo

MAIN = 0
PULL_REQUESTS = "refs/pr/"


class Evals:
    def __init__(self, database: Database, gitstore: GitStore) -> None:
        self._database = database
        self._gitstore = gitstore

    # -- of models, which were found for the actor already --

    def of_models(self, numbers: Sequence[int]) -> Mapping[int, Sequence[Score]]:
        """model -> its results, and those that open pull requests would add."""
        with self._database.read() as tx:
            return store.of_models(tx, numbers)

    def of_page(self, actor: Actor, repo: Repo) -> Sequence[ShownScore]:
        """The results of one model, each with the dataset if the actor may see it here."""
        with self._database.read() as tx:
            scores = store.of_models(tx, [repo.id]).get(repo.id, [])
            shown = {one.dataset for one in [one for one in scores if not one.error][:SHOWN]}
            known = {name: _seen_dataset(tx, actor, name) for name in shown}
        return [ShownScore(one, known.get(one.dataset)) for one in scores]

    # -- leaderboards --

    def board(self, actor: Actor, dataset: RepoId, wanted: BoardFilter) -> Board:
        """Raises `RepoNotFound`, `NotFound` for a dataset that is no benchmark, `InvalidInput` for no task of it."""
        with self._database.read() as tx:
            repo = require_repo(tx, actor, dataset, Action.READ)
            benchmark = repo.config.get("benchmark") or {}
            tasks = [task["id"] for task in benchmark.get("tasks", ())]
            if not tasks:
                raise NotFound(f"'{dataset.full}' has no leaderboard: it has no 'eval.yaml' that names its tasks.")
            task = wanted.task or tasks[0]
            if task not in tasks:
                raise InvalidInput(f"There is no task '{task[:50]}'. There are: {', '.join(tasks)[:500]}.")
            names = store.names_of(tx, repo)
            ranked = _ranked(store.places(tx, actor, names, task, wanted))
            shown = ranked[: wanted.limit]
            entries = _entries(tx, shown, names, task)
            owners = store.owners(tx, sorted({one.model.owner_id for one in entries}))
        return Board(repo, benchmark, task, entries, owners, len(ranked))

    # -- work in the background --

    def read(self, number: int, ref: str = "") -> None:
        """What the files of a branch say now; `ref` empty is the default branch."""
        with self._database.read() as tx:
            repo = repos_store.get(tx, number)
        if repo is None or repo.repo_id.kind is not RepoKind.MODEL:
            return
        main = f"refs/heads/{repo.default_branch}"
        if ref in ("", main):
            scores = self._scores(number, main)
            with self._database.write() as tx:
                if repos_store.get(tx, number) is not None:
                    store.replace(tx, number, MAIN, scores)
        elif ref.startswith(PULL_REQUESTS) and ref.removeprefix(PULL_REQUESTS).isdecimal():
            self._read_pull_request(number, int(ref.removeprefix(PULL_REQUESTS)), main)

    def settle(self, number: int, discussion_id: int) -> None:
        """A pull request was closed, opened again or merged."""
        with self._database.read() as tx:
            num = store.number_of(tx, discussion_id)
        if num is not None:
            self.read(number, f"{PULL_REQUESTS}{num}")

    def rebuild(self) -> None:
        """All of them, from git."""
        with self._database.read() as tx:
            numbers = repos_store.numbers(tx)
        for number in numbers:
            self.read(number)
            try:
                refs = self._gitstore.open(number).refs(include_prs=True)
            except RepoNotFound:
                continue
            for ref in refs:
                if ref.ref.startswith(PULL_REQUESTS):
                    self.read(number, ref.ref)

    def _read_pull_request(self, number: int, num: int, main: str) -> None:
        """What it adds to where it began."""
        ref = f"{PULL_REQUESTS}{num}"
        added = _new(self._scores(number, ref), self._scores(number, main, ref), num)
        with self._database.write() as tx:
            store.replace(tx, number, num, added if store.is_open(tx, number, num) else [])

    def _scores(self, number: int, ref: str, since: str = "") -> list[Score]:
        """On a branch; with `since` where that other branch left it. Nothing if it is gone."""
        try:
            git = self._gitstore.open(number)
            commit: str | None = git.resolve(ref)
            if since:
                commit = git.merge_base(git.resolve(ref), git.resolve(since))
            return [] if commit is None else _read_files(git, commit)
        except (RepoNotFound, RevisionNotFound):
            return []


def _read_files(git: GitRepo, commit: str) -> list[Score]:
    try:
        nodes = git.tree(commit, FOLDER)
    except EntryNotFound:
        return []
    files = [node for node in nodes if node.kind == "file" and node.name.endswith((".yaml", ".yml"))][:MAX_FILES]
    commits = git.last_commits(commit, FOLDER) if files else {}
    dates = {path: datetime.fromtimestamp(last.date_ms / 1000, UTC).isoformat() for path, last in commits.items()}
    return [score for node in files for score in _read_file(git, node, dates.get(node.path, ""))][:MAX_RESULTS]


def _read_file(git: GitRepo, node: TreeNode, date: str) -> list[Score]:
    if node.pointer is not None or node.size > MAX_FILE:
        return [Score(node.path, error=f"The file is larger than {MAX_FILE} bytes.")]
    results, problem = read_results(git.read(node.oid).decode(errors="replace"))
    if problem:
        return [Score(node.path, error=problem)]
    said = {"date": date} if date else {}
    return [Score(node.path, one.dataset, one.task, one.score, {**said, **one.data}) for one in results]


def _new(scores: Sequence[Score], before: Sequence[Score], num: int) -> list[Score]:
    known = {_words(one) for one in before}
    return [replace(one, pull_request=num) for one in scores if not one.error and _words(one) not in known]


def _words(one: Score) -> bytes:
    """What it says, but for the date, which may come from the commit."""
    data = {key: value for key, value in (one.data or {}).items() if key != "date"}
    return msgspec.json.encode([one.filename, data], order="sorted")


def _ranked(found: Sequence[Place]) -> list[tuple[int, Place]]:
    """One result for each model: its best, and what pull requests would add counts only where it has none itself."""
    best: dict[int, Place] = {}
    for place in found:
        known = best.get(place.repo_id)
        if known is None or (known.pull_request and not place.pull_request):
            best[place.repo_id] = place
    ordered = sorted(best.values(), key=lambda place: (-place.score, place.repo_id))
    ranks: list[tuple[int, Place]] = []
    for number, place in enumerate(ordered, 1):
        equal = bool(ranks) and ranks[-1][1].score == place.score
        ranks.append((ranks[-1][0] if equal else number, place))
    return ranks


def _entries(tx: Tx, ranked: Sequence[tuple[int, Place]], names: Sequence[str], task: str) -> list[Entry]:
    found = [place for _, place in ranked]
    models, scores = store.models_at(tx, found), store.scores_at(tx, found, names, task)
    return [Entry(rank, models[place.repo_id], scores[place]) for rank, place in ranked]


def _seen_dataset(tx: Tx, actor: Actor, name: str) -> RepoId | None:
    try:
        target = RepoId.parse(RepoKind.DATASET, name)
    except InvalidInput:
        return None
    found = repos_store.find(tx, target) or repos_store.find_moved(tx, target)
    return found.repo_id if found is not None and allows(actor, Action.READ, found.resource) else None
