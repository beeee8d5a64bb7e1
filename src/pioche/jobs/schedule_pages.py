"""Scheduled jobs in the page: what comes again, one of them, and what can be done to it."""

from __future__ import annotations

import shlex
from typing import Any

from starlette.responses import Response

from pioche.accounts.pages.forms import FORM_LIMIT, done
from pioche.errors import InvalidInput
from pioche.jobs.pages import options_of, owners_of
from pioche.jobs.rules import in_words
from pioche.jobs.types import Schedule
from pioche.web.call import Call
from pioche.web.filters import command_line
from pioche.web.responses import see_other
from pioche.web.routing import Route
from pioche.web.text import _


def show_list(call: Call) -> Response:
    found = call.hub.jobs.schedules.list(call.actor, call.arg("ns"))
    values = {"schedules": found, "owner": call.arg("ns"), "owners": owners_of(call)}
    return call.hub.templates.page(call, "jobs/schedules.html", values)


def show(call: Call) -> Response:
    one = call.hub.jobs.schedules.find(call.actor, *_where(call))
    jobs = call.hub.jobs.of_schedule(call.actor, one, 20)
    values: dict[str, Any] = {"one": one, "jobs": jobs, "again": repeat_command(one), "words": in_words(one.rule)}
    return call.hub.templates.page(call, "jobs/schedule.html", {**values, "error": ""})


def act(call: Call) -> Response:
    """`do`: suspend, resume, run, reschedule or delete."""
    schedules, where = call.hub.jobs.schedules, _where(call)
    here, form = f"/jobs/{where[0]}/scheduled/{where[1]}", call.form()
    match form.get("do"):
        case "suspend":
            schedules.suspend(call.actor, *where)
            return done(call, here, _("It rests until it is resumed."))
        case "resume":
            schedules.resume(call.actor, *where)
            return done(call, here, _("It comes again."))
        case "run":
            job = schedules.run(call.actor, *where)
            return see_other(f"/jobs/{job.owner.name}/{job.key}")
        case "reschedule":
            schedules.reschedule(call.actor, *where, form.get("schedule", ""))
            return done(call, here, _("It comes at its new times."))
        case "delete":
            schedules.remove(call.actor, *where)
            return done(call, f"/jobs/{where[0]}/scheduled", _("The schedule was deleted. Its jobs are kept."))
    schedules.find(call.actor, *where)
    raise InvalidInput(_("'do' is one of: suspend, resume, run, reschedule, delete."))


def repeat_command(one: Schedule) -> str:
    """What makes the same in a terminal; secrets are named, not told."""
    job = one.job
    options = [*options_of(job), *(f"--secrets {name}" for name in one.secret_names)]
    head = f"hf jobs scheduled run --namespace {one.owner.name} {' '.join(options)}"
    return f"{head} {shlex.quote(one.rule)} {shlex.quote(job.image)} {command_line(job.command)}"


def _where(call: Call) -> tuple[str, str]:
    return call.arg("ns"), call.arg("job")


routes = [
    Route("GET", "/jobs/{ns}/scheduled", show_list, "html"),
    Route("GET", "/jobs/{ns}/scheduled/{job}", show, "html"),
    Route("POST", "/jobs/{ns}/scheduled/{job}", act, "html", limit=FORM_LIMIT),
]
