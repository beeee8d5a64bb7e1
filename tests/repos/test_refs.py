"""Refs: branches, tags, squashing, and moves that happen whole or not at all."""

import pytest

from pioche.errors import Conflict, Forbidden, InvalidInput, InvalidName, RefMoved, RepoNotFound, RevisionNotFound
from pioche.names import RepoId, RepoKind
from pioche.ports.database import Tx
from pioche.ports.gitstore import PutFile, Signature
from pioche.queue.tables import tasks
from pioche.repos.service.markers import Marker, Markers
from pioche.repos.types import NewRepo, RefMove, Repo
from pioche.testkit.room import Room

MAIN = "refs/heads/main"


@pytest.fixture
def repo(room: Room) -> Repo:
    name = room.repo(room.cast.alice, "refs")
    return room.hub.repos.find(room.actor(room.cast.alice), RepoId.parse(RepoKind.MODEL, name))


def new_commit(room: Room, repo: Repo, text: str = "x") -> str:
    git = room.hub.gitstore.open(repo.id)
    author = Signature("alice", "alice@example.test", 0)
    return git.write_commit([str(repo.head)], [PutFile("README.md", text.encode())], author, "change")


def now(room: Room, repo: Repo) -> tuple[str | None, str, list[str]]:
    """Head in the database, head in git, markers."""
    row = room.hub.repos.find(room.actor(room.cast.alice), repo.repo_id)
    left = [name for name, _ in markers(room).left_over()]
    return row.head, room.hub.gitstore.open(repo.id).resolve("main"), left


def markers(room: Room) -> Markers:
    return Markers(room.hub.settings.data / "moves")


# -- moving --


def test_a_move_shows_in_git_and_in_the_database(room: Room, repo: Repo) -> None:
    new = new_commit(room, repo, "---\nlicense: mit\n---\n")
    room.hub.refs.move(room.actor(room.cast.alice), repo, [RefMove(MAIN, repo.head, new)])
    assert now(room, repo) == (new, new, [])
    row = room.hub.repos.find(room.actor(room.cast.alice), repo.repo_id)
    assert row.tags == ("license:mit",)
    assert row.card == {"license": "mit"}


def test_a_transaction_that_fails_moves_nothing(room: Room, repo: Repo) -> None:
    def fail(tx: Tx) -> None:
        raise Conflict("no")

    new = new_commit(room, repo)
    with pytest.raises(Conflict):
        room.hub.refs.move(room.actor(room.cast.alice), repo, [RefMove(MAIN, repo.head, new)], also=fail)
    assert now(room, repo) == (repo.head, repo.head, [])


def test_a_lost_race_moves_nothing(room: Room, repo: Repo) -> None:
    alice = room.actor(room.cast.alice)
    first, second = new_commit(room, repo, "first"), new_commit(room, repo, "second")
    room.hub.refs.move(alice, repo, [RefMove(MAIN, repo.head, first)])
    moves = [RefMove("refs/heads/new", None, second), RefMove(MAIN, repo.head, second)]
    with pytest.raises(RefMoved):
        room.hub.refs.move(alice, repo, moves)
    assert now(room, repo) == (first, first, [])
    assert [ref.name for ref in room.hub.refs.list(alice, repo.repo_id)] == ["main"]


def test_a_ref_that_git_refuses_takes_the_others_back(room: Room, repo: Repo) -> None:
    """`a` and `a/b` cannot both be branches, which only git finds out."""
    alice, new = room.actor(room.cast.alice), new_commit(room, repo)
    room.hub.refs.create_branch(alice, repo.repo_id, "a")
    moves = [RefMove(MAIN, repo.head, new), RefMove("refs/heads/a/b", None, new)]
    with pytest.raises(Conflict):
        room.hub.refs.move(alice, repo, moves)
    assert now(room, repo) == (repo.head, repo.head, [])


def test_only_those_who_may_write_move_branches(room: Room, repo: Repo) -> None:
    carol, new = room.actor(room.cast.carol), new_commit(room, repo)
    with pytest.raises(Forbidden):
        room.hub.refs.move(carol, repo, [RefMove(MAIN, repo.head, new)])
    room.hub.refs.move(carol, repo, [RefMove("refs/pr/1", None, new)])
    assert room.hub.gitstore.open(repo.id).resolve("refs/pr/1") == new


