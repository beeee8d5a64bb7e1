"""The page of a person or an organisation: card, what is theirs, whom they follow, what they did."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from pioche.accounts.access import owner_role
from pioche.accounts.types import AccountKind, OrgRole
from pioche.collections.types import CollectionFilter
from pioche.errors import HubError
from pioche.names import RepoId, RepoKind
from pioche.repos.pages.links import resolve_card_link
from pioche.repos.types import RepoFilter
from pioche.web.call import Call
from pioche.web.markdown import render_card
from pioche.web.routing import Route

PAGE = 30
DEEDS = 8
CARD = "README"
"""The public Space of this name is the card of its owner."""
ELSEWHERE = {
    "github": ("GitHub", "https://github.com/"),
    "twitter": ("X", "https://x.com/"),
    "linkedin": ("LinkedIn", "https://www.linkedin.com/in/"),
    "bluesky": ("Bluesky", "https://bsky.app/profile/"),
}


def profile(call: Call) -> Response:
    """The account itself decides what strangers may see of it."""
    view = call.hub.accounts.profile(call.actor, call.arg("ns"))
    account, hub = view.account, call.hub
    sections = []
    for kind in RepoKind:
        wanted = RepoFilter(kind=kind, author=account.name)
        sections.append((kind, hub.search.page(call.actor, wanted, 0, PAGE), hub.search.count(call.actor, wanted)))
    values: dict[str, Any] = {
        "view": view,
        "card": _card(call, account.name),
        "sections": sections,
        "buckets": hub.buckets.list(call.actor, account.name, "", PAGE),
        "collections": hub.collections.list(call.actor, CollectionFilter(owners=(account.name,)), PAGE),
        "can_admin": call.actor.is_admin or owner_role(call.actor, account.id) >= OrgRole.ADMIN,
        "numbers": hub.follows.numbers(call.actor, account),
        "deeds": hub.follows.deeds_of(call.actor, account, 0, DEEDS),
        "elsewhere": [(*ELSEWHERE[place], name) for place, name in account.socials.items() if place in ELSEWHERE],
        "liked": None,
    }
    if account.kind is AccountKind.USER:
        start = call.query_int("liked", 0, 0, 2**62)
        values["liked"] = hub.likes.of(call.actor, account.name, start, PAGE)
    return hub.templates.page(call, "follows/profile.html", values)


def _card(call: Call, owner: str) -> str | None:
    """HTML of the README of the owner's public Space `README`; None if there is none."""
    repo_id = RepoId(RepoKind.SPACE, owner, CARD)
    try:
        view = call.hub.browse.card(call.actor, repo_id)
    except HubError:
        return None
    if view.header.repo.private or view.text is None or view.place is None:
        return None
    revision = view.place.revision
    return render_card(view.text, lambda link: resolve_card_link(repo_id, revision, link))


routes = [Route("GET", "/{ns}", profile, dialect="html")]
