"""Jobs by API."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, TypeVar

from starlette.responses import Response, StreamingResponse

from pioche.accounts.api.groups import group_number
from pioche.errors import InvalidInput, NotSupported
from pioche.jobs.types import GIB, Flavor, Job, NewJob, Party, Stage, Volume
from pioche.ports.executor import LogLine, Usage
from pioche.protocols.hub import jobs as wire
from pioche.web.call import Call
from pioche.web.responses import external_id, iso, json_response, page_response
from pioche.web.routing import Route

PAGE = 100
LOOK_EVERY = 0.3  # seconds
KEEP_ALIVE_EVERY = 15.0  # seconds; the client gives up on a log after 30
MOST_POSITION = 1 << 60
LIFE = 3600.0  # seconds: then the client comes back, and its token is looked at again

T = TypeVar("T")


def hardware(call: Call) -> Response:
    flavors, price = call.hub.jobs.running.flavors(), call.hub.plans.price
    return json_response(
        [
            {
                "name": one.name,
                "prettyName": one.label,
                "cpu": f"{one.cpus:g} vCPU",
                "ram": f"{one.memory / GIB:.0f} GB",
                "accelerator": _accelerator(one),
                "unitCostMicroUSD": int(one.cpus * price),
                "unitCostUSD": one.cpus * price / 1e6,
                "unitLabel": "minute",
            }
            for one in flavors
        ]
    )


def _accelerator(one: Flavor) -> dict[str, str] | None:
    if not one.gpus:
        return None
    maker, _, model = one.gpus[0].name.partition(" ")
    memory = sum(gpu.memory for gpu in one.gpus)
    return {
        "type": "gpu",
        "model": model or maker,
        "quantity": str(len(one.gpus)),
        "vram": f"{memory / GIB:.0f} GB",
        "manufacturer": maker.capitalize(),
    }


def list_jobs(call: Call) -> Response:
    stages = [_stage(text) for text in call.query_list("stage")]
    labels = [text.partition("=")[::2] for text in call.query_list("label")]
    cursor = call.query("cursor")
    before = int(cursor) if cursor.isascii() and cursor.isdigit() and len(cursor) < 19 else None
    found = call.hub.jobs.list(call.actor, call.arg("ns"), stages, before, PAGE)
    fitting = [job for job in found if all(job.labels.get(key) == value for key, value in labels)]
    return page_response(call, [body(job) for job in fitting], str(found[-1].id) if len(found) == PAGE else None)


def count(call: Call) -> Response:
    stages = [_stage(text) for text in call.query_list("stage")]
    return json_response({"count": call.hub.jobs.count(call.actor, call.arg("ns"), stages)})


def auth_check(call: Call) -> Response:
    """Answers 200 if it may be done. `perms`: read or write."""
    wanted = call.arg("perms")
    call.hub.jobs.require(call.actor, call.arg("ns"), wanted == "write", call.params.get("job", ""))
    if wanted not in ("read", "write"):
        raise InvalidInput(f"What may be asked about is: read, write; not '{wanted[:40]}'.")
    return json_response({"ok": True})


def create(call: Call) -> Response:
    return json_response(body(call.hub.jobs.submit(call.actor, call.arg("ns"), new_job(call.json(wire.JobRequest)))))


def show(call: Call) -> Response:
    return json_response(body(call.hub.jobs.find(call.actor, call.arg("ns"), call.arg("job"))))


def cancel(call: Call) -> Response:
    return json_response(body(call.hub.jobs.cancel(call.actor, call.arg("ns"), call.arg("job"))))


def duplicate(call: Call) -> Response:
    return json_response(body(call.hub.jobs.again(call.actor, call.arg("ns"), call.arg("job"))))


def expose(call: Call) -> Response:
    call.hub.jobs.require(call.actor, call.arg("ns"), True, call.arg("job"))
    raise NotSupported("Ports of jobs cannot be exposed on this hub yet.")


def labels(call: Call) -> Response:
    wanted = call.json(wire.LabelsRequest).labels
    return json_response(body(call.hub.jobs.set_labels(call.actor, call.arg("ns"), call.arg("job"), wanted)))


# -- what it says and takes, as it happens --


async def logs(call: Call) -> Response:
    tail = call.query_int("tail", 0, 0, 100_000)
    await _in_thread(call.hub.jobs.find, call.actor, call.arg("ns"), call.arg("job"))
    return _stream(_log(call, tail))


async def metrics(call: Call) -> Response:
    await _in_thread(call.hub.jobs.find, call.actor, call.arg("ns"), call.arg("job"))
    return _stream(_metrics(call))


async def events(call: Call) -> Response:
    await _in_thread(call.hub.jobs.find, call.actor, call.arg("ns"), call.arg("job"))
    return _stream(_events(call))


async def _events(call: Call) -> AsyncIterator[bytes]:
    """The job as it is, and again when its stage or message changes; ends with it."""
    clock = asyncio.get_running_loop().time
    end, told, last = clock() + LIFE, clock(), ("", "")
    while clock() < end and not call.request.scope["pioche.is_draining"]():
        job = await _in_thread(call.hub.jobs.find, call.actor, call.arg("ns"), call.arg("job"))
        if last != (job.stage.value, job.message):
            last, told = (job.stage.value, job.message), clock()
            yield wire.event(body(job), "status")
        if job.has_ended:
            return
        if clock() - told >= KEEP_ALIVE_EVERY:
            told = clock()
            yield wire.KEEP_ALIVE
        await asyncio.sleep(LOOK_EVERY)


async def _log(call: Call, tail: int) -> AsyncIterator[bytes]:
    """From the start (or the last `tail` lines, or a position that a page has), then as it comes; ends with the job."""
    lines, position, job = await _history(call, tail)
    clock = asyncio.get_running_loop().time
    end, told = clock() + LIFE, clock()
    yield wire.KEEP_ALIVE
    while True:
        for line in lines:
            yield wire.event({"data": line.text, "timestamp": iso(line.at)})
        if lines:
            told = clock()
        elif job.has_ended or clock() > end or call.request.scope["pioche.is_draining"]():
            return
        else:
            if clock() - told >= KEEP_ALIVE_EVERY:
                told = clock()
                yield wire.KEEP_ALIVE
            await asyncio.sleep(LOOK_EVERY)
        lines, position, job = await _read(call, position)


async def _history(call: Call, tail: int) -> tuple[Sequence[LogLine], int, Job]:
    if not tail:
        return await _read(call, call.query_int("after", 0, 0, MOST_POSITION))
    job = await _in_thread(call.hub.jobs.find, call.actor, call.arg("ns"), call.arg("job"))
    found = await _in_thread(call.hub.jobs.running.logs.last, job, tail)
    return found.lines, found.position, job


async def _read(call: Call, position: int) -> tuple[Sequence[LogLine], int, Job]:
    return await _in_thread(call.hub.jobs.logs, call.actor, call.arg("ns"), call.arg("job"), position)


async def _metrics(call: Call) -> AsyncIterator[bytes]:
    """Each second what it takes since the one before; the first time, since its start. It waits for one that waits."""
    clock = asyncio.get_running_loop().time
    end, at, last = clock() + LIFE, 0.0, Usage()
    while clock() < end and not call.request.scope["pioche.is_draining"]():
        usage, job = await _in_thread(call.hub.jobs.usage, call.actor, call.arg("ns"), call.arg("job"))
        if usage is None and job.has_ended:
            return
        if usage is None:
            yield wire.KEEP_ALIVE
            await asyncio.sleep(1.0)
            continue
        now = time.time()
        seconds = max(0.1, now - (at or (job.started_at or 0) / 1000))
        yield wire.event(_metric(job, call.hub.jobs.running.flavor(job.flavor), usage, last, seconds), "metric")
        at, last = now, usage
        await asyncio.sleep(1.0)


def _metric(job: Job, flavor: Flavor, usage: Usage, last: Usage, seconds: float) -> dict[str, Any]:
    share = max(0.0, usage.cpu_seconds - last.cpu_seconds) / seconds / flavor.cpus
    return {
        "cpu_usage_pct": round(100 * min(share, 1.0), 1),
        "cpu_millicores": int(flavor.cpus * 1000),
        "memory_used_bytes": usage.memory,
        "memory_total_bytes": flavor.memory,
        "rx_bps": int(max(0, usage.received - last.received) * 8 / seconds),
        "tx_bps": int(max(0, usage.sent - last.sent) * 8 / seconds),
        "gpus": {},
        "replica": job.key,
    }


def _stream(content: AsyncIterator[bytes]) -> Response:
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(content, 200, headers, "text/event-stream")


async def _in_thread(work: Callable[..., T], *arguments: object) -> T:
    return await asyncio.get_running_loop().run_in_executor(None, work, *arguments)


# -- forms of the wire --


def body(job: Job) -> dict[str, Any]:
    now = time.time_ns() // 1_000_000
    running = None if job.started_at is None else max(0, (job.ended_at or now) - job.started_at) / 1000
    said: dict[str, Any] = {
        "id": job.key,
        "owner": party(job.owner),
        "status": {"stage": job.stage.value, "message": job.message or None},
        "createdAt": iso(job.created_at),
        "dockerImage": job.image,
        "command": list(job.command),
        "arguments": [],
        "environment": dict(job.environment),
        "secrets": list(job.secret_names),
        "flavor": job.flavor,
        "labels": dict(job.labels),
        "timeout": job.seconds,
        "retry": job.attempts - 1,
        "volumes": [volume(one) for one in job.volumes],
    }
    if job.started_at is not None:
        waited = (job.started_at - job.created_at) / 1000
        said["startedAt"] = iso(job.started_at)
        said["durations"] = {"schedulingSecs": waited, "runningSecs": running, "totalSecs": waited + (running or 0)}
    if job.ended_at is not None:
        said["finishedAt"] = iso(job.ended_at)
    if job.compute_ms:
        said["usage"] = {
            "computeMinutes": round(job.compute_ms / 60_000, 3),
            "cpuSeconds": round(job.cpu_seconds, 2),
            "peakMemoryBytes": job.peak_memory,
            "energyWh": round(job.joules / 3600, 4),
            "energyIsEstimated": not job.joules_measured,
        }
    if job.schedule_key is not None:
        said["initiator"] = {"type": "scheduled-job", "id": job.schedule_key}
    elif job.initiator is not None:
        said["initiator"] = party(job.initiator)
    return said


def volume(one: Volume) -> dict[str, Any]:
    said: dict[str, Any] = {"type": one.type, "source": one.source, "mountPath": one.mount_path}
    said |= {"readOnly": not one.is_writable}
    said |= {"path": one.path} if one.path else {}
    return said | ({"revision": one.revision} if one.revision else {})


def party(one: Party) -> dict[str, str]:
    return {"id": external_id(one.id), "name": one.name, "type": one.kind}


def _stage(text: str) -> Stage:
    try:
        return Stage(text.upper())
    except ValueError as error:
        raise InvalidInput(f"A stage is one of: {', '.join(Stage)}; not '{text[:30]}'.") from error


def new_job(asked: wire.JobRequest) -> NewJob:
    for value, what in (
        (asked.space_id, "An image made of a Space"),
        (asked.expose and asked.expose.ports, "Exposed ports"),
        (asked.ssh, "SSH"),
        (asked.network, "A network between jobs"),
    ):
        if value:
            raise NotSupported(f"{what} cannot be used in jobs of this hub yet.")
    if not asked.docker_image:
        raise InvalidInput("A job needs an image: 'dockerImage'.")
    return NewJob(
        asked.docker_image,
        [*asked.command, *asked.arguments],
        asked.environment or {},
        asked.secrets or {},
        asked.flavor,
        asked.timeout_seconds,
        asked.labels or {},
        [
            Volume(one.type, one.source, one.mount_path, one.revision, one.read_only, one.path)
            for one in asked.volumes or []
        ],
        1 if asked.attempts is None else asked.attempts,
        group_number(asked.resource_group_id),
    )


routes = [
    Route("GET", "/api/jobs/hardware", hardware),
    # Spaces will run on the same.
    Route("GET", "/api/spaces/hardware", hardware),
    Route("GET", "/api/jobs/{ns}", list_jobs),
    Route("POST", "/api/jobs/{ns}", create),
    Route("GET", "/api/jobs/{ns}/count", count),
    Route("POST", "/api/jobs/{ns}/auth-check/{perms}", auth_check, body="none", safe=True),
    Route("GET", "/api/jobs/{ns}/{job}", show),
    Route("POST", "/api/jobs/{ns}/{job}/auth-check/{perms}", auth_check, body="none", safe=True),
    Route("GET", "/api/jobs/{ns}/{job}/events", events, body="none"),
    Route("GET", "/api/jobs/{ns}/{job}/logs", logs, body="none"),
    Route("GET", "/api/jobs/{ns}/{job}/metrics", metrics, body="none"),
    Route("POST", "/api/jobs/{ns}/{job}/cancel", cancel),
    Route("POST", "/api/jobs/{ns}/{job}/duplicate", duplicate),
    Route("PUT", "/api/jobs/{ns}/{job}/labels", labels),
    Route("PUT", "/api/jobs/{ns}/{job}/expose", expose, body="none"),
]
