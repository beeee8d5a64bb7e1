"""One typed `Settings`, read once: defaults, then `pioche.toml` in the data folder, then `PIOCHE_*`.

A secret may come from a file: `PIOCHE_X_FILE=/path`. An unknown key is an error, so that a typing mistake is seen.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from pioche.errors import InvalidInput

MIB = 1024 * 1024
GIB = 1024 * MIB


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything an admin can decide outside the pages. `doc` of each field is its reference text."""

    host: str = field(default="127.0.0.1", metadata={"doc": "Address to listen on."})
    port: int = field(default=8470, metadata={"doc": "Port to listen on; 0 picks a free one."})
    data: Path = field(default=Path("data"), metadata={"doc": "The one folder that holds all state."})
    database_url: str = field(
        default="",
        metadata={
            "doc": "PostgreSQL to keep the tables in, as `postgresql://user:password@host:5432/name`. "
            "Without it they are in SQLite, in the data folder."
        },
    )
    public_url: str = field(
        default="",
        metadata={"doc": "Address people use, if it differs from the `Host` of their requests (no slash at the end)."},
    )
    trust_proxy: bool = field(
        default=False,
        metadata={"doc": "Believe `X-Forwarded-*` headers. Only behind a proxy that sets them."},
    )
    site_name: str = field(default="Pioche", metadata={"doc": "Name of the hub in titles and messages."})
    signup_open: bool = field(default=True, metadata={"doc": "Anyone may make an account."})
    session_days: int = field(default=30, metadata={"doc": "Days a log-in lasts."})
    threads: int = field(default=16, metadata={"doc": "Threads that answer requests."})
    workers: int = field(default=2, metadata={"doc": "Threads for background work."})
    regular_file_limit: int = field(
        default=10 * MIB, metadata={"doc": "Bytes above which a file must be a large file (LFS or Xet)."}
    )
    large_file_limit: int = field(default=500 * GIB, metadata={"doc": "Bytes of one large file at most."})
    commit_body_limit: int = field(default=2 * GIB, metadata={"doc": "Bytes of one commit request at most."})
    free_disk_reserve: int = field(
        default=512 * MIB, metadata={"doc": "Uploads are refused when less than this stays free on the disk."}
    )
    link_seconds: int = field(default=3600, metadata={"doc": "Seconds that signed links and Xet tokens live."})
    lfs_part_size: int = field(
        default=GIB, metadata={"doc": "Bytes of one part of a Git LFS upload in parts, which starts at five parts."}
    )
    lfs_to_xet: bool = field(
        default=True,
        metadata={"doc": "Turn files that came by Git LFS into chunks later, which stores repeated content once."},
    )
    lfs_to_xet_after: int = field(
        default=3600, metadata={"doc": "Seconds that such a file stays whole, and fastest to download."}
    )
    mail: str = field(
        default="off", metadata={"doc": "Where mail goes: `off` (nowhere), `console` (printed) or `smtp`."}
    )
    mail_from: str = field(
        default="", metadata={"doc": "Address that mail comes from, such as `Hub <hub@example.org>`."}
    )
    smtp_host: str = field(default="", metadata={"doc": "Mail server, for `mail = smtp`."})
    smtp_port: int = field(default=587, metadata={"doc": "Port of the mail server."})
    smtp_security: str = field(
        default="starttls", metadata={"doc": "`starttls`, `tls` (from the first byte) or `none` (on the same machine)."}
    )
    smtp_user: str = field(default="", metadata={"doc": "Log-in at the mail server, if it wants one."})
    smtp_password: str = field(default="", metadata={"doc": "Its password; better in a file, as every secret."})
    wheels: str = field(
        default="",
        metadata={"doc": "Folder of wheel files that runtimes are installed from; the package index if empty."},
    )
    runtimes: str = field(
        default="",
        metadata={"doc": "Folder for the environments of what computes, if not in the data folder: hubs may share it."},
    )
    job_hosts: str = field(
        default="",
        metadata={
            "doc": "Hosts that jobs may reach besides the hub, through a proxy, as in `pypi.org, "
            "files.pythonhosted.org, *.example.org, 10.0.0.5:8080`; none if empty."
        },
    )
    job_index: str = field(
        default="", metadata={"doc": "Package index that jobs install from, if not PyPI; its host is allowed too."}
    )
    job_log_days: int = field(default=90, metadata={"doc": "Days that the log of a job or training is kept."})
    plans: str = field(
        default="free=3000, team=30000, unlimited=0",
        metadata={
            "doc": "Plans of accounts: compute-minutes (minutes of one CPU) that their jobs may take in a month, "
            "0 for no limit. The first is everyone's; `pioche plan set` gives another."
        },
    )
    compute_price: int = field(
        default=0,
        metadata={"doc": "Price of a compute-minute in millionths of a dollar, shown with jobs. Nothing is charged."},
    )
    model_idle_seconds: int = field(
        default=600, metadata={"doc": "Seconds after which a model that nobody asks leaves the memory."}
    )
    model_answer_seconds: int = field(
        default=600,
        metadata={"doc": "Seconds that an answer of a model may take; a model that takes longer is stopped."},
    )
    webhook_networks: str = field(
        default="",
        metadata={"doc": "Private networks that webhooks may be sent to, as in `10.0.0.0/8, ::1/128`."},
    )
    limit_seconds: int = field(default=300, metadata={"doc": "The time that the next eight limits are for."})
    limit_api: int = field(
        default=50_000, metadata={"doc": "Calls of the API in that time by one person; 0 for no limit."}
    )
    limit_api_anonymous: int = field(
        default=10_000, metadata={"doc": "The same for one address, of those who are not logged in."}
    )
    limit_resolvers: int = field(
        default=300_000, metadata={"doc": "Files by address in that time by one person; 0 for no limit."}
    )
    limit_resolvers_anonymous: int = field(
        default=60_000, metadata={"doc": "The same for one address, of those who are not logged in."}
    )
    limit_pages: int = field(default=15_000, metadata={"doc": "Pages in that time by one person; 0 for no limit."})
    limit_pages_anonymous: int = field(
        default=3_000, metadata={"doc": "The same for one address, of those who are not logged in."}
    )
    limit_inference: int = field(
        default=2_000, metadata={"doc": "Questions to models in that time by one person; 0 for no limit."}
    )
    limit_inference_anonymous: int = field(
        default=200, metadata={"doc": "The same for one address, of those who are not logged in."}
    )
    log_level: str = field(default="info", metadata={"doc": "debug, info, warning or error."})


