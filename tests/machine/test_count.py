"""The count without a machine: what is free for whom, and who lets whom go first."""

from __future__ import annotations

import pytest

from pioche.machine.types import GIB, JOB, MODEL, TRAINING, Count, Taken, Want, training_cpus, work_memory
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
