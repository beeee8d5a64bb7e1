"""The nouns of OAuth: apps, what they ask for, and what people let them do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# What a program can ask for, in the order in which people read it. Those about parts that this hub does not have
# (yet) are written down and give nothing.
SCOPES = (
    "openid",
    "profile",
    "email",
    "read-billing",
    "read-memberships",
    "read-repos",
    "gated-repos",
    "contribute-repos",
    "write-repos",
    "manage-repos",
    "read-collections",
    "write-collections",
    "inference-api",
    "read-endpoints",
    "write-endpoints",
    "jobs",
    "webhooks",
    "write-discussions",
)

# The id that `huggingface_hub` 2.4.0 has built in for `hf auth login`. It asks for no scopes and means all.
STOCK_CLIENT_ID = "26be6b09-91c5-47da-9861-d2d2bb7a7e36"
STOCK_NAME = "Hugging Face client (hf, huggingface_hub)"

Decision = Literal["approved", "denied"]
Organisations = tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class NewApp:
    """What a person types to register a program. Nothing in here is checked yet."""

    name: str
    website: str
    redirects: str  # one address per line
    scopes: tuple[str, ...]
    confidential: bool


@dataclass(frozen=True, slots=True)
class App:
    """A program. A confidential one runs on a server and has a secret; a public one cannot keep any."""

    id: int
    client_id: str
    owner_id: int | None  # None: it came with the hub, or registered itself
    owner: str
    name: str
    website: str
    redirects: tuple[str, ...]
    scopes: tuple[str, ...]
    secret_digest: str | None
    created_at: int

    @property
    def confidential(self) -> bool:
        return self.secret_digest is not None

    @property
    def is_stock(self) -> bool:
        return self.client_id == STOCK_CLIENT_ID


@dataclass(frozen=True, slots=True)
class Consent:
    """A person lets a program do this. `orgs` None: for all organisations that the person is, or will be, in."""

    app: App
    user_id: int
    scopes: tuple[str, ...]
    orgs: Organisations


@dataclass(frozen=True, slots=True)
class Connection:
    """One consent that is in force."""

    id: int
    app_id: int
    user_id: int
    scopes: tuple[str, ...]
    orgs: Organisations
    created_at: int
    last_used_at: int | None


@dataclass(frozen=True, slots=True)
class ConnectedApp:
    """A program with all connections that one person made, the newest first."""

    app: App
    connections: tuple[Connection, ...]


@dataclass(frozen=True, slots=True)
class DeviceRequest:
    """A program waits for somebody to type its code. `address` is where it runs, as the hub saw it."""

    digest: str
    user_code: str
    app: App
    scopes: tuple[str, ...]
    address: str
    created_at: int
    expires_at: int
    state: str  # pending | approved | denied
    user_id: int | None
    orgs: Organisations


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """What the program gets: a secret to ask with, and a code to show."""

    device_code: str
    user_code: str
    seconds: int
    interval: int


@dataclass(frozen=True, slots=True)
class CodeRequest:
    """What a program asks of a person on the consent page. Checked."""

    app: App
    redirect: str
    scopes: tuple[str, ...]
    state: str
    challenge: str  # "" only for a program that has a secret
    nonce: str
    prompt: str
    orgs: tuple[str, ...]  # organisations that it would like to reach, by id


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code that was given out."""

    app_id: int
    user_id: int
    scopes: tuple[str, ...]
    orgs: Organisations
    redirect: str
    challenge: str
    nonce: str
    expires_at: int
    connection_id: int | None  # what it was exchanged for
    used: bool


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a program gets. The two secrets are shown here once."""

    app: App
    access: str
    refresh: str
    seconds: int  # that `access` lives
    scopes: tuple[str, ...]
    nonce: str = ""
