"""The vocabulary of failure. No HTTP in here: `web.errors` maps each class to a status once.

Raise the most precise class where the rule is broken, with a message that says what happened and what to do.
"""

from __future__ import annotations

from typing import Any


class HubError(Exception):
    """Base of everything the hub says no with.

    `code` goes to clients as `X-Error-Code`; `message` is for people; `details` is extra data for the answer.
    """

    code: str = "HubError"

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


# -- what was asked for cannot be found (or may not be seen, which is the same thing) --


class NotFound(HubError):
    """What was asked for does not exist."""

    code = "NotFound"


class RepoNotFound(NotFound):
    """No such repository, or one the actor may not see."""

    code = "RepoNotFound"


class RepoRenamed(RepoNotFound):
    """The name is an old one. `namespace` and `name` are the new ones; the edge redirects."""

    def __init__(self, namespace: str, name: str) -> None:
        super().__init__(f"This repository is now called '{namespace}/{name}'.")
        self.namespace = namespace
        self.name = name


class RevisionNotFound(NotFound):
    """No such branch, tag or commit."""

    code = "RevisionNotFound"


class EntryNotFound(NotFound):
    """No such path at that revision. `details["commit"]` is the commit that was looked at."""

    code = "EntryNotFound"


class RunNotFound(NotFound):
    """No such run, or not one of the asker's."""

    code = "RunNotFound"


class BlobNotFound(NotFound):
    """The store holds no such bytes."""

    code = "BlobNotFound"


# -- who asks --


class Unauthenticated(HubError):
    """Nobody is logged in and somebody must be."""

    code = "Unauthenticated"


class InvalidCredentials(Unauthenticated):
    """A token or password that is not valid."""

    code = "InvalidCredentials"


class OauthClientRefused(Unauthenticated):
    """A program that is not registered here, or does not know its secret."""

    code = "OauthClientRefused"


class Forbidden(HubError):
    """The actor may see the thing but not do this to it."""

    code = "Forbidden"


class GatedRepo(Forbidden):
    """The repository is gated and the actor has not been let in."""

    code = "GatedRepo"


class DiscussionsDisabled(Forbidden):
    """The owner of the repository has turned discussions off."""

    code = "DiscussionsDisabled"


class DiscussionLocked(Forbidden):
    """Only those who may write to the repository go on in this discussion."""

    code = "DiscussionLocked"


# -- what was sent --


class InvalidInput(HubError):
    """A request that cannot be understood or breaks a rule of shape."""

    code = "InvalidInput"


class InvalidName(InvalidInput):
    """A name of a repo, user, branch or path that is not allowed."""

    code = "InvalidName"


class InvalidPath(InvalidInput):
    """A path in a repository that is not allowed."""

    code = "InvalidPath"


class InvalidXorb(InvalidInput):
    """Bytes that are not the xorb they claim to be."""

    code = "InvalidXorb"


class InvalidShard(InvalidInput):
    """A shard that is malformed or claims what is not true."""

    code = "InvalidShard"


class OauthRefused(InvalidInput):
    """A program breaks a rule of OAuth, or has to wait. `error` is the protocol's word for it."""

    code = "OauthRefused"

    def __init__(self, error: str, message: str, **details: Any) -> None:
        super().__init__(message, **details)
        self.error = error


class TooLarge(HubError):
    """More bytes than this place accepts."""

    code = "TooLarge"


class RangeNotSatisfiable(HubError):
    """A byte range that starts after the end. `details["size"]` is the size of the whole."""

    code = "RangeNotSatisfiable"


# -- the state of things --


class Conflict(HubError):
    """It exists already, or changed under the actor's hands."""

    code = "Conflict"


class RepoExists(Conflict):
    """The repository exists. `details["url"]` is where."""

    code = "RepoExists"


class RefMoved(Conflict):
    """A branch is no longer where the actor thought it was."""

    code = "RefMoved"


class Busy(HubError):
    """A short-lived lock was not to be had; trying again is safe."""

    code = "Busy"


class ModelLoading(Busy):
    """A model that sleeps is being loaded. `details["estimated_time"]` is in seconds."""

    code = "ModelLoading"


class ModelUnavailable(Busy):
    """A model cannot be asked now: no room for it, or it does not load."""

    code = "ModelUnavailable"


class RateLimited(HubError):
    """Too many tries. `details["retry_after"]` is in seconds."""

    code = "RateLimited"


class QuotaExceeded(HubError):
    """No room left for this owner, or on this disk."""

    code = "QuotaExceeded"


class NotSupported(HubError):
    """A part of the protocol that this hub does not offer (yet)."""

    code = "NotSupported"


class RunsUnavailable(NotSupported):
    """Nothing can be computed here, because no sandbox can be made. The message says what is missing."""

    code = "RunsUnavailable"
