"""What a pull request changes, as its page and the page of a commit show it; and what is merged stays readable."""

from __future__ import annotations

import json
import random
import re
import struct

import pytest

from pioche.testkit.people import Person
from pioche.testkit.room import Room, large


def tensors(**header: tuple[str, list[int]]) -> bytes:
    """Without the bytes of the weights: nobody reads those."""
    fields = {name: {"dtype": dtype, "shape": shape, "data_offsets": [0, 0]} for name, (dtype, shape) in header.items()}
    text = json.dumps(fields).encode()
    return struct.pack("<Q", len(text)) + text


@pytest.fixture
def repo(room: Room) -> str:
    repo = room.repo(room.cast.alice, "changing")
    files = {
        "notes.txt": "".join(f"line {n}\n" for n in range(40)),
        "rows.csv": "id,name\n1,Ann\n2,Bob\n",
        "pixel.png": b"\x89PNG old",
        "w.safetensors": tensors(kept=("F32", [2]), gone=("F32", [4]), turned=("F32", [8])),
        "old.bin": b"\0\1",
    }
    room.write(room.cast.alice, repo, files)
    return repo


def proposed(room: Room, repo: str, by: Person, files: dict[str, bytes | str]) -> int:
    where = f"/api/models/{repo}/discussions"
    num: int = room.post(where, by, json={"title": "Change", "description": "d", "pullRequest": True}).json()["num"]
    room.write(by, repo, files, f"refs/pr/{num}")
    assert room.post(f"{where}/{num}/status", by, json={"status": "open"}).is_success
    return num


def page(room: Room, path: str, status: int = 200) -> str:
    """With the spaces made one."""
    answer = room.get(path)
    assert answer.status_code == status, answer.text[:500]
    return re.sub(r"\s+", " ", answer.text)


def test_each_kind_of_file_is_shown_as_what_it_is(room: Room, repo: str) -> None:
    alice = room.cast.alice
    files = {
        "notes.txt": "".join(f"line {n}\n" if n != 7 else "LINE seven\n" for n in range(40)),
        "rows.csv": "id,name\n1,Ann\n2,Bea\n",
        "pixel.png": b"\x89PNG new",
        "w.safetensors": tensors(kept=("F32", [2]), turned=("F16", [8]), fresh=("BF16", [1, 3])),
        "old.bin": b"\0\1\2\3",
    }
    num = proposed(room, repo, alice, files)
    sha256 = room.upload(alice, repo, random.Random(1).randbytes(5000))
    assert room.commit(alice, repo, large("big.bin", sha256), rev=f"refs/pr/{num}").is_success
    base = room.get(f"/api/models/{repo}").json()["sha"]

    shown = page(room, f"/{repo}/discussions/{num}/files")
    assert "6 files changed" in shown
    assert "<td>line 7</td>" in shown
    assert "<td>LINE seven</td>" in shown
    assert "<del>Bob</del> <ins>Bea</ins>" in shown
    assert f'src="/{repo}/resolve/{base}/pixel.png"' in shown
    words = re.sub(r"<[^>]*>", "", shown)
    assert "Not text: 2 B → 4 B" in words
    assert "Large file: new → 5 kB" in words
    assert "3 tensors differ" in shown
    for name, before, after in (
        ("gone", "F32 [4]", ""),
        ("turned", "F32 [8]", "F16 [8]"),
        ("fresh", "", "BF16 [1, 3]"),
    ):
        row = shown[shown.index(f'<th class="mono">{name}</th>') :].partition("</tr>")[0]
        assert before in row
        assert after in row


def test_the_reader_chooses_the_view_and_the_file(room: Room, repo: str) -> None:
    files = {"notes.txt": "".join(f"line {n}\n" if n != 7 else "LINE seven\n" for n in range(40))}
    num = proposed(room, repo, room.cast.alice, {**files, "rows.csv": "id,name\n1,Ann\n2,Bea\n"})
    split = page(room, f"/{repo}/discussions/{num}/files?view=split")
    assert '<td class="del"><span class="sr">-</span>line 7</td><td class="n add"' in split
    assert "<del>Bob</del> <ins>Bea</ins>" in split
    lines = page(room, f"/{repo}/discussions/{num}/files?view=lines")
    assert "<td>2,Bea</td>" in lines
    one = page(room, f"/{repo}/discussions/{num}/files?file=rows.csv")
    assert "<ins>Bea</ins>" in one
    assert "LINE seven" not in one
    page(room, f"/{repo}/discussions/{num}/files?file=never.txt", 404)


