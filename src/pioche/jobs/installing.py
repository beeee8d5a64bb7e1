"""`Installing`: where jobs get Python packages from: folders of wheels, and hosts that the admin allowed."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from pioche.errors import InvalidInput
from pioche.ports.executor import Mount

PLACE = "/opt/wheels"
_RULE = re.compile(r"(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*(:[0-9]{1,5})?\Z")
_CLOSED = (
    "Packages that a script asks for come from {source}: jobs have no network. This hub has "
    "Python {version}. Its admin can name a folder of wheels (`wheels`), or allow the hosts of an index (`job_hosts`)."
)


class Installing:
    """`folders`: of wheel files; `index`: an index, empty for the usual one; `hosts`: what else is open."""

    def __init__(self, folders: Sequence[Path], index: str = "", hosts: str = "") -> None:
        self._folders = [folder for folder in folders if folder.is_dir()]
        self._index = index
        self.hosts = _rules(hosts, index)

    def mounts(self) -> list[Mount]:
        return [Mount(folder, f"{PLACE}/{number}") for number, folder in enumerate(self._folders)]

    def environment(self, runtime: Path) -> dict[str, str]:
        """What `uv` and `pip` read."""
        links = [mount.target for mount in self.mounts()]
        said = {"VIRTUAL_ENV": str(runtime), "UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1"}
        if links:
            said |= {"UV_FIND_LINKS": ",".join(links), "PIP_FIND_LINKS": " ".join(links)}
        if not self.hosts:
            return {**said, "UV_NO_INDEX": "1", "PIP_NO_INDEX": "1", "UV_OFFLINE": "1"}
        if self._index:
            said |= {"UV_DEFAULT_INDEX": self._index, "PIP_INDEX_URL": self._index}
        return said

    def hint(self, command: Sequence[str]) -> str:
        """What may help when a command failed."""
        if self.hosts or not command or Path(command[0]).name not in ("uv", "uvx", "pip"):
            return ""
        source = "a folder of this machine" if self._folders else "nowhere yet"
        return _CLOSED.format(source=source, version=f"{sys.version_info.major}.{sys.version_info.minor}")


def _rules(hosts: str, index: str) -> list[str]:
    """Raises `InvalidInput` for what is no host."""
    rules = [word.lower() for word in re.split(r"[,\s]+", hosts) if word]
    if index:
        address = urlsplit(index)
        if address.scheme not in ("http", "https") or not address.hostname:
            raise InvalidInput(f"The setting 'job_index' is an address such as https://pypi.org/simple, not '{index}'.")
        rules.append(f"{address.hostname}:{address.port}" if address.port else address.hostname)
    for rule in rules:
        if not _RULE.match(rule):
            raise InvalidInput(f"The setting 'job_hosts' lists hosts such as pypi.org or *.example.org, not '{rule}'.")
    return list(dict.fromkeys(rules))
