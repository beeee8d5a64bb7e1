"""The composition root: settings -> ports -> services -> ASGI app. The one place that names implementations."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Any

from pioche.accounts import api as accounts_api
from pioche.accounts import pages as accounts_pages
from pioche.accounts import tasks as accounts_tasks
from pioche.accounts.grants import Signer
from pioche.accounts.sealing import Sealer
from pioche.accounts.service import Accounts
from pioche.buckets import api as buckets_api
from pioche.buckets import pages as buckets_pages
from pioche.buckets import tasks as buckets_tasks
from pioche.buckets.service import Buckets
from pioche.collections import api as collections_api
from pioche.collections import pages as collections_pages
from pioche.collections.service import Collections
from pioche.community import api as community_api
from pioche.community import files_page as community_files
from pioche.community import likes_api, moderation_api, uploads_api
from pioche.community import pages as community_pages
from pioche.community import store as community_store
from pioche.community.likes import Likes
from pioche.community.merging import PullRequests
from pioche.community.moderating import Moderation
from pioche.community.reacting import Reactions
from pioche.community.service import Community
from pioche.community.writing import Writing
from pioche.demo import pages as demo_pages
from pioche.demo import tasks as demo_tasks
from pioche.errors import InvalidInput
from pioche.evals import api as evals_api
from pioche.evals import pages as evals_pages
from pioche.evals import tasks as evals_tasks
from pioche.evals.service import Evals
from pioche.follows import api as follows_api
from pioche.follows import pages as follows_pages
from pioche.follows.service import Follows
from pioche.git import api as git_api
from pioche.git import diff_pages as git_diffs
from pioche.git import lfs_api as git_lfs_api
from pioche.git.service import Git
from pioche.hub import Hub
from pioche.inference import api as inference_api
from pioche.inference import openai_api as inference_openai_api
from pioche.inference import pages as inference_pages
from pioche.inference import playground as inference_playground
from pioche.inference import tasks as inference_tasks
from pioche.inference.service import Inference
from pioche.inference.snapshots import Snapshots
from pioche.inference.workers import Workers
from pioche.jobs import api as jobs_api
from pioche.jobs import pages as jobs_pages
from pioche.jobs import schedule_api as job_schedules_api
from pioche.jobs import schedule_pages as job_schedules_pages
from pioche.jobs import tasks as jobs_tasks
from pioche.jobs.folders import Folders
from pioche.jobs.installing import Installing
from pioche.jobs.line import Line as JobLine
from pioche.jobs.running import Running, Setting
from pioche.jobs.schedules import Schedules
from pioche.jobs.service import Jobs
from pioche.jobs.submitting import Submitting
from pioche.jobs.volumes import Volumes
from pioche.lfs import api as lfs_api
from pioche.lfs import tasks as lfs_tasks
from pioche.lfs.service import Lfs
from pioche.links import tasks as links_tasks
from pioche.links.service import Links
from pioche.machine.service import Machine
from pioche.migrations import upgrade
from pioche.notifications import api as notifications_api
from pioche.notifications import pages as notifications_pages
from pioche.notifications import tasks as notifications_tasks
from pioche.notifications.service import Notifications
from pioche.oauth import api as oauth_api
from pioche.oauth import pages as oauth_pages
from pioche.oauth import tasks as oauth_tasks
from pioche.oauth.service import Oauth
from pioche.papers import api as papers_api
from pioche.papers import pages as papers_pages
from pioche.papers.comments import PaperComments
from pioche.papers.service import Papers
from pioche.plans import api as plans_api
from pioche.plans import pages as plans_pages
from pioche.plans.service import Plans
from pioche.ports.blobs import BlobStore
from pioche.ports.blobs.local import LocalBlobStore
from pioche.ports.database import Database
from pioche.ports.database.sqlite import SqliteDatabase
from pioche.ports.executor.sandbox import SandboxExecutor
from pioche.ports.gitstore import GitStore
from pioche.ports.gitstore.bare import BareGitStore
from pioche.ports.mail import Mailer
from pioche.ports.mail.console import ConsoleMailer
from pioche.ports.mail.off import NoMailer
from pioche.ports.mail.smtp import SmtpMailer, SmtpServer
from pioche.queue.service import OUTSIDE_WORKERS, Queue
from pioche.queue.types import TaskType
from pioche.repos import api as repos_api
from pioche.repos import pages as repos_pages
from pioche.repos import tasks as repos_tasks
from pioche.repos.api import commit as repos_commit_api
from pioche.repos.api import files as repos_files_api
from pioche.repos.api import resolve as repos_resolve_api
from pioche.repos.service.browse import Browse
from pioche.repos.service.changes import Changes
from pioche.repos.service.commits import Commits
from pioche.repos.service.downloads import Downloads
from pioche.repos.service.gates import Gates
from pioche.repos.service.infos import Infos
from pioche.repos.service.large_files import LargeFiles
from pioche.repos.service.markers import Markers
from pioche.repos.service.refs import Refs
from pioche.repos.service.repos import Repos
from pioche.repos.service.trees import Trees
from pioche.repos.service.upkeep import Upkeep
from pioche.runtimes.service import Runtimes
from pioche.search import pages as search_pages
from pioche.search import tasks as search_tasks
from pioche.search.indexer import Indexer
from pioche.search.service import Search
from pioche.search.source import text_of
from pioche.search.texts import Texts
from pioche.settings import Settings
from pioche.spaces import api as spaces_api
from pioche.spaces.service import Spaces
from pioche.training import api as training_api
from pioche.training import pages as training_pages
from pioche.training import tasks as training_tasks
from pioche.training.dropping import Drops
from pioche.training.inputs import Inputs
from pioche.training.line import Line as TrainingLine
from pioche.training.publishing import Publisher
from pioche.training.reading import Reader
from pioche.training.running import Running as TrainingRuns
from pioche.training.running import Setting as TrainingSetting
from pioche.training.service import Trainings
from pioche.web import assets, health, openapi
from pioche.web.asgi import HubApp
from pioche.web.routing import Route, Router
from pioche.web.templates import Templates
from pioche.webhooks import api as webhooks_api
from pioche.webhooks import pages as webhooks_pages
from pioche.webhooks import tasks as webhooks_tasks
from pioche.webhooks.service import Webhooks
from pioche.xet import api as xet_api
from pioche.xet import tasks as xet_tasks
from pioche.xet.service import Xet

ROUTES: list[list[Route]] = [
    health.routes,
    assets.routes,
    accounts_api.routes,
    accounts_pages.routes,
    oauth_api.routes,
    oauth_pages.routes,
    xet_api.routes,
    lfs_api.routes,
    repos_api.routes,
    git_lfs_api.routes,
    git_api.routes,
    git_diffs.routes,
    repos_files_api.routes,
    repos_resolve_api.routes,
    repos_commit_api.routes,
    buckets_api.routes,
    buckets_pages.routes,
    collections_api.routes,
    collections_pages.routes,
    community_api.routes,
    moderation_api.routes,
    uploads_api.routes,
    community_pages.routes,
    community_files.routes,
    likes_api.routes,
    evals_api.routes,
    evals_pages.routes,
    follows_api.routes,
    follows_pages.routes,
    notifications_api.routes,
    notifications_pages.routes,
    inference_api.routes,
    inference_openai_api.routes,
    inference_pages.routes,
    inference_playground.routes,
    training_api.routes,
    demo_pages.routes,
    training_pages.routes,
    jobs_api.routes,
    job_schedules_api.routes,
    jobs_pages.routes,
    job_schedules_pages.routes,
    plans_api.routes,
    plans_pages.routes,
    papers_api.routes,
    papers_pages.routes,
    spaces_api.routes,
    search_pages.routes,
    webhooks_api.routes,
    webhooks_pages.routes,
    repos_pages.routes,
]
ROUTES.append(openapi.routes_about([route for routes in ROUTES for route in routes]))

TASKS: list[TaskType] = [
    *accounts_tasks.tasks,
    *oauth_tasks.tasks,
    *xet_tasks.tasks,
    *lfs_tasks.tasks,
    *repos_tasks.tasks,
    *buckets_tasks.tasks,
    *links_tasks.tasks,
    *evals_tasks.tasks,
    *notifications_tasks.tasks,
    *webhooks_tasks.tasks,
    *search_tasks.tasks,
    *jobs_tasks.tasks,
    *inference_tasks.tasks,
    *training_tasks.tasks,
    *demo_tasks.tasks,
]


def build_hub(settings: Settings) -> Hub:
    """Wires one hub by hand over its data folder, which is made and migrated if need be."""
    data = settings.data
    database = _ready_database(settings)
    queue, signer = _open_queue(database, settings), Signer.from_file(data / "secret.key")
    blobs, gitstore = LocalBlobStore(data / "blobs"), BareGitStore(data / "git")
    accounts = Accounts(database, settings, queue, signer)
    xet = Xet(database, blobs, signer, settings)
    lfs = Lfs(database, blobs, xet, queue, signer, settings)
    trees = Trees(database, gitstore, lfs, xet)
    refs = Refs(database, gitstore, queue, Markers(data / "moves"), settings)
    repos = Repos(database, gitstore, queue, settings, lfs, xet)
    commits = Commits(database, gitstore, refs, lfs, settings, community_store.pull_request_facts)
    return Hub(
        settings=settings,
        database=database,
        blobs=blobs,
        gitstore=gitstore,
        signer=signer,
        queue=queue,
        templates=_open_templates(settings),
        accounts=accounts,
        oauth=Oauth(database, accounts, data / "oauth.pem"),
        xet=xet,
        lfs=lfs,
        trees=trees,
        large_files=LargeFiles(database, gitstore, lfs, commits),
        browse=Browse(database, gitstore, lfs),
        changes=Changes(database, gitstore, lfs),
        commits=commits,
        **_talk(database, gitstore, refs, commits, lfs, queue),
        collections=Collections(database),
        **_above_repos(database, queue, signer, settings, gitstore, blobs),
        **_finding(database, gitstore, queue, repos),
        **_running(database, queue, settings, trees, xet, (repos, commits, lfs)),
        refs=refs,
        infos=Infos(database, gitstore, lfs, queue),
        upkeep=Upkeep(database, gitstore, queue, lfs),
        git=Git(database, gitstore, refs, lfs, settings, community_store.pull_request_facts),
    )


def open_database(settings: Settings) -> Database:
    """The database of a hub, as it is; `build_hub` brings it up to date."""
    readers = settings.threads + settings.workers + OUTSIDE_WORKERS + 2
    if not settings.database_url:
        return SqliteDatabase(settings.data / "hub.db", readers)
    # Only who has it pays for loading the driver.
    from pioche.ports.database.postgres import PostgresDatabase

    return PostgresDatabase(settings.database_url, readers)


def _ready_database(settings: Settings) -> Database:
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o750)
    database = open_database(settings)
    upgrade(database)
    return database


def _open_queue(database: Database, settings: Settings) -> Queue:
    queue = Queue(database, settings.workers)
    queue.register(TASKS)
    return queue


def _open_templates(settings: Settings) -> Templates:
    mail_on = settings.mail != "off"
    return Templates({"name": settings.site_name, "signup_open": settings.signup_open, "mail_on": mail_on})


def _finding(database: Database, gitstore: GitStore, queue: Queue, repos: Repos) -> dict[str, Any]:
    search, indexer = Search(database, queue), Indexer(database, partial(text_of, gitstore), queue)
    papers = Papers(database, search)
    found = {"repos": repos, "search": search, "texts": Texts(database, search.index), "indexer": indexer}
    return {**found, "papers": papers, "paper_comments": PaperComments(database, papers)}


def _talk(
    database: Database, gitstore: GitStore, refs: Refs, commits: Commits, lfs: Lfs, queue: Queue
) -> dict[str, Any]:
    """Discussions and pull requests."""
    return {
        "community": Community(database, gitstore, refs, commits, queue),
        "pull_requests": PullRequests(database, gitstore, refs, commits, queue),
        "moderation": Moderation(database, gitstore, refs, lfs, queue),
        "reactions": Reactions(database),
    }


def _above_repos(
    database: Database, queue: Queue, signer: Signer, settings: Settings, gitstore: GitStore, blobs: BlobStore
) -> dict[str, Any]:
    """What people do with repositories and with each other, as fields of the hub."""
    return {
        "likes": Likes(database),
        "links": Links(database),
        "writing": Writing(database, blobs, settings),
        "downloads": Downloads(database, queue),
        "evals": Evals(database, gitstore),
        "follows": Follows(database, queue),
        "gates": Gates(database, queue),
        "mailer": (mailer := _open_mailer(settings)),
        "spaces": Spaces(database, Sealer.from_file(settings.data / "secret.key")),
        "webhooks": Webhooks(database, queue, settings),
        "notifications": Notifications(database, queue, mailer, signer, settings),
    }


def _running(
    database: Database, queue: Queue, settings: Settings, trees: Trees, xet: Xet, writing: tuple[Repos, Commits, Lfs]
) -> dict[str, Any]:
    """What computes, and the buckets that it writes to."""
    buckets = Buckets(database, queue, xet, trees)
    machine = Machine(executor := SandboxExecutor(settings.data / "runs"))
    runtimes = Runtimes(Path(settings.runtimes or settings.data / "runtimes"), settings.wheels)
    workers = Workers(machine, runtimes, settings.model_idle_seconds)
    inference = Inference(database, Snapshots(settings.data / "models", trees), workers, settings.model_answer_seconds)
    folders = Folders(settings.data / "volumes", settings.free_disk_reserve)
    volumes = Volumes(trees, buckets, folders, [Path(sys.base_prefix), runtimes.folder])
    jobs = _open_jobs(database, queue, settings, machine, runtimes, volumes)
    inputs = Inputs(trees, Reader(executor, runtimes, settings.data / "tables"), settings.data / "trainings")
    line, publisher = TrainingLine(database, machine), Publisher(database, *writing)
    around = TrainingSetting(runtimes, line, inputs, publisher, jobs["plans"], settings.job_log_days)
    learning = TrainingRuns(database, queue, executor, around)
    drops = Drops(*writing[:2], trees, inputs.reader)
    trainings = Trainings(database, queue, executor, writing[0], inputs, drops, learning, jobs["plans"])
    found = {"runtimes": runtimes, "machine": machine, "buckets": buckets, **jobs}
    return {**found, "inference": inference, "trainings": trainings}


def _open_jobs(
    database: Database,
    queue: Queue,
    settings: Settings,
    machine: Machine,
    runtimes: Runtimes,
    volumes: Volumes,
) -> dict[str, Any]:
    sealer = Sealer.from_file(settings.data / "secret.key")
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104
    here = f"http://{host}:{settings.port}"
    plans = Plans(database, settings.plans, settings.compute_price)
    installing = Installing(runtimes.wheel_folders(), settings.job_index, settings.job_hosts)
    setting = Setting(runtimes, installing, JobLine(database, machine), plans, settings.job_log_days, here)
    running = Running(database, queue, machine.executor, sealer, volumes, setting)
    submitting = Submitting(queue, machine.executor, sealer, volumes, running, plans)
    plans.holders.append(submitting.held_ms)
    jobs = Jobs(database, submitting, running, Schedules(database, queue, submitting))
    return {"jobs": jobs, "plans": plans}


def _open_mailer(settings: Settings) -> Mailer:
    sender = settings.mail_from or f"{settings.site_name} <pioche@localhost>"
    match settings.mail, settings.smtp_security:
        case "off", _:
            return NoMailer()
        case "console", _:
            return ConsoleMailer(sender)
        case "smtp", ("none" | "starttls" | "tls") as security if settings.smtp_host and settings.mail_from:
            password = settings.smtp_password
            server = SmtpServer(settings.smtp_host, settings.smtp_port, security, settings.smtp_user, password)
            return SmtpMailer(server, sender)
    raise InvalidInput(
        "Mail needs the setting `mail` as off, console or smtp; smtp also `smtp_host`, `mail_from` and `smtp_security` "
        "as starttls, tls or none."
    )


def build_app(hub: Hub) -> HubApp:
    return HubApp(hub, Router(route for routes in ROUTES for route in routes))
