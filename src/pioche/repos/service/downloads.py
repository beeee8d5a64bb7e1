"""`Downloads`: counted in memory while files are served, written down every few seconds.

A crash loses the last seconds. Addresses are kept in memory alone, as digests with a key of this process.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pioche import wiring
from pioche.events import RepoRanked
from pioche.names import RepoKind
from pioche.ports.database import Database, Tx
from pioche.queue.service import Queue
from pioche.repos import store, trending
from pioche.repos.query_files import is_query_file
from pioche.repos.ranks import step
from pioche.repos.types import Repo

DAY = 24 * 3600 * 1000
SHOWN_DAYS = 30
SAME_DATASET = 300.0
"""Seconds in which requests of one address for one dataset are one download."""
SAME_FILE = 10.0
"""Seconds in which HEAD and GET of one file by one address are one download."""
MAX_REMEMBERED = 200_000


@dataclass(frozen=True, slots=True)
class Served:
    """What was asked for: `key` is what must not be counted twice, in so many seconds."""

    repo_id: int
    key: str
    seconds: float


def served(repo: Repo, path: str) -> Served | None:
    """None if it counts for nothing."""
    kind = repo.repo_id.kind
    if not is_query_file(kind, repo.library, path):
        return None
    if kind in (RepoKind.DATASET, RepoKind.KERNEL):
        return Served(repo.id, str(repo.id), SAME_DATASET)
    return Served(repo.id, f"{repo.id} {path}", SAME_FILE)


def served_by_chunks(repo: Repo) -> Served | None:
    """A program fetches large files by Xet. Of models these are query files only where there are no others."""
    if repo.repo_id.kind in (RepoKind.DATASET, RepoKind.KERNEL) or repo.library == "gguf":
        return Served(repo.id, str(repo.id), SAME_DATASET)
    return None


class Downloads:
    def __init__(self, database: Database, queue: Queue) -> None:
        self._database = database
        self._queue = queue
        self._lock = threading.Lock()
        self._waiting: Counter[int] = Counter()
        self._is_due = False
        self._recent: OrderedDict[bytes, float] = OrderedDict()
        self._salt = secrets.token_bytes(16)

    def note(self, what: Served, address: str) -> bool:
        """Takes microseconds and no transaction. True if a `flush` must be planned, as none is."""
        now = time.monotonic()
        who = hashlib.blake2b(f"{address} {what.key}".encode(), digest_size=12, key=self._salt).digest()
        with self._lock:
            until = self._recent.get(who, 0.0)
            if until > now:
                return False
            self._recent[who] = now + what.seconds
            self._recent.move_to_end(who)
            while len(self._recent) > MAX_REMEMBERED:
                self._recent.popitem(last=False)
            self._waiting[what.repo_id] += 1
            is_first, self._is_due = not self._is_due, True
            return is_first

    def flush(self) -> int:
        """Writes down what waits; the number of downloads."""
        with self._lock:
            counts, self._waiting, self._is_due = self._waiting, Counter(), False
        is_written = not counts
        try:
            if counts:
                with self._database.write() as tx:
                    for repo_id, count in counts.items():
                        self._count(tx, repo_id, count)
                is_written = True
        finally:
            if not is_written:  # the disk is full, say: they are counted the next time
                with self._lock:
                    self._waiting.update(counts)
        return counts.total()

    def days(self, repo_id: int) -> Sequence[tuple[int, int]]:
        """The last thirty days, today last: (Unix milliseconds of its beginning, downloads)."""
        with self._database.read() as tx:
            today = tx.now // DAY
            found: Mapping[int, int] = store.download_days_of(tx, repo_id, today - SHOWN_DAYS + 1)
        return [(day * DAY, found.get(day, 0)) for day in range(today - SHOWN_DAYS + 1, today + 1)]

    def age(self) -> None:
        """What is more than thirty days ago no longer counts for the number that is shown."""
        with self._database.write() as tx:
            store.age_downloads(tx, tx.now // DAY - SHOWN_DAYS + 1)

    def _count(self, tx: Tx, repo_id: int, count: int) -> None:
        before = store.ranking_of(tx, repo_id)
        if before is None:
            return  # deleted meanwhile
        score, downloads = before
        after = trending.add(score, trending.DOWNLOADED * count, tx.now), downloads + count
        store.add_downloads(tx, repo_id, tx.now // DAY, count)
        store.set_trending(tx, repo_id, after[0])
        if _steps(*before) != _steps(*after):
            wiring.announce(self._queue, tx, RepoRanked(actor_id=None, repo_id=repo_id))


def _steps(score: float, downloads: int) -> tuple[int, int]:
    return step("trendingScore", score), step("downloads", downloads)
