"""The documents are true: reference pages match the code, links lead somewhere, commands exist, examples run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click
import pytest

from pioche.cli import main as command
from pioche.settings import Settings
from pioche.testkit.clients import Hf
from pioche.testkit.people import Cast
from pioche.testkit.server import Server

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "bench").glob("*.md")])
_FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```", re.M | re.S)


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def test_reference_pages_are_current() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/reference.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_catalogue_of_texts_is_current() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/messages.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    text = _FENCE.sub("", page.read_text())
    for target in re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'src="([^"]+)"', text):
        if not re.match(r"[a-z]+:", target) and not target.startswith("#"):
            assert (page.parent / target.partition("#")[0]).exists(), f"{target} does not exist"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_targets_and_settings_exist(page: Path) -> None:
    text = page.read_text()
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    for target in re.findall(r"(?:`|^\s*(?:\$ )?)make ([a-z-]+)", text, re.M):
        assert target in targets, f"make {target} does not exist"
    for line in re.findall(r"(?:`|^\s*(?:\$ )?(?:\.venv/bin/)?)pioche ((?:[a-z-]+ ?)+)", text, re.M):
        assert _is_command(line.split()), f"pioche {line} does not exist"
    known = {f"PIOCHE_{field.name.upper()}" for field in fields(Settings)} | {"PIOCHE_TEST_BROWSER"}
    assert set(re.findall(r"PIOCHE_[A-Z_]*[A-Z]", text)) <= known


def _is_command(words: list[str]) -> bool:
    """Whether words start with the name of a command; what follows it are arguments."""
    group: click.Command | None = command
    for word in words:
        if not isinstance(group, click.Group):
            return True
        group = group.get_command(click.Context(group), word)
        if group is None:
            return False
    return True


def examples() -> Iterator[object]:
    """Blocks that open with "```bash run": people paste them, so they run here."""
    for page in PAGES:
        for number, (kind, script) in enumerate(_FENCE.findall(page.read_text())):
            if kind.strip() == "bash run":
                yield pytest.param(script, id=f"{name_of(page)}:{number}")


@pytest.mark.client
@pytest.mark.parametrize("script", list(examples()))
def test_examples_run(script: str, server: Server, cast: Cast, hf: Hf, tmp_path: Path) -> None:
    folder = tmp_path / "example"
    folder.mkdir()
    environment = hf.environment() | {
        "TOKEN": cast.alice.token,
        "PIOCHE_DATA": str(server.data),
        "GIT_TERMINAL_PROMPT": "0",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script.replace("http://127.0.0.1:8470", server.url)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
