"""The GPUs of this machine: of NVIDIA, as the driver's own tool tells them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from functools import lru_cache

from pioche.ports.executor import Gpu

MIB = 1024**2
SECONDS = 30


def gpus_of_driver() -> Sequence[Gpu]:
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return ()
    try:
        return _ask(tool)
    except (OSError, subprocess.SubprocessError):
        return ()


@lru_cache
def _ask(tool: str) -> Sequence[Gpu]:
    """Asked until it answers: that takes up to a second, and GPUs do not come and go."""
    order = [tool, "--query-gpu=name,memory.total", "--format=csv,noheader,nounits"]
    said = subprocess.run(order, capture_output=True, text=True, check=True, timeout=SECONDS).stdout
    rows = [line.rpartition(",") for line in said.splitlines() if line.strip()]
    # Some share their memory with the processor, and the tool says "[N/A]".
    return tuple(Gpu(name.strip(), int(size) * MIB if size.strip().isdigit() else 0) for name, _, size in rows)
