"""What a model takes while it is in use, and whether it runs on a GPU. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pioche.inference.types import PAINTS, Weights
from pioche.machine.types import GIB, MODEL, Want, model_gpu
from pioche.ports.executor import Gpu

LIFE_SECONDS = 7 * 24 * 3600
BASE_MEMORY = 1_500 * 1024 * 1024
"""What a worker takes before it has a model: its libraries."""
PER_BYTE = 3.0
"""Memory for each byte of weights: read once, held once in 32 bits, and what it reckons with."""
GPU_BASE_MEMORY = GIB
"""What the driver and libraries take of a GPU."""
GPU_PER_BYTE, GPU_PER_BYTE_TO_PAINT = 1.5, 2.5
"""Of a GPU for each byte of weights: held as they are (but in 32 bits by what paints), and what it reckons with."""


def wanted(task: str, weights: Weights, gpus: Sequence[Gpu]) -> Want:
    """What could never fit on the GPU runs on CPUs."""
    whole = model_gpu(gpus).memory
    gpu_memory = int(GPU_BASE_MEMORY + weights.size * (GPU_PER_BYTE_TO_PAINT if task in PAINTS else GPU_PER_BYTE))
    # One without memory of its own takes that of the machine, and nothing more is counted.
    on_gpu = bool(gpus) and weights.use_gpu and (gpu_memory <= whole or not whole)
    return Want(
        MODEL,
        0.0,
        int(BASE_MEMORY + PER_BYTE * weights.size),
        int(on_gpu),
        LIFE_SECONDS,
        gpu_memory=gpu_memory if on_gpu and whole else 0,
    )


def gpu_environment(gpus: Sequence[Gpu]) -> Mapping[str, str]:
    """Variables of CUDA: a worker sees the GPU of models alone. They are numbered as the driver's tool names them."""
    return {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": str(gpus.index(model_gpu(gpus)))}
