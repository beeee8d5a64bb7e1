"""The count without a machine: what is free for whom, and who lets whom go first."""

from __future__ import annotations

import pytest

from pioche.machine.types import (
    GIB,
    JOB,
    MODEL,
    TRAINING,
    Count,
    Taken,
    Want,
    model_gpu,
    training_cpus,
    work_gpu_memory,
    work_memory,
)
from pioche.ports.executor import Capacity, Gpu, Hold

NOW = 1_000_000
TWO = Capacity(2, 8 * GIB)
SMALL = Want(JOB, 1.0, 2 * GIB, seconds=60, owner=1, since=NOW)
LARGE = Want(JOB, 2.0, 6 * GIB, seconds=60, owner=2, since=NOW - 10)
TRAIN = Want(TRAINING, 1.0, 4 * GIB, seconds=7200, owner=3, since=NOW)


def taken(kind: str, cpus: float, gib: float, until: int = 3_600_000, *, idle: bool = False, owner: int = 9) -> Taken:
    return Taken(Hold(kind, cpus, int(gib * GIB)), NOW + until, owner, idle)


def count(*held: Taken, has: Capacity = TWO) -> Count:
    return Count(has, held, NOW)


def test_nothing_is_promised_twice() -> None:
    assert count().lack(LARGE) == ""
    beside = count(taken(TRAINING, 2.0, 4))
    assert beside.lack(SMALL) == ""
    assert beside.lack(LARGE) == "memory: 6.0 GiB wanted, 2.0 GiB free beside a training"
    full = count(taken(TRAINING, 2.0, 4), taken(JOB, 1.0, 2))
    assert full.lack(SMALL) == "memory: 2.0 GiB wanted, 0.0 GiB free beside jobs and a training"
    assert count(taken(JOB, 1.0, 1), taken(JOB, 1.0, 1)).lack(SMALL) == "CPUs: 1 wanted, 0 free beside jobs"


def test_a_part_is_left_to_models() -> None:
    assert work_memory(TWO) == 6 * GIB
    assert work_memory(Capacity(2, 4 * GIB)) == int(2.8 * GIB) + 1  # of a small machine no more than a share
    all_of_it = count(taken(JOB, 2.0, 6))
    assert all_of_it.lack(Want(MODEL, 0, 2 * GIB)) == ""
    assert all_of_it.lack(Want(MODEL, 0, 3 * GIB)).startswith("memory: 3.0 GiB wanted, 2.0 GiB free")
    assert count(taken(MODEL, 2.0, 1)).lack(LARGE) == "", "the part for models is where they are"
    assert count(taken(MODEL, 2.0, 3)).lack(LARGE).endswith("5.0 GiB free beside models that are being asked")


def test_models_that_nobody_asks_make_way() -> None:
    idle = count(taken(MODEL, 2.0, 4, idle=True))
    assert (idle.lack(LARGE), idle.holders()) == ("", "")
    assert idle.lack(LARGE, awake=True)
    assert idle.lack(SMALL, awake=True) == ""


def test_a_training_counts_as_half_of_the_cpus() -> None:
    assert [training_cpus(Capacity(cpus, 0)) for cpus in (1, 2, 3, 16)] == [1, 1, 1.5, 8]
    alone = count(taken(TRAINING, 2.0, 4))  # it took what was free
    assert alone.free(JOB).cpus == 1
    assert count(taken(JOB, 1.0, 2)).lack(TRAIN) == ""
    assert count(taken(JOB, 2.0, 1)).lack(TRAIN) == "CPUs: 1 wanted, 0 free beside jobs"


def test_gpus_are_for_one_at_a_time_but_for_models() -> None:
    has = Capacity(8, 64 * GIB, [Gpu("one", 80 * GIB)])
    job = Want(JOB, 4.0, 8 * GIB, 1, seconds=60)
    training = count(Taken(Hold(TRAINING, 8.0, 8 * GIB, 1), NOW), has=has)
    assert training.lack(job) == "GPUs: 1 wanted, 0 free beside a training"
    assert count(Taken(Hold(MODEL, 8.0, 8 * GIB, 1), NOW), has=has).lack(job) == ""


ONE_GPU = Capacity(8, 64 * GIB, [Gpu("one", 80 * GIB)])


def on_gpu(kind: str, gib: float, *, idle: bool = False) -> Taken:
    return Taken(Hold(kind, 1.0, GIB, 1, gpu_memory=int(gib * GIB)), NOW + 3_600_000, 9, idle)


def test_memory_of_gpus_is_not_promised_twice() -> None:
    work = Want(JOB, 4.0, 8 * GIB, 1, 60, gpu_memory=work_gpu_memory(ONE_GPU.gpus))
    assert work.gpu_memory == 78 * GIB, "a small model is beside it"
    large = Want(MODEL, 0, 2 * GIB, 1, gpu_memory=60 * GIB)
    assert [count(has=ONE_GPU).lack(one) for one in (work, large)] == ["", ""]
    model = count(on_gpu(MODEL, 60), taken(JOB, 1.0, 2), has=ONE_GPU)
    assert model.lack(large) == "GPU memory: 60.0 GiB wanted, 20.0 GiB free beside models that are being asked"
    assert model.lack(work) == "GPU memory: 78.0 GiB wanted, 20.0 GiB free beside models that are being asked"
    job = count(on_gpu(JOB, 78), taken(MODEL, 1.0, 2), has=ONE_GPU)
    assert job.lack(large) == "GPU memory: 60.0 GiB wanted, 2.0 GiB free beside jobs"
    assert job.lack(Want(MODEL, 0, 2 * GIB, 1, gpu_memory=2 * GIB)) == ""
    assert job.lack(Want(MODEL, 0, 2 * GIB)) == "", "what is on CPUs needs none"
    assert count(on_gpu(MODEL, 2), has=ONE_GPU).lack(work) == "", "the part for models is where they are"