def load_settings(overrides: Mapping[str, Any] | None = None, environ: Mapping[str, str] = os.environ) -> Settings:
    """Settings from all sources; `overrides` (the command line) win. Raises `InvalidInput`."""
    values: dict[str, Any] = {}
    from_env = _read_environ(environ)
    given = {k: v for k, v in (overrides or {}).items() if v is not None}
    data = Path(given.get("data") or from_env.get("data") or "data")
    values.update(_read_toml(data / "pioche.toml"))
    values.update(from_env)
    values.update(given)
    values["data"] = data.expanduser().resolve()
    known = {f.name: f for f in fields(Settings)}
    for key in values:
        if key not in known:
            raise InvalidInput(f"There is no setting '{key}'. There are: {', '.join(known)}.")
    settings = Settings(**{key: _convert(key, known[key].type, value) for key, value in values.items()})
    if not 0 <= settings.port <= 65535:
        raise InvalidInput(f"There is no port {settings.port}: ports are 1 to 65535, and 0 picks a free one.")
    return settings


def _read_toml(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput(f"{path} is not valid TOML: {error}.") from error


# Variables that others read, not `Settings`.
_FOREIGN = {"PIOCHE_TEST_BROWSER", "PIOCHE_TEST_DATABASE"}


def _read_environ(environ: Mapping[str, str]) -> dict[str, str]:
    values: dict[str, str] = {}
    names = {f.name for f in fields(Settings)}
    for key, value in environ.items():
        if not key.startswith("PIOCHE_") or key in _FOREIGN:
            continue
        name = key.removeprefix("PIOCHE_").lower()
        if name not in names and name.endswith("_file"):
            name, value = name.removesuffix("_file"), Path(value).read_text().strip()
        values[name] = value
    return values


def _convert(key: str, kind: Any, value: Any) -> Any:
    """`kind` is the annotation as text, because annotations are not evaluated here."""
    try:
        if kind == "int":
            return int(value)
        if kind == "bool":
            return value if isinstance(value, bool) else _BOOLS[str(value).strip().lower()]
        if kind == "Path":
            return Path(value)
        return str(value)
    except (KeyError, ValueError) as error:
        raise InvalidInput(f"The setting '{key}' cannot be '{value}': a value of type {kind} is expected.") from error


_BOOLS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
