"""`pioche serve` in a process of its own, with a data folder of its own."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from pioche.testkit import databases

_LIMITS = [
    f"PIOCHE_LIMIT_{bucket}{who}" for bucket in ("API", "RESOLVERS", "PAGES", "INFERENCE") for who in ("", "_ANONYMOUS")
]
_ADDRESS = re.compile(r"https?://[^\s/]+")


class Server:
    """A hub as its admin runs it. The port is picked once and kept over restarts, so that clients find it again."""

    def __init__(self, data: Path, settings: Mapping[str, str] | None = None) -> None:
        """`settings` are environment variables, such as `{"PIOCHE_SIGNUP_OPEN": "no"}`."""
        self.data = data
        self.log_file = data.with_name(data.name + ".log")
        self.url = ""
        self._settings = dict(settings or {})
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def logs(self) -> str:
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    @property
    def pid(self) -> int:
        return self._running().pid

    def start(self, seconds: float = 60) -> Server:
        """Returns when the hub answers. Raises `RuntimeError` with its log if it does not within `seconds`."""
        port = self.url.rpartition(":")[2] or "0"
        logged = len(self.logs)
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [pioche(), "serve", "--host", "127.0.0.1", "--port", port, "--data", str(self.data)],
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.environment(),
                start_new_session=True,
            )
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self._process.poll() is None:
            if (found := _ADDRESS.search(self.logs[logged:])) and _answers(found[0]):
                self.url = found[0]
                return self
            time.sleep(0.02)
        self.kill9()
        raise RuntimeError(f"The hub did not start. Its log:\n{self.logs}")

    def stop(self, seconds: float = 30) -> int:
        """Ask it to end, as Ctrl-C does; returns the exit status."""
        process = self._running()
        process.send_signal(signal.SIGTERM)
        try:
            status = process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill9()
            raise
        self._process = None
        return status

    def kill9(self) -> None:
        """As a power cut: no chance to tidy up. Children die too."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def put_away(self) -> None:
        """The hub ends, and what it runs: runs outlive a hub, and would write into a folder that is being removed."""
        self.kill9()
        deadline = time.monotonic() + 30
        while (left := self.processes_of_runs()) and time.monotonic() < deadline:
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.02)
        shutil.rmtree(self.data)

    def processes_of_runs(self) -> list[int]:
        """The pids of what runs out of the folder of this hub's runs."""
        runs = os.fsencode(self.data / "runs")
        return [int(path.parent.name) for path in Path("/proc").glob("[0-9]*/cmdline") if runs in _bytes(path)]

    def restart(self) -> None:
        if self._process is not None:
            self.stop()
        self.start()

    def command(self, *arguments: str, stdin: str = "", data: bool = True) -> str:
        """What `pioche ARGUMENTS` prints, on this hub's data (but for commands that talk to it from afar)."""
        done = subprocess.run(
            [pioche(), *arguments, *(["--data", str(self.data)] if data else [])],
            input=stdin,
            capture_output=True,
            text=True,
            env=self.environment(),
            timeout=120,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"pioche {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def environment(self) -> dict[str, str]:
        """Of the developer's own settings none reaches the hub under test."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("PIOCHE_", "GIT_", "HF_"))}
        # Environments for what computes take a while to install: all hubs of the tests share them.
        kept["PIOCHE_RUNTIMES"] = str(Path(tempfile.gettempdir(), f"pioche-runtimes-{os.getuid()}"))
        if not any(key.startswith("PIOCHE_DATABASE_URL") for key in self._settings):
            kept["PIOCHE_DATABASE_URL"] = databases.url_of(self.data)
        # Everybody in the tests has one address; who tests rate limits sets their own.
        kept.update(dict.fromkeys(_LIMITS, str(10**9)))
        return {**kept, **self._settings, "PYTHONUNBUFFERED": "1"}

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError("The hub is not running.")
        return self._process


def pioche() -> str:
    """The `pioche` command of this Python environment."""
    return str(Path(sys.executable).with_name("pioche"))


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=5):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
