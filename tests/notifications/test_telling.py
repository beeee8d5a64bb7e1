"""Who is told of what, and who is not."""

from __future__ import annotations

from tests.notifications.conftest import NoticeRoom

from pioche.accounts.access import Action, allows
from pioche.accounts.types import NewGroup, OrgRole, Resource
from pioche.notifications import recipients


def test_owner_participants_and_mentioned_are_told_but_never_who_did_it(room: NoticeRoom) -> None:
    alice, bob, carol = room.cast.alice, room.cast.bob, room.cast.carol
    model = room.model(alice)
    num = room.open(bob, model, text="What do you think, @Carol? mail@root.example is no mention.")
    assert room.about(alice, model) == [("owner", "opened", False)]
    assert room.about(carol, model) == [("mention", "opened", False)]
    assert room.about(bob, model) == []
    assert room.about(room.cast.root, model) == []
    room.comment(alice, model, num)
    assert room.about(bob, model) == [("author", "commented", False)]
    room.comment(bob, model, num)
    assert room.about(alice, model) == [("participating", "commented", False)]
    room.close(alice, model, num)
    assert room.about(bob, model) == [("author", "status", False)]


def test_watchers_of_a_repository_and_of_its_owner(room: NoticeRoom) -> None:
    alice, bob, carol = room.cast.alice, room.cast.bob, room.cast.carol
    model = room.repo(alice, "watched")
    watch = {"add": [{"id": model, "type": "model"}]}
    assert room.ask("PATCH", "/api/settings/watch", carol, json=watch).status_code == 200
    number = room.get("/api/users/alice/overview").json()["_id"]
    body = {"add": [{"id": number, "type": "user"}]}
    assert room.ask("PATCH", "/api/settings/watch", room.cast.root, json=body).status_code == 200
    num = room.open(bob, model)
    assert room.about(carol, model) == [("watching", "opened", False)]
    assert room.about(room.cast.root, model) == [("watching", "opened", False)]
    muted = room.ask("PATCH", "/api/settings/watch", carol, json={"mute": watch["add"]}).json()
    assert [(one["name"], one["level"]) for one in muted["watched"]] == [(model, "mute")]
    room.post("/api/notifications/mark-as-read?applyToAll=true", carol, json={})
    room.comment(bob, model, num, "again, @carol")
    assert room.about(carol, model) == [("watching", "opened", True)]
    room.ask("PATCH", "/api/settings/watch", carol, json={"delete": watch["add"]})
    room.ask("PATCH", "/api/settings/watch", room.cast.root, json={"delete": body["add"]})
    assert room.ask("PATCH", "/api/settings/watch", carol, json={"add": [{"id": "x", "type": "y"}]}).status_code == 400


def test_members_of_an_organisation_are_told_if_they_watch(room: NoticeRoom) -> None:
    bob, carol = room.cast.bob, room.cast.carol
    created = room.post("/api/repos/create", room.cast.alice, json={"name": "ours", "organization": "lab"})
    assert created.status_code == 200
    room.open(carol, "lab/ours")
    assert room.about(bob, "lab/ours") == []
    room.ask("PATCH", "/api/settings/watch", bob, json={"add": [{"id": "lab", "type": "org"}]})
    room.open(carol, "lab/ours")
    assert room.about(bob, "lab/ours") == [("watching", "opened", False)]
    room.ask("PATCH", "/api/settings/watch", bob, json={"delete": [{"id": "lab", "type": "org"}]})


def test_what_is_private_is_told_only_to_those_who_may_see_it(room: NoticeRoom) -> None:
    alice, bob, carol = room.cast.alice, room.cast.bob, room.cast.carol
    secret = room.model(alice, private=True)
    room.open(alice, secret, text="@carol @bob @root look")
    assert room.about(carol, secret) == []
    assert room.about(bob, secret) == []
    assert room.about(room.cast.root, secret) == [("mention", "opened", False)]
    assert all(secret not in str(mail) for mail in room.mails() if mail["To"] != room.cast.root.email)


