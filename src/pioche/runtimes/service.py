"""`Runtimes`: makes an environment when it is first asked for."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import subprocess
import sys
from pathlib import Path

from pioche.errors import NotFound, RunsUnavailable
from pioche.runtimes import pruning
from pioche.runtimes.pruning import Installed

log = logging.getLogger("pioche.runtimes")

SETS = Path(__file__).parent / "sets"
SECONDS = 1800


class Runtimes:
    """`wheels`: a folder of wheel files to install from, for machines without a network; empty for the index, and what
    pip is told to look at besides (`PIP_FIND_LINKS`).
    """

    def __init__(self, folder: Path, wheels: str = "") -> None:
        self.folder = folder
        self._wheels = wheels

    def names(self) -> list[str]:
        return sorted(path.stem for path in SETS.glob("*.txt"))

    def wheel_folders(self) -> list[Path]:
        """Folders of this machine with wheel files, for whoever installs besides."""
        named = [self._wheels] if self._wheels else os.environ.get("PIP_FIND_LINKS", "").split()
        return [Path(name) for name in named if Path(name).is_dir()]

    def is_ready(self, name: str) -> bool:
        place = self._place(name)
        return (place / "bin" / "python").exists() and not pruning.unfinished(place).exists()

    def ensure(self, name: str) -> Path:
        """The folder of the environment, with `bin/python`. Takes as long as installing does, the first time."""
        place = self._place(name)
        pruning.touch(place)  # before the look: see `pruning`
        if self.is_ready(name):  # it does not wait while another is being installed
            return place
        self.folder.mkdir(parents=True, exist_ok=True)
        with pruning.locked(place):  # the command line installs too
            if not self.is_ready(name):
                self._build(name, place)
            pruning.touch(place)
        return place

    def installed(self) -> list[Installed]:
        """With those of other sets, and the cache of what was downloaded for them."""
        return pruning.installed(self.folder)

    def current(self) -> list[Path]:
        """Where those of the sets of today are, or would be."""
        return [self._place(name) for name in self.names()]

    def prune(self, days: int = pruning.UNUSED_DAYS) -> list[Installed]:
        """Removes what is of no set of today, and the cache, where nobody used it for so many days."""
        return pruning.prune(self.folder, self.current(), days)

    def _place(self, name: str) -> Path:
        path = SETS / f"{name}.txt"
        if name not in self.names():
            raise NotFound(f"There is no runtime '{name[:50]}'. There are: {', '.join(self.names())}.")
        return self.folder / f"{name}-{hashlib.sha256(path.read_bytes()).hexdigest()[:12]}"

    def _build(self, name: str, place: Path) -> None:
        """In its own place, which scripts in it name. A mark beside it says that it is not whole yet."""
        log.info("runtime %s is being installed", name)
        pruning.unfinished(place).touch()
        pruning.touch(self.folder / pruning.CACHE)
        shutil.rmtree(place, ignore_errors=True)
        environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never", "UV_CACHE_DIR": str(self.folder / pruning.CACHE)}
        source = ["--no-index", "--find-links", self._wheels] if self._wheels else _links()
        uv, python = [sys.executable, "-m", "uv"], str(Path(sys.base_prefix, "bin", "python3"))
        install = ["pip", "install", "--python", str(place / "bin" / "python"), "--compile-bytecode"]
        install += ["--no-deps"] if (SETS / f"{name}.txt").read_text().startswith("# --no-deps") else []
        try:
            for command in (
                [*uv, "--quiet", "venv", "--python", python, str(place)],
                [*uv, "--quiet", *install, *source, "--requirement", str(SETS / f"{name}.txt")],
            ):
                # Runs have users of their own, who must be able to read it whatever the hub's own mask is.
                subprocess.run(
                    command, check=True, capture_output=True, text=True, timeout=SECONDS, env=environment, umask=0o022
                )
        except (OSError, subprocess.SubprocessError) as error:
            shutil.rmtree(place, ignore_errors=True)
            said = str(getattr(error, "stderr", "") or error).strip()[-400:]
            raise RunsUnavailable(f"The runtime '{name}' could not be installed: {said}") from error
        pruning.unfinished(place).unlink()


def _links() -> list[str]:
    return [word for link in os.environ.get("PIP_FIND_LINKS", "").split() for word in ("--find-links", link)]