def test_models_on_a_gpu_that_nobody_asks_make_way() -> None:
    work = Want(TRAINING, 4.0, 8 * GIB, 1, 60, gpu_memory=work_gpu_memory(ONE_GPU.gpus))
    idle = count(on_gpu(MODEL, 60, idle=True), has=ONE_GPU)
    assert (idle.lack(work), idle.lacks(work, awake=True)) == ("", "GPU memory")
    assert idle.free(MODEL, awake=True).gpu_memory == 20 * GIB


def test_what_is_being_started_holds_its_part() -> None:
    large = Want(MODEL, 0, 2 * GIB, 1, gpu_memory=60 * GIB)
    claimed = count(count().as_taken(large), has=ONE_GPU)
    assert claimed.lacks(large) == "GPU memory"
    assert claimed.free(MODEL).gpu_memory == 20 * GIB


def test_a_run_of_a_version_that_did_not_count_memory_of_gpus_still_holds_the_gpu() -> None:
    old = count(Taken(Hold(JOB, 1.0, GIB, 1), NOW + 1), has=ONE_GPU)
    assert old.free(MODEL).gpu_memory == 80 * GIB
    assert old.lack(Want(JOB, 1.0, GIB, 1, gpu_memory=78 * GIB)) == "GPUs: 1 wanted, 0 free beside jobs"


def test_work_on_a_gpu_keeps_its_turn() -> None:
    """As with memory: what would be in the way of the first in line for longer does not start."""
    first = Want(JOB, 1.0, GIB, 1, 60, owner=2, since=NOW - 9, gpu_memory=78 * GIB)
    held = count(on_gpu(TRAINING, 78), has=ONE_GPU)
    assert held.delays(Want(TRAINING, 1.0, GIB, 1, 7200, gpu_memory=78 * GIB), first)
    assert not held.delays(SMALL, first)


def test_the_gpu_of_models_is_the_largest() -> None:
    gpus = [Gpu("screen", 8 * GIB), Gpu("large", 80 * GIB), Gpu("too", 80 * GIB)]
    assert model_gpu(gpus) is gpus[1]
    assert work_gpu_memory([Gpu("small", 4 * GIB)]) == int(2.8 * GIB) + 1, "of a small one a share"
    assert (work_gpu_memory([]), work_gpu_memory([Gpu("shares", 0)])) == (0, 0)
    shares = Capacity(8, 64 * GIB, [Gpu("shares", 0)])
    assert count(on_gpu(MODEL, 0), has=shares).lack(Want(JOB, 1.0, GIB, 1)) == "", "it is counted as memory"


def test_short_work_of_the_hub_counts_in_memory_alone() -> None:
    reading = count(taken("", 1.0, 2))
    assert reading.free(JOB).cpus == 2
    assert reading.lack(LARGE).endswith("free beside other work of the hub")


def test_the_first_in_line_is_not_passed_for_ever() -> None:
    """A large job waits for one that ends in an hour: what ends before then may begin, and nothing else that is in
    its way."""
    held = count(taken(JOB, 1.0, 2, 3_600_000))
    assert held.lack(LARGE)
    hour = Want(JOB, 1.0, 2 * GIB, seconds=3600)
    longer = Want(JOB, 1.0, 2 * GIB, seconds=3601)
    assert not held.delays(hour, LARGE)
    assert held.delays(longer, LARGE)
    assert held.delays(TRAIN, LARGE)
    medium = Want(JOB, 1.0, 5 * GIB)
    assert not count(taken(JOB, 1.0, 2)).delays(Want(JOB, 1.0, GIB, seconds=9999), medium), "it will fit beside"


def test_what_comes_first_and_fits_is_not_robbed() -> None:
    assert count().delays(TRAIN, LARGE)
    assert not count().delays(SMALL, TRAIN)
    assert not count(taken(MODEL, 1.0, 3)).delays(SMALL, TRAIN), "a model that is asked now will be idle"


def test_what_never_fits_holds_nobody_up() -> None:
    assert not count().delays(TRAIN, Want(JOB, 64.0, GIB))


@pytest.mark.parametrize(("busy", "first"), [(0, LARGE), (1, SMALL)])
def test_who_has_fewest_running_comes_first_then_who_waits_longest(busy: int, first: Want) -> None:
    held = count(*[taken(JOB, 1.0, 1, owner=LARGE.owner)] * busy)
    other = SMALL if first is LARGE else LARGE
    assert (held.comes_before(first, other), held.comes_before(other, first)) == (True, False)
