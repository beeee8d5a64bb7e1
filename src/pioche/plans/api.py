"""Plans and usage by API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from starlette.responses import Response

from pioche.errors import Unauthenticated
from pioche.plans.types import MINUTE_MS, MonthUsage, Standing
from pioche.web.call import Call
from pioche.web.responses import json_response
from pioche.web.routing import Route


class PlanRequest(msgspec.Struct):
    plan: str


def own(call: Call) -> Response:
    if call.actor.is_anonymous:
        raise Unauthenticated("Log in, or send a token, to see what was used.")
    standing, months = call.hub.plans.usage(call.actor, call.actor.name)
    return json_response({**body(standing), "usage": [month_body(one) for one in months]})


def usage(call: Call) -> Response:
    standing, months = call.hub.plans.usage(call.actor, call.arg("ns"))
    return json_response({**body(standing), "usage": [month_body(one) for one in months]})


def list_plans(call: Call) -> Response:
    found: Sequence[Standing] = call.hub.plans.list(call.actor)
    plans = [{"name": plan.name, "computeMinutes": plan.minutes or None} for plan in call.hub.plans.plans]
    return json_response({"plans": plans, "accounts": [body(one) for one in found]})


def set_plan(call: Call) -> Response:
    return json_response(body(call.hub.plans.set(call.actor, call.arg("ns"), call.json(PlanRequest).plan)))


def body(one: Standing) -> dict[str, Any]:
    return {
        "account": one.account,
        "plan": one.plan.name,
        "computeMinutes": one.plan.minutes or None,
        "usedMinutes": round(one.used_ms / MINUTE_MS, 2),
        "heldMinutes": round(one.held_ms / MINUTE_MS, 2),
        "leftMinutes": None if one.left_ms is None else round(one.left_ms / MINUTE_MS, 2),
    }


def month_body(one: MonthUsage) -> dict[str, Any]:
    return {
        "month": one.month,
        "kind": one.kind,
        "runs": one.runs,
        "computeMinutes": round(one.spent.compute_ms / MINUTE_MS, 2),
        "cpuSeconds": round(one.spent.cpu_seconds, 1),
        "energyWh": round(one.spent.joules / 3600, 3),
    }


routes = [
    Route("GET", "/api/usage/{ns}", usage),
    Route("GET", "/api/settings/billing/usage/jobs", own),
    Route("GET", "/api/admin/plans", list_plans),
    Route("PUT", "/api/admin/plans/{ns}", set_plan),
]
