"""The texts of mails: one for each discussion with what is new in it, or one about many discussions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import urlsplit

from pioche.names import RepoId
from pioche.ports.mail import Mail

TEXT = 4000
"""Characters of one comment; the rest is behind the link."""
NAMED = 3
"""People who are named in one mail about requests for access."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that is new, as its reader may see it."""

    id: int
    what: str
    detail: str
    actor: str
    text: str
    reason: str
    comment_id: int | None


@dataclass(frozen=True, slots=True)
class Letter:
    """What is new in one discussion. `stop` is the signed text that ends these mails."""

    discussion_id: int
    repo: RepoId
    num: int
    title: str
    stop: str
    items: Sequence[Item]


@dataclass(frozen=True, slots=True)
class AccessLetter:
    """Who asks to be let in (`requested`, by `names`), or what became of the reader's request, with the reason."""

    id: int
    repo: RepoId
    what: str
    names: Sequence[str]
    detail: str
    stop: str


@dataclass(frozen=True, slots=True)
class Writer:
    """`base` is the address of the hub, `site` its name."""

    base: str
    site: str

    def letter(self, to: str, letter: Letter) -> Mail:
        link = f"{self.base}/{letter.repo.path}/discussions/{letter.num}"
        lines, html = [], []
        for item in letter.items:
            lines += [f"{_said(item)}", "", *([_cut(item.text), ""] if item.text else [])]
            html.append(f"<p><strong>{escape(_said(item))}</strong></p>")
            if item.text:
                html.append(f'<div style="white-space:pre-wrap">{escape(_cut(item.text))}</div>')
        reason, stop = _WHY[letter.items[-1].reason], self._stop(letter.stop)
        lines += ["-- ", reason, f"Read and answer: {link}", f"No more mails about this: {stop}"]
        html.append(
            f'<p style="color:#666">{escape(reason)} <a href="{escape(link)}">Read and answer</a> · '
            f'<a href="{escape(stop)}">No more mails about this</a></p>'
        )
        subject = f"[{letter.repo.full}] {letter.title} (#{letter.num})"
        opened = letter.items[0].what == "opened"
        headers = self._headers(letter, not opened)
        return Mail(to, subject if opened else f"Re: {subject}", "\n".join(lines), "\n".join(html), headers)

    def digest(self, to: str, letters: Sequence[Letter]) -> Mail:
        """About many discussions, with a line for each."""
        lines, html = [], []
        for letter in letters:
            link = f"{self.base}/{letter.repo.path}/discussions/{letter.num}"
            last = _said(letter.items[-1])
            lines += [f"{letter.repo.full}: {letter.title} (#{letter.num})", f"  {last}", f"  {link}", ""]
            html.append(
                f'<p><a href="{escape(link)}">{escape(letter.repo.full)}: {escape(letter.title)}</a><br>'
                f"{escape(last)}</p>"
            )
        where = f"{self.base}/notifications"
        lines += ["-- ", f"All of them: {where}", f"Which mails you get: {self.base}/settings/notifications"]
        html.append(f'<p><a href="{escape(where)}">All of them</a></p>')
        headers = self._digest_headers(letters[0].stop, f"digest-{letters[-1].items[-1].id}")
        subject = f"[{self.site}] News in {len(letters)} discussions"
        return Mail(to, subject, "\n".join(lines), "\n".join(html), headers)

    def access(self, to: str, letter: AccessLetter) -> Mail:
        """About who is let in to a gated repository."""
        link = f"{self.base}/{letter.repo.path}"
        match letter.what:
            case "requested":
                said, link = (
                    f"{_listed(letter.names)} asked for access to {letter.repo.full}.",
                    f"{link}/settings/access",
                )
            case "accepted":
                said = f"{letter.names[0]} let you in to {letter.repo.full}: you may read its files now."
            case _:
                said = f"Your request for access to {letter.repo.full} was turned down."
        detail = f"Reason: {letter.detail}" if letter.detail else ""
        lines = [said, *([detail] if detail else []), "", "-- ", f"Look at it: {link}"]
        html = [f"<p><strong>{escape(said)}</strong></p>", *([f"<p>{escape(detail)}</p>"] if detail else [])]
        html.append(f'<p><a href="{escape(link)}">Look at it</a></p>')
        headers = self._digest_headers(letter.stop, f"access-{letter.id}")
        return Mail(to, f"[{letter.repo.full}] {said}", "\n".join(lines), "\n".join(html), headers)

    def _digest_headers(self, stop: str, name: str) -> dict[str, str]:
        """Of mails that are about no single discussion."""
        ends = f"<{self._stop(stop)}?all=1>"
        headers = {"List-Unsubscribe": ends, "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
        return {**headers, "Message-ID": f"<{name}@{self._host}>"}

    def _headers(self, letter: Letter, answers: bool) -> dict[str, str]:
        """Programs show as one thread what answers the same message."""
        root = f"<discussion-{letter.discussion_id}@{self._host}>"
        own = f"<discussion-{letter.discussion_id}-{letter.items[-1].id}@{self._host}>"
        headers = {
            "Message-ID": own if answers else root,
            "List-Id": f"{letter.repo.full} <{letter.repo.name}.{letter.repo.namespace}.{self._host}>",
            "List-Unsubscribe": f"<{self._stop(letter.stop)}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
        return {**headers, **({"In-Reply-To": root, "References": root} if answers else {})}

    @property
    def _host(self) -> str:
        return urlsplit(self.base).hostname or "localhost"

    def _stop(self, text: str) -> str:
        return f"{self.base}/notifications/unsubscribe/{text}"


_WHY = {
    "mention": "You get this because you were mentioned.",
    "author": "You get this because you opened it.",
    "participating": "You get this because you take part.",
    "owner": "You get this because the repository is yours.",
    "watching": "You get this because you watch it.",
}


def _said(item: Item) -> str:
    match item.what:
        case "opened":
            return f"{item.actor} opened this:"
        case "edited":
            return f"{item.actor} edited a comment:"
        case "commented":
            return f"{item.actor} wrote:"
    return f"{item.actor} changed it: {item.detail}."


def _listed(names: Sequence[str]) -> str:
    """`a, b and 7 more`."""
    if len(names) <= NAMED:
        return ", ".join(names)
    return f"{', '.join(names[:NAMED])} and {len(names) - NAMED} more"


def _cut(text: str) -> str:
    return text if len(text) <= TEXT else f"{text[:TEXT]} …"
