"""Access requests by API, asking for access, and the list of who asked as CSV."""

from __future__ import annotations

import csv
import io
from typing import Any

import msgspec
from starlette.responses import Response

from pioche.errors import InvalidInput
from pioche.protocols.hub import gates as wire
from pioche.repos.gate_store import AccessRequest
from pioche.repos.service.gates import Who
from pioche.web.call import Call
from pioche.web.repo_call import for_each_kind, repo_of
from pioche.web.responses import external_id, iso, json_response, page_response

PER_PAGE = 1000
LAST = 2**62
"""No cursor is larger."""


def requests(call: Call) -> Response:
    page = (call.query_int("cursor", 0, 0, LAST), call.query_int("limit", PER_PAGE, 1, PER_PAGE))
    search = call.query("search")
    found, after = call.hub.gates.requests(call.actor, repo_of(call), call.arg("status"), search, page)
    return page_response(call, [_shown(one) for one in found], None if after is None else str(after))


def handle(call: Call) -> Response:
    wanted = call.json(wire.Handle)
    if (wanted.user is None) == (wanted.request_id is None):
        raise InvalidInput("Say 'user' or 'requestId', one of them.")
    who = Who(wanted.user or "", _number(wanted.request_id))
    call.hub.gates.decide(call.actor, repo_of(call), [who], wanted.status, wanted.rejection_reason or "")
    return json_response({"success": True})


def batch(call: Call) -> Response:
    wanted = call.json(wire.Batch)
    whose = [*(Who(name) for name in wanted.users), *(Who("", _number(one)) for one in wanted.request_ids)]
    if not whose:
        raise InvalidInput("Say whose requests: 'users' or 'requestIds'.")
    call.hub.gates.decide(call.actor, repo_of(call), whose, wanted.status, wanted.rejection_reason or "")
    return json_response({"success": True, "count": len(whose)})


def grant(call: Call) -> Response:
    return json_response(_shown(call.hub.gates.grant(call.actor, repo_of(call), call.json(wire.GrantAccess).user)))


def cancel(call: Call) -> Response:
    call.hub.gates.cancel(call.actor, repo_of(call))
    return json_response({"success": True})


def report(call: Call) -> Response:
    """CSV; cells that a spreadsheet would take for a formula are quoted."""
    found = call.hub.gates.report(call.actor, repo_of(call))
    labels = list(dict.fromkeys(label for one in found for label in one.fields))
    text = io.StringIO()
    out = csv.writer(text)
    out.writerow(_cell(cell) for cell in ("user", "fullname", "email", "status", "time", "reason", *labels))
    for one in found:
        fields = [one.fields.get(label, "") for label in labels]
        row = (one.name, one.fullname, one.email, one.status, iso(one.created_at), one.reason, *fields)
        out.writerow(_cell(cell) for cell in row)
    headers = {"content-disposition": 'attachment; filename="user-access-report.csv"', "cache-control": "no-store"}
    return Response(text.getvalue(), 200, headers, "text/csv; charset=utf-8")


def answers_of(call: Call) -> dict[str, Any]:
    """What was answered to the form of the card: JSON or a form, by the labels of its fields."""
    if call.header("content-type").partition(";")[0].strip() != "application/json":
        return {name: value for name, value in call.form_items() if name != "csrf_token"}
    body = call.json(dict[str, Any])
    fields = body.get("fields")
    return fields if isinstance(fields, dict) else body


def _shown(one: AccessRequest) -> dict[str, Any]:
    user: dict[str, Any] = {"user": one.name, "fullname": one.fullname, "type": "org" if one.is_org else "user"}
    shown: dict[str, Any] = {
        "requestId": external_id(one.id),
        "status": one.status,
        "timestamp": iso(one.created_at),
        "user": user | ({"email": one.email} if one.email else {}),
    }
    if one.fields:
        shown["fields"] = msgspec.to_builtins(one.fields)
    if one.reason:
        shown["rejectionReason"] = one.reason
    return shown


def _number(text: str | None) -> int:
    if text is None:
        return 0
    try:
        number = int(text, 16)
    except ValueError as error:
        raise InvalidInput(f"'{text[:50]}' is not the id of an access request.") from error
    return number if 0 <= number < LAST else 0


def _cell(value: str | bool) -> str:
    text = str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


routes = [
    *for_each_kind("GET", "/api/{repo}/user-access-request/{status}", requests),
    *for_each_kind("POST", "/api/{repo}/user-access-request/handle", handle),
    *for_each_kind("POST", "/api/{repo}/user-access-request/batch", batch),
    *for_each_kind("POST", "/api/{repo}/user-access-request/grant", grant),
    *for_each_kind("POST", "/api/{repo}/user-access-request/cancel", cancel),
    *for_each_kind("GET", "/{repo}/user-access-report", report),
]
