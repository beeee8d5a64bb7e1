"""`Runtimes`: makes an environment when it is first asked for."""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import shutil
import subprocess
import sys
from pathlib import Path

from pioche.errors import NotFound, RunsUnavailable

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
        return (place / "bin" / "python").exists() and not _mark(place).exists()

    def ensure(self, name: str) -> Path:
        """The folder of the environment, with `bin/python`. Takes as long as installing does, the first time."""
        place = self._place(name)
        if self.is_ready(name):  # it does not wait while another is being installed
            return place
        self.folder.mkdir(parents=True, exist_ok=True)
        # The command line installs too: the lock is between processes, and goes with the one that has it.
        with place.with_name(f"{place.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not self.is_ready(name):
                self._build(name, place)
        return place

    def _place(self, name: str) -> Path:
        path = SETS / f"{name}.txt"
        if name not in self.names():
            raise NotFound(f"There is no runtime '{name[:50]}'. There are: {', '.join(self.names())}.")
        return self.folder / f"{name}-{hashlib.sha256(path.read_bytes()).hexdigest()[:12]}"

    def _build(self, name: str, place: Path) -> None:
        """In its own place, which scripts in it name. A mark beside it says that it is not whole yet."""
        log.info("runtime %s is being installed", name)
        _mark(place).touch()
        shutil.rmtree(place, ignore_errors=True)
        environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never", "UV_CACHE_DIR": str(self.folder / "cache")}
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
        _mark(place).unlink()


def _mark(place: Path) -> Path:
    return place.with_name(f"{place.name}.unfinished")


def _links() -> list[str]:
    return [word for link in os.environ.get("PIP_FIND_LINKS", "").split() for word in ("--find-links", link)]
