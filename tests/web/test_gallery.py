"""Every macro and the layout render, make sound HTML, and name only icons and files that exist."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined

import pioche
from pioche.web.filters import FILTERS

WEB = Path(pioche.__file__).parent / "web"
HERE = Path(__file__).parent
VOID = frozenset(["area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"])
VIEWER = SimpleNamespace(
    name="alice", fullname="Alice", is_admin=True, org_names={7: "lab"}, is_anonymous=False, session=None
)


class Tree(HTMLParser):
    """Fails on tags that cross or stay open; collects ids and what they refer to."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.refers: set[str] = set()
        self.unnamed: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        self.ids += [known["id"] or ""] if "id" in known and not (known["id"] or "").startswith("av") else []
        for key in ("for", "aria-describedby", "aria-labelledby", "data-open"):
            self.refers.update((known.get(key) or "").split())
        assert not any(key.startswith("on") for key in known), f"inline handler on {tag}"

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Self-closed svg parts."""

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> without a start"
        assert self.open.pop() == tag, f"</{tag}> closes something else, line {self.getpos()[0]}"


def environment() -> Environment:
    env = Environment(
        loader=FileSystemLoader([WEB / "templates", HERE]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    env.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    env.filters.update(FILTERS)
    env.globals.update(site={"name": "Pioche", "signup_open": True}, version="0.1.0")
    return env


def gallery(viewer: object = VIEWER) -> str:
    return (
        environment()
        .get_template("gallery.html")
        .render(
            viewer=viewer,
            csrf_token="c5rf",
            request_path="/models?search=x",
            base_url="http://localhost",
            notices=SimpleNamespace(unread=lambda: 7),
            flash=[
                ("info", "Saved."),
                ("error", "This name is taken."),
                ("success", "Done."),
                ("warning", "Careful."),
            ],
        )
    )


@pytest.mark.parametrize("viewer", [VIEWER, None], ids=["alice", "nobody"])
def test_the_gallery_is_sound_html(viewer: object) -> None:
    tree = Tree()
    tree.feed(gallery(viewer))
    assert tree.open == []
    assert len(tree.ids) == len(set(tree.ids))
    assert tree.refers <= set(tree.ids)


def test_no_inline_script_and_no_other_host() -> None:
    html = gallery()
    assert not re.search(r"<script(?![^>]*\bsrc=)", html)
    assert not re.search(r"""(?:src|href|action)=["']?(?:https?:)?//""", html)


def test_icons_and_files_exist() -> None:
    sprite = set(re.findall(r'<symbol id="([\w-]+)"', (WEB / "static/icons.svg").read_text()))
    templates = "".join(path.read_text() for path in WEB.parent.rglob("templates/**/*.html"))
    named = set(re.findall(r"icon\('([\w-]+)'", templates)) | set(re.findall(r"icons\.svg[^#\"]*#([\w-]+)", gallery()))
    assert named <= sprite
    for address in set(re.findall(r'/static/([^"?#\s]+)', templates + gallery())):
        assert (WEB / "static" / address).is_file(), address


def test_the_stylesheet_names_only_files_that_exist() -> None:
    css = WEB / "static/css/pioche.css"
    for address in re.findall(r'url\("(\.\./[^"]+)"\)', css.read_text()):
        assert (css.parent / address).is_file(), address


def test_scripts_import_only_files_that_exist() -> None:
    for script in (WEB / "static/js").glob("*.js"):
        for address in re.findall(r"""(?:from|import\(?)\s*["'](\.[^"']+)["']""", script.read_text()):
            assert (script.parent / address).is_file(), f"{script.name}: {address}"


def test_vendored_parts_are_in_the_table_and_small() -> None:
    table = (Path(__file__).parents[2] / "docs/reference/vendored.md").read_text()
    for part in (WEB / "static/vendor").iterdir():
        assert f"| {part.name.rpartition('-')[2]} |" in table, part.name
        assert (part / "LICENSE").is_file(), part.name
        assert all(path.stat().st_size < 1_000_000 for path in part.rglob("*"))
