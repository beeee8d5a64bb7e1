"""Folders that jobs mount: what is linked, what is shared, what is refused, what comes back."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pioche.errors import HubError, InvalidInput, InvalidPath, QuotaExceeded
from pioche.jobs.folders import Cut, Folders, SourceFile


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path / "volumes", 0)


def small(path: str, content: bytes = b"x") -> SourceFile:
    return SourceFile(path, len(content), lambda: Cut(None, [content]))


def large(path: str, blob: Path | None, content: bytes = b"large", name: str = "one") -> SourceFile:
    return SourceFile(path, len(content), lambda: Cut(blob, [content]), name)


def test_a_large_file_in_one_piece_is_linked(folders: Folders, tmp_path: Path) -> None:
    blob = tmp_path / "blob"
    blob.write_bytes(b"large")
    place, size = folders.fill("job", 0, [large("a/b", blob), small("c")], writable=False)
    assert (place / "a/b").stat().st_ino == blob.stat().st_ino
    assert (size, (place / "c").read_bytes()) == (6, b"x")


def test_one_in_chunks_is_put_together_once_and_dropped_when_unused(folders: Folders, tmp_path: Path) -> None:
    one, _ = folders.fill("one", 0, [large("a", None)], writable=False)
    two, _ = folders.fill("two", 0, [large("b", None, b"not read again")], writable=False)
    assert (one / "a").stat().st_ino == (two / "b").stat().st_ino
    shared = tmp_path / "volumes" / "files" / "one"
    os.utime(shared, (0, 0))
    folders.tidy(["one"])
    assert shared.exists(), "a job has it"
    assert not two.exists()
    folders.tidy([])
    assert not shared.exists()


def test_what_may_be_changed_is_a_copy(folders: Folders, tmp_path: Path) -> None:
    blob = tmp_path / "blob"
    blob.write_bytes(b"large")
    place, _ = folders.fill("job", 0, [large("a", blob)], writable=True)
    (place / "a").write_bytes(b"changed")
    assert blob.read_bytes() == b"large"


@pytest.mark.parametrize("paths", [("a", "a/b"), ("a/b", "a"), ("a", "a")])
def test_a_path_that_is_both_is_refused(folders: Folders, paths: tuple[str, str]) -> None:
    with pytest.raises(InvalidInput, match="both a file and a folder"):
        folders.fill("job", 0, [small(path) for path in paths], writable=False)


@pytest.mark.parametrize("path", ["../out", "/etc/passwd", "a/../../b", "a\0b", "x" * 300, ""])
def test_paths_that_lead_elsewhere_are_refused(folders: Folders, path: str) -> None:
    with pytest.raises((InvalidPath, InvalidInput)):
        folders.fill("job", 0, [small(path)], writable=False)


def test_a_disk_that_is_too_small(tmp_path: Path) -> None:
    with pytest.raises(QuotaExceeded, match="bytes of disk"):
        Folders(tmp_path, 2**60).fill("job", 0, [small("a")], writable=False)


def test_what_changed(folders: Folders, tmp_path: Path) -> None:
    place, _ = folders.fill("job", 0, [small("same"), small("new-content"), small("gone")], writable=True)
    time.sleep(0.01)
    (place / "new-content").write_bytes(b"y")
    (place / "gone").unlink()
    (place / "added").write_bytes(b"z")
    (tmp_path / "secret").write_text("of the hub")
    (place / "link").symlink_to(tmp_path / "secret")
    (place / "folder").symlink_to(tmp_path)
    (place / "back\\slash").write_bytes(b"")
    (place / os.fsdecode(b"\xff")).write_bytes(b"")
    changed = folders.changed("job", 0)
    assert {one.path for one in changed.put} == {"new-content", "added"}
    assert changed.gone == ["gone"]
    assert len(changed.refused) == 2
    file = next(one for one in changed.put if one.path == "added")
    file.place.unlink()
    file.place.symlink_to(tmp_path / "secret")
    with pytest.raises((OSError, HubError)), folders.opened(file):
        pass


def test_folders_that_are_very_deep_neither_hold_up_the_end_nor_stay(folders: Folders, tmp_path: Path) -> None:
    place, _ = folders.fill("job", 0, [small("a")], writable=True)
    subprocess.run(
        [sys.executable, "-c", "import os\nfor _ in range(3000): os.mkdir('d'); os.chdir('d')\nopen('x', 'w')"],
        cwd=place,
        check=True,
    )
    (place / "b").write_bytes(b"new")
    changed = folders.changed("job", 0)
    assert ([file.path for file in changed.put], changed.gone, changed.refused) == (["b"], [], [])
    folders.tidy([])
    assert not (tmp_path / "volumes" / "job").exists()
