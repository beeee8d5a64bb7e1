"""Files through the stock client: up, down, copied, deleted, proposed; with Xet and without."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pioche.testkit.clients import Hf
from pioche.testkit.factories import Make
from pioche.testkit.people import Cast

pytestmark = pytest.mark.client
SCRIPT = Path(__file__).parent / "scripts" / "files.py"


@pytest.mark.parametrize("xet", [True, False], ids=["xet", "lfs"])
def test_files_by_the_stock_client(hf: Hf, cast: Cast, make: Make, xet: bool) -> None:
    name = f"alice/{make.name('files')}"
    printed = hf.as_(cast.alice, xet=xet).python(SCRIPT, name)
    assert json.loads(printed.splitlines()[-1]) == {
        "downloaded": True,
        "size": 11 * 1024 * 1024,
        "nothing new, no commit": True,
        "snapshot": 34,
        "same bytes": True,
        "history": 4,
        "paths": ["README.md", "w"],
        "tree": 35,
        "no file": True,
        "no branch": True,
        "no delete": True,
        "stale parent": True,
        "pull request": ["open", [], True],
        "merged": ["merged", True],
        "pull requests": [1, 2],
        "proposed file": "file 1",
        "moved": [True, False],
        "middle": True,
        "note": "hello",
        "license": "mit",
    }
