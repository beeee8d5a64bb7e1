"""Jobs in the page: what ran and runs, one with its log, a new one."""

from __future__ import annotations

import re
import shlex
import time
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from pioche.accounts.pages.forms import FAULTS, FORM_LIMIT, again, done
from pioche.errors import InvalidInput, NotSupported, QuotaExceeded, RunsUnavailable, Unauthenticated
from pioche.jobs.drawing import HEIGHT, WIDTH, curves_of
from pioche.jobs.submitting import DEFAULT_SECONDS
from pioche.jobs.types import GIB, Flavor, Job, NewJob, NewSchedule, Stage, Volume
from pioche.plans.types import WATTS_PER_CPU
from pioche.web.call import Call
from pioche.web.filters import command_line
from pioche.web.responses import external_id, see_other
from pioche.web.routing import Route
from pioche.web.text import _

SHOWN_LINES = 2_000
_VOLUME = re.compile(
    r"hf://(?:(?P<kind>models|datasets|spaces|buckets)/)?(?P<id>[\w.-]+/[\w.-]+)(?:@(?P<revision>[^/:]+))?"
    r"(?:/(?P<path>[^:]+))?:(?P<place>/[^:]*)(?::(?P<mode>ro|rw))?\Z"
)
IMAGES = ("python", "ml", "ghcr.io/astral-sh/uv:python3.11-bookworm", "debian")


def own(call: Call) -> Response:
    if call.actor.is_anonymous:
        raise Unauthenticated(_("Log in to see your jobs."))
    return see_other(f"/jobs/{call.actor.name}")


def show_list(call: Call) -> Response:
    text = call.query("before")
    before = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
    wanted = call.query("stage").upper()
    filtered = wanted if wanted in list(Stage) else ""
    found = call.hub.jobs.list(call.actor, call.arg("ns"), [Stage(filtered)] if filtered else (), before, 50)
    words = {"RUNNING": _("running"), "SCHEDULING": _("waiting"), "COMPLETED": _("done"), "ERROR": _("failed")}
    values = {"jobs": found, "owner": call.arg("ns"), "owners": owners_of(call), "filtered": filtered}
    values["stages"] = list({**words, "CANCELED": _("cancelled")}.items())
    return call.hub.templates.page(call, "jobs/list.html", values)


def show_new(call: Call) -> Response:
    form = {"image": IMAGES[0], "command": "python -c \"print('Hello')\"", "minutes": "30"}
    return call.hub.templates.page(call, "jobs/new.html", {**_choices(call), "form": form, "errors": {}})


def create(call: Call) -> Response:
    form = call.form()
    try:
        new, rule = _new(form), form.get("schedule", "").strip()
        if rule:
            schedule = call.hub.jobs.schedules.create(call.actor, call.arg("ns"), NewSchedule(new, rule))
            return see_other(f"/jobs/{schedule.owner.name}/scheduled/{schedule.key}")
        job = call.hub.jobs.submit(call.actor, call.arg("ns"), new)
    except (*FAULTS, QuotaExceeded, NotSupported, RunsUnavailable) as error:
        return again(call, "jobs/new.html", {**_choices(call), "form": form}, error)
    return see_other(f"/jobs/{job.owner.name}/{job.key}")


def show(call: Call) -> Response:
    values = _live_values(call)
    job: Job = values["job"]
    tail = call.hub.jobs.running.logs.last(job, SHOWN_LINES)  # if it has not ended by then, what comes is followed
    schedule = f"/jobs/{job.owner.name}/scheduled/{job.schedule_key}" if job.schedule_key else ""
    again = {"again": repeat_command(job), "python": repeat_python(job), "schedule": schedule}
    return call.hub.templates.page(call, "jobs/show.html", {**values, **again, "tail": tail})


def live(call: Call) -> Response:
    """The part of the page that changes while it runs."""
    return call.hub.templates.page(call, "jobs/live.html", _live_values(call))


