"""Tables out of files. Parquet is read by a library in C++, so in a sandbox; the rest is text, and read here."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from pathlib import Path

from pioche.errors import HubError, InvalidInput, RunsUnavailable
from pioche.ports.executor import Executor, Limits, Mount, RunSpec
from pioche.runtimes.service import Runtimes
from pioche.training import data, recipes

RUNTIME, PREFIX = "viewer", "table-"
SECONDS, MEMORY, PROCESSES = 60, 2 * 1024**3, 64
KEPT = 8
"""Files whose rows are kept: a table is looked at several times before it is learned from."""
NOT_READ = 3
"""What the program ends with when its last words are for whoever made the file."""


class Reader:
    """`folder`: where files and their rows lie, by their SHA-256."""

    def __init__(self, executor: Executor, runtimes: Runtimes, folder: Path) -> None:
        self._executor = executor
        self._runtimes = runtimes
        self._folder = folder

    def read(self, file: str, content: bytes) -> data.Table:
        """Raises `InvalidInput` for what is no table, `RunsUnavailable` where parquet cannot be read."""
        return data.read(file, self._rows(file, content) if file.endswith(".parquet") else content)

    def _rows(self, file: str, content: bytes) -> bytes:
        """One JSON object a line."""
        name = hashlib.sha256(content).hexdigest()[:32]
        kept = self._folder / f"{name}.jsonl"
        try:
            rows = kept.read_bytes()
            os.utime(kept)
        except FileNotFoundError:
            rows = self._convert(file, name, content)
            written = kept.with_name(f"{kept.name}.{time.monotonic_ns()}")
            written.write_bytes(rows)
            written.replace(kept)
            self._drop_old()
        return rows

    def _convert(self, file: str, name: str, content: bytes) -> bytes:
        if reason := self._executor.unavailable():
            raise RunsUnavailable(f"Parquet files are read in a sandbox. {reason}")
        run_id = f"{PREFIX}{name}-{time.monotonic_ns()}"
        place, inside = self._runtimes.ensure(RUNTIME), self._folder / run_id
        inside.mkdir(parents=True)
        inside.chmod(0o755)
        (inside / "table.parquet").write_bytes(content)
        (inside / "table.parquet").chmod(0o644)
        program = Path(recipes.__file__).parent
        try:
            self._executor.start(
                RunSpec(
                    id=run_id,
                    command=[str(place / "bin" / "python"), "/opt/recipes/parquet_rows.py", str(data.MAX_TABLE)],
                    limits=Limits(SECONDS, 1.0, MEMORY, processes=PROCESSES, disk=2 * data.MAX_TABLE),
                    mounts=[Mount(place, str(place)), Mount(inside, "/inputs"), Mount(program, "/opt/recipes")],
                )
            )
            return self._result(file, run_id)
        finally:
            shutil.rmtree(inside, ignore_errors=True)
            self._forget(run_id)

    def _result(self, file: str, run_id: str) -> bytes:
        while (status := self._executor.status(run_id)).state != "ended":
            time.sleep(0.05)
        if status.reason == "exit" and status.exit_code == 0:
            return _read_plain(self._executor.home(run_id) / "rows.jsonl")
        lines = [line.text for line in self._executor.logs(run_id)[0] if line.text.strip()]
        why = lines[-1][:300] if status.exit_code == NOT_READ and lines else "it takes more time or memory than it may"
        raise InvalidInput(f"'{file}' cannot be read as a table: {why}.")

    def _forget(self, run_id: str) -> None:
        try:
            self._executor.stop(run_id)
            self._executor.remove(run_id)
        except HubError:
            return  # it was never started

    def _drop_old(self) -> None:
        for path in sorted(self._folder.glob("*.jsonl"), key=_moment, reverse=True)[KEPT:]:
            path.unlink(missing_ok=True)


def _moment(path: Path) -> float:
    """When it was last read; long ago, if somebody else has taken it away."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _read_plain(path: Path) -> bytes:
    """A file that a run made: it is not followed anywhere, and not read further than it may be long."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            return file.read(data.MAX_TABLE + 1024 * 1024)
    except OSError as error:
        raise InvalidInput(f"The file cannot be read as a table: {error.strerror}.") from error
