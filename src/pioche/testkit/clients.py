"""The commands that people use, each in an environment that holds nothing of the developer's own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from pioche.testkit.client_calls import CALLS

if TYPE_CHECKING:
    from huggingface_hub import HfApi

    from pioche.testkit.people import Person

# What a program needs to run at all; the rest of the developer's environment stays outside.
_KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "SSL_CERT_FILE")

# The command asks the package index for a newer version of itself, which is not what is tested here.
_QUIET = {"HF_HUB_DISABLE_UPDATE_CHECK": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1", "NO_COLOR": "1"}


class CommandFailed(AssertionError):
    """A command ended with a status other than 0. The message holds all that it printed."""


class _Client:
    def __init__(self, url: str, home: Path) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.url = url
        self.home = home

    def environment(self) -> dict[str, str]:
        kept = {key: os.environ[key] for key in _KEPT if key in os.environ}
        tools = str(Path(sys.executable).parent)
        return {**kept, "HOME": str(self.home), "PATH": f"{tools}:{kept.get('PATH', '')}"}

    def _run(
        self, command: list[str], folder: Path | None, extra: Mapping[str, str], seconds: float
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=folder or self.home,
            env={**self.environment(), **extra},
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
            stdin=subprocess.DEVNULL,
        )


def _output(done: subprocess.CompletedProcess[str]) -> str:
    if done.returncode:
        raise CommandFailed(f"{done.args} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


class Hf(_Client):
    """The `hf` command and everything that reads `HF_ENDPOINT`, as one person on one machine.

    `person` None is a machine where nobody has logged in. `xet` False makes the client use LFS and plain downloads.
    """

    def __init__(self, url: str, home: Path, person: Person | None = None, xet: bool = True) -> None:
        super().__init__(url, home)
        self.person = person
        self.xet = xet

    def as_(self, person: Person | None, xet: bool = True) -> Hf:
        """The same hub from another machine: another home, another person."""
        name = f"{person.name if person else 'nobody'}-{'xet' if xet else 'lfs'}"
        return Hf(self.url, self.home.with_name(f"{self.home.name}-{name}"), person, xet)

    def environment(self) -> dict[str, str]:
        values = {
            **super().environment(),
            "HF_ENDPOINT": self.url,
            "OMP_NUM_THREADS": "2",
            "OMP_WAIT_POLICY": "PASSIVE",
        }
        if not self.xet:
            values["HF_HUB_DISABLE_XET"] = "1"
        if self.person is not None:
            values["HF_TOKEN"] = self.person.token
        return values

    def run(self, *arguments: str, folder: Path | None = None, seconds: float = 280) -> str:
        """What `hf ARGUMENTS` prints; raises `CommandFailed`."""
        printed = _output(self._run(["hf", *arguments], folder, _QUIET, seconds))
        CALLS.note_command(arguments)
        return printed

    def try_run(self, *arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        """As `run`, for a command that is meant to fail."""
        return self._run(["hf", *arguments], folder, _QUIET, 280)

    def python(self, script: Path, *arguments: str, seconds: float = 280) -> str:
        """What a fresh Python prints that runs a script and knows of the hub by `HF_ENDPOINT` alone."""
        return _output(self._run([sys.executable, str(script), *arguments], None, {}, seconds))

    @property
    def api(self) -> HfApi:
        from huggingface_hub import HfApi

        return HfApi(endpoint=self.url, token=self.person.token if self.person else False)


class Git(_Client):
    """The real `git` with Git LFS, with a home and a configuration of its own."""

    def __init__(self, url: str, home: Path) -> None:
        super().__init__(url, home)
        self.run("config", "--global", "user.name", "Test Person")
        self.run("config", "--global", "user.email", "person@example.test")
        self.run("config", "--global", "init.defaultBranch", "main")
        self.run("config", "--global", "advice.detachedHead", "false")
        self.run("lfs", "install")

    def environment(self) -> dict[str, str]:
        return {
            **super().environment(),
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_ASKPASS": "true",
        }

    def remote(self, path: str, person: Person | None = None) -> str:
        """The address to clone, with credentials in it. `path` is `alice/name` or `datasets/alice/name`."""
        parts = urlsplit(self.url)
        login = f"{quote(person.name)}:{quote(person.token)}@" if person else ""
        return f"{parts.scheme}://{login}{parts.netloc}/{path}"

    def run(
        self, *arguments: str, folder: Path | None = None, seconds: float = 280, extra: Mapping[str, str] = {}
    ) -> str:
        """What `git ARGUMENTS` prints; raises `CommandFailed`."""
        return _output(self._run(["git", *arguments], folder, extra, seconds))

    def try_run(
        self, *arguments: str, folder: Path | None = None, extra: Mapping[str, str] = {}
    ) -> subprocess.CompletedProcess[str]:
        """As `run`, for a command that is meant to fail."""
        return self._run(["git", *arguments], folder, extra, 280)
