"""What models take, and which of them a GPU is for."""

from __future__ import annotations

import pytest

from pioche.inference.needs import gpu_environment, wanted
from pioche.inference.types import Weights
from pioche.machine.types import GIB
from pioche.ports.executor import Gpu

CARD = [Gpu("one", 24 * GIB)]
SMALL = Weights(2 * GIB, use_gpu=True)


def test_a_model_wants_memory_of_a_gpu_by_its_weights() -> None:
    want = wanted("text-generation", SMALL, CARD)
    assert (want.gpus, want.gpu_memory, want.memory) == (1, 4 * GIB, int(7.46484375 * GIB))
    painter = wanted("text-to-image", SMALL, CARD)
    assert painter.gpu_memory == 6 * GIB, "it is held in 32 bits"


@pytest.mark.parametrize(
    ("weights", "gpus"),
    [
        (SMALL, []),
        (Weights(2 * GIB, use_gpu=False), CARD),
        (Weights(16 * GIB, use_gpu=True), CARD),
    ],
)
def test_what_never_fits_a_gpu_or_cannot_use_one_is_for_cpus(weights: Weights, gpus: list[Gpu]) -> None:
    want = wanted("text-generation", weights, gpus)
    assert (want.gpus, want.gpu_memory) == (0, 0)


def test_one_that_just_fits() -> None:
    assert wanted("fill-mask", SMALL, [Gpu("one", 4 * GIB)]).gpus == 1
    assert wanted("fill-mask", SMALL, [Gpu("one", 4 * GIB - 1)]).gpus == 0


def test_a_gpu_that_shares_the_memory_of_the_machine() -> None:
    want = wanted("text-generation", SMALL, [Gpu("shares", 0)])
    assert (want.gpus, want.gpu_memory) == (1, 0)


def test_models_see_the_largest_gpu() -> None:
    seen = gpu_environment([Gpu("screen", 8 * GIB), *CARD, *CARD])
    assert seen == {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": "1"}
