"""The nouns of accounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Literal

import msgspec

from pioche.errors import InvalidInput


class AccountKind(StrEnum):
    USER = "user"
    ORG = "org"
    SERVICE = "service"  # what programs of an organisation log in as


class OrgRole(IntEnum):
    """Roles in an organisation; each may do what the ones below it may."""

    READ = 1
    CONTRIBUTOR = 2  # makes repositories and writes to those that they made
    WRITE = 3
    ADMIN = 4

    @property
    def label(self) -> str:
        return self.name.lower()

    @classmethod
    def parse(cls, text: str) -> OrgRole:
        """The role of that label; raises `InvalidInput`."""
        for role in cls:
            if role.label == text:
                return role
        raise InvalidInput(f"There is no role '{text[:50]}'. There are: read, contributor, write, admin.")


TokenRole = Literal["read", "write", "fineGrained"]


# `read` and `write` (everything) are for people to choose. Programs that they connect may get less: `content` writes
# but does not administer or make repositories; `contribute` makes them and writes to those that its owner made;
# `discuss` opens and answers discussions wherever it may read.
Permission = Literal["read", "write", "content", "contribute", "discuss"]


class RepoScope(msgspec.Struct, frozen=True):
    """What a fine-grained token may do to one repository, or to all of one account (`repo_id` None).

    Both None: to all that its owner may reach. `kind` and `name` are what it was called when the token was made, for
    people to read; the ids decide.
    """

    permission: Permission
    repo_id: int | None = None
    owner_id: int | None = None
    kind: str = ""  # model, dataset, space, user or org
    name: str = ""


@dataclass(frozen=True, slots=True)
class OauthRights:
    """What stands behind a token of a connected program. `orgs` None: all organisations of the person."""

    app: str
    granted: frozenset[str]  # scopes
    orgs: tuple[int, ...] | None
    expires_at: int


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """A token as its owner sees it; the secret itself is shown once and never again."""

    id: int  # with `oauth`, of the connection
    name: str
    role: TokenRole
    hint: str  # the last four characters
    scopes: tuple[RepoScope, ...]
    created_at: int
    last_used_at: int | None
    oauth: OauthRights | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """A user or an organisation: whoever can own repositories."""

    id: int
    kind: AccountKind
    name: str
    fullname: str
    created_at: int
    bio: str = ""
    website: str = ""
    socials: Mapping[str, str] = field(default_factory=dict)  # of SOCIALS


SOCIALS = ("github", "twitter", "linkedin", "bluesky")
"""Other places on the net that a profile may name, with what one is called there."""


@dataclass(frozen=True, slots=True)
class NewUser:
    """What a person types to join. Nothing in here is checked yet."""

    name: str
    email: str
    password: str
    fullname: str = ""
    is_admin: bool = False


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token to be made. `secret` None: the hub makes a random one."""

    name: str
    role: TokenRole
    scopes: tuple[RepoScope, ...] = ()
    secret: str | None = None


@dataclass(frozen=True, slots=True)
class ProfileText:
    """What the owner of an account writes about it."""

    fullname: str
    bio: str
    website: str
    socials: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """A log-in of a browser, as its owner sees it. `digest` tells it from the others and opens nothing."""

    digest: str
    created_at: int
    expires_at: int
    user_agent: str


@dataclass(frozen=True, slots=True)
class User:
    account: Account
    email: str
    is_admin: bool


@dataclass(frozen=True, slots=True)
class Membership:
    """One person in one organisation, seen from either side."""

    account: Account
    role: OrgRole


@dataclass(frozen=True, slots=True)
class Group:
    """A resource group: a team inside of an organisation, and what belongs to it.

    What is in a group is governed by the roles in the group; admins of the organisation may do everything.
    """

    id: int
    org_id: int
    name: str
    description: str
    auto_join: OrgRole | None  # the role that whoever joins the organisation gets here
    created_at: int
    people: int


@dataclass(frozen=True, slots=True)
class NewGroup:
    """`members` are names of people with their roles."""

    name: str
    description: str = ""
    auto_join: OrgRole | None = None
    members: tuple[tuple[str, OrgRole], ...] = ()


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """Who programs of an organisation are; it has a role there as a member has, and no password."""

    account: Account
    role: OrgRole
    tokens: tuple[TokenInfo, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """An account and its people: `members` of an organisation, or the organisations (`orgs`) of a user."""

    account: Account
    members: tuple[Membership, ...] = ()
    orgs: tuple[Membership, ...] = ()


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks. `user_id` None is an anonymous person. Built once per request, from a token or a session."""

    user_id: int | None = None
    name: str = ""
    fullname: str = ""
    email: str = ""
    is_admin: bool = False
    is_service: bool = False  # then it may do what its role in its organisation says, and nothing elsewhere
    orgs: Mapping[int, OrgRole] = field(default_factory=dict)
    org_names: Mapping[int, str] = field(default_factory=dict)
    groups: Mapping[int, OrgRole] = field(default_factory=dict)  # resource groups of those organisations
    token: TokenInfo | None = None
    # Digest of the session cookie: what CSRF tokens are bound to. None for tokens and anonymous people.
    session: str | None = None

    @property
    def is_anonymous(self) -> bool:
        return self.user_id is None

    def tells(self, scope: str) -> bool:
        """Whether who asks may learn this about the person: connected programs what their scopes name, others all."""
        return self.token is None or self.token.oauth is None or scope in self.token.oauth.granted

    def tells_org(self, org_id: int) -> bool:
        oauth = self.token.oauth if self.token else None
        return self.tells("read-memberships") or oauth is None or org_id in (oauth.orgs or ())


ANONYMOUS = Actor()

# Whoever sits at the machine's command line. It has no account, so what it does is done by nobody.
OPERATOR = Actor(name="operator", is_admin=True)


@dataclass(frozen=True, slots=True)
class Resource:
    """What is asked about, as `access` sees it: anything with an owner and a visibility."""

    id: int
    owner_id: int
    private: bool
    created_by: int | None = None
    gated: bool = False
    group_id: int | None = None  # the resource group that it is in
