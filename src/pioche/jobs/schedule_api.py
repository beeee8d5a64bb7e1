"""Scheduled jobs by API."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from pioche.jobs.api import body, new_job, party, volume
from pioche.jobs.submitting import DEFAULT_SECONDS
from pioche.jobs.types import NewSchedule, Schedule
from pioche.protocols.hub import jobs as wire
from pioche.web.call import Call
from pioche.web.responses import iso, json_response
from pioche.web.routing import Route


def list_schedules(call: Call) -> Response:
    found = call.hub.jobs.schedules.list(call.actor, call.arg("ns"))
    for text in call.query_list("label"):
        key, _, value = text.partition("=")
        found = [one for one in found if one.job.labels.get(key) == value]
    return json_response([schedule_body(one) for one in found])


def create(call: Call) -> Response:
    asked = call.json(wire.ScheduledRequest)
    new = NewSchedule(new_job(asked.job_spec), asked.schedule, bool(asked.suspend), bool(asked.concurrency))
    return json_response(schedule_body(call.hub.jobs.schedules.create(call.actor, call.arg("ns"), new)))


def show(call: Call) -> Response:
    return json_response(schedule_body(call.hub.jobs.schedules.find(call.actor, *_where(call))))


def remove(call: Call) -> Response:
    return json_response(schedule_body(call.hub.jobs.schedules.remove(call.actor, *_where(call))))


def suspend(call: Call) -> Response:
    return json_response(schedule_body(call.hub.jobs.schedules.suspend(call.actor, *_where(call))))


def resume(call: Call) -> Response:
    return json_response(schedule_body(call.hub.jobs.schedules.resume(call.actor, *_where(call))))


def reschedule(call: Call) -> Response:
    rule = call.json(wire.ScheduleRequest).schedule
    return json_response(schedule_body(call.hub.jobs.schedules.reschedule(call.actor, *_where(call), rule)))


def run(call: Call) -> Response:
    return json_response(body(call.hub.jobs.schedules.run(call.actor, *_where(call))))


def labels(call: Call) -> Response:
    wanted = call.json(wire.LabelsRequest).labels
    return json_response(schedule_body(call.hub.jobs.schedules.set_labels(call.actor, *_where(call), wanted)))


def _where(call: Call) -> tuple[str, str]:
    return call.arg("ns"), call.arg("job")


def schedule_body(one: Schedule) -> dict[str, Any]:
    job = one.job
    status: dict[str, Any] = {"message": one.message or None}
    if one.last_key is not None and one.last_at is not None:
        status["lastJob"] = {"id": one.last_key, "at": iso(one.last_at)}
    if one.next_at is not None and not one.is_suspended:
        status["nextJobRunAt"] = iso(one.next_at)
    return {
        "id": one.key,
        "createdAt": iso(one.created_at),
        "owner": party(one.owner),
        "initiator": None if one.initiator is None else party(one.initiator),
        "schedule": one.rule,
        "suspend": one.is_suspended,
        "concurrency": one.is_concurrent,
        "status": status,
        "jobSpec": {
            "dockerImage": job.image,
            "command": list(job.command),
            "arguments": [],
            "environment": dict(job.environment),
            "secrets": list(one.secret_names),
            "flavor": job.flavor,
            "timeout": DEFAULT_SECONDS if job.seconds is None else job.seconds,
            "retry": job.attempts - 1,
            "labels": dict(job.labels),
            "volumes": [volume(each) for each in job.volumes],
        },
    }


BASE = "/api/scheduled-jobs/{ns}"
routes = [
    Route("GET", BASE, list_schedules),
    Route("POST", BASE, create),
    Route("GET", f"{BASE}/{{job}}", show),
    Route("DELETE", f"{BASE}/{{job}}", remove),
    Route("POST", f"{BASE}/{{job}}/suspend", suspend),
    Route("POST", f"{BASE}/{{job}}/resume", resume),
    Route("POST", f"{BASE}/{{job}}/schedule", reschedule),
    Route("POST", f"{BASE}/{{job}}/run", run),
    Route("PUT", f"{BASE}/{{job}}/labels", labels),
]
