"""Pointers of large files: strict, because a file that only looks like one must stay a file."""

from __future__ import annotations

import pytest

from pioche.errors import InvalidName
from pioche.protocols.lfs import Pointer, format_pointer, parse_pointer

SHA = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393"
GOOD = f"version https://git-lfs.github.com/spec/v1\noid sha256:{SHA}\nsize 12345\n".encode()


def test_there_and_back() -> None:
    assert format_pointer(SHA, 12345) == GOOD
    assert parse_pointer(GOOD) == Pointer(SHA, 12345, len(GOOD))
    assert parse_pointer(format_pointer(SHA, 0)) == Pointer(SHA, 0, 126)


def test_extensions_are_part_of_the_format() -> None:
    text = GOOD.replace(b"oid ", f"ext-0-foo sha256:{'0' * 64}\noid ".encode())
    assert parse_pointer(text) == Pointer(SHA, 12345, len(text))


@pytest.mark.parametrize(
    "text",
    [
        b"",
        GOOD[:-1],
        GOOD + b"\n",
        GOOD + b"extra 1\n",
        GOOD.replace(b"\n", b"\r\n"),
        GOOD.replace(b"v1", b"v2"),
        GOOD.replace(b"sha256", b"sha512"),
        GOOD.replace(SHA.encode(), SHA.upper().encode()),
        GOOD.replace(b"12345", b"-1"),
        GOOD.replace(b"12345", b"012"),
        GOOD.replace(b"12345", b"9999999999999999999"),
        b" " + GOOD,
        b"\n".join([*GOOD.splitlines()[::-1], b""]),
        GOOD + b" " * 2000,
    ],
)
def test_everything_else_is_an_ordinary_file(text: bytes) -> None:
    assert parse_pointer(text) is None


def test_format_takes_only_a_sha256() -> None:
    with pytest.raises(InvalidName):
        format_pointer("abc", 1)
