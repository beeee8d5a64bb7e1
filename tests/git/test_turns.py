"""So many clones and pushes at a time; the others wait, and hear in plain words when it takes too long."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from pioche.errors import Busy
from pioche.git.turns import RETRY_AFTER, Turn, Turns
from pioche.hub import Hub
from pioche.testkit.room import Room

NOTHING = b"0000"
FETCH = {"content-type": "application/x-git-upload-pack-request"}


@pytest.fixture
def room(hub: Hub) -> Iterator[Room]:
    return Room(hub)


def test_whoever_waits_too_long_is_told_to_come_again() -> None:
    async def story() -> None:
        turns = Turns(at_once=1, patience=0.05)
        first = await turns.take()
        with pytest.raises(Busy, match="busy with other clones") as refused:
            await turns.take()
        assert refused.value.details["retry_after"] == RETRY_AFTER
        first.end()
        first.end()
        second = await turns.take()
        with pytest.raises(Busy):
            await turns.take()
        second.end()

    asyncio.run(story())


def test_turns_come_in_order_and_never_more_at_once() -> None:
    async def story() -> None:
        turns, running, most, order = Turns(at_once=3), 0, 0, []

        async def one(number: int) -> None:
            nonlocal running, most
            turn = await turns.take()
            order.append(number)
            running += 1
            most = max(most, running)
            await asyncio.sleep(0.001)
            running -= 1
            turn.end()

        await asyncio.gather(*(one(number) for number in range(20)))
        assert (most, order) == (3, list(range(20)))

    asyncio.run(story())


def test_a_failure_gives_the_turn_back_and_a_success_keeps_it() -> None:
    async def story() -> Turn:
        turns = Turns(at_once=1, patience=0.05)
        with pytest.raises(ValueError):
            async with turns.until_failure():
                raise ValueError
        async with turns.until_failure() as kept:
            pass
        with pytest.raises(Busy):
            await turns.take()
        return kept

    asyncio.run(story())


@pytest.mark.parametrize("what", ["upload", "receive"])
def test_a_crowd_is_answered_503_in_plain_words(room: Room, what: str) -> None:
    alice = room.cast.alice
    repo = room.repo(alice, "crowded")
    room.hub.git.fetches = room.hub.git.pushes = Turns(at_once=0, patience=0.05)
    answer = room.post(f"/{repo}.git/git-{what}-pack", alice, content=NOTHING, headers=FETCH)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == str(RETRY_AFTER)
    assert answer.text == "The hub is busy with other clones and pushes. Try again in a moment.\n"


def test_every_answer_gives_its_turn_back(room: Room) -> None:
    alice = room.cast.alice
    repo = room.repo(alice, "busy")
    room.hub.git.fetches = room.hub.git.pushes = Turns(at_once=1, patience=0.05)
    for _ in range(3):
        assert room.post(f"/{repo}.git/git-upload-pack", content=NOTHING, headers=FETCH).status_code == 200
        assert room.post(f"/{repo}.git/git-receive-pack", alice, content=NOTHING).status_code == 200
