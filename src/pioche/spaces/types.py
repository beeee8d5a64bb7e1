"""The nouns of Spaces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

VolumeKind = Literal["bucket", "model", "dataset", "space"]
VOLUME_KINDS: tuple[VolumeKind, ...] = get_args(VolumeKind)


@dataclass(frozen=True, slots=True)
class Variable:
    """`value` None: it is a secret. Times are Unix milliseconds."""

    key: str
    value: str | None
    description: str
    updated_at: int


@dataclass(frozen=True, slots=True)
class Volume:
    """What a Space finds at `mount_path`. Only buckets can be written to."""

    kind: VolumeKind
    source: str
    mount_path: str
    revision: str | None = None
    read_only: bool | None = None
    path: str | None = None
