"""Failures are counted per key and forgotten after a while."""

from __future__ import annotations

import pytest

from pioche.accounts.attempts import Attempts, address_key
from pioche.errors import InvalidCredentials, InvalidInput, RateLimited


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def fail(attempts: Attempts, *keys: str) -> None:
    with pytest.raises(InvalidCredentials), attempts.guard(keys):
        raise InvalidCredentials("no")


def test_the_limit_and_its_end() -> None:
    clock = Clock()
    attempts = Attempts(limit=3, window=60, clock=clock)
    for _ in range(3):
        fail(attempts, "a")
        clock.now += 10
    with pytest.raises(RateLimited) as caught, attempts.guard(("a",)):
        pytest.fail("the block must not run")
    assert caught.value.details["retry_after"] == 30  # the first failure is 30 s old
    clock.now += 30
    fail(attempts, "a")
    with pytest.raises(RateLimited), attempts.guard(("a",)):
        pytest.fail("two failures are still young")


def test_one_full_key_is_enough_and_other_keys_stay_free() -> None:
    attempts = Attempts(limit=1, clock=Clock())
    fail(attempts, "address", "alice")
    with pytest.raises(RateLimited), attempts.guard(("address", "bob")):
        pytest.fail("the block must not run")
    with attempts.guard(("elsewhere", "bob")):
        pass


def test_success_and_other_errors_do_not_count() -> None:
    attempts = Attempts(limit=1, clock=Clock())
    for _ in range(5):
        with attempts.guard(("a",)):
            pass
        with pytest.raises(InvalidInput), attempts.guard(("a",)):
            raise InvalidInput("something else")


def test_tries_that_run_at_once_count_before_they_end() -> None:
    attempts = Attempts(limit=1, clock=Clock())
    with attempts.guard(("a",)), pytest.raises(RateLimited), attempts.guard(("a",)):
        pytest.fail("the block must not run")


def test_a_customer_has_many_addresses_of_ipv6() -> None:
    assert address_key("2001:db8:1:2:a::1") == address_key("2001:db8:1:2:b::2")
    assert address_key("2001:db8:1:2::1") != address_key("2001:db8:1:3::1")
    assert address_key("10.0.0.1") != address_key("10.0.0.2")
