"""The pages of collections, as HTML, without scripts."""

from __future__ import annotations

import re

import pytest
from tests.collections.conftest import CollectionRoom

from pioche.testkit.people import Person
from pioche.web.auth import SESSION_COOKIE


class Browser:
    """A log-in of a person."""

    def __init__(self, room: CollectionRoom, person: Person) -> None:
        self._room = room
        self._cookie = {"cookie": f"{SESSION_COOKIE}={room.hub.accounts.log_ins.open(room.actor(person), 'tests')}"}

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
def alice(room: CollectionRoom) -> Browser:
    return Browser(room, room.cast.alice)


@pytest.fixture(scope="module")
def carol(room: CollectionRoom) -> Browser:
    return Browser(room, room.cast.carol)


def test_a_collection_is_made_and_shown(room: CollectionRoom, alice: Browser) -> None:
    assert 'action="/new-collection"' in alice.get("/new-collection")
    form = {"owner": "alice", "title": "Made <here>", "visibility": "private"}
    status, where = alice.post("/new-collection", **form)
    assert (status, where.startswith("/collections/alice/made-here-")) == (303, True)
    assert "Made &lt;here&gt;" in alice.get(where)
    assert alice.post("/new-collection", **form)[0] == 409
    assert alice.post("/new-collection", **{**form, "title": " "})[0] == 400
    assert where in alice.get("/collections?owner=alice")
    assert where in alice.get("/alice")
    for page in ("/collections", "/alice"):
        assert where not in room.get(page).text
    assert room.get(where).status_code == 404
    assert room.get("/new-collection").status_code == 303


def test_items_come_from_the_page_of_a_repository(room: CollectionRoom, alice: Browser) -> None:
    slug, model = room.collection(room.cast.alice), room.repo(room.cast.alice, "paged")
    link = f"/add-to-collection?type=model&amp;id={model}"
    assert link in alice.get(f"/{model}")
    assert model in alice.get(link.replace("&amp;", "&"))
    form = {"collection": slug, "type": "model", "id": model, "note": "So <good>"}
    assert alice.post("/add-to-collection", **form) == (303, f"/collections/{slug}")
    page = room.get(f"/collections/{slug}").text
    assert f'href="/{model}"' in page
    assert "So &lt;good&gt;" in page
    assert "/items/" not in page, "who may not write is not offered it"
    assert alice.post("/add-to-collection", **form)[0] == 409
    assert alice.post("/add-to-collection", **{**form, "id": "alice/none"})[0] == 400
    assert room.get("/add-to-collection").status_code == 303


def test_notes_order_and_removal(room: CollectionRoom, alice: Browser, carol: Browser) -> None:
    person = room.cast.alice
    slug, inner = room.collection(person), room.collection(person, "Inside")
    a, b = room.repo(person, "m"), room.repo(person, "m")
    room.add(person, slug, a)
    room.add(person, slug, inner, "collection")
    items = room.add(person, slug, b)["items"]
    here = f"/collections/{slug}"
    assert f'href="/collections/{inner}"' in alice.get(here)

    def do(index: int, what: str, **form: str) -> int:
        return alice.post(f"{here}/items/{items[index]['_id']}", do=what, **form)[0]

    assert do(2, "up") == 303
    assert room.names(slug) == [a, b, inner]
    assert do(0, "down") == 303
    assert room.names(slug) == [b, a, inner]
    assert do(0, "note", note="Read me") == 303
    assert "Read me" in room.get(here).text
    assert do(0, "note", note="x" * 501) == 400
    assert do(1, "remove") == 303
    assert room.names(slug) == [b, a]
    assert do(0, "sing") == 400
    assert carol.post(f"{here}/items/{items[0]['_id']}", do="remove")[0] == 403


def test_settings_votes_and_deletion(room: CollectionRoom, alice: Browser, carol: Browser) -> None:
    slug = room.collection(room.cast.alice)
    here = f"/collections/{slug}"
    assert carol.post(f"{here}/vote", do="vote") == (303, here)
    assert room.get(f"/api{here}").json()["upvotes"] == 1
    assert 'value="undo"' in carol.get(here)
    carol.post(f"{here}/vote", do="undo")
    assert room.get(f"/api{here}").json()["upvotes"] == 0

    form = {"title": "Now called so", "description": "D", "theme": "pink", "visibility": "private"}
    status, where = alice.post(f"{here}/settings", **form)
    assert (status, where.startswith("/collections/alice/now-called-so-")) == (303, True)
    assert alice.post(f"{here}/settings", **{**form, "title": ""})[0] == 400
    assert carol.post(f"{here}/settings", **form)[0] == 404
    assert alice.post(f"{here}/delete", confirm="no")[0] == 400
    assert "Now called so" in alice.get(where)
    assert alice.post(f"{here}/delete", confirm="Now called so") == (303, "/alice")
    assert room.get(where, room.cast.alice).status_code == 404
