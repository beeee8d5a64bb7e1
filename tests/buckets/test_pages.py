"""The pages of buckets, as HTML."""

from __future__ import annotations

import re

import pytest
from tests.buckets.conftest import EMPTY, BucketRoom, add

from pioche.accounts.types import Actor
from pioche.testkit.people import Person
from pioche.web.auth import SESSION_COOKIE


class Browser:
    """A log-in of a person."""

    def __init__(self, room: BucketRoom, person: Person) -> None:
        self._room = room
        actor: Actor = room.actor(person)
        self._cookie = {"cookie": f"{SESSION_COOKIE}={room.hub.accounts.log_ins.open(actor, 'tests')}"}

    def get(self, path: str) -> str:
        answer = self._room.get(path, headers=self._cookie)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.text

    def post(self, path: str, **form: str) -> tuple[int, str]:
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.get("/settings/profile"))
        assert found
        answer = self._room.post(path, headers=self._cookie, data={"csrf_token": found[1], **form})
        return answer.status_code, answer.headers.get("location", "") or answer.text


@pytest.fixture(scope="module")
def alice(room: BucketRoom) -> Browser:
    return Browser(room, room.cast.alice)


def test_a_bucket_is_made_in_the_page(room: BucketRoom, alice: Browser) -> None:
    assert 'action="/new-bucket"' in alice.get("/new-bucket")
    assert alice.post("/new-bucket", owner="alice", name="paged", visibility="private") == (303, "/buckets/alice/paged")
    assert room.get("/api/buckets/alice/paged", room.cast.alice).json()["private"] is True
    assert alice.post("/new-bucket", owner="alice", name="paged", visibility="public")[0] == 409
    assert alice.post("/new-bucket", owner="alice", name="a b", visibility="public")[0] == 400
    assert room.get("/new-bucket").status_code == 303
    empty = alice.get("/buckets/alice/paged")
    assert "hf sync ./my-folder hf://buckets/alice/paged" in empty


def test_folders_files_and_the_text_of_a_folder(room: BucketRoom, alice: Browser) -> None:
    bucket = room.bucket(room.cast.alice, "browsed")
    files = {"sub/README.md": b"---\nx: 1\n---\n# About <b>sub</b>\n![](p.png)", "sub/p.png": b"png", "top.bin": b"12"}
    room.put(room.cast.alice, bucket, files)
    page = room.get(f"/buckets/{bucket}").text
    assert f'href="/buckets/{bucket}/tree/sub"' in page
    assert f'href="/buckets/{bucket}/resolve/top.bin?download=true"' in page
    assert "/delete/" not in page, "who may not write is not offered it"
    inside = room.get(f"/buckets/{bucket}/tree/sub").text
    assert f"/buckets/{bucket}/resolve/sub/p.png" in inside
    assert "About" in inside
    assert f'href="/buckets/{bucket}/delete/sub/p.png"' in alice.get(f"/buckets/{bucket}/tree/sub")
    assert room.get(f"/buckets/{bucket}/tree/top.bin").headers["location"] == f"/buckets/{bucket}/resolve/top.bin"
    assert room.get(f"/buckets/{bucket}/tree/nothing").status_code == 404


def test_awkward_names_are_quoted(room: BucketRoom) -> None:
    bucket = room.bucket(room.cast.alice)
    room.batch(room.cast.alice, bucket, add('a"><i>&/50%.txt', EMPTY))
    page = room.get(f"/buckets/{bucket}").text
    assert "<i>" not in page
    found = re.search(rf'href="(/buckets/{bucket}/tree/[^"]+)"', page)
    assert found
    inside = room.get(found[1]).text
    link = re.search(r'href="([^"]+/resolve/[^"?]+)"', inside)
    assert link
    assert room.get(link[1]).status_code == 200


def test_long_folders_have_pages(room: BucketRoom) -> None:
    bucket = room.bucket(room.cast.alice)
    room.batch(room.cast.alice, bucket, *(add(f"{index:03d}.txt", EMPTY) for index in range(250)))
    page = room.get(f"/buckets/{bucket}").text
    assert "199.txt" in page
    assert "200.txt" not in page
    link = re.search(r'href="([^"]+cursor=[^"]+)"', page)
    assert link
    rest = room.get(link[1].replace("&amp;", "&")).text
    assert "200.txt" in rest
    assert "249.txt" in rest


def test_files_and_folders_are_deleted_in_the_page(room: BucketRoom, alice: Browser) -> None:
    bucket = room.bucket(room.cast.alice)
    room.batch(room.cast.alice, bucket, *(add(path, EMPTY) for path in ("a.txt", "d/1", "d/e/2", "dx/3")))
    assert "d/" in alice.get(f"/buckets/{bucket}/delete/d/")
    assert alice.post(f"/buckets/{bucket}/delete/d/") == (303, f"/buckets/{bucket}")
    assert alice.post(f"/buckets/{bucket}/delete/a.txt")[0] == 303
    assert room.paths(None, bucket) == ["dx/3"]
    carol = Browser(room, room.cast.carol)
    assert carol.post(f"/buckets/{bucket}/delete/dx/3")[0] == 403


def test_settings(room: BucketRoom, alice: Browser) -> None:
    bucket = room.bucket(room.cast.alice, "set")
    assert bucket in alice.get(f"/buckets/{bucket}/settings")
    alice.post(f"/buckets/{bucket}/settings/visibility", visibility="private")
    assert room.get(f"/buckets/{bucket}").status_code == 404
    name = bucket.partition("/")[2]
    moved = alice.post(f"/buckets/{bucket}/settings/move", owner="lab", name=name)
    assert moved == (303, f"/buckets/lab/{name}/settings")
    assert alice.post(f"/buckets/lab/{name}/settings/move", owner="lab", name="a b")[0] == 400
    assert alice.post(f"/buckets/lab/{name}/settings/delete", confirm="wrong")[0] == 400
    assert alice.post(f"/buckets/lab/{name}/settings/delete", confirm=f"lab/{name}") == (303, "/lab")
    assert room.get(f"/api/buckets/lab/{name}", room.cast.alice).status_code == 404


def test_lists_and_profiles_show_buckets(room: BucketRoom, alice: Browser) -> None:
    seen, hidden = room.bucket(room.cast.bob, "seen"), room.bucket(room.cast.bob, "hidden", private=True)
    for path in ("/buckets", "/buckets?search=bob", "/buckets?author=bob", "/bob"):
        page = alice.get(path)
        assert seen in page, path
        assert hidden not in page, path
    assert 'href="/new-bucket"' in alice.get("/")
    assert room.get("/buckets?author=nobody-here").status_code == 404