def _live_values(call: Call) -> dict[str, Any]:
    jobs = call.hub.jobs
    usage, job = jobs.usage(call.actor, call.arg("ns"), call.arg("job"))
    flavor = next((one for one in jobs.running.flavors() if one.name == job.flavor), Flavor(job.flavor, "", 1.0, GIB))
    now = job.ended_at or time.time_ns() // 1_000_000
    seconds = max(0, now - job.started_at) / 1000 if job.started_at else 0.0
    took = job.compute_ms / 60_000 if job.has_ended else seconds * flavor.cpus / 60
    values: dict[str, Any] = {
        "job": job,
        "flavor": flavor,
        "seconds": seconds,
        "minutes": took,
        "price": call.hub.plans.price,
    }
    values |= {"cpu": usage.cpu_seconds if usage else job.cpu_seconds, "memory": usage.memory if usage else None}
    values |= {"peak": usage.peak_memory if usage else job.peak_memory}
    joules = job.joules if job.has_ended else values["cpu"] * WATTS_PER_CPU
    curves = curves_of(jobs.running.history(job), flavor.cpus, flavor.memory)
    return {**values, "joules": joules, "curves": curves, "width": WIDTH, "height": HEIGHT}


def act(call: Call) -> Response:
    """`do`: cancel or again."""
    jobs, where = call.hub.jobs, (call.arg("ns"), call.arg("job"))
    match call.form().get("do"):
        case "cancel":
            job = jobs.cancel(call.actor, *where)
            return done(call, f"/jobs/{job.owner.name}/{job.key}", _("The job is being stopped."))
        case "again":
            job = jobs.again(call.actor, *where)
            return see_other(f"/jobs/{job.owner.name}/{job.key}")
    jobs.find(call.actor, *where)
    raise InvalidInput(_("'do' is one of: cancel, again."))


def repeat_command(job: Job) -> str:
    """What does the same in a terminal; secrets are named, not told."""
    options = [*options_of(job), *(f"--secrets {name}" for name in job.secret_names)]
    head = f"hf jobs run --namespace {job.owner.name} {' '.join(options)}"
    return f"{head} {shlex.quote(job.image)} {command_line(job.command)}"


def repeat_python(job: Job) -> str:
    """The same as a call."""
    more = {"env": dict(job.environment), "secrets": dict.fromkeys(job.secret_names, "...")}
    more |= {"labels": dict(job.labels)}
    lines = [f"image={job.image!r}", f"command={list(job.command)!r}", f"flavor={job.flavor!r}"]
    lines += [f"timeout={job.seconds}", *(f"{key}={value!r}" for key, value in more.items() if value)]
    volumes = ", ".join(
        f"Volume(type={one.type!r}, source={one.source!r}, mount_path={one.mount_path!r}"
        + "".join(f", {key}={value!r}" for key, value in (("revision", one.revision), ("path", one.path)) if value)
        + (", read_only=True)" if one.type == "bucket" and one.read_only else ")")
        for one in job.volumes
    )
    lines += [f"volumes=[{volumes}]"] if volumes else []
    lines += [f"attempts={job.attempts}"] if job.attempts > 1 else []
    lines += [] if job.group_id is None else [f"resource_group_id={external_id(job.group_id)!r}"]
    head = "from huggingface_hub import Volume, run_job" if volumes else "from huggingface_hub import run_job"
    return head + "\n\nrun_job(\n    " + ",\n    ".join([*lines, f"namespace={job.owner.name!r}"]) + ",\n)"


def options_of(job: Job | NewJob) -> list[str]:
    options = [f"--flavor {job.flavor}", f"--timeout {DEFAULT_SECONDS if job.seconds is None else job.seconds}s"]
    options += [f"--env {shlex.quote(f'{key}={value}')}" for key, value in job.environment.items()]
    options += [f"--volume {shlex.quote(one.spec)}" for one in job.volumes]
    options += [f"--attempts {job.attempts}"] if job.attempts > 1 else []
    options += [] if job.group_id is None else [f"--resource-group-id {external_id(job.group_id)}"]
    return options + [f"--label {shlex.quote(f'{key}={value}')}" for key, value in job.labels.items()]


