"""Cards render as people expect, and nothing in them can act, pose or take the processor for itself."""

from __future__ import annotations

import re
import time
from html.parser import HTMLParser

import pytest

from pioche.web.markdown import MAX_CHARS, render_card


def render(text: str) -> str:
    return render_card(text, lambda path: f"/lab/m/resolve/main/{path}")


# -- what people write --


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("~~gone~~", "<s>gone</s>"),
        ("| a | b |\n|:-|-:|\n| 1 | 2 |", '<td align="right">2</td>'),
        ("- [x] done", 'type="checkbox"'),
        ("- [ ] todo", 'disabled=""'),
        ("a[^1]\n\n[^1]: note", '<li id="user-content-fn1" class="footnote-item">'),
        ("a[^1]\n\n[^1]: note", 'href="#user-content-fn1"'),
        ("# Hello *World*!", '<h1 id="user-content-hello-world">Hello <em>World</em>!'),
        ("# Été 2026", 'id="user-content-été-2026"'),
        ("# a\n# a", 'id="user-content-a-1"'),
        ("[x](#hello)", '<a href="#user-content-hello" rel="nofollow noopener">x</a>'),
        ("[x](docs/a.md)", 'href="/lab/m/resolve/main/docs/a.md"'),
        ("![x](./a.png)", 'src="/lab/m/resolve/main/./a.png"'),
        ('<img src="a.png" width="20">', '<img src="/lab/m/resolve/main/a.png" width="20"'),
        ('<video src="a.mp4" controls></video>', 'src="/lab/m/resolve/main/a.mp4"'),
        ("[x](/lab/other)", 'href="/lab/other"'),
        ("[x](https://example.com/a)", 'href="https://example.com/a"'),
        ("<details><summary>More</summary>\n\n**in**\n\n</details>", "<summary>More</summary>"),
        ("```python\nimport os\n```", '<span class="kn">import</span>'),
        ("```python\nimport os\n```", '<div class="code"><pre class="hl" tabindex="0"><code>'),
        ("```nonsense\n<b>\n```", "<code>&lt;b&gt;</code>"),
        ("    indented <b>", "<code>indented &lt;b&gt;</code>"),
        ("text\\_a", "text_a"),
    ],
)
def test_markdown(text: str, html: str) -> None:
    assert html in render(text)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("See https://a.b/c.", "https://a.b/c"),
        ("(https://a.b/c_(d))", "https://a.b/c_(d)"),
        ("<https://a.b/x>", "https://a.b/x"),
        ("**https://a.b**", "https://a.b"),
        ("https://a.b/?q=1&r=2,", "https://a.b/?q=1&amp;r=2"),
    ],
)
def test_bare_addresses_are_links(text: str, address: str) -> None:
    assert f'<a href="{address}" rel="nofollow noopener">{address}</a>' in render(text)


def test_addresses_in_code_and_links_are_left_alone() -> None:
    assert "<a" not in render("`https://a.b`")
    assert render("[see https://a.b](https://c.d)").count("<a") == 1


@pytest.mark.parametrize(
    ("text", "tex"),
    [
        ("$a^2<b$", "a^2&lt;b"),
        (r"so \(x_1\) is", "x_1"),
        ("$$\n\\int x\n$$", r"\int x"),
        (r"\[ y \]", "y"),
    ],
)
def test_math_is_marked_up(text: str, tex: str) -> None:
    assert f'data-math="{tex}"' in render(text)


@pytest.mark.parametrize("text", ["$5 and $10", r"\( never closed", "`$a$`", r"\(\)"])
def test_what_only_looks_like_math_is_text(text: str) -> None:
    assert "data-math" not in render(text)


# -- what nobody may write --