def test_what_becomes_private_leaves_the_inbox_the_bell_and_the_mail(room: NoticeRoom) -> None:
    alice, carol = room.cast.alice, room.cast.carol
    model = room.model(alice)
    room.settle()
    room.post_office.take()
    room.open(carol, model, title="Open title", text="mine")
    room.settle()
    room.post_office.take()
    before = room.get("/api/notifications", carol).json()["count"]
    unread = room.hub.notifications.inbox.unread(room.actor(carol))
    room.comment(alice, model, 1, "an answer")
    # The task that tells has run, the mail has not.
    with room.hub.database.read():
        room.hub.queue.run_due(room.hub)
    assert room.get("/api/notifications", carol).json()["count"]["all"] == before["all"] + 1
    assert room.hub.notifications.inbox.unread(room.actor(carol)) == unread + 1
    room.ask("PUT", f"/api/models/{model}/settings", alice, json={"private": True})
    assert room.about(carol, model) == []
    assert room.get("/api/notifications", carol).json()["count"] == before
    assert room.hub.notifications.inbox.unread(room.actor(carol)) == unread
    assert [mail for mail in room.mails() if mail["To"] == carol.email] == []
    room.ask("PUT", f"/api/models/{model}/settings", alice, json={"private": False})
    assert room.about(carol, model) == [("author", "commented", False)]


def test_the_query_for_who_may_see_says_what_access_says(room: NoticeRoom) -> None:
    people = (room.cast.alice, room.cast.bob, room.cast.carol, room.cast.root)
    actors = [room.actor(person) for person in people]
    lead = NewGroup("readers", members=(("bob", OrgRole.READ),))
    with_bob = room.hub.accounts.groups.create(actors[0], "lab", lead).id
    without = room.hub.accounts.groups.create(actors[0], "lab", NewGroup("nobody")).id
    actors = [room.actor(person) for person in people]
    for owner, group in (("alice", None), ("lab", None), ("lab", with_bob), ("lab", without)):
        for private in (True, False):
            account = room.hub.accounts.find_account(owner)
            about = recipients.Subject(1, account.id, private, group, 1, None)
            with room.hub.database.read() as tx:
                seen = recipients._who_may_see(tx, about, [actor.user_id or 0 for actor in actors])
            resource = Resource(1, account.id, private, group_id=group)
            expected = {a.user_id for a in actors if allows(a, Action.READ, resource)}
            assert seen == expected


def test_a_follower_is_told_once(room: NoticeRoom) -> None:
    alice, carol = room.cast.alice, room.cast.carol
    for _ in range(2):
        room.post("/api/users/carol/follow", alice)
        room.ask("DELETE", "/api/users/carol/follow", alice)
    found = [one for one in room.inbox(carol) if one["type"] == "user_follow"]
    assert [one["author"]["name"] for one in found] == ["alice"]


def test_a_hidden_comment_tells_nobody(room: NoticeRoom) -> None:
    alice, bob = room.cast.alice, room.cast.bob
    model = room.model(alice)
    num = room.open(bob, model)
    room.post("/api/notifications/mark-as-read?applyToAll=true", alice, json={})
    room.settle()
    room.post("/api/notifications/mark-as-read?applyToAll=true", alice, json={})
    where = f"/api/models/{model}/discussions/{num}/comment"
    said = room.post(where, bob, json={"comment": "regretted"}).json()["newMessage"]["id"]
    assert room.post(f"{where}/{said}/hide", bob).status_code == 200
    assert room.about(alice, model) == [("owner", "opened", True)]
    assert not any("regretted" in str(mail) for mail in room.mails())


def test_an_edit_tells_whom_it_calls_for_the_first_time(room: NoticeRoom) -> None:
    alice, bob, carol = room.cast.alice, room.cast.bob, room.cast.carol
    model = room.model(alice)
    num = room.open(alice, model, text="What do you think, @bob?")
    room.settle()
    for notice in room.inbox(bob):
        room.post("/api/notifications/mark-as-read", bob, json={"ids": [notice["id"]]})
    comment = room.get(f"/api/models/{model}/discussions/{num}").json()["events"][0]["id"]
    where = f"/api/models/{model}/discussions/{num}/comment/{comment}/edit"
    assert room.post(where, alice, json={"content": "What do you think, @bob and @carol? `@root`"}).status_code == 200
    assert room.about(carol, model) == [("mention", "edited", False)]
    assert room.about(bob, model) == [("mention", "opened", True)]
    assert room.about(room.cast.root, model) == []
    assert "edited a comment" in room.get("/notifications", carol).text