def owners_of(call: Call) -> list[str]:
    """Whose jobs may be looked at: one's own, one's organisations', and those that are being looked at."""
    return list(dict.fromkeys([call.actor.name, *call.actor.org_names.values(), call.arg("ns")]))


def _choices(call: Call) -> dict[str, Any]:
    """Raises what looking at the jobs of this owner raises."""
    price = call.hub.plans.price
    flavors = [(one.name, _flavor_label(one, price)) for one in call.hub.jobs.running.flavors()]
    standing = call.hub.jobs.standing(call.actor, call.arg("ns"))
    return {"owner": call.arg("ns"), "flavors": flavors, "images": IMAGES, "standing": standing}


def _flavor_label(one: Flavor, price: int) -> str:
    """With what a minute of it costs."""
    size = _("%(cpus)s CPU, %(memory)s GiB") % {"cpus": f"{one.cpus:g}", "memory": f"{one.memory / GIB:.0f}"}
    if one.gpus:
        size += f", {len(one.gpus)} x {one.gpus[0].name}"
    cost = _("1 compute-minute a minute")
    if one.cpus != 1:
        cost = _("%(n)s compute-minutes a minute") % {"n": f"{one.cpus:g}"}
    money = f", ${one.cpus * price / 1e6:g}" if price else ""
    return f"{one.name}: {size} ({cost}{money})"


def _volume(text: str) -> Volume:
    """`hf://datasets/me/data:/in`, as the command takes it."""
    mount = _VOLUME.match(text)
    if mount is None:
        raise InvalidInput(_("Write one volume per line: hf://datasets/OWNER/NAME:/PATH."), field="volumes")
    found = mount.groupdict()
    kind = {"models": "model", "datasets": "dataset", "spaces": "space", "buckets": "bucket"}[found["kind"] or "models"]
    read_only = None if found["mode"] is None else found["mode"] == "ro"
    return Volume(kind, found["id"], found["place"], found["revision"], read_only, found["path"])


def _new(form: Mapping[str, str]) -> NewJob:
    try:
        command = shlex.split(form.get("command", ""))
    except ValueError as error:
        raise InvalidInput(_("A quotation mark in the command is not closed."), field="command") from error
    minutes = form.get("minutes", "").strip()
    if not (minutes.isascii() and minutes.isdigit() and len(minutes) < 6):
        raise InvalidInput(_("The time is a number of minutes."), field="minutes")
    return NewJob(
        form.get("image", "").strip(),
        command,
        _variables(form.get("environment", ""), "environment"),
        _variables(form.get("secrets", ""), "secrets"),
        form.get("flavor", "cpu-basic"),
        int(minutes) * 60,
        volumes=[_volume(line.strip()) for line in form.get("volumes", "").splitlines() if line.strip()],
    )


def _variables(text: str, field: str) -> dict[str, str]:
    """`NAME=value` on each line."""
    found = {}
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if line.strip() and not equals:
            raise InvalidInput(_("Write one variable per line: NAME=value."), field=field)
        if line.strip():
            found[name.strip()] = value
    return found


routes = [
    Route("GET", "/jobs", own, "html"),
    Route("GET", "/jobs/{ns}", show_list, "html"),
    Route("POST", "/jobs/{ns}", create, "html", limit=FORM_LIMIT),
    Route("GET", "/jobs/{ns}/new", show_new, "html"),
    Route("GET", "/jobs/{ns}/{job}", show, "html"),
    Route("GET", "/jobs/{ns}/{job}/live", live, "html"),
    Route("POST", "/jobs/{ns}/{job}", act, "html", limit=FORM_LIMIT),
]
