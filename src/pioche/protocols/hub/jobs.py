"""Jobs as the stock client asks for them and reads them.

Source: huggingface_hub 2.4.0, `_jobs_api.py`. Dates end in Z; the client reads `status.stage`, and follows logs as
server-sent events whose lines are `data: {"data": text, "timestamp": date}`.
"""

from __future__ import annotations

from typing import Any

import msgspec


class Expose(msgspec.Struct, rename="camel"):
    ports: list[int] = []
    ports_public: list[int] = []


class Volume(msgspec.Struct, rename="camel"):
    source: str
    mount_path: str
    type: str = "model"
    revision: str | None = None
    read_only: bool | None = None
    path: str | None = None


class JobRequest(msgspec.Struct, rename="camel"):
    """`attempts` and what else the client may send is read, so that it can be refused with a reason."""

    command: list[str] = []
    arguments: list[str] = []
    environment: dict[str, str] | None = None
    secrets: dict[str, str] | None = None
    flavor: str = "cpu-basic"
    docker_image: str | None = None
    space_id: str | None = None
    timeout_seconds: int | None = None
    labels: dict[str, str] | None = None
    volumes: list[Volume] | None = None
    expose: Expose | None = None
    ssh: dict[str, Any] | None = None
    network: dict[str, Any] | None = None
    attempts: int | None = None
    resource_group_id: str | None = None


class ScheduledRequest(msgspec.Struct, rename="camel"):
    job_spec: JobRequest
    schedule: str
    suspend: bool | None = None
    concurrency: bool | None = None


class ScheduleRequest(msgspec.Struct):
    schedule: str


class LabelsRequest(msgspec.Struct):
    labels: dict[str, str]


def event(data: Any, name: str = "") -> bytes:
    head = f"event: {name}\n".encode() if name else b""
    return head + b"data: " + msgspec.json.encode(data) + b"\n\n"


KEEP_ALIVE = b": keep-alive\n\n"
