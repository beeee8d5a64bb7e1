"""Pictures, films and sounds in comments: what is taken, how it is served, and who may."""

from __future__ import annotations

import io
import struct
import wave
import zlib
from pathlib import Path

import pytest
from sqlalchemy import delete

from pioche.accounts.tables import accounts
from pioche.accounts.types import OPERATOR, NewToken
from pioche.app import build_hub
from pioche.community import writing
from pioche.settings import Settings
from pioche.testkit.room import Room


def png(size: int = 1) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress((b"\0" + b"\xff\0\0" * size) * size)
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def wav() -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"\0\0" * 800)
    return file.getvalue()


def test_a_picture_is_kept_and_shown(room: Room) -> None:
    answer = room.post("/uploads", room.cast.bob, content=png(), headers={"content-type": "image/png"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    path = answer.text.removeprefix("http://hub.test")
    assert path.startswith("/uploads/")
    assert len(path) == len("/uploads/") + 32 + len(".png")
    shown = room.get(path)
    assert (shown.content, shown.headers["content-type"]) == (png(), "image/png")
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert shown.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert "immutable" in shown.headers["cache-control"]
    assert room.get(path, headers={"range": "bytes=0-3"}).content == png()[:4]
    assert room.get(path, headers={"if-none-match": shown.headers["etag"]}).status_code == 304
    again = room.post("/uploads", room.cast.bob, content=png()).text
    assert again != answer.text


@pytest.mark.parametrize(
    ("content", "ending"),
    [
        (png(), "png"),
        (b"\xff\xd8\xff\xe0" + b"0" * 100, "jpg"),
        (b"GIF89a" + b"0" * 100, "gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "webp"),
        (b"\0\0\0\x18ftypmp42" + b"0" * 50, "mp4"),
        (b"\0\0\0\x14ftypqt  " + b"0" * 50, "mov"),
        (b"\x1a\x45\xdf\xa3" + b"0" * 20 + b"webm" + b"0" * 50, "webm"),
        (b"ID3\x04" + b"0" * 50, "mp3"),
        (wav(), "wav"),
    ],
)
def test_what_it_is_its_bytes_say(room: Room, content: bytes, ending: str) -> None:
    """Whatever its sender claims."""
    answer = room.post("/uploads", room.cast.bob, content=content, headers={"content-type": "text/html"})
    assert answer.text.endswith(f".{ending}"), answer.text
    assert room.get(answer.text.removeprefix("http://hub.test")).headers["content-type"] != "text/html"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html><script>alert(1)</script>",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"%PDF-1.7",
        b"\x7fELF",
        b"\x1a\x45\xdf\xa3" + b"matroska" * 20,
        b" " + b"\x89PNG\r\n\x1a\n",
    ],
)
def test_nothing_else_is_taken(room: Room, content: bytes) -> None:
    answer = room.post("/uploads", room.cast.bob, content=content, headers={"content-type": "image/png"})
    assert answer.status_code == 400
    assert "PNG" in answer.json()["error"]


def test_who_may_attach(room: Room) -> None:
    assert room.post("/uploads", content=png()).status_code == 401
    _, secret = room.hub.accounts.tokens.create(OPERATOR, NewToken("reads", "read"), owner="bob")
    headers = {"authorization": f"Bearer {secret}"}
    answer = room.post("/uploads", content=png(), headers=headers)
    assert answer.status_code == 403, answer.text


def test_sizes_are_bounded(room: Room) -> None:
    large = png() + b"\0" * writing.MAX_PICTURE
    assert room.post("/uploads", room.cast.bob, content=large).status_code == 413
    film = b"\0\0\0\x18ftypmp42" + b"0" * writing.MAX_PICTURE
    assert room.post("/uploads", room.cast.bob, content=film).status_code == 200
    assert room.post("/uploads", room.cast.bob, content=film + b"0" * writing.MAX_FILM).status_code == 413


def test_a_day_has_an_end(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "MAX_A_DAY", 3 * len(png()))
    statuses = [room.post("/uploads", room.cast.carol, content=png()).status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 403]


@pytest.mark.parametrize("name", ["x.png", "../hub.db", "0" * 32 + ".png", "%2e%2e", "a" * 5000])
def test_other_names_are_nothing(room: Room, name: str) -> None:
    assert room.get(f"/uploads/{name}").status_code == 404


def test_the_ending_belongs_to_the_name(room: Room) -> None:
    path = room.post("/uploads", room.cast.bob, content=png()).text.removeprefix("http://hub.test")
    assert room.get(path.replace(".png", ".html")).status_code == 404


def test_they_are_there_after_a_restart(tmp_path: Path) -> None:
    hub = build_hub(Settings(data=tmp_path / "data"))
    room = Room(hub)
    path = room.post("/uploads", room.cast.bob, content=png()).text.removeprefix("http://hub.test")
    hub.database.close()
    again = build_hub(Settings(data=tmp_path / "data"))
    assert Room(again, room.cast).get(path).content == png()
    again.database.close()


def test_what_was_lost_is_told(tmp_path: Path) -> None:
    hub = build_hub(Settings(data=tmp_path / "data"))
    room = Room(hub)
    names = [room.post("/uploads", room.cast.bob, content=png()).text.rpartition("/")[2] for _ in range(3)]
    assert list(hub.writing.faults()) == []
    lost, short = (hub.blobs.local_path(writing.blob_key(name.partition(".")[0])) for name in names[:2])
    assert lost
    assert short
    lost.unlink()
    short.write_bytes(png()[:-1])
    told = [
        f"the attachment {names[0]} is missing",
        f"the attachment {names[1]} has {len(png()) - 1} bytes, not {len(png())}",
    ]
    assert sorted(hub.writing.faults()) == sorted(told)
    assert room.get(f"/uploads/{names[0]}").status_code == 404
    hub.database.close()


def test_what_somebody_who_left_said_and_attached_stays(tmp_path: Path) -> None:
    """Their reactions go, their words are nobody's."""
    hub = build_hub(Settings(data=tmp_path / "data"))
    room = Room(hub)
    alice, carol = room.cast.alice, room.cast.carol
    repo = room.repo(alice, "left")
    path = room.post("/uploads", carol, content=png()).text.removeprefix("http://hub.test")
    where = f"/api/models/{repo}/discussions"
    room.post(where, carol, json={"title": "Title", "description": f"@bob, ![a]({path})"})
    comment = room.get(f"{where}/1").json()["events"][0]["id"]
    for person in (alice, carol):
        room.post(f"{where}/1/comment/{comment}/reaction", person, json={"reaction": "👍"})
    with hub.database.write() as tx:
        tx.execute(delete(accounts).where(accounts.c.name == "carol"))
    event = room.get(f"{where}/1").json()["events"][0]
    assert "author" not in event
    assert event["data"]["reactions"] == [{"reaction": "👍", "users": ["alice"], "count": 1}]
    page = room.get(f"/{repo}/discussions/1", alice).text
    assert "someone who left" in page
    assert f'src="{path}"' in page
    assert room.get(path).content == png()
    hub.database.close()
