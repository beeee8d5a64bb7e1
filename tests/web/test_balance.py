"""HTML of others comes out nested and shallow."""

from __future__ import annotations

import time

import pytest

from pioche.web.balance import MAX_DEPTH, balance


@pytest.mark.parametrize(
    ("html", "sound"),
    [
        ("<b><i>x</b></i>", "<b><i>x</i></b>"),
        ("<p>a<p>b", "<p>a</p><p>b</p>"),
        ("<p><b>a<p>b</b>", "<p><b>a</b></p><p>b</p>"),
        ("<p>a<div>b</div>", "<p>a</p><div>b</div>"),
        ("<ul><li>a<li>b<ul><li>c</ul></ul>", "<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>"),
        ("<table><tr><td>a<td>b<tr><td>c</table>", "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>"),
        ("</div>x</p>", "x"),
        ("a < b <3", "a &lt; b &lt;3"),
        ("<IMG src=x>", '<img src=x alt="">'),
        ("<img alt=y src=x>", "<img alt=y src=x>"),
        ("<br/>", "<br>"),
        ('<a title="</a><b>">x', '<a title="</a><b>">x</a>'),
        ("x<!-- </div> -->y<!-- open", "xy"),
        ("<script>a</script>b<STYLE>c</style >d", "bd"),
        ("<svg><script>alert(1)</svg>x", "x"),
        ("<blink>x</blink>", "x"),
        ('<a href="x>y', '&lt;a href="x>y'),
    ],
)
def test_repairs(html: str, sound: str) -> None:
    assert balance(html) == sound


def test_depth_is_bounded() -> None:
    assert balance("<div>" * 5000 + "x").count("<div>") == MAX_DEPTH


@pytest.mark.parametrize(
    "unit",
    ["<div>", "<p><b>", "<a x='", '<a x="', "<!--", "<script>", "<a " + "x=y " * 50, "<", "</", "<b", "<table><b>x"],
)
def test_time_is_linear(unit: str) -> None:
    started = time.thread_time()
    balance(unit * (1_000_000 // len(unit)))
    assert time.thread_time() - started < 2
