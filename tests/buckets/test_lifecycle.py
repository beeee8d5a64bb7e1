"""Buckets as a whole: making, finding, listing, moving, settings, deletion."""

from __future__ import annotations

import pytest
from tests.buckets.conftest import BucketRoom

from pioche.accounts.access import Action, allows
from pioche.accounts.types import ANONYMOUS, Actor, NewGroup, OrgRole, RepoScope, TokenInfo
from pioche.buckets import store
from pioche.buckets.types import BucketId


def test_a_bucket_is_made_under_ones_own_name(room: BucketRoom) -> None:
    alice = room.cast.alice
    made = room.post("/api/buckets/me/first", alice, json={"visibility": "private"})
    assert made.json()["url"] == "http://hub.test/buckets/alice/first"

    info = room.get("/api/buckets/alice/first", alice).json()
    assert info["id"] == "alice/first"
    assert info["private"] is True
    assert (info["size"], info["totalFiles"]) == (0, 0)
    assert info["createdAt"].endswith("Z")
    assert info["updatedAt"].endswith("Z")


def test_a_name_is_given_once_and_the_refusal_says_where_it_is(room: BucketRoom) -> None:
    bucket = room.bucket(room.cast.alice, "twice")
    again = room.post(f"/api/buckets/{bucket.upper()}", room.cast.alice, json={})
    assert again.status_code == 409
    assert again.json()["url"] == f"http://hub.test/buckets/{bucket}"


@pytest.mark.parametrize("name", ["a--b", ".x", "x.git", "a%20b"])
def test_odd_names_are_refused(room: BucketRoom, name: str) -> None:
    assert room.post(f"/api/buckets/me/{name}", room.cast.alice, json={}).status_code == 400


def test_who_may_make_buckets_where(room: BucketRoom) -> None:
    cast = room.cast
    assert room.post("/api/buckets/lab/by-bob", cast.bob, json={}).status_code == 200
    assert room.post("/api/buckets/lab/by-carol", cast.carol, json={}).status_code == 403
    assert room.post("/api/buckets/alice/by-carol", cast.carol, json={}).status_code == 403
    assert room.post("/api/buckets/nobody/x", cast.carol, json={}).status_code == 403
    assert room.post("/api/buckets/me/x", json={}).status_code == 401


def test_what_is_private_does_not_exist_for_others(room: BucketRoom) -> None:
    bucket = room.bucket(room.cast.alice, "hidden", private=True)
    for person, status in ((None, 401), (room.cast.carol, 404)):
        answer = room.get(f"/api/buckets/{bucket}", person)
        assert answer.status_code == status
        assert answer.headers["x-error-code"] == "RepoNotFound"
        unknown = room.get("/api/buckets/alice/no-such-bucket", person)
        assert answer.text.replace(bucket, "alice/no-such-bucket") == unknown.text


def test_lists_show_what_the_reader_may_see_in_pages(room: BucketRoom) -> None:
    alice, bob = room.cast.alice, room.cast.bob
    names = [room.bucket(alice, "listed", private=index % 2 == 0, namespace="lab") for index in range(5)]
    path, found = "/api/buckets/lab?search=listed&limit=2", []
    while path:
        answer = room.get(path, bob)
        found += [one["id"] for one in answer.json()]
        assert len(answer.json()) <= 2
        path = answer.links["next"]["url"].removeprefix("http://hub.test") if "next" in answer.links else ""
    assert sorted(found) == sorted(names)
    assert len(set(found)) == len(found)

    public = [one["id"] for one in room.get("/api/buckets/lab?search=listed", room.cast.carol).json()]
    assert sorted(public) == sorted(names[1::2])
    assert room.get("/api/buckets/no-such-account").status_code == 404
    assert room.get("/api/buckets/me").status_code == 401
    mine = [one["id"] for one in room.get("/api/buckets/me", room.cast.carol).json()]
    assert mine == []


def test_cursors_from_elsewhere_are_refused(room: BucketRoom) -> None:
    assert room.get("/api/buckets/lab?cursor=x").status_code == 400
    bucket = room.bucket(room.cast.alice)
    assert room.get(f"/api/buckets/{bucket}/tree?cursor=%FF").status_code == 400


def test_visibility_is_changed_by_admins_alone(room: BucketRoom) -> None:
    bucket = room.bucket(room.cast.alice, "seen", namespace="lab")
    path = f"/api/buckets/{bucket}/settings"
    assert room.ask("PUT", path, room.cast.bob, json={"private": True}).status_code == 403
    assert room.ask("PUT", path, room.cast.alice, json={}).status_code == 400
    assert room.ask("PUT", path, room.cast.alice, json={"private": True}).json() == {"private": True}
    assert room.get(f"/api/buckets/{bucket}", room.cast.carol).status_code == 404


