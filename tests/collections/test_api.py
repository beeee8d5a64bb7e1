"""Collections by API: shapes, order, and who sees what."""

from __future__ import annotations

import re

import pytest
from tests.collections.conftest import CollectionRoom

from pioche.accounts.access import Action, allows
from pioche.accounts.types import ANONYMOUS, OPERATOR, NewGroup, NewToken, OrgRole, RepoScope
from pioche.collections.types import CollectionFilter


def test_a_slug_has_the_owner_the_words_and_a_key(room: CollectionRoom) -> None:
    alice = room.cast.alice
    slug = room.collection(alice, "Été: the  best!")
    assert re.fullmatch(r"alice/ete-the-best-\d+-[0-9a-f]{24}", slug)
    answer = room.get(f"/api/collections/{slug}").json()
    assert answer["position"] >= 0
    assert answer["owner"]["name"] == "alice"
    assert answer["items"] == []
    assert room.get(f"/api/collections/alice/x-{slug[-24:]}").json()["slug"] == slug, "the key alone decides"
    for other in (f"bob/x-{slug[-24:]}", "alice/none", f"alice/x-{'0' * 24}"):
        assert room.get(f"/api/collections/{other}").status_code == 404


def test_a_title_is_taken_once_by_each_owner(room: CollectionRoom) -> None:
    alice, bob = room.cast.alice, room.cast.bob
    slug = room.collection(alice, "Taken")
    title = room.get(f"/api/collections/{slug}").json()["title"]
    again = room.post("/api/collections", alice, json={"title": title, "namespace": "alice"})
    assert (again.status_code, again.json()["slug"]) == (409, slug)
    assert room.post("/api/collections", bob, json={"title": title, "namespace": "bob"}).status_code == 200
    other = room.collection(alice)
    assert room.ask("PATCH", f"/api/collections/{other}", alice, json={"title": title}).status_code == 409


def test_changes_are_wrapped(room: CollectionRoom) -> None:
    alice = room.cast.alice
    slug = room.collection(alice)
    body = {"title": "Another name", "description": "Why", "position": 3, "private": True, "theme": "green"}
    answer = room.ask("PATCH", f"/api/collections/{slug}", alice, json=body)
    data = answer.json()["data"]
    assert {key: data[key] for key in body} == body
    assert data["slug"].startswith("alice/another-name-")
    assert data["slug"][-24:] == slug[-24:]
    assert room.get(f"/api/collections/{slug}", alice).json()["title"] == "Another name"


@pytest.mark.parametrize(
    "body", [{"title": " "}, {"title": "x" * 101}, {"theme": "plaid"}, {"position": -1}, {"description": "x" * 151}]
)
def test_values_that_do_not_fit_are_refused(room: CollectionRoom, body: dict[str, object]) -> None:
    alice = room.cast.alice
    slug = room.collection(alice)
    assert room.ask("PATCH", f"/api/collections/{slug}", alice, json=body).status_code == 400


def test_items_of_every_type_with_notes(room: CollectionRoom) -> None:
    alice = room.cast.alice
    slug, inner, model = room.collection(alice), room.collection(alice, "Inner"), room.repo(alice, "item")
    for kind in ("dataset", "space"):
        room.post("/api/repos/create", alice, json={"name": "of-it", "type": kind, "sdk": "static"})
        room.add(alice, slug, "alice/of-it", kind)
    room.post("/api/buckets/alice/box", alice, json={})
    room.add(alice, slug, "alice/box", "bucket")
    room.add(alice, slug, inner, "collection")
    items = room.add(alice, slug, model, note="The <best>")["items"]
    assert [item["type"] for item in items] == ["dataset", "space", "bucket", "collection", "model"]
    assert [item["position"] for item in items] == [0, 1, 2, 3, 4]
    assert items[3]["slug"] == items[3]["id"] == inner
    assert items[4]["note"]["text"] == "The <best>"
    assert "note" not in items[0]


def test_what_cannot_be_an_item(room: CollectionRoom) -> None:
    alice, bob = room.cast.alice, room.cast.bob
    slug, model, secret = room.collection(alice), room.repo(alice, "once"), room.repo(bob, "secret", private=True)
    room.add(alice, slug, model)
    statuses = {
        ("model", model): 409,
        ("paper", "2307.09288"): 501,
        ("song", "x"): 400,
        ("model", secret): 404,
        ("model", "alice/none"): 404,
        ("collection", slug): 400,
    }
    for (kind, name), status in statuses.items():
        answer = room.post(f"/api/collections/{slug}/items", alice, json={"item": {"id": name, "type": kind}})
        assert answer.status_code == status, (kind, name)
    assert room.names(slug) == [model]


