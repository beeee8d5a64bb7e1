"""Numbers, sizes, times and faces as people read them."""

from __future__ import annotations

import shlex
import subprocess

import pytest

from pioche.web import filters

HOUR = 3_600_000


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (526, "526 B"),
        (999, "999 B"),
        (1_000, "1 kB"),
        (999_499, "999 kB"),
        (999_999, "1 MB"),
        (90_868_376, "90.9 MB"),
        (91_000_000, "91 MB"),
        (1_020_000_000, "1.02 GB"),
        (5_000_000_000_000, "5 TB"),
    ],
)
def test_size_is_decimal_with_three_digits(count: int, text: str) -> None:
    assert filters.size(count) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0"), (610, "610"), (1_300, "1.3k"), (12_432, "12.4k"), (999_950, "1M"), (2_000_000, "2M")],
)
def test_number_is_short(count: int, text: str) -> None:
    assert filters.number(count) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(12_000, "12 k"), (22_700_000, "22.7 M"), (135_000_000, "135 M"), (7_240_000_000, "7.24 B"), (7, "7")],
)
def test_params(count: int, text: str) -> None:
    assert filters.params(count) == text


def test_thousands_are_separated() -> None:
    assert filters.thousands(12_480) == "12,480"


def test_iso_is_utc_to_the_second() -> None:
    assert filters.iso(1_700_000_000_999) == "2023-11-14T22:13:20Z"


@pytest.mark.parametrize(
    ("then", "text"),
    [
        (100 * HOUR, "1 second ago"),
        (98 * HOUR, "2 hours ago"),
        (76 * HOUR, "1 day ago"),
        (102 * HOUR, "in 2 hours"),
    ],
)
def test_ago(then: int, text: str) -> None:
    assert filters.ago(then, now=100 * HOUR) == text


def test_ago_speaks_other_languages() -> None:
    assert filters.ago(98 * HOUR, "fr", now=100 * HOUR) == "il y a 2 heures"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "1 second"), (40, "40 seconds"), (110, "2 minutes"), (7_404, "2 hours")]
)
def test_lasting(seconds: float, text: str) -> None:
    assert filters.lasting(seconds) == text


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["python", "-c", "print('a')"], "python -c \"print('a')\""),
        (["echo", "it's $HOME"], "echo 'it'\"'\"'s $HOME'"),
        (["echo", "two words", "", 'a "b" c'], "echo 'two words' '' 'a \"b\" c'"),
        (["echo", "'`\\!"], "echo ''\"'\"'`\\!'"),
    ],
)
def test_a_command_is_written_as_one_would_type_it(words: list[str], line: str) -> None:
    assert filters.command_line(words) == line
    assert shlex.split(line) == words
    printed = subprocess.run(["bash", "-c", f"printf '%s\\0' {line}"], capture_output=True, text=True, check=True)
    assert printed.stdout.split("\0")[:-1] == words


def test_an_avatar_depends_on_the_name_and_not_on_its_case() -> None:
    assert filters.avatar_svg("Alice") == filters.avatar_svg("alice")
    assert filters.avatar_svg("alice") != filters.avatar_svg("bob")
    assert 0 <= filters.avatar_hue("alice") < 360


def test_an_avatar_cannot_be_broken_out_of() -> None:
    assert "<script" not in filters.avatar_svg('"><script>', 'x"><script>')
