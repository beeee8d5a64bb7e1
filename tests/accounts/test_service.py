"""The verbs of accounts on a real database."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from pioche.accounts.types import (
    ANONYMOUS,
    OPERATOR,
    Actor,
    NewToken,
    NewUser,
    ProfileText,
    RepoScope,
)
from pioche.app import build_hub
from pioche.errors import (
    Conflict,
    Forbidden,
    HubError,
    InvalidCredentials,
    InvalidInput,
    InvalidName,
    NotFound,
    RateLimited,
    Unauthenticated,
)
from pioche.hub import Hub

PASSWORD = "correct horse"  # of everybody whom `join` makes
Join = Callable[..., Actor]

# -- joining --


@pytest.mark.parametrize(
    ("new", "error"),
    [
        (NewUser("api", "a@x.org", PASSWORD), InvalidName),
        (NewUser("Settings", "a@x.org", PASSWORD), InvalidName),
        (NewUser("a--b", "a@x.org", PASSWORD), InvalidName),
        (NewUser("-a", "a@x.org", PASSWORD), InvalidName),
        (NewUser("", "a@x.org", PASSWORD), InvalidName),
        (NewUser("a b", "a@x.org", PASSWORD), InvalidName),
        (NewUser("a.git", "a@x.org", PASSWORD), InvalidName),
        (NewUser("x" * 97, "a@x.org", PASSWORD), InvalidName),
        (NewUser("a", "nobody", PASSWORD), InvalidInput),
        (NewUser("a", "a@b@c", PASSWORD), InvalidInput),
        (NewUser("a", "a b@x.org", PASSWORD), InvalidInput),
        (NewUser("a", "a@x.org", "7 chars"), InvalidInput),
        (NewUser("a", "a@x.org", "x" * 1025), InvalidInput),
        (NewUser("a", "a@x.org", "hf_looks_like_a_token"), InvalidInput),
    ],
)
def test_what_cannot_join(hub: Hub, new: NewUser, error: type[HubError]) -> None:
    with pytest.raises(error):
        hub.accounts.sign_up(OPERATOR, new)


def test_names_and_emails_are_taken_whatever_their_case(hub: Hub, join: Join) -> None:
    alice = join("Alice")
    hub.accounts.orgs.create(alice, "Acme")
    for name in ("alice", "ALICE", "acme"):
        with pytest.raises(Conflict) as caught:
            hub.accounts.sign_up(OPERATOR, NewUser(name, "new@x.org", PASSWORD))
        assert caught.value.details["field"] == "name"
    with pytest.raises(Conflict) as caught:
        hub.accounts.sign_up(OPERATOR, NewUser("bob", "ALICE@example.TEST", PASSWORD))
    assert caught.value.details["field"] == "email"
    with pytest.raises(Conflict):
        hub.accounts.orgs.create(alice, "aliCe")
    assert hub.accounts.find_account("aLICE").name == "Alice"


def test_one_of_many_who_want_a_name_gets_it(hub: Hub) -> None:
    def try_to_join(number: int) -> str:
        try:
            hub.accounts.sign_up(OPERATOR, NewUser("Winner" if number % 2 else "winner", f"{number}@x.org", PASSWORD))
        except Conflict as error:
            return error.message
        return "won"

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(try_to_join, range(8)))
    assert answers.count("won") == 1
    assert all("is taken" in answer for answer in answers if answer != "won")


def test_joining_can_be_closed(hub: Hub, join: Join) -> None:
    join("root", is_admin=True)
    closed = build_hub(replace(hub.settings, signup_open=False))
    with pytest.raises(Forbidden, match="closed"):
        closed.accounts.sign_up(ANONYMOUS, NewUser("eve", "e@x.org", PASSWORD))
    closed.database.close()
    hub.accounts.sign_up(ANONYMOUS, NewUser("eve", "e@x.org", PASSWORD))
    with pytest.raises(Forbidden):
        hub.accounts.sign_up(ANONYMOUS, NewUser("mallory", "m@x.org", PASSWORD, is_admin=True))


def test_too_many_joins_from_one_address(hub: Hub, join: Join) -> None:
    join("root", is_admin=True)
    bad = NewUser("x", "no email", PASSWORD)
    for _ in range(30):
        with pytest.raises(InvalidInput):
            hub.accounts.sign_up(ANONYMOUS, bad, "10.0.0.9")
    with pytest.raises(RateLimited):
        hub.accounts.sign_up(ANONYMOUS, bad, "10.0.0.9")
    with pytest.raises(InvalidInput):
        hub.accounts.sign_up(ANONYMOUS, bad, "10.0.0.8")


# -- set-up --


def test_the_first_admin_is_made_with_the_key_and_only_once(hub: Hub) -> None:
    new = NewUser("root", "r@x.org", PASSWORD)
    with pytest.raises(Forbidden, match="no admin yet"):
        hub.accounts.sign_up(ANONYMOUS, new)
    key = hub.accounts.setup_key()
    assert key is not None
    for wrong in ("", key[:-1], key + "x", "é"):
        with pytest.raises(NotFound):
            hub.accounts.set_up(wrong, new)
    assert hub.accounts.set_up(key, new).is_admin
    assert hub.accounts.setup_key() is None
    with pytest.raises(NotFound):
        hub.accounts.set_up(key, NewUser("eve", "e@x.org", PASSWORD))


def test_two_who_have_the_key_at_once(hub: Hub) -> None:
    key = hub.accounts.setup_key() or ""

    def try_it(number: int) -> bool:
        try:
            return hub.accounts.set_up(key, NewUser(f"root{number}", f"{number}@x.org", PASSWORD)).is_admin
        except NotFound:
            return False

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(try_it, range(4))) == 1


# -- logging in --


def test_log_in_with_name_or_email(hub: Hub, join: Join) -> None:
    join("alice")
    for who in ("alice", "ALICE", "alice@example.test", " Alice@Example.Test "):
        assert hub.accounts.actor_of_password(who, PASSWORD, "10.0.0.1").name == "alice"
    for who, password in (("alice", "wrong"), ("nobody", PASSWORD), ("alice", PASSWORD + "x" * 2000), ("alice", "")):
        with pytest.raises(InvalidCredentials):
            hub.accounts.actor_of_password(who, password, "10.0.0.1")


def test_failures_lock_the_address_and_the_account(hub: Hub, join: Join) -> None:
    join("alice")
    join("bob")
    for number in range(10):
        # Name and email are the same account, and each failure comes from somewhere else.
        who = "alice" if number % 2 else "alice@example.test"
        with pytest.raises(InvalidCredentials):
            hub.accounts.actor_of_password(who, "wrong", f"10.0.1.{number}")
    with pytest.raises(RateLimited) as caught:
        hub.accounts.actor_of_password("alice", PASSWORD, "10.0.1.99")
    assert 0 < caught.value.details["retry_after"] <= 600
    for number in range(10):
        with pytest.raises(InvalidCredentials):
            hub.accounts.actor_of_password(f"nobody{number}", "wrong", "10.0.2.1")
    with pytest.raises(RateLimited):
        hub.accounts.actor_of_password("bob", PASSWORD, "10.0.2.1")
    assert hub.accounts.actor_of_password("bob", PASSWORD, "10.0.2.2").name == "bob"


def test_the_time_does_not_tell_whether_a_person_exists(hub: Hub, join: Join) -> None:
    join("alice")

    def seconds(who: str, address: str) -> float:
        start = time.perf_counter()
        with pytest.raises(InvalidCredentials):
            hub.accounts.actor_of_password(who, "wrong password", address)
        return time.perf_counter() - start

    known = sorted(seconds("alice", f"10.1.0.{n}") for n in range(5))[2]
    unknown = sorted(seconds("nobody", f"10.1.1.{n}") for n in range(5))[2]
    assert unknown > known / 3


def test_sessions_end(hub: Hub, join: Join) -> None:
    alice = join("alice")
    first, second = (hub.accounts.log_in("alice", PASSWORD, "10.0.0.1", "browser") for _ in range(2))
    here = hub.accounts.actor_of_session(first)
    assert here is not None
    assert len(hub.accounts.log_ins.list(here)) == 3
    assert hub.accounts.log_ins.close_others(here) == 2
    assert hub.accounts.actor_of_session(second) is None
    assert hub.accounts.actor_of_session(first) == here
    hub.accounts.log_ins.close(here)
    assert hub.accounts.actor_of_session(first) is None
    assert hub.accounts.actor_of_session("made up") is None
    assert alice.session is not None


def test_sessions_expire(hub: Hub, join: Join) -> None:
    join("alice")
    short = build_hub(replace(hub.settings, session_days=0))
    assert short.accounts.actor_of_session(short.accounts.log_in("alice", PASSWORD, "10.0.0.1")) is None
    short.database.close()


@pytest.mark.sqlite
def test_the_database_holds_no_secret(hub: Hub, join: Join) -> None:
    alice = join("alice")
    cookie = hub.accounts.log_in("alice", PASSWORD, "10.0.0.1")
    _, secret = hub.accounts.tokens.create(alice, NewToken("t", "write"))
    hub.database.close()
    files = [path for path in hub.settings.data.glob("hub.db*") if path.is_file()]
    kept = b"".join(path.read_bytes() for path in files)
    assert alice.name.encode() in kept
    for text in (PASSWORD, cookie, secret):
        assert text.encode() not in kept


# -- one's own account --


def test_a_new_password_ends_the_other_log_ins(hub: Hub, join: Join) -> None:
    alice = join("alice")
    other = hub.accounts.log_in("alice", PASSWORD, "10.0.0.1")
    with pytest.raises(InvalidInput) as caught:
        hub.accounts.people.change_password(alice, "wrong", "another one", "10.0.0.1")
    assert caught.value.details["field"] == "old"
    hub.accounts.people.change_password(alice, PASSWORD, "another one", "10.0.0.1")
    assert hub.accounts.actor_of_session(other) is None
    assert hub.accounts.actor_of_password("alice", "another one", "10.0.0.1").name == "alice"
    with pytest.raises(InvalidCredentials):
        hub.accounts.actor_of_password("alice", PASSWORD, "10.0.0.1")


def test_profiles(hub: Hub, join: Join) -> None:
    alice = join("alice")
    join("bob")
    text = ProfileText("Alice A.", "I mine.", "example.org/me")
    hub.accounts.people.change_profile(alice, text, "new@example.test")
    found = hub.accounts.profile(ANONYMOUS, "ALICE").account
    assert (found.fullname, found.bio, found.website) == ("Alice A.", "I mine.", "https://example.org/me")
    assert hub.accounts.actor_of_password("new@example.test", PASSWORD, "10.0.0.1").email == "new@example.test"
    with pytest.raises(Conflict):
        hub.accounts.people.change_profile(alice, text, "BOB@example.test")
    for website in ("javascript:alert(1)", "javascript://x.org/%0aalert(1)", "https://", "https://a b", "http://[x"):
        with pytest.raises(InvalidInput) as caught:
            hub.accounts.people.change_profile(alice, replace(text, website=website), "new@example.test")
        assert caught.value.details["field"] == "website"
    with pytest.raises(NotFound):
        hub.accounts.profile(alice, "nobody")


# -- tokens --


def test_tokens_carry_their_person_and_scopes(hub: Hub, join: Join) -> None:
    alice = join("alice")
    hub.accounts.orgs.create(alice, "acme")
    scopes = (RepoScope("read", repo_id=7, kind="model", name="alice/m"), RepoScope("write", owner_id=3))
    token, secret = hub.accounts.tokens.create(alice, NewToken("ci", "fineGrained", scopes))
    assert secret.startswith("hf_")
    assert len(secret) == 37
    assert token.hint == secret[-4:]
    actor = hub.accounts.actor_of_token(secret)
    assert (actor.name, actor.session, list(actor.org_names.values())) == ("alice", None, ["acme"])
    assert actor.token is not None
    assert (actor.token.role, actor.token.scopes) == ("fineGrained", scopes)
    with pytest.raises(InvalidCredentials):
        hub.accounts.actor_of_token(secret[:-1] + "é")


@pytest.mark.parametrize(
    ("new", "error"),
    [
        (NewToken("", "read"), InvalidInput),
        (NewToken("x" * 97, "read"), InvalidInput),
        (NewToken("empty", "fineGrained"), InvalidInput),
        (NewToken("short", "read", secret="1234567"), InvalidInput),
        (NewToken("spaces", "read", secret="1234 5678"), InvalidInput),
        (NewToken("taken", "read"), Conflict),
    ],
)
def test_tokens_that_cannot_be_made(hub: Hub, join: Join, new: NewToken, error: type[HubError]) -> None:
    alice = join("alice")
    hub.accounts.tokens.create(alice, NewToken("taken", "write"))
    with pytest.raises(error):
        hub.accounts.tokens.create(alice, new)


def test_a_secret_may_be_brought_along(hub: Hub, join: Join) -> None:
    join("alice")
    hub.accounts.tokens.create(OPERATOR, NewToken("known", "read", secret="open-sesame"), owner="alice")
    assert hub.accounts.actor_of_token("open-sesame").name == "alice"
    assert hub.accounts.looks_like_token("open-sesame")
    assert hub.accounts.looks_like_token("hf_anything")
    assert not hub.accounts.looks_like_token(PASSWORD)


def test_regenerated_and_deleted_tokens_are_dead(hub: Hub, join: Join) -> None:
    alice, bob = join("alice"), join("bob")
    token, old = hub.accounts.tokens.create(alice, NewToken("t", "read"))
    for verb in (hub.accounts.tokens.regenerate, hub.accounts.tokens.delete):
        with pytest.raises(NotFound):
            verb(bob, token.id)
    again, new = hub.accounts.tokens.regenerate(alice, token.id)
    assert (again.id, again.name, again.role) == (token.id, "t", "read")
    with pytest.raises(InvalidCredentials):
        hub.accounts.actor_of_token(old)
    assert hub.accounts.actor_of_token(new).name == "alice"
    hub.accounts.tokens.delete(alice, token.id)
    with pytest.raises(InvalidCredentials):
        hub.accounts.actor_of_token(new)


@pytest.mark.sqlite
def test_uses_are_written_down_later_and_together(hub: Hub, join: Join) -> None:
    alice = join("alice")
    _, secret = hub.accounts.tokens.create(alice, NewToken("t", "read"))
    version = hub.database.version()
    hub.accounts.actor_of_token(secret)
    assert hub.database.version() == version
    assert hub.accounts.tokens.list(alice)[0].last_used_at is not None
    hub.accounts.tokens.flush_use()
    assert hub.database.version() != version
    other = build_hub(hub.settings)
    assert other.accounts.tokens.list(alice)[0].last_used_at is not None
    other.database.close()
    version = hub.database.version()
    hub.accounts.tokens.flush_use()
    assert hub.database.version() == version


def test_tokens_cannot_change_accounts(hub: Hub, join: Join) -> None:
    join("root", is_admin=True)
    _, secret = hub.accounts.tokens.create(OPERATOR, NewToken("t", "write"), owner="root")
    robot = hub.accounts.actor_of_token(secret)
    text = ProfileText("", "", "")
    for verb in (
        lambda a: hub.accounts.tokens.create(a, NewToken("more", "write")),
        lambda a: hub.accounts.tokens.create(a, NewToken("more", "write"), owner="root"),
        lambda a: hub.accounts.tokens.list(a),
        lambda a: hub.accounts.orgs.create(a, "acme"),
        lambda a: hub.accounts.people.change_profile(a, text, "x@x.org"),
        lambda a: hub.accounts.people.change_password(a, PASSWORD, "another one", "10.0.0.1"),
        lambda a: hub.accounts.people.reset_password(a, "root", "another one"),
    ):
        with pytest.raises(Forbidden):
            verb(robot)
    with pytest.raises(Unauthenticated):
        hub.accounts.tokens.create(ANONYMOUS, NewToken("t", "read"))
    with pytest.raises(Forbidden):
        hub.accounts.tokens.create(join("eve"), NewToken("t", "read"), owner="root")