def test_many_items_change_at_once_or_not_at_all(room: CollectionRoom) -> None:
    alice = room.cast.alice
    slug = room.collection(alice)
    a, b, c = (room.repo(alice, "m") for _ in range(3))
    for name in (a, b, c):
        items = room.add(alice, slug, name)["items"]
    address = f"/api/collections/{slug}/items/batch"
    changes = [
        {"action": "update", "_id": items[2]["_id"], "data": {"position": 0}},
        {"action": "update", "_id": items[0]["_id"], "data": {"position": 99, "note": "last"}},
    ]
    answer = room.post(address, alice, json=changes)
    assert answer.status_code == 200, answer.text
    assert room.names(slug) == [c, b, a]
    assert room.get(f"/api/collections/{slug}").json()["items"][2]["note"]["text"] == "last"
    broken = [*changes, {"_id": "f" * 24, "data": {}}]
    assert (
        room.post(address, alice, json=[{"_id": items[1]["_id"], "data": {"position": 0}}, *broken]).status_code == 404
    )
    assert room.post(address, alice, json=[{"_id": items[1]["_id"], "action": "delete"}]).status_code == 400
    assert room.post(address, room.cast.bob, json=changes).status_code == 403
    assert room.names(slug) == [c, b, a]


def test_items_move_change_and_go(room: CollectionRoom) -> None:
    alice = room.cast.alice
    slug = room.collection(alice)
    a, b, c = (room.repo(alice, "m") for _ in range(3))
    for name in (a, b, c):
        items = room.add(alice, slug, name)["items"]
    address = f"/api/collections/{slug}/items"
    assert room.ask("PATCH", f"{address}/{items[2]['_id']}", alice, json={"position": 0}).status_code == 200
    assert room.names(slug) == [c, a, b]
    room.ask("PATCH", f"{address}/{items[2]['_id']}", alice, json={"position": 99, "note": "last"})
    assert room.names(slug) == [a, b, c]
    assert room.get(f"/api/collections/{slug}").json()["items"][2]["note"]["text"] == "last"
    assert room.ask("DELETE", f"{address}/{items[1]['_id']}", alice).status_code == 200
    assert room.names(slug) == [a, c]
    assert room.ask("DELETE", f"{address}/{items[1]['_id']}", alice).status_code == 404
    other = room.collection(alice)
    assert room.ask("DELETE", f"/api/collections/{other}/items/{items[0]['_id']}", alice).status_code == 404
    assert room.ask("DELETE", f"{address}/{'f' * 24}", alice).status_code == 404
    room.ask("DELETE", "/api/repos/delete", alice, json={"name": a.partition("/")[2], "organization": "alice"})
    assert room.names(slug) == [c], "what is deleted leaves the collection"


def test_what_a_reader_may_not_see_is_left_out_and_not_counted(room: CollectionRoom) -> None:
    alice, carol = room.cast.alice, room.cast.carol
    slug = room.collection(alice)
    hidden, shown = room.repo(alice, "hidden", private=True), room.repo(alice, "shown")
    room.add(alice, slug, hidden)
    room.add(alice, slug, shown)
    for person in (None, carol):
        answer = room.get(f"/api/collections/{slug}", person).json()
        assert [(item["id"], item["position"]) for item in answer["items"]] == [(shown, 0)]
        assert answer["numberItems"] == 1
    assert room.names(slug, alice) == [hidden, shown]
    assert slug in room.listed(f"item=models/{hidden}", alice)
    assert room.listed(f"item=models/{hidden}", carol) == []


def test_private_collections_are_invisible(room: CollectionRoom) -> None:
    alice, carol = room.cast.alice, room.cast.carol
    slug, outer = room.collection(alice, private=True), room.collection(alice)
    room.add(alice, outer, slug, "collection")
    for person in (None, carol):
        assert room.get(f"/api/collections/{slug}", person).status_code == 404
        assert slug not in room.listed("owner=alice", person)
        assert room.names(outer, person) == []
    assert slug in room.listed("owner=alice", alice)
    for change in ("PATCH", "DELETE"):
        assert room.ask(change, f"/api/collections/{slug}", carol, json={}).status_code == 404
        assert room.ask(change, f"/api/collections/{outer}", carol, json={}).status_code == 403


def test_lists_are_narrowed_sorted_and_paged(room: CollectionRoom) -> None:
    carol, root = room.cast.carol, room.cast.root
    first, second, third = room.collection(carol), room.collection(root), room.collection(carol)
    model = room.repo(carol, "listed")
    room.add(carol, first, model)
    assert room.listed("owner=carol") == [first, third]
    assert set(room.listed("owner=carol&owner=root")) == {first, second, third}
    assert room.listed(f"item=models/{model}&item=models/carol/none") == [first]
    assert room.listed("owner=nobody-here") == []
    room.hub.collections.vote(room.actor(root), third, True)
    for sort in ("upvotes", "trending"):
        assert room.listed(f"owner=carol&sort={sort}") == [third, first]
    assert room.get("/api/collections?sort=size").status_code == 400

    page = room.get("/api/collections?owner=carol&limit=1")
    assert [one["slug"] for one in page.json()] == [first]
    assert "position" not in page.json()[0]
    rest = room.get(page.links["next"]["url"].removeprefix("http://hub.test"))
    assert [one["slug"] for one in rest.json()] == [third]
    assert "next" not in rest.links
    assert room.get("/api/collections?cursor=zzz").status_code == 400


