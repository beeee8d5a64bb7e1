"""`Hub`: ports and services of one hub, wired by `app.build_hub`. Nothing else lives here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pioche.accounts.grants import Signer
    from pioche.accounts.service import Accounts
    from pioche.buckets.service import Buckets
    from pioche.collections.service import Collections
    from pioche.community.likes import Likes
    from pioche.community.merging import PullRequests
    from pioche.community.moderating import Moderation
    from pioche.community.reacting import Reactions
    from pioche.community.service import Community
    from pioche.community.writing import Writing
    from pioche.evals.service import Evals
    from pioche.follows.service import Follows
    from pioche.git.service import Git
    from pioche.inference.service import Inference
    from pioche.jobs.service import Jobs
    from pioche.lfs.service import Lfs
    from pioche.links.service import Links
    from pioche.machine.service import Machine
    from pioche.notifications.service import Notifications
    from pioche.oauth.service import Oauth
    from pioche.papers.comments import PaperComments
    from pioche.papers.service import Papers
    from pioche.plans.service import Plans
    from pioche.ports.blobs import BlobStore
    from pioche.ports.database import Database
    from pioche.ports.gitstore import GitStore
    from pioche.ports.mail import Mailer
    from pioche.queue.service import Queue
    from pioche.repos.service.browse import Browse
    from pioche.repos.service.changes import Changes
    from pioche.repos.service.commits import Commits
    from pioche.repos.service.downloads import Downloads
    from pioche.repos.service.gates import Gates
    from pioche.repos.service.infos import Infos
    from pioche.repos.service.large_files import LargeFiles
    from pioche.repos.service.refs import Refs
    from pioche.repos.service.repos import Repos
    from pioche.repos.service.trees import Trees
    from pioche.repos.service.upkeep import Upkeep
    from pioche.runtimes.service import Runtimes
    from pioche.search.indexer import Indexer
    from pioche.search.service import Search
    from pioche.search.texts import Texts
    from pioche.settings import Settings
    from pioche.spaces.service import Spaces
    from pioche.training.service import Trainings
    from pioche.web.templates import Templates
    from pioche.webhooks.service import Webhooks
    from pioche.xet.service import Xet


@dataclass(frozen=True, slots=True)
class Hub:
    settings: Settings
    database: Database
    blobs: BlobStore
    gitstore: GitStore
    signer: Signer
    queue: Queue
    templates: Templates
    accounts: Accounts
    oauth: Oauth
    xet: Xet
    lfs: Lfs
    trees: Trees
    browse: Browse
    large_files: LargeFiles
    commits: Commits
    buckets: Buckets
    community: Community
    pull_requests: PullRequests
    moderation: Moderation
    reactions: Reactions
    writing: Writing
    likes: Likes
    links: Links
    collections: Collections
    evals: Evals
    follows: Follows
    mailer: Mailer
    notifications: Notifications
    webhooks: Webhooks
    machine: Machine
    jobs: Jobs
    plans: Plans
    runtimes: Runtimes
    inference: Inference
    trainings: Trainings
    spaces: Spaces
    papers: Papers
    paper_comments: PaperComments
    repos: Repos
    search: Search
    texts: Texts
    indexer: Indexer
    gates: Gates
    refs: Refs
    infos: Infos
    changes: Changes
    downloads: Downloads
    upkeep: Upkeep
    git: Git
