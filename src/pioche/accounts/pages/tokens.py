"""Access tokens of a person: list, make, regenerate, delete. A secret is shown in the answer that makes it, once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from starlette.responses import Response

from pioche.accounts.pages.forms import FAULTS, FORM_LIMIT, again, done, int_arg
from pioche.accounts.types import NewToken, Permission, RepoScope, TokenInfo, TokenRole
from pioche.errors import InvalidInput, NotFound
from pioche.names import RepoId, RepoKind
from pioche.repos.types import RepoFilter
from pioche.web.call import Call
from pioche.web.routing import Route
from pioche.web.text import _

MAX_SCOPES = 200
SHOWN_REPOS = 50
PERMISSIONS: dict[str, Permission] = {"read": "read", "write": "write"}
ROLES: tuple[TokenRole, ...] = ("read", "write", "fineGrained")


def show_tokens(call: Call) -> Response:
    return _list(call, None)


def show_new(call: Call) -> Response:
    me = call.hub.accounts.people.me(call.actor)
    role = call.query("role", "read")
    values = {"form": {"role": role if role in ROLES else "read"}, "errors": {}, **_choices(call, me.id)}
    return call.hub.templates.page(call, "accounts/token_new.html", values)


def create(call: Call) -> Response:
    me, form = call.hub.accounts.people.me(call.actor), call.form()
    try:
        role = next((role for role in ROLES if role == form.get("role")), None)
        if role is None:
            raise InvalidInput(_("Choose what the token may do."), field="role")
        scopes = tuple(_scopes(call, form)) if role == "fineGrained" else ()
        made = call.hub.accounts.tokens.create(call.actor, NewToken(form.get("name", ""), role, scopes))
    except FAULTS as error:
        return again(call, "accounts/token_new.html", {"form": form, **_choices(call, me.id)}, error)
    return _list(call, made)


def regenerate(call: Call) -> Response:
    return _list(call, call.hub.accounts.tokens.regenerate(call.actor, int_arg(call, "token")))


def delete(call: Call) -> Response:
    call.hub.accounts.tokens.delete(call.actor, int_arg(call, "token"))
    return done(call, "/settings/tokens", _("The token is deleted. Programs that use it are locked out."))


def _list(call: Call, made: tuple[TokenInfo, str] | None) -> Response:
    values: dict[str, Any] = {"tokens": call.hub.accounts.tokens.list(call.actor), "made": made}
    return call.hub.templates.page(call, "accounts/tokens.html", values)


def _choices(call: Call, user_id: int) -> dict[str, Any]:
    """What a fine-grained token can be limited to: accounts, and the newest of one's own repositories."""
    mine = call.hub.repos.page(call.actor, RepoFilter(author=call.actor.name), 0, SHOWN_REPOS)
    return {"owners": _owners(call, user_id), "repos": mine}


def _owners(call: Call, user_id: int) -> list[tuple[int, str, str]]:
    """Id, name and kind of the accounts that a token can be limited to: one's own, and one's organisations."""
    orgs = [(number, name, "org") for number, name in call.actor.org_names.items()]
    return [(user_id, call.actor.name, "user"), *orgs]


def _scopes(call: Call, form: Mapping[str, str]) -> Iterator[RepoScope]:
    for number, name, kind in _owners(call, call.actor.user_id or 0):
        if permission := PERMISSIONS.get(form.get(f"owner-{number}", "")):
            yield RepoScope(permission, owner_id=number, kind=kind, name=name)
    for key, value in form.items():
        if key.startswith("repo-") and (permission := PERMISSIONS.get(value)):
            yield _repo_scope(call, permission, key.removeprefix("repo-"))
    lines = [(p, line) for p in PERMISSIONS.values() for line in form.get(f"repos_{p}", "").split()]
    if len(lines) > MAX_SCOPES:
        fault = _("%(count)s repositories are the limit of one token.") % {"count": MAX_SCOPES}
        raise InvalidInput(fault, field="repos_write")
    for permission, line in lines:
        yield _repo_scope(call, permission, line)


def _repo_scope(call: Call, permission: Permission, line: str) -> RepoScope:
    """`line` is what stands behind the host in the address of the repository: `datasets/alice/poems`."""
    field = f"repos_{permission}"
    head, _, rest = line.strip("/").partition("/")
    kind = next((kind for kind in RepoKind if kind.plural == head and "/" in rest), RepoKind.MODEL)
    try:
        repo = call.hub.repos.find(call.actor, RepoId.parse(kind, rest if kind.plural == head else line.strip("/")))
    except (InvalidInput, NotFound) as error:
        raise InvalidInput(f"'{line[:100]}': {error.message}", field=field) from error
    return RepoScope(permission, repo_id=repo.id, kind=repo.repo_id.kind.value, name=repo.repo_id.full)


routes = [
    Route("GET", "/settings/tokens", show_tokens, "html"),
    Route("POST", "/settings/tokens", create, "html", limit=FORM_LIMIT),
    Route("GET", "/settings/tokens/new", show_new, "html"),
    Route("POST", "/settings/tokens/{token}/regenerate", regenerate, "html", limit=FORM_LIMIT),
    Route("POST", "/settings/tokens/{token}/delete", delete, "html", limit=FORM_LIMIT),
]
