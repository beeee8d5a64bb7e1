"""`Installing`: where jobs get Python packages from: folders of wheels, and hosts that the admin allowed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from pioche.ports.executor import Mount

PLACE = "/opt/wheels"
_CLOSED = (
    "Packages that a script asks for come from {source}: jobs have no network. This hub has "
    "Python {version}. Its admin can name a folder of wheels (`wheels`)."
)


class Installing:
    """`folders`: of wheel files; `index`: a package index, empty for the usual one; `is_open`: hosts are allowed."""

    def __init__(self, folders: Sequence[Path], index: str, is_open: bool) -> None:
        self._folders = [folder for folder in folders if folder.is_dir()]
        self._index = index
        self._is_open = is_open

    def mounts(self) -> list[Mount]:
        return [Mount(folder, f"{PLACE}/{number}") for number, folder in enumerate(self._folders)]

    def environment(self, runtime: Path) -> dict[str, str]:
        """What `uv` and `pip` read."""
        links = [mount.target for mount in self.mounts()]
        said = {"VIRTUAL_ENV": str(runtime), "UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1"}
        if links:
            said |= {"UV_FIND_LINKS": ",".join(links), "PIP_FIND_LINKS": " ".join(links)}
        if not self._is_open:
            return {**said, "UV_NO_INDEX": "1", "PIP_NO_INDEX": "1", "UV_OFFLINE": "1"}
        if self._index:
            said |= {"UV_DEFAULT_INDEX": self._index, "PIP_INDEX_URL": self._index}
        return said

    def hint(self, command: Sequence[str]) -> str:
        """What may help when a command failed."""
        if self._is_open or not command or Path(command[0]).name not in ("uv", "uvx", "pip"):
            return ""
        source = "a folder of this machine" if self._folders else "nowhere yet"
        return _CLOSED.format(source=source, version=f"{sys.version_info.major}.{sys.version_info.minor}")
