"""Fills a hub with examples, a piece at a time: what is there already is left as it is, so it may be done again."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pioche.accounts.types import OPERATOR, Actor
from pioche.community.types import NewDiscussion
from pioche.demo import programs
from pioche.errors import Conflict, HubError, RepoExists, RunsUnavailable
from pioche.names import RepoId, RepoKind
from pioche.ports.executor import Executor, Limits, Mount, RunSpec
from pioche.repos.types import CommitHeader, NewRepo
from pioche.training.publishing import operations_of
from pioche.training.types import Recipe

if TYPE_CHECKING:
    from pioche.hub import Hub

log = logging.getLogger(__name__)
OWNER = "examples"
PROGRAMS = Path(programs.__file__).parent
ENDINGS = (".safetensors", ".json", ".txt", ".jinja", ".png", ".csv", ".md")
MOST_FILES = 5_000
SECONDS, MEMORY = 1200, 6 * 1024**3
LOOK_EVERY = 0.5
QUESTION = """Half of these sentences name no function and no type, and still most of them are told apart.

What gives them away? Try the model on your own sentences, and write here where it fails."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """A training of the demo."""

    model: str
    task: str
    dataset: str
    columns: Mapping[str, str] = field(default_factory=dict)
    file: str = ""


LESSONS = (
    Lesson(
        "which-library",
        "text-classification",
        "which-library",
        {"text": "sentence", "label": "library"},
        "sentences.csv",
    ),
    Lesson("flowers", "tabular-classification", "flowers", {"target": "species"}, "flowers.csv"),
    Lesson("digits-reader", "image-classification", "digits"),
    Lesson("digits-painter", "unconditional-image-generation", "digits"),
    Lesson("shapes-painter", "text-to-image", "shapes"),
)
DATASETS = ("which-library", "flowers", "digits", "shapes")
MODELS = {"chat": "small-talk", "sentences": "sentence-compare"}
"""Folder that the program writes -> name."""


def fill(hub: Hub, actor: Actor) -> Iterator[str]:
    """Does it, and tells each piece as it is there. `actor` is an admin, and becomes the first of the organisation."""
    if reason := hub.trainings.executor.unavailable():
        raise RunsUnavailable(reason)
    try:
        hub.accounts.orgs.create(OPERATOR, OWNER, "Examples", actor.name)
        yield f"organisation {OWNER}"
    except Conflict:
        pass
    yield from _datasets(hub, actor)
    yield from _lessons(hub, actor)
    yield from _models(hub, actor)


def _datasets(hub: Hub, actor: Actor) -> Iterator[str]:
    missing = [name for name in DATASETS if not _exists(hub, actor, RepoId.parse(RepoKind.DATASET, f"{OWNER}/{name}"))]
    if not missing:
        return
    with _Program(hub, "make_data.py") as made:
        for name in missing:
            yield _publish(hub, actor, RepoId.parse(RepoKind.DATASET, f"{OWNER}/{name}"), made.folder / name)
    if "which-library" in missing:
        data = RepoId.parse(RepoKind.DATASET, f"{OWNER}/which-library")
        number = hub.community.open(actor, data, NewDiscussion("What gives a library away?", QUESTION))
        yield f"discussion {number} of {data.full}"


def _lessons(hub: Hub, actor: Actor) -> Iterator[str]:
    under_way = {
        one.recipe.model for one in hub.trainings.list(actor) if one.owner == OWNER and not one.stage.has_ended
    }
    for one in LESSONS:
        if one.model in under_way:
            continue
        recipe = Recipe(one.task, f"{OWNER}/{one.dataset}", one.file, one.columns, one.model, private=False)
        try:
            hub.trainings.start(actor, OWNER, recipe)
        except RepoExists:
            continue
        yield f"training of {OWNER}/{one.model}"


def _models(hub: Hub, actor: Actor) -> Iterator[str]:
    missing = {
        folder: RepoId.parse(RepoKind.MODEL, f"{OWNER}/{name}")
        for folder, name in MODELS.items()
        if not _exists(hub, actor, RepoId.parse(RepoKind.MODEL, f"{OWNER}/{name}"))
    }
    if not missing:
        return
    try:
        packages = hub.runtimes.ensure("demo")
    except RunsUnavailable as error:
        yield f"no models out of packages: {error.message}"
        return
    with _Program(hub, "make_models.py", packages) as made:
        for folder, repo_id in missing.items():
            if (made.folder / folder).is_dir():
                yield _publish(hub, actor, repo_id, made.folder / folder)


def _exists(hub: Hub, actor: Actor, repo_id: RepoId) -> bool:
    try:
        return hub.repos.find(actor, repo_id).head is not None
    except HubError:
        return False


def _publish(hub: Hub, actor: Actor, repo_id: RepoId, folder: Path) -> str:
    try:
        repo = hub.repos.create(actor, NewRepo(repo_id))
    except RepoExists:  # it was made, and then the hub was killed
        repo = hub.repos.find(actor, repo_id)
    lines = list(operations_of(hub.lfs, repo.id, folder, ENDINGS, MOST_FILES))
    hub.commits.commit(actor, repo_id, "main", CommitHeader("Publish the example"), lines)
    return f"{repo_id.kind.value} {repo_id.full}"


class _Program:
    """Runs one of `programs/` in a sandbox without a network; `folder` is what it wrote, until the block ends."""

    def __init__(self, hub: Hub, name: str, packages: Path | None = None) -> None:
        self._executor: Executor = hub.trainings.executor
        self._id = f"demo-{secrets.token_hex(6)}"
        ml = hub.runtimes.ensure("ml")
        mounts = [Mount(ml, str(ml)), Mount(PROGRAMS, "/opt/demo")]
        self._spec = RunSpec(
            id=self._id,
            command=[str(ml / "bin" / "python"), f"/opt/demo/{name}", *(["/packages"] if packages else [])],
            limits=Limits(SECONDS, float(self._executor.capacity().cpus), MEMORY, processes=512),
            environment={"HF_HUB_OFFLINE": "1", "TQDM_DISABLE": "1", "HF_HOME": "/tmp/hf"},  # noqa: S108
            mounts=[*mounts, Mount(packages, "/packages")] if packages else mounts,
        )

    def __enter__(self) -> _Program:
        self._executor.start(self._spec)
        while (status := self._executor.status(self._id)).state != "ended":
            time.sleep(LOOK_EVERY)
        if status.exit_code != 0:
            lines = [line.text for line in self._executor.logs(self._id)[0]]
            self._executor.remove(self._id)
            raise RunsUnavailable(f"The examples could not be made: {' '.join(lines[-3:])[-300:] or status.reason}")
        self.folder = self._executor.home(self._id)
        return self

    def __exit__(self, *_: object) -> None:
        self._executor.remove(self._id)
