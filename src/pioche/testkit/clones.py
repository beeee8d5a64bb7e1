"""A clone of a repository, as a person works in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pioche.testkit.clients import Git

MakeRepo = Callable[..., str]
"""Makes a repository and returns its path in addresses."""


class Work:
    """A clone, and short ways to change it."""

    def __init__(self, git: Git, folder: Path) -> None:
        self.git = git
        self.folder = folder

    def run(self, *arguments: str) -> str:
        return self.git.run(*arguments, folder=self.folder)

    def write(self, path: str, content: bytes | str) -> None:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)

    def commit(self, path: str, content: bytes | str) -> str:
        self.write(path, content)
        self.run("add", "-A")
        self.run("commit", "-m", f"Write {path}")
        return self.run("rev-parse", "HEAD").strip()

    def push(self, *arguments: str) -> str:
        return self.run("push", "origin", *(arguments or ("HEAD:main",)))

    def refused(self, *arguments: str) -> str:
        """What the terminal shows of a push that does not go through."""
        done = self.git.try_run("push", "origin", *(arguments or ("HEAD:main",)), folder=self.folder)
        assert done.returncode != 0, done.stderr
        return "\n".join(line.removeprefix("remote: ").rstrip() for line in done.stderr.splitlines())


Clone = Callable[..., Work]
"""Clones a path as a person (alice, if nobody is named), with options of `git clone`."""
