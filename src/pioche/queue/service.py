"""Enqueue, and the threads that work."""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement

from pioche.ports.database import Database, Tx
from pioche.queue import store
from pioche.queue.types import Lane, Task, TaskType

if TYPE_CHECKING:
    from pioche.hub import Hub

log = logging.getLogger("pioche.queue")

# The bus may lose a wake-up, so an idle worker looks by itself this often.
IDLE_SECONDS = 15.0
FIRST_RETRY_MS = 2_000
FIRST_RUN_SECONDS = 600
OUTSIDE_WORKERS = 12
"""They mostly wait for machines of others."""


class Queue:
    """The verbs: `enqueue` in a transaction, `start` and `stop` of the workers."""

    def __init__(self, database: Database, workers: int) -> None:
        self._database = database
        self._count = workers
        self._types: dict[str, TaskType] = {}
        self._wake = threading.Condition()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._due: dict[str, float] = {}

    def register(self, types: Sequence[TaskType]) -> None:
        self._types.update({kind.name: kind for kind in types})

    def enqueue(
        self, tx: Tx, name: str, arguments: Mapping[str, Any], unique: str | None = None, delay_ms: int = 0
    ) -> None:
        """Work to be done after this transaction.

        Waiting tasks of the same `unique` text are one task, which is due when the first of them is.
        """
        if name not in self._types:
            raise LookupError(f"No task is called '{name}'.")
        if store.add(tx, name, arguments, None if unique is None else f"{name}:{unique}", delay_ms):
            tx.after_commit(self._notify)

    def waiting(self, tx: Tx, name: str, limit: int) -> list[Mapping[str, Any]]:
        """Arguments of the tasks of a name that are not done yet, the latest first."""
        return store.waiting(tx, name, limit)

    def start(self, hub: Hub) -> None:
        with self._database.write() as tx:
            store.requeue_running(tx)
        hub_lane: Lane = "hub"
        outside_lane: Lane = "outside"
        lanes = [hub_lane] * self._count + [outside_lane] * OUTSIDE_WORKERS
        for number, lane in enumerate(lanes):
            thread = threading.Thread(target=self._work, args=(hub, lane), name=f"worker-{number}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self, seconds: float = 10.0) -> None:
        self._stopping.set()
        self._notify()
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def run_due(self, hub: Hub) -> int:
        """Works off everything that is due, in this thread; for the command line and tests. Returns the count."""
        count = 0
        while (task := self._claim("hub") or self._claim("outside")) is not None:
            self._run(hub, task)
            count += 1
        return count

    def _notify(self) -> None:
        with self._wake:
            self._wake.notify_all()

    def _work(self, hub: Hub, lane: Lane) -> None:
        while not self._stopping.is_set():
            if lane == "hub":
                self._enqueue_scheduled()
            task = self._claim(lane)
            if task is not None:
                self._run(hub, task)
                continue
            with self._wake:
                if not self._stopping.is_set():
                    self._wake.wait(self._seconds_to_wait(lane))

    def _in(self, lane: Lane) -> ColumnElement[bool]:
        outside = [kind.name for kind in self._types.values() if kind.lane == "outside"]
        return store.lane_of(outside, inside=lane == "outside")

    def _claim(self, lane: Lane) -> Task | None:
        # Reading first: an idle worker must not take the write lock, nor change the database's version.
        with self._database.read() as tx:
            due = store.next_due(tx, self._in(lane))
            if due is None or due > tx.now:
                return None
        with self._database.write() as tx:
            return store.claim(tx, self._in(lane))

    def _seconds_to_wait(self, lane: Lane) -> float:
        with self._database.read() as tx:
            due = store.next_due(tx, self._in(lane))
            return IDLE_SECONDS if due is None else min(IDLE_SECONDS, max(0.0, (due - tx.now) / 1000))

    def _enqueue_scheduled(self) -> None:
        for kind in self._types.values():
            if kind.every is None:
                continue
            now = time.monotonic()
            # Soon after the start, so that a hub that is restarted every night still does its daily work.
            if now >= self._due.setdefault(kind.name, now + min(kind.every, FIRST_RUN_SECONDS)):
                self._due[kind.name] = now + kind.every
                with self._database.write() as tx:
                    store.add(tx, kind.name, {}, f"{kind.name}:scheduled", 0)

    def _run(self, hub: Hub, task: Task) -> None:
        kind = self._types.get(task.name)
        if kind is None:
            self._close(task, 1, f"No task is called '{task.name}'.")
            return
        try:
            kind.handler(hub, task.arguments)
        except Exception:  # the task runner: whatever a task raises is recorded and retried
            log.warning("task %s failed (attempt %d)", task.name, task.attempts, exc_info=True)
            self._close(task, kind.attempts, traceback.format_exc()[-4000:])
            return
        with self._database.write() as tx:
            store.finish(tx, task.id)

    def _close(self, task: Task, attempts: int, error: str) -> None:
        with self._database.write() as tx:
            if task.attempts >= attempts:
                store.fail(tx, task.id, error)
            else:
                store.retry(tx, task.id, FIRST_RETRY_MS * 4 ** (task.attempts - 1), error)
