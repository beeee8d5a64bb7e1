"""`pioche doctor`: damage is told in sentences, with the file and the repository, and nothing is changed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from pioche.app import build_hub
from pioche.cli import main
from pioche.hub import Hub
from pioche.settings import Settings
from pioche.testkit.room import Room, large

PLAIN, CUT = random.Random(1).randbytes(200_000), random.Random(2).randbytes(300_000)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    hub = build_hub(Settings(data=tmp_path / "data", lfs_to_xet_after=0))
    yield Room(hub)
    hub.database.close()


@pytest.fixture
def repo(room: Room) -> str:
    """`plain.bin` is one file on the disk, `cut.bin` is in chunks."""
    alice = room.cast.alice
    name = room.repo(alice, "m")
    cut = room.upload(alice, name, CUT)
    room.hub.queue.run_due(room.hub)
    room.hub.lfs.conversion.drop(cut)
    plain = room.upload(alice, name, PLAIN)
    answer = room.commit(alice, name, ("lfsFile", large("cut.bin", cut)[1]), ("lfsFile", large("plain.bin", plain)[1]))
    assert answer.status_code == 200, answer.text
    return name


def doctor(hub: Hub, *options: str) -> tuple[int, list[str]]:
    done = CliRunner().invoke(main, ["doctor", *options, "--data", str(hub.settings.data)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout.splitlines()


def stored(hub: Hub, prefix: str) -> Path:
    (key,) = hub.blobs.keys(prefix)
    path = hub.blobs.local_path(key)
    assert path is not None
    return path


def flip(path: Path, at: int = 1000) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("options", [(), ("--deep",)])
def test_a_sound_hub_is_well(room: Room, repo: str, options: tuple[str, ...]) -> None:
    assert doctor(room.hub, *options) == (0, ["All is well."])


@pytest.mark.parametrize("damage", ["missing", "short", "flipped", "header"])
def test_a_damaged_xorb_is_a_fault_with_names(room: Room, repo: str, damage: str) -> None:
    path = stored(room.hub, "xorbs")
    match damage:
        case "missing":
            path.unlink()
        case "short":
            path.write_bytes(path.read_bytes()[:-5])
        case "flipped":
            flip(path)
        case "header":
            flip(path, at=0)
    code, lines = doctor(room.hub, "--deep")
    assert code == 1
    assert len(lines) == 2
    assert path.name in lines[0]
    assert f"(needed by {repo})" in lines[0]
    assert lines[1].startswith(f"{repo}: the large file 'cut.bin' at main (")


@pytest.mark.parametrize("damage", ["missing", "flipped"])
def test_a_damaged_plain_file_is_a_fault_with_names(room: Room, repo: str, damage: str) -> None:
    path = stored(room.hub, "lfs")
    path.unlink() if damage == "missing" else flip(path)
    code, lines = doctor(room.hub, "--deep")
    assert code == 1
    assert len(lines) == 2
    assert path.name in lines[0]
    assert f"(needed by {repo})" in lines[0]
    assert lines[1].startswith(f"{repo}: the large file 'plain.bin' at main (")


def test_what_the_scrubber_found_shows_without_reading_again(room: Room, repo: str) -> None:
    hub = room.hub
    assert list(hub.xet.scrubber.run()) == list(hub.lfs.scrubber.run()) == []
    for path in (stored(hub, "xorbs"), stored(hub, "lfs")):
        flip(path)
    assert doctor(hub) == (0, ["All is well."]), "a quick look does not read what is stored"
    assert [len(hub.xet.scrubber.run()), len(hub.lfs.scrubber.run())] == [1, 1]
    code, lines = doctor(hub)
    assert (code, len(lines)) == (1, 2)
    assert all(f"(needed by {repo})" in line for line in lines)
    for path in (stored(hub, "xorbs"), stored(hub, "lfs")):
        flip(path)
    assert list(hub.xet.scrubber.run()) == list(hub.lfs.scrubber.run()) == []
    assert doctor(hub) == (0, ["All is well."]), "what is right again is no fault any more"


@pytest.mark.parametrize("command", [["doctor"], ["gc"], ["rebuild", "repos"]])
def test_a_folder_without_a_hub_is_an_error_and_stays_empty(tmp_path: Path, command: list[str]) -> None:
    answer = CliRunner().invoke(main, [*command, "--data", str(tmp_path / "elsewhere")])
    assert answer.exit_code == 1
    assert f"There is no hub in {tmp_path / 'elsewhere'}" in answer.output
    assert not (tmp_path / "elsewhere").exists()
