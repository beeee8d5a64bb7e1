"""What the buttons of a discussion do."""

from __future__ import annotations

from starlette.responses import Response

from pioche.community.types import CommentEdit
from pioche.errors import InvalidInput, NotFound
from pioche.names import RepoId
from pioche.repos.pages.links import repo_url
from pioche.web import flash
from pioche.web.call import Call
from pioche.web.repo_call import repo_of
from pioche.web.responses import see_other
from pioche.web.text import _

Form = dict[str, str]


def do(call: Call, form: Form, num: int) -> Response | None:
    """Where to go afterwards; None is back to the discussion."""
    repo_id, text = repo_of(call), form.get("text", "")
    match form.get("do", "comment"):
        case "edit" | "hide" | "react" as verb:
            return _to_comment(call, form, num, verb)
        case "close" | "open" as verb:
            call.hub.community.set_status(call.actor, repo_id, num, "closed" if verb == "close" else "open", text)
        case "rename":
            call.hub.community.rename(call.actor, repo_id, num, form.get("title", ""))
        case "comment":
            said = call.hub.community.comment(call.actor, repo_id, num, text)
            return see_other(comment_url(repo_id, num, said.id))
        case verb:
            return _moderate(call, form, num, verb)
    return None


def comment_url(repo_id: RepoId, num: int, comment: int) -> str:
    """The page with that comment, at it."""
    return f"{repo_url(repo_id, 'discussions', str(num))}?comment={comment}#comment-{comment}"


def _to_comment(call: Call, form: Form, num: int, verb: str) -> Response:
    comment, actor, repo_id = _comment_id(form), call.actor, repo_of(call)
    match verb:
        case "edit":
            # Browsers end lines with two characters; what was not touched is then no edit.
            edit = CommentEdit(comment, form.get("text", "").replace("\r\n", "\n"), _seen(form))
            call.hub.community.edit_comment(actor, repo_id, num, edit)
        case "hide":
            call.hub.community.hide_comment(actor, repo_id, num, comment)
        case _:
            sign, emoji = form.get("emoji", "")[:1], form.get("emoji", "")[1:]
            react = call.hub.reactions.take_back if sign == "-" else call.hub.reactions.give
            react(actor, repo_id, num, comment, emoji)
    return see_other(comment_url(repo_id, num, comment))


def _moderate(call: Call, form: Form, num: int, verb: str) -> Response | None:
    actor, repo_id, there = call.actor, repo_of(call), repo_url(repo_of(call), "discussions", str(num))
    match verb:
        case "merge":
            call.hub.pull_requests.merge(actor, repo_id, num, form.get("text", ""))
            return flash.say(call, see_other(there), _("Merged."), "success")
        case "pin" | "unpin":
            call.hub.community.pin(actor, repo_id, num, verb == "pin")
        case "lock" | "unlock":
            call.hub.moderation.lock(actor, repo_id, num, verb == "lock")
        case "delete":
            call.hub.moderation.delete(actor, repo_id, num)
            gone = see_other(repo_url(repo_id, "discussions"))
            return flash.say(call, gone, _("#%(num)s is deleted.") % {"num": num}, "success")
        case "delete-ref":
            call.hub.moderation.delete_ref(actor, repo_id, num)
            return flash.say(call, see_other(there), _("Its commits are deleted."), "success")
        case _:
            raise InvalidInput(_("There is no such button."))
    return None


def _comment_id(form: Form) -> int:
    text = form.get("comment", "")
    if not (text.isascii() and text.isdecimal()) or len(text) > 15:
        raise NotFound(_("There is no such comment."))
    return int(text)


def _seen(form: Form) -> int | None:
    text = form.get("seen", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 5 else None
