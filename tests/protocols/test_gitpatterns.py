"""Patterns of .gitignore and .gitattributes, held against what git itself says."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from pioche.errors import InvalidInput
from pioche.protocols.gitpatterns import AttributeRules, Effort, IgnoreRules

PATHS = [
    "a", "b", "a.bin", "x/a.bin", "x/y/a.bin", "my file", "x/my file", "[x]", "data/raw/1.txt", "data/1.txt", "ab",
    "abc", "model/v1/w.bin", "model/w.bin", "saved_model/a/b", ".hidden", "x/.hidden", "build/x/y", "xbuild/z", "é.txt",
]  # fmt: skip

IGNORES = [
    "*.bin\n!x/a.bin",
    "/a\nb/",
    "build/\n!build/x/y",
    "data/**",
    "**/raw/",
    "x/**/a.bin",
    "[!a]*",
    "[[:alpha:]]b",
    "\\[x\\]",
    "my\\ file",
    "?",
    "# comment\n\n  \n*.txt   ",
    "*b*",
    "é*",
    "**",
    "x/*",
    "!a\na",
]

ATTRIBUTES = [
    "*.bin filter=lfs diff=lfs merge=lfs -text",
    "*.bin filter=lfs\nx/*.bin -filter",
    "*.bin filter=lfs\na.bin !filter",
    "saved_model/**/* filter=lfs",
    "my[[:space:]]file filter=lfs",
    '"my file" filter=lfs',
    "data filter=lfs",
    "data/ filter=lfs",
    "data/** filter=lfs",
    "model/*/w.bin filter=lfs",
    "*.bin filter\n*.txt text",
    "!*.bin filter=lfs",
    "[attr]big filter=lfs\n*.txt -text",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    return tmp_path


def ask(folder: Path, *command: str) -> list[str]:
    stdin = "\0".join(PATHS) + "\0"
    done = subprocess.run(
        ["git", "-C", str(folder), *command], input=stdin, capture_output=True, text=True, check=False
    )
    return done.stdout.split("\0")[:-1]


@pytest.mark.parametrize("text", IGNORES)
def test_ignoring_as_git_does(folder: Path, text: str) -> None:
    (folder / ".gitignore").write_text(text + "\n")
    said = ask(folder, "check-ignore", "--no-index", "--stdin", "-z", "-v", "-n")
    expected = {path for rule, path in zip(said[2::4], said[3::4], strict=True) if rule and not rule.startswith("!")}
    rules = IgnoreRules(text)
    assert {path for path in PATHS if rules.ignores(path)} == expected


@pytest.mark.parametrize("text", ATTRIBUTES)
def test_attributes_as_git_reads_them(folder: Path, text: str) -> None:
    (folder / ".gitattributes").write_text(text + "\n")
    said = ask(folder, "check-attr", "-z", "--stdin", "filter")
    words = {"unspecified": None, "unset": False, "set": True}
    expected = {path: words.get(value, value) for path, value in zip(said[0::3], said[2::3], strict=True)}
    rules = AttributeRules(text)
    assert {path: rules.filter_of(path) for path in PATHS} == expected


@pytest.mark.parametrize("pattern", ["*a" * 60 + "b", "**/a/" * 60 + "b", "[a-z]*" * 60 + "!", "a*" * 100])
def test_no_pattern_takes_long(pattern: str) -> None:
    rules = IgnoreRules(pattern)
    start = time.process_time()
    rules.ignores("a" * 250 + "/" + "a/" * 300 + "a" * 150)
    assert time.process_time() - start < 1


def test_rules_that_are_made_to_take_for_ever_are_given_up() -> None:
    rules = IgnoreRules("\n".join(f"**/b*c*d/**/x{n}" for n in range(2_000)), Effort(0.2))
    started = time.process_time()
    with pytest.raises(InvalidInput):
        rules.ignores("/".join(["a"] * 500))
    assert time.process_time() - started < 5
