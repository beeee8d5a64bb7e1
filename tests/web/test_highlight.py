"""Highlighted code keeps its lines and never becomes markup."""

from __future__ import annotations

import re
import time
from html import unescape

import pytest

from pioche.web.highlight import MAX_CHARS, highlight, highlight_lines


def plain(line: str) -> str:
    return unescape(re.sub(r"<[^>]*>", "", line))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.py", 'import os\n\n"""a\nb"""\nx = 1 < 2\n'),
        ("a.py", "\n\nx\n\n\n"),
        ("config.json", '{"a": [1, 2,\n 3]}'),
        ("README.md", "# T\n\n```python\nx\n```\n"),
        ("a.yaml", "a:\n  - b\n"),
        ("Dockerfile", "FROM x\nRUN y\n"),
        ("unknown.zzz", "<b>\n&amp;\n"),
        ("a.html", "<script>alert(1)</script>\n<p>\n"),
        ("empty.py", ""),
    ],
)
def test_no_line_is_lost_and_no_character(name: str, text: str) -> None:
    rows = highlight_lines(text, name)
    assert [plain(row) for row in rows] == text.removesuffix("\n").split("\n")


def test_a_token_over_lines_is_closed_on_each() -> None:
    for row in highlight_lines('"""a\nb\nc"""', "x.py"):
        assert row.count("<span") == row.count("</span>") == 1


def test_markup_in_code_is_escaped() -> None:
    html = "".join(highlight_lines("<img src=x onerror=alert(1)>", "a.txt")) + highlight("</code><script>", "html")
    assert "<img" not in html
    assert "<script" not in html
    assert "</code" not in html


def test_python_is_coloured_and_unknown_languages_are_not() -> None:
    assert '<span class="kn">import</span>' in highlight("import os", "Python")
    assert highlight("import os", "no such language") == "import os"


def test_big_files_and_long_lines_stay_plain() -> None:
    assert "<span" not in "".join(highlight_lines("x = 1\n" * (MAX_CHARS // 6 + 1), "a.py"))
    assert "<span" not in "".join(highlight_lines("x=1;" * 2000, "a.py"))


def test_windows_line_ends_are_lines() -> None:
    assert highlight_lines("a\r\nb\r\n", "a.txt") == ["a", "b"]


def test_a_big_json_takes_bounded_time() -> None:
    started = time.process_time()
    highlight_lines('{"k": [1, 2, 3]},\n' * (MAX_CHARS // 20), "a.json")
    assert time.process_time() - started < 6


@pytest.mark.parametrize(("name", "sign"), [("a.org", "["), ("a.peg", "["), ("Makefile", "(")])
def test_a_text_made_to_take_for_ever_stays_plain(name: str, sign: str) -> None:
    started = time.thread_time()
    lines = highlight_lines(f"{sign * 250}\n" * 1500, name)
    assert time.thread_time() - started < 10
    assert len(lines) == 1500
