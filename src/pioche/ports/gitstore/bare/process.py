"""Running the git program: clean environment, plain bytes, failures with git's own words."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from pioche.ports.gitstore import GitFailed
from pioche.ports.gitstore.bare.presence import while_there


def git_environment() -> dict[str, str]:
    """What git may know of the world: no configuration of the machine or of the person who runs the hub."""
    return {
        "PATH": os.environ.get("PATH", "/usr/local/bin:/usr/bin:/bin"),
        "HOME": "/nonexistent",
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_LITERAL_PATHSPECS": "1",
        # The data folder is ours even when a shared volume shows another owner.
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": "*",
    }


def run_git(repo: Path, *arguments: str, stdin: bytes = b"", extra: Mapping[str, str] | None = None) -> bytes:
    """The standard output of `git <arguments>` in `repo`; `extra` is more environment.

    Raises `GitFailed`, and `RepoNotFound` if the repository was deleted meanwhile.
    """
    done = subprocess.run(
        ["git", "--git-dir", str(repo), *arguments],
        input=stdin,
        capture_output=True,
        env=git_environment() | dict(extra or {}),
        check=False,
    )
    with while_there(repo):
        if done.returncode != 0:
            words = done.stderr.decode(errors="replace").strip()
            raise GitFailed(f"git {arguments[0]} ended with {done.returncode}: {words[:2000]}")
    return done.stdout