def test_a_bucket_moves_and_its_old_name_leads_on(room: BucketRoom) -> None:
    alice = room.cast.alice
    old = room.bucket(alice, "old")
    room.put(alice, old, {"a.txt": b"1"})
    new = old.replace("alice/old", "lab/new")
    body = {"fromRepo": old, "toRepo": new, "type": "bucket"}
    assert room.post("/api/repos/move", room.cast.carol, json=body).status_code == 403
    assert room.post("/api/repos/move", alice, json=body).json() == {"url": f"http://hub.test/buckets/{new}"}

    moved = room.get(f"/api/buckets/{old}/tree?recursive=true", alice)
    assert moved.status_code == 307
    assert moved.headers["location"] == f"/api/buckets/{new}/tree?recursive=true"
    assert room.paths(alice, new) == ["a.txt"]
    page = room.get(f"/buckets/{old}", alice)
    assert page.headers["location"] == f"/buckets/{new}"

    again = room.post(f"/api/buckets/{old}", alice, json={})
    assert again.status_code == 200, "the old name may be taken"
    assert room.get(f"/api/buckets/{old}", alice).status_code == 200


def test_a_move_does_not_take_a_name_that_is_in_use(room: BucketRoom) -> None:
    alice = room.cast.alice
    one, other = room.bucket(alice, "one"), room.bucket(alice, "other")
    body = {"fromRepo": one, "toRepo": other, "type": "bucket"}
    assert room.post("/api/repos/move", alice, json=body).status_code == 409
    assert room.get(f"/api/buckets/{one}", alice).status_code == 200


def test_a_deleted_bucket_is_gone_and_its_bytes_follow(room: BucketRoom) -> None:
    alice = room.cast.alice
    bucket = room.bucket(alice, "doomed")
    number = room.bucket_number(alice, bucket)
    room.put(alice, bucket, {"a.bin": b"bytes of a doomed bucket" * 1000})
    assert room.ask("DELETE", f"/api/buckets/{bucket}", room.cast.carol).status_code == 403
    assert room.ask("DELETE", f"/api/buckets/{bucket}", alice).status_code == 200
    assert room.get(f"/api/buckets/{bucket}", alice).status_code == 404
    assert room.ask("DELETE", f"/api/buckets/{bucket}", alice).status_code == 404
    with room.hub.database.read() as tx:
        assert room.hub.xet.holdings.after(tx, number, 0, 10) == []
    assert room.hub.xet.sweep().files >= 1


def test_numbers_are_shared_with_repositories(room: BucketRoom) -> None:
    """A right in the content store belongs to a number, so no repository may ever get that of a bucket."""
    alice = room.cast.alice
    numbers = []
    for index in range(3):
        numbers.append(room.bucket_number(alice, room.bucket(alice, f"n{index}")))
        numbers.append(room.number(alice, room.repo(alice, f"n{index}")))
    assert numbers == sorted(set(numbers))
    room.hub.repos.sweep()
    assert room.get("/api/buckets/me", alice).status_code == 200


def test_ones_own_repositories_list_buckets(room: BucketRoom) -> None:
    bucket = room.bucket(room.cast.bob, "mine", private=True)
    room.put(room.cast.bob, bucket, {"a": b"12345"})
    listed = {one["id"]: one for one in room.get("/api/settings/repositories", room.cast.bob).json()}
    assert listed[bucket]["type"] == "bucket"
    assert listed[bucket]["visibility"] == "private"
    assert listed[bucket]["storage"] == 5


def token(*scopes: RepoScope, role: str = "fineGrained") -> TokenInfo:
    return TokenInfo(1, "t", role, "abcd", scopes, 0, None)  # type: ignore[arg-type]


def test_lists_and_access_say_the_same(room: BucketRoom) -> None:
    cast = room.cast
    for owner, namespace in ((cast.alice, "me"), (cast.alice, "lab"), (cast.bob, "lab"), (cast.carol, "me")):
        room.bucket(owner, "access", private=True, namespace=namespace)
        room.bucket(owner, "access", private=False, namespace=namespace)
    groups = room.hub.accounts.groups
    for name, members in (("with bob", (("bob", OrgRole.READ),)), ("without", ())):
        group = groups.create(room.actor(cast.alice), "lab", NewGroup(name, members=members))
        hidden = BucketId.parse(room.bucket(cast.alice, "access", private=True, namespace="lab"))
        room.hub.buckets.put_in_group(room.actor(cast.alice), hidden, group.id)
    with room.hub.database.read() as tx:
        every = [store.get(tx, number) for number in store.numbers(tx)]
    some = next(bucket for bucket in every if bucket is not None and bucket.private)
    people = [ANONYMOUS, *(room.actor(person) for person in (cast.alice, cast.bob, cast.carol, cast.root))]
    scopes = [
        (),
        (RepoScope("read", repo_id=some.id),),
        (RepoScope("write", owner_id=some.owner_id),),
        (RepoScope("contribute"),),
        (RepoScope("discuss"),),
    ]
    for person in people:
        for given in [None, token(role="read"), *(token(*some) for some in scopes)]:
            if person.is_anonymous and given is not None:
                continue
            actor = Actor(
                person.user_id, person.name, is_admin=person.is_admin, orgs=person.orgs,
                org_names=person.org_names, groups=person.groups, token=given,
            )  # fmt: skip
            with room.hub.database.read() as tx:
                listed = {bucket.id for bucket in store.page(tx, actor, None, "", None, 1000)}
            allowed = {bucket.id for bucket in every if bucket and allows(actor, Action.READ, bucket.resource)}
            assert listed == allowed, (person.name, given)
