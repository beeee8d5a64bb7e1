"""Repositories as a whole: making, moving, hiding, duplicating and deleting them."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import update

from pioche.accounts.types import ANONYMOUS
from pioche.errors import Forbidden, RepoExists, RepoNotFound, RepoRenamed, Unauthenticated
from pioche.names import RepoId, RepoKind
from pioche.queue.tables import tasks
from pioche.repos import store
from pioche.repos.types import NewRepo, Repo, RepoFilter
from pioche.testkit.people import Person
from pioche.testkit.room import Room, large


def model(text: str) -> RepoId:
    return RepoId.parse(RepoKind.MODEL, text)


def made(room: Room, owner: Person, name: str) -> str:
    """A model of exactly this name."""
    full = f"{owner.name}/{name}"
    room.hub.repos.create(room.actor(owner), NewRepo(model(full)))
    return full


def test_a_new_repository_has_one_commit_that_marks_large_files(room: Room) -> None:
    alice = room.actor(room.cast.alice)
    for kind in RepoKind:
        sdk = "static" if kind is RepoKind.SPACE else None
        repo = room.hub.repos.create(alice, NewRepo(RepoId(kind, "alice", "fresh"), sdk=sdk))
        git = room.hub.gitstore.open(repo.id)
        assert git.resolve("main") == repo.head
        assert git.count_commits(str(repo.head)) == 1
        assert [node.path for node in git.tree(str(repo.head))] == [".gitattributes"]
        text = git.read(git.entry(str(repo.head), ".gitattributes").oid).decode()
        assert "*.safetensors filter=lfs diff=lfs merge=lfs -text\n" in text
        assert ("*.mp3 " in text) == (kind is RepoKind.DATASET)
        assert repo.sdk == sdk


def test_a_name_is_taken_whatever_its_case(room: Room) -> None:
    made(room, room.cast.alice, "Taken")
    answer = room.post("/api/repos/create", room.cast.alice, json={"name": "taken"})
    assert answer.status_code == 409
    assert answer.headers["x-error-code"] == "RepoExists"
    assert answer.json()["url"] == "http://hub.test/alice/Taken"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": "a--b"}, 400),
        ({"name": "x.git"}, 400),
        ({"name": "x", "type": "kernels"}, 400),
        ({"name": "x", "type": "nothing"}, 400),
        ({"name": "x", "visibility": "secret"}, 400),
        ({"name": "x", "type": "space"}, 400),
        ({"name": "x", "type": "space", "sdk": "docker", "secrets": [{"key": "a", "value": "b"}]}, 501),
        ({"name": "x", "organization": "carol"}, 403),
        ({"name": "x", "organization": "nobody"}, 403),
        ({}, 400),
    ],
)
def test_what_cannot_be_made_is_refused(room: Room, body: dict[str, object], status: int) -> None:
    answer = room.post("/api/repos/create", room.cast.alice, json=body)
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]


def test_nobody_makes_nothing(room: Room) -> None:
    assert room.post("/api/repos/create", json={"name": "x"}).status_code == 401
    with pytest.raises(Unauthenticated):
        room.hub.repos.create(ANONYMOUS, NewRepo(model("alice/x")))


def test_of_two_that_make_the_same_one_wins(room: Room) -> None:
    alice = room.actor(room.cast.alice)

    def create(_: int) -> Repo | RepoExists:
        try:
            return room.hub.repos.create(alice, NewRepo(model("alice/race")))
        except RepoExists as error:
            return error

    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(create, range(6)))
    winners = [result for result in results if isinstance(result, Repo)]
    assert len(winners) == 1
    with room.hub.database.read() as tx:
        assert store.reserved_numbers(tx) == []
    assert room.hub.gitstore.open(winners[0].id).resolve("main") == winners[0].head


def test_what_a_crash_left_is_swept_away(room: Room) -> None:
    with room.hub.database.write() as tx:
        number = store.reserve_number(tx)
    room.hub.gitstore.create(number)
    room.hub.repos.sweep()
    assert not room.hub.gitstore.path(number).exists()
    with room.hub.database.read() as tx:
        assert store.reserved_numbers(tx) == []


def test_sweeping_spares_what_was_published(room: Room) -> None:
    number = room.number(room.cast.alice, made(room, room.cast.alice, "spared"))
    with room.hub.database.write() as tx:
        tx.execute(store.repo_numbers.insert().values(id=number, created_at=0))
    room.hub.repos.sweep()
    assert room.hub.gitstore.open(number).resolve("main")


# -- names that change --


def test_old_names_lead_to_the_new_one_through_chains(room: Room) -> None:
    alice, cast = room.actor(room.cast.alice), room.cast
    made(room, cast.alice, "one")
    room.hub.repos.move(alice, model("alice/one"), model("alice/two"))
    room.hub.repos.move(alice, model("alice/two"), model("lab/three"))
    for old in ("one", "two"):
        with pytest.raises(RepoRenamed) as caught:
            room.hub.repos.find(ANONYMOUS, model(f"alice/{old}"))
        assert (caught.value.namespace, caught.value.name) == ("lab", "three")
        answer = room.get(f"/api/models/alice/{old}/revision/main?blobs=true")
        assert answer.status_code == 307
        assert answer.headers["location"] == "/api/models/lab/three/revision/main?blobs=true"


def test_a_new_repository_under_an_old_name_wins(room: Room) -> None:
    alice = room.actor(room.cast.alice)
    first = room.number(room.cast.alice, made(room, room.cast.alice, "before"))
    room.hub.repos.move(alice, model("alice/before"), model("alice/after"))
    made(room, room.cast.alice, "before")
    assert room.hub.repos.find(alice, model("alice/before")).id != first
    assert room.hub.repos.find(alice, model("alice/after")).id == first
    # Moving back is possible once the name is free again.
    room.hub.repos.delete(alice, model("alice/before"))
    room.hub.repos.move(alice, model("alice/after"), model("alice/before"))
    assert room.hub.repos.find(alice, model("alice/before")).id == first
    with pytest.raises(RepoRenamed):
        room.hub.repos.find(alice, model("alice/after"))


def test_only_the_case_of_a_name_may_change(room: Room) -> None:
    alice = room.actor(room.cast.alice)
    made(room, room.cast.alice, "lower")
    moved = room.hub.repos.move(alice, model("alice/lower"), model("alice/LOWER"))
    assert moved.repo_id.name == "LOWER"
    assert room.hub.repos.find(alice, model("alice/lower")).id == moved.id


def test_moving_needs_rights_on_both_sides_and_a_free_name(room: Room) -> None:
    cast = room.cast
    alice, carol = room.actor(cast.alice), room.actor(cast.carol)
    made(room, cast.alice, "mine")
    made(room, cast.alice, "other")
    with pytest.raises(Forbidden):
        room.hub.repos.move(alice, model("alice/mine"), model("carol/mine"))
    with pytest.raises(Forbidden):
        room.hub.repos.move(carol, model("alice/mine"), model("carol/mine"))
    with pytest.raises(RepoExists):
        room.hub.repos.move(alice, model("alice/mine"), model("alice/Other"))


def test_the_old_name_of_a_private_repository_says_nothing_to_strangers(room: Room) -> None:
    alice = room.actor(room.cast.alice)
    room.hub.repos.create(alice, NewRepo(model("alice/hush"), private=True))
    room.hub.repos.move(alice, model("alice/hush"), model("alice/hushed"))
    answer = room.get("/api/models/alice/hush", room.cast.carol)
    assert (answer.status_code, answer.headers["x-error-code"]) == (404, "RepoNotFound")
    assert "hushed" not in answer.text


# -- deletion --


def test_a_deleted_repository_is_gone_and_its_folder_follows(room: Room) -> None:
    cast = room.cast
    alice = room.actor(cast.alice)
    repo = made(room, cast.alice, "doomed")
    number = room.number(cast.alice, repo)
    room.hub.repos.move(alice, model(repo), model("alice/doomed2"))
    answer = room.ask("DELETE", "/api/repos/delete", cast.carol, json={"name": "doomed2", "organization": "alice"})
    assert answer.status_code == 403
    answer = room.ask("DELETE", "/api/repos/delete", cast.alice, json={"name": "doomed2", "organization": "alice"})
    assert answer.status_code == 200
    for name in ("doomed", "doomed2"):
        assert room.get(f"/api/models/alice/{name}", cast.alice).status_code == 404
    room.hub.queue.run_due(room.hub)
    assert room.hub.gitstore.path(number).exists(), "what is under way may still end"
    with room.hub.database.write() as tx:
        tx.execute(update(tasks).where(tasks.c.name == "repos.erase").values(run_at=0))
    room.hub.queue.run_due(room.hub)
    assert not room.hub.gitstore.path(number).exists()
    made(room, cast.alice, "doomed2")
    assert room.number(cast.alice, "alice/doomed2") > number


def test_an_old_name_deletes_nothing(room: Room) -> None:
    alice = room.actor(room.cast.alice)
    made(room, room.cast.alice, "kept")
    room.hub.repos.move(alice, model("alice/kept"), model("alice/kept2"))
    answer = room.ask("DELETE", "/api/repos/delete", room.cast.alice, json={"name": "kept", "type": "model"})
    assert (answer.status_code, answer.headers["x-error-code"]) == (404, "RepoNotFound")
    assert room.hub.repos.find(alice, model("alice/kept2"))


# -- settings --


def test_a_private_repository_does_not_exist_for_others(room: Room) -> None:
    cast = room.cast
    repo = made(room, cast.alice, "hidden")
    room.write(cast.alice, repo, {"README.md": "---\ntags: [hidden-tag]\nbase_model: alice/parent\n---\n"})
    parent = made(room, cast.alice, "parent")
    everybody = [None, cast.carol, cast.bob, cast.alice, cast.root]
    before = [sees(room, person, repo, parent) for person in everybody]
    assert before == [(200, True, True, True, 1)] * 5
    answer = room.ask("PUT", f"/api/models/{repo}/settings", cast.alice, json={"visibility": "private"})
    assert answer.json() == {"private": True, "gated": False, "discussionsDisabled": False}
    hidden = (404, False, False, False, 0)
    after = [sees(room, person, repo, parent) for person in everybody]
    assert after == [(401, *hidden[1:]), hidden, hidden, before[0], before[0]]


def sees(room: Room, who: Person | None, repo: str, parent: str) -> tuple[int, bool, bool, bool, int]:
    """Status of its info; whether it is listed, found, and its tag known; models counted under its parent."""
    listed = [item["id"] for item in room.get("/api/models?author=alice", who).json()]
    found = [item["id"] for item in room.get("/api/models?search=hidd", who).json()]
    tags = room.get("/api/models-tags-by-type", who).text
    room.hub.queue.run_due(room.hub)
    children = room.get(f"/api/models/{parent}?expand=childrenModelCount", who).json()
    status = room.get(f"/api/models/{repo}", who).status_code
    return status, repo in listed, found == [repo], "hidden-tag" in tags, children["childrenModelCount"]


def test_settings_are_for_those_who_administer(room: Room) -> None:
    repo = made(room, room.cast.alice, "ruled")
    where = f"/api/models/{repo}/settings"
    assert room.ask("PUT", where, room.cast.carol, json={"visibility": "private"}).status_code == 403
    assert room.ask("PUT", where, None, json={"visibility": "private"}).status_code == 401
    assert room.ask("PUT", where, room.cast.alice, json={}).status_code == 400
    assert room.ask("PUT", where, room.cast.alice, json={"visibility": "protected"}).status_code == 501


def test_a_gated_repository_shows_itself_but_not_its_files(room: Room) -> None:
    cast = room.cast
    repo = made(room, cast.alice, "gate")
    room.write(cast.alice, repo, {"a.txt": "a"})
    assert room.ask("PUT", f"/api/models/{repo}/settings", cast.alice, json={"gated": "manual"}).status_code == 200
    assert room.get(f"/api/models/{repo}", cast.carol).json()["gated"] == "manual"
    answer = room.get(f"/api/models/{repo}/auth-check", cast.carol)
    assert (answer.status_code, answer.headers["x-error-code"]) == (403, "GatedRepo")
    assert room.get(f"/api/models/{repo}/auth-check", cast.alice).status_code == 200
    answer = room.post(f"/api/models/{repo}/duplicate", cast.carol, json={"repository": "carol/gate"})
    assert answer.headers["x-error-code"] == "GatedRepo"
    assert room.ask("PUT", f"/api/models/{repo}/settings", cast.alice, json={"gated": False}).status_code == 200
    assert room.get(f"/api/models/{repo}/auth-check", cast.carol).status_code == 200


def test_auth_check_tells_reading_from_writing(room: Room) -> None:
    repo = made(room, room.cast.alice, "checked")
    assert room.get(f"/api/models/{repo}/auth-check", room.cast.carol).status_code == 200
    assert room.get(f"/api/models/{repo}/auth-check/write", room.cast.carol).status_code == 403
    assert room.get(f"/api/models/{repo}/auth-check/write", room.cast.alice).status_code == 200


# -- duplicates --


def test_a_duplicate_is_one_commit_with_the_same_files(room: Room) -> None:
    cast = room.cast
    repo = made(room, cast.alice, "source")
    room.write(cast.alice, repo, {"README.md": "---\nlicense: mit\n---\n"})
    sha256 = room.upload(cast.alice, repo, b"weights" * 100)
    assert room.commit(cast.alice, repo, large("model.bin", sha256, 700)).status_code == 200
    room.post(f"/api/models/{repo}/branch/other", cast.alice, json={})
    answer = room.post(f"/api/models/{repo}/duplicate", cast.carol, json={"repository": "carol/copy"})
    assert answer.json()["url"] == "http://hub.test/carol/copy"
    copy = room.hub.repos.find(room.actor(cast.carol), model("carol/copy"))
    git = room.hub.gitstore.open(copy.id)
    assert [ref.ref for ref in git.refs(include_prs=True)] == ["refs/heads/main"]
    assert git.count_commits(str(copy.head)) == 1
    assert "license:mit" in copy.tags
    assert copy.storage == 700
    with room.hub.database.read() as tx:
        assert room.hub.lfs.missing(tx, copy.id, [sha256]) == set()
    again = room.post(f"/api/models/{repo}/duplicate", cast.carol, json={"repository": "carol/copy"})
    assert (again.status_code, again.json()["url"]) == (409, "http://hub.test/carol/copy")


def test_a_duplicated_space_keeps_its_history(room: Room) -> None:
    alice = room.actor(room.cast.alice)
    space = RepoId(RepoKind.SPACE, "alice", "app")
    source = room.hub.repos.create(alice, NewRepo(space, sdk="static"))
    room.hub.refs.create_tag(alice, space, "v1", "main")
    copy = room.hub.repos.duplicate(alice, space, NewRepo(RepoId(RepoKind.SPACE, "alice", "app2"), sdk=source.sdk))
    assert copy.head == source.head
    assert copy.sdk == "static"
    assert [ref.ref for ref in room.hub.gitstore.open(copy.id).refs()] == ["refs/heads/main", "refs/tags/v1"]


def test_a_duplicate_of_a_private_repository_is_private(room: Room) -> None:
    alice = room.actor(room.cast.alice)
    room.hub.repos.create(alice, NewRepo(model("alice/secret"), private=True))
    answer = room.post("/api/models/alice/secret/duplicate", room.cast.alice, json={"repository": "alice/secret2"})
    assert answer.status_code == 200
    assert room.hub.repos.find(alice, model("alice/secret2")).private
    answer = room.post("/api/models/alice/secret/duplicate", room.cast.carol, json={"repository": "carol/x"})
    assert answer.status_code == 404
    with pytest.raises(RepoNotFound):
        room.hub.repos.find(room.actor(room.cast.carol), model("carol/x"))


# -- one's own --


def test_ones_own_repositories_of_every_kind(room: Room) -> None:
    bob = room.actor(room.cast.bob)
    room.hub.repos.create(bob, NewRepo(model("bob/m"), private=True))
    room.hub.repos.create(bob, NewRepo(RepoId(RepoKind.DATASET, "bob", "d")))
    answer = room.get("/api/settings/repositories?limit=1", room.cast.bob)
    pages = [answer.json()]
    while "next" in answer.links:
        answer = room.get(answer.links["next"]["url"].removeprefix("http://hub.test"), room.cast.bob)
        pages.append(answer.json())
    assert [(item["id"], item["type"], item["visibility"]) for page in pages for item in page] == [
        ("bob/d", "dataset", "public"),
        ("bob/m", "model", "private"),
    ]
    assert room.get("/api/settings/repositories").status_code == 401
    room.hub.repos.create(bob, NewRepo(model("lab/ours"), private=True))
    ours = room.get("/api/organizations/lab/settings/repositories", room.cast.alice).json()
    assert "lab/ours" in [item["id"] for item in ours]
    assert room.get("/api/organizations/lab/settings/repositories", room.cast.carol).status_code == 403
    assert room.hub.repos.count(room.actor(room.cast.carol), RepoFilter(author="bob")) == 1


def test_a_space_needs_a_kind_of_app_that_exists(room):
    made = room.post("/api/repos/create", room.cast.alice, json={"name": "odd-space", "type": "space", "sdk": "magic"})
    assert made.status_code == 400
    assert "gradio" in made.json()["error"]
    assert room.get("/api/spaces/alice/odd-space", room.cast.alice).status_code == 404


def test_an_empty_name_is_asked_for(room: Room) -> None:
    answer = room.post("/api/repos/create", room.cast.alice, json={"name": ""})
    assert (answer.status_code, answer.json()["error"]) == (400, "A name is needed.")


def test_who_may_not_write_is_shown_the_command_for_a_pull_request(room: Room) -> None:
    repo = room.repo(room.cast.alice, "open")
    pages = [room.get(f"/{repo}/upload/main", person).text for person in (room.cast.alice, room.cast.carol)]
    assert [f"hf upload {repo} . . --create-pr" in page for page in pages] == [False, True]


def test_an_upload_without_a_title_is_called_as_its_file(room: Room) -> None:
    repo = room.repo(room.cast.alice, "dropped")
    for names, title in ((["a.txt"], "Upload a.txt"), (["b.txt", "c.txt"], "Upload 2 files")):
        files = [("files", (name, b"x")) for name in names]
        assert room.post(f"/{repo}/upload/main", room.cast.alice, files=files).status_code == 303
        newest = room.get(f"/api/models/{repo}/commits/main", room.cast.alice).json()[0]
        assert newest["title"] == title