def test_votes_count_once(room: CollectionRoom) -> None:
    alice, carol = room.cast.alice, room.cast.carol
    slug = room.collection(alice)
    for _ in range(2):
        room.hub.collections.vote(room.actor(carol), slug, True)
    assert room.get(f"/api/collections/{slug}").json()["upvotes"] == 1
    room.hub.collections.vote(room.actor(carol), slug, False)
    assert room.get(f"/api/collections/{slug}").json()["upvotes"] == 0


def test_members_who_write_change_what_an_organisation_has(room: CollectionRoom) -> None:
    alice, bob, carol = room.cast.alice, room.cast.bob, room.cast.carol
    slug = room.collection(alice, namespace=room.cast.org)
    assert room.ask("PATCH", f"/api/collections/{slug}", bob, json={"description": "bob's"}).status_code == 200
    body = {"title": "Mine", "namespace": room.cast.org}
    assert room.post("/api/collections", carol, json=body).status_code == 403
    assert room.post("/api/collections", None, json=body).status_code == 401
    assert room.post("/api/collections", carol, json={**body, "namespace": "nobody"}).status_code == 403


def test_resource_groups(room: CollectionRoom) -> None:
    alice, bob = room.cast.alice, room.cast.bob
    slug = room.collection(alice, private=True, namespace=room.cast.org)
    path = f"/api/collections/{slug}/resource-group"
    assert room.post(path, alice, json={"resourceGroupId": None}).json()["slug"] == slug
    assert room.post(path, alice, json={}).status_code == 400
    for wrong in ("6" * 24, "0" * 24, "f" * 24, "x"):
        assert room.post(path, alice, json={"resourceGroupId": wrong}).status_code == 404
    group = room.hub.accounts.groups.create(room.actor(alice), room.cast.org, NewGroup("hidden"))
    number = f"{group.id:024x}"
    assert room.get(f"/api/collections/{slug}", bob).status_code == 200
    assert room.post(path, alice, json={"resourceGroupId": number}).json()["slug"] == slug
    assert room.get(f"/api/collections/{slug}", bob).status_code == 404
    assert room.get(path, bob).status_code == 404
    assert room.get(path, alice).json() == {"id": number, "name": "hidden", "numUsers": 0}
    mine = room.collection(alice)
    assert (
        room.post(f"/api/collections/{mine}/resource-group", alice, json={"resourceGroupId": number}).status_code == 404
    )
    body = {"title": "In it", "namespace": room.cast.org, "private": True, "resourceGroupId": number}
    assert room.post("/api/collections", bob, json=body).status_code == 404
    made = room.post("/api/collections", alice, json=body).json()["slug"]
    assert room.get(f"/api/collections/{made}", bob).status_code == 404


def test_sql_and_the_rule_agree_about_who_sees_what(room: CollectionRoom) -> None:
    alice, carol = room.cast.alice, room.cast.carol
    collections = room.hub.collections
    slugs = [room.collection(alice), room.collection(alice, private=True), room.collection(carol, private=True)]
    slugs.append(room.collection(alice, private=True, namespace=room.cast.org))
    groups = room.hub.accounts.groups
    for members in ((("bob", OrgRole.READ),), ()):
        group = groups.create(room.actor(alice), room.cast.org, NewGroup(f"seen by {len(members)}", members=members))
        slugs.append(room.collection(alice, private=True, namespace=room.cast.org))
        collections.put_in_group(room.actor(alice), slugs[-1], group.id)
    known = [collections.find(room.actor(room.cast.root), slug).collection for slug in slugs]
    org = known[3].owner_id
    scopes = [RepoScope("read", owner_id=org), RepoScope("contribute"), RepoScope("read", repo_id=known[1].id)]
    actors = [ANONYMOUS, *(room.actor(one) for one in (alice, room.cast.bob, carol, room.cast.root))]
    for number, scope in enumerate(scopes):
        new = NewToken(f"narrow {number}", "fineGrained", (scope,))
        _, secret = room.hub.accounts.tokens.create(OPERATOR, new, owner="alice")
        actors.append(room.hub.accounts.actor_of_token(secret))
    for actor in actors:
        page = collections.list(actor, CollectionFilter(), 1000)
        listed = {one.collection.slug for one in page.found}
        assert {one.slug for one in known if allows(actor, Action.READ, one.resource)} == listed & set(slugs)