def test_a_deleted_repository_takes_no_more_moves(room: Room, repo: Repo) -> None:
    alice, new = room.actor(room.cast.alice), new_commit(room, repo)
    room.hub.repos.delete(alice, repo.repo_id)
    with pytest.raises(RepoNotFound):
        room.hub.refs.move(alice, repo, [RefMove(MAIN, repo.head, new)])


# -- what a push moved --


def test_what_a_push_moved_is_recorded(room: Room, repo: Repo) -> None:
    alice, new = room.actor(room.cast.alice), new_commit(room, repo, "---\ntags: [pushed]\n---\n")
    moves = [RefMove(MAIN, repo.head, new)]
    marker = room.hub.refs.will_move(alice, repo, moves)
    room.hub.gitstore.open(repo.id).move_ref(MAIN, new, repo.head)
    room.hub.refs.refs_moved(alice, repo, moves, marker)
    assert now(room, repo) == (new, new, [])
    assert room.hub.repos.find(alice, repo.repo_id).tags == ("pushed",)


# -- after a crash --


def test_a_move_that_was_never_recorded_is_taken_back(room: Room, repo: Repo) -> None:
    new = new_commit(room, repo)
    markers(room).make(Marker(repo.id, None, "hub", (RefMove(MAIN, repo.head, new),)))
    room.hub.gitstore.open(repo.id).move_ref(MAIN, new, repo.head)
    room.hub.refs.reconcile()
    assert now(room, repo) == (repo.head, repo.head, [])


def test_a_push_that_was_never_recorded_is_brought_in(room: Room, repo: Repo) -> None:
    new = new_commit(room, repo)
    moves = (RefMove(MAIN, repo.head, new), RefMove("refs/heads/never", None, new))
    room.hub.refs.will_move(room.actor(room.cast.alice), repo, moves)
    room.hub.gitstore.open(repo.id).move_ref(MAIN, new, repo.head)
    with room.hub.database.write() as tx:
        tx.execute(tasks.delete())
    room.hub.refs.reconcile()
    assert now(room, repo) == (new, new, [])
    with room.hub.database.read() as tx:
        waiting = [row.arguments for row in tx.execute(tasks.select())]
    assert waiting
    assert all(f'"new":"{new}"' in arguments and MAIN in arguments for arguments in waiting)


def test_what_others_did_since_stays(room: Room, repo: Repo) -> None:
    """A marker of a move that never happened must not undo the one that did."""
    alice = room.actor(room.cast.alice)
    lost, won = new_commit(room, repo, "lost"), new_commit(room, repo, "won")
    markers(room).make(Marker(repo.id, None, "hub", (RefMove(MAIN, repo.head, lost),)))
    room.hub.refs.move(alice, repo, [RefMove(MAIN, repo.head, won)])
    room.hub.refs.reconcile()
    assert now(room, repo) == (won, won, [])


def test_markers_of_a_deleted_repository_go(room: Room, repo: Repo) -> None:
    markers(room).make(Marker(10**9, None, "hub", (RefMove(MAIN, None, repo.head),)))
    room.hub.refs.reconcile()
    assert list(markers(room).left_over()) == []


# -- branches and tags --


def test_branches_come_and_go(room: Room, repo: Repo) -> None:
    alice = room.actor(room.cast.alice)
    refs = room.hub.refs
    refs.create_branch(alice, repo.repo_id, "feature/x")
    refs.create_branch(alice, repo.repo_id, "refs/convert/parquet", start=str(repo.head)[:10])
    with pytest.raises(Conflict) as caught:
        refs.create_branch(alice, repo.repo_id, "feature/x")
    assert not isinstance(caught.value, RefMoved)
    with pytest.raises(RevisionNotFound):
        refs.create_branch(alice, repo.repo_id, "y", start="nowhere")
    with pytest.raises(InvalidName):
        refs.create_branch(alice, repo.repo_id, "refs/pr/1")
    names = [ref.ref for ref in refs.list(alice, repo.repo_id)]
    assert names == ["refs/convert/parquet", "refs/heads/feature/x", MAIN]
    refs.delete_branch(alice, repo.repo_id, "feature/x")
    with pytest.raises(RevisionNotFound):
        refs.delete_branch(alice, repo.repo_id, "feature/x")
    with pytest.raises(InvalidInput):
        refs.delete_branch(alice, repo.repo_id, "main")