ATTACKS = [
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></sCrIpT>",
    "<script\n>alert(1)",
    "<<script>script>alert(1)<</script>/script>",
    "<img src=x onerror=alert(1)>",
    "<img/src=x/onerror=alert(1)>",
    '<img src="x" ONERROR="alert(1)">',
    "<svg onload=alert(1)>",
    "<svg><animate onbegin=alert(1)></svg>",
    "<svg><a xlink:href=javascript:alert(1)><text>x</text></a></svg>",
    "<math><mtext></math><img src=x onerror=alert(1)>",
    "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
    "<iframe src=javascript:alert(1)></iframe>",
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    "<object data=javascript:alert(1)></object>",
    "<embed src=javascript:alert(1)>",
    "<form action=javascript:alert(1)><button>x</button></form>",
    "<form><input formaction=javascript:alert(1) type=submit></form>",
    "<base href=//evil.example>",
    '<meta http-equiv=refresh content="0;url=javascript:alert(1)">',
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>@import 'javascript:alert(1)';</style>",
    '<div style="background:url(javascript:alert(1))">x</div>',
    '<p style="position:fixed;inset:0">x</p>',
    "<body onload=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<video poster=javascript:alert(1)></video>",
    "<audio src=data:text/html,x></audio>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java&#x0A;script:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](<java\tscript:alert(1)>)",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "![x](data:image/svg+xml,%3Csvg onload=alert(1)%3E)",
    "<javascript:alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    '<a href=" javascript:alert(1)">x</a>',
    '<a href="\x01javascript:alert(1)">x</a>',
    '<a href="java\nscript:alert(1)">x</a>',
    '<a href="&#14;javascript:alert(1)">x</a>',
    '<a href="jav&#x09;ascript:alert(1)">x</a>',
    '<a href="&NewLine;javascript&colon;alert(1)">x</a>',
    '<a href="\u200bjavascript:alert(1)">x</a>',
    '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    '<a href="x" target="_blank" onclick="alert(1)">x</a>',
    '<a href="https://a.b" rel="opener">x</a>',
    '[ref]\n\n[ref]: javascript:alert(1) "t"',
    '![x](x.png "\\" onerror=alert(1) x=\\"")',
    '[x](y "<img src=x onerror=alert(1)>")',
    '```"><script>alert(1)</script>\nx\n```',
    "$</span><script>alert(1)</script>$",
    '$" onclick="alert(1)$',
    "$$\n<img src=x onerror=alert(1)>\n$$",
    r"\(<script>alert(1)</script>\)",
    "# <img src=x onerror=alert(1)>",
    "| <script>alert(1)</script> |\n|-|\n| <img src=x onerror=alert(1)> |",
    "[^<script>]\n\n[^<script>]: x",
    'https://a.b/"onmouseover=alert(1)',
    "https://a.b/<script>alert(1)</script>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<template><script>alert(1)</script></template>",
    "<title><img src=x onerror=alert(1)></title>",
    "<textarea><img src=x onerror=alert(1)></textarea>",
    "<xmp><script>alert(1)</script></xmp>",
    "<!--><script>alert(1)</script>-->",
    "<!-- --!><img src=x onerror=alert(1)> -->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml <script>alert(1)</script>?>",
    "<a title=\"x\" title='y' href='javascript:alert(1)'>x</a>",
    "<table background=javascript:alert(1)><tr><td background=x>",
    "<input type=image src=x onerror=alert(1) autofocus>",
    "<keygen autofocus onfocus=alert(1)>",
    "<isindex action=javascript:alert(1)>",
    "<dialog open>x</dialog>",
    '<pioche-upload data-repo-id="a/b"></pioche-upload>',
    '<div hx-get="/api/delete" hx-trigger="load" data-hx-get="/x">x</div>',
    '<span data-copy="x" data-open="keys" data-theme-set="dark">x</span>',
    '<p class="btn btn-primary dialog menu">x</p>',
    '<p id="content">x</p><img name="toasts"><a name="csrf_token">x</a>',
]
_SAFE_TAGS = """
a abbr audio b blockquote br center code dd details div dl em h1 hr i img input li ol p pre s section
source span strong sub summary sup table tbody td th thead tr ul video
"""
SAFE_TAGS = set(_SAFE_TAGS.split())
_SAFE_ATTRIBUTES = """
align alt aria-hidden aria-label checked class controls data-math disabled href id loading open poster rel
src tabindex title type width height
"""
SAFE_ATTRIBUTES = set(_SAFE_ATTRIBUTES.split())


class Guard(HTMLParser):
    """Fails on anything that could act in a page."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in SAFE_TAGS, tag
        for name, value in attrs:
            value = value or ""
            assert name in SAFE_ATTRIBUTES, name
            if name in ("href", "src", "poster"):
                assert re.match(r"(https?:|mailto:|/|#user-content-|#$)", value), value
                assert not re.match(r"\s*(javascript|vbscript|data)\s*:", value, re.IGNORECASE)
            if name == "id":
                assert value.startswith("user-content-")
            if name == "class":
                assert not {"btn", "menu", "dialog", "card"} & set(value.split())
        found = dict(attrs)
        if tag == "a" and "href" in found:
            assert found["rel"] == "nofollow noopener"
        if tag == "input":
            assert found["type"] == "checkbox"
            assert "disabled" in found

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"comment: {data}")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(f"declaration: {decl}")

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"instruction: {data}")


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("around", ["{}", "text {} text", "<div>\n{}\n</div>", "> - {}", "<b>{}", "| a |\n|-|\n| {} |"])
def test_attacks_come_to_nothing(attack: str, around: str) -> None:
    guard = Guard()
    guard.feed(render(around.format(attack)))
    guard.close()


def test_a_resolver_cannot_bring_a_scheme_in() -> None:
    assert "javascript" not in render_card("[x](a)", lambda path: f"javascript:{path}")


# -- what takes too long --

UNITS = {
    "prose": "some *em* and **strong** `code` [l](http://x) text\n\n",
    "openings": "[",
    "images": "![",
    "stars": "**a",
    "underscores": "_a",
    "dollars": "$a ",
    "display": "$$a\n",
    "brackets": "\\(",
    "footnotes": "^[a",
    "notes": "[^1]: x\n\n[^1]\n\n",
    "quotes": ">",
    "lists": "- ",
    "tables": "|a|b|\n|-|-|\n",
    "divs": "<div>",
    "open bold": "<p><b>",
    "autolinks": "<http://a",
    "addresses": "http://a ",
    "fences": "```python\na\n```\n",
    "comments": "<!--",
    "entities": "&",
    "lines": "a\n",
    "headings": "# a\n",
}


@pytest.mark.parametrize("name", UNITS)
def test_hostile_documents_take_bounded_time(name: str) -> None:
    text = UNITS[name] * (5_000_000 // len(UNITS[name]))
    started = time.thread_time()
    html = render_card(text, str, seconds=0.1)
    assert time.thread_time() - started < 2
    Guard().feed(html.replace(' data-kind="warning"', ""))


def test_a_long_document_is_cut_with_a_notice() -> None:
    html = render("word\n\n" + "x" * MAX_CHARS)
    assert "too long to show in full" in html
    assert len(html) < MAX_CHARS + 1000


def test_a_document_too_complex_shows_its_source_and_says_so() -> None:
    html = render("**a" * 300_000)
    assert "too complex" in html
    assert "**a**a" in html


def test_notices_are_translated() -> None:
    assert "ZU LANG" in render_card("x" * (MAX_CHARS + 1), str, lambda text: "ZU LANG")
