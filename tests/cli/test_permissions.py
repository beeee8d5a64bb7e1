"""What the command makes is for the operator (and a group, for backups), whatever the folder was made like."""

from __future__ import annotations

import os
from pathlib import Path

from click.testing import CliRunner

from pioche.cli import main


def test_others_on_the_machine_cannot_read_the_data(tmp_path: Path):
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    before = os.umask(0o022)
    try:
        made = ["user", "create", "alice", "--email", "a@x.org", "--password", "long enough", "--data", str(data)]
        done = CliRunner().invoke(main, made)
    finally:
        os.umask(before)
    assert done.exit_code == 0, done.output
    # Git runs the scripts of this one; they hold no secrets.
    inside = [path for path in data.rglob("*") if path.parent.name != "hooks"]
    assert data / "secret.key" in inside
    assert [path.name for path in inside if path.stat().st_mode & 0o007] == []