def test_a_tag_with_a_message_stands_for_its_commit(room: Room, repo: Repo) -> None:
    alice = room.actor(room.cast.alice)
    room.hub.refs.create_tag(alice, repo.repo_id, "v1", "main", "the first")
    room.hub.refs.create_tag(alice, repo.repo_id, "v2", "v1")
    assert room.hub.gitstore.open(repo.id).resolve("v1") == repo.head
    assert room.hub.gitstore.open(repo.id).resolve("v2") == repo.head
    with pytest.raises(Conflict):
        room.hub.refs.create_tag(alice, repo.repo_id, "v1", "main")
    room.hub.refs.delete_tag(alice, repo.repo_id, "v1")
    with pytest.raises(RevisionNotFound):
        room.hub.refs.delete_tag(alice, repo.repo_id, "v1")


def test_squashing_keeps_the_files_and_drops_the_history(room: Room) -> None:
    alice = room.actor(room.cast.alice)
    name = room.repo(room.cast.alice, "long")
    for number in range(3):
        room.write(room.cast.alice, name, {"a.txt": str(number)})
    answer = room.post(f"/api/models/{name}/super-squash/main", room.cast.alice, json={"message": "All of it"})
    assert answer.status_code == 200
    repo = room.hub.repos.find(alice, RepoId.parse(RepoKind.MODEL, name))
    git = room.hub.gitstore.open(repo.id)
    assert answer.json()["commitOid"] == repo.head == git.resolve("main")
    assert git.count_commits(str(repo.head)) == 1
    assert git.commit(str(repo.head)).title == "All of it"
    assert git.read(git.entry(str(repo.head), "a.txt").oid) == b"2"


def test_refs_over_http(room: Room, repo: Repo) -> None:
    base, alice = f"/api/models/{repo.repo_id.full}", room.cast.alice
    assert room.post(f"{base}/branch/refs%2Fconvert%2Fparquet", alice, json={}).status_code == 201
    assert room.post(f"{base}/branch/a%2Fb", alice, json={"startingPoint": "main"}).status_code == 201
    assert room.post(f"{base}/tag/a%2Fb", alice, json={"tag": "v1", "message": None}).status_code == 201
    assert room.post(f"{base}/tag/main", alice, json={"tag": "v1"}).status_code == 409
    assert room.post(f"{base}/branch/c", room.cast.carol, json={}).status_code == 403
    assert room.post(f"{base}/branch/c", json={}).status_code == 401
    found = room.get(f"{base}/refs").json()
    assert [ref["ref"] for ref in found["branches"]] == ["refs/heads/a/b", MAIN]
    assert found["tags"] == [{"name": "v1", "ref": "refs/tags/v1", "targetCommit": repo.head}]
    assert [ref["name"] for ref in found["converts"]] == ["parquet"]
    assert "pullRequests" not in found
    assert room.get(f"{base}/refs?include_prs=1").json()["pullRequests"] == []
    assert room.ask("DELETE", f"{base}/branch/a%2Fb", alice).status_code == 200
    gone = room.ask("DELETE", f"{base}/tag/nothing", alice)
    assert (gone.status_code, gone.headers["x-error-code"]) == (404, "RevisionNotFound")


def test_refs_of_a_private_repository_are_hidden(room: Room) -> None:
    alice = room.actor(room.cast.alice)
    room.hub.repos.create(alice, NewRepo(RepoId(RepoKind.MODEL, "alice", "quiet"), private=True))
    assert room.get("/api/models/alice/quiet/refs", room.cast.carol).status_code == 404
    answer = room.post("/api/models/alice/quiet/branch/x", room.cast.carol, json={})
    assert (answer.status_code, answer.headers["x-error-code"]) == (404, "RepoNotFound")