def test_the_commit_page_shows_the_same(room: Room, repo: str) -> None:
    oid = room.write(room.cast.alice, repo, {"rows.csv": "id,name\n1,Ann\n2,Bea\n"})
    shown = page(room, f"/{repo}/commit/{oid}")
    assert "1 file changed" in shown
    assert "<del>Bob</del> <ins>Bea</ins>" in shown
    assert "<ins>Bea</ins>" in page(room, f"/{repo}/commit/{oid}?file=rows.csv&view=split")
    page(room, f"/{repo}/commit/{oid}?file=notes.txt", 404)


def test_huge_changes_are_bounded_and_each_file_can_be_seen(room: Room, repo: str) -> None:
    many = {f"d/{n:03}.txt": f"content of {n}\n" * 100 for n in range(130)}
    long = "".join(f"a long line with the number {n}\n" for n in range(30_000))
    num = proposed(room, repo, room.cast.alice, {**many, "a-long.txt": long})
    where = f"/{repo}/discussions/{num}/files"
    shown = page(room, where)
    assert "131 files changed" in shown
    assert "Long change" in shown
    assert "file=a-long.txt" in shown
    assert "31 more files changed" in shown
    assert "file=d/129.txt" in shown
    assert len(shown) < 2_500_000
    assert shown.count("Show all of this file") > 10
    assert "content of 129" in page(room, f"{where}?file=d/129.txt")
    alone = page(room, f"{where}?file=a-long.txt")
    assert "with the number 15000" in alone
    assert "too long to show here" in alone


def test_what_was_merged_stays_readable(room: Room, repo: str) -> None:
    alice, bob = room.cast.alice, room.cast.bob
    nums = [proposed(room, repo, alice, {f"{n}.txt": f"proposal {n}\n"}) for n in range(2)]
    for num in nums:
        where = f"/api/models/{repo}/discussions/{num}"
        assert room.post(f"{where}/merge", alice, json={}).status_code == 200
    room.write(alice, repo, {"later.txt": "later\n"})
    for n, num in enumerate(nums):
        answer = room.get(f"/api/models/{repo}/discussions/{num}?diff=1").json()
        assert f"+proposal {n}\n" in answer["diff"]
        assert "later" not in answer["diff"]
        assert [event["data"]["subject"] for event in answer["events"] if event["type"] == "commit"] == ["Change files"]
        shown = page(room, f"/{repo}/discussions/{num}/files")
        assert "1 file changed" in shown
        assert f"proposal {n}" in shown
    assert room.post(f"/api/models/{repo}/discussions/{nums[0]}/merge", bob, json={}).status_code in (403, 404)


def test_after_its_ref_is_deleted_the_patch_is_left(room: Room, repo: str) -> None:
    alice = room.cast.alice
    num = proposed(room, repo, alice, {"notes.txt": "all new\n"})
    where = f"/api/models/{repo}/discussions/{num}"
    assert room.post(f"{where}/status", alice, json={"status": "closed"}).is_success
    assert room.ask("DELETE", f"{where}/ref", alice).is_success
    for view in ("unified", "split"):
        assert "all new" in page(room, f"/{repo}/discussions/{num}/files?view={view}")


def test_a_discussion_has_no_files(room: Room, repo: str) -> None:
    body = {"title": "Talk", "description": "d"}
    num = room.post(f"/api/models/{repo}/discussions", room.cast.alice, json=body).json()["num"]
    page(room, f"/{repo}/discussions/{num}/files", 400)
    page(room, f"/{repo}/discussions/999/files", 404)


def test_whether_it_can_be_merged_is_said_before(room: Room, repo: str) -> None:
    alice = room.cast.alice
    body = {"title": "Empty", "description": "d", "pullRequest": True}
    where = f"/api/models/{repo}/discussions"
    empty = room.post(where, alice, json=body).json()["num"]
    fits = proposed(room, repo, alice, {"fits.txt": "x\n"})
    clashes = proposed(room, repo, alice, {"notes.txt": "mine\n"})
    room.write(alice, repo, {"notes.txt": "theirs\n"})
    assert "changes nothing yet" in page(room, f"/{repo}/discussions/{empty}")
    assert "no conflicts with main" in page(room, f"/{repo}/discussions/{fits}")
    said = page(room, f"/{repo}/discussions/{clashes}")
    assert "changed on both sides" in said
    assert f"git push origin HEAD:refs/pr/{clashes}" in said
    assert room.get(f"{where}/{clashes}").json()["filesWithConflicts"] == ["notes.txt"]
    assert room.post(f"{where}/{clashes}/status", alice, json={"status": "closed"}).is_success
    assert "changed on both sides" not in page(room, f"/{repo}/discussions/{clashes}")
