"""Commands in a folder that holds no hub, on ports that there are not, and what they say."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from pioche.cli import main

MAKE = ("user", "create", "alice", "--email", "a@x.org", "--password", "long enough")


@pytest.mark.parametrize(
    "command",
    [
        ("user", "list"),
        ("user", "password", "alice", "--password", "long enough"),
        ("token", "create", "alice", "--name", "t", "--role", "read"),
        ("org", "create", "lab", "--admin", "alice"),
        ("org", "add", "lab", "alice", "--role", "read"),
        ("org", "remove", "lab", "alice"),
        ("demo",),
    ],
)
def test_a_wrong_folder_is_told_and_not_made_a_hub(tmp_path: Path, command: tuple[str, ...]) -> None:
    done = CliRunner().invoke(main, [*command, "--data", str(tmp_path / "data")])
    assert done.exit_code == 1
    assert f"There is no hub in {tmp_path / 'data'}" in done.output
    assert not (tmp_path / "data").exists()


def test_the_first_account_makes_a_hub_and_says_where(tmp_path: Path) -> None:
    data = ["--data", str(tmp_path / "data")]
    done = CliRunner().invoke(main, [*MAKE, *data])
    assert done.output == f"Made the user alice of the hub in {tmp_path / 'data'}.\n"
    assert CliRunner().invoke(main, ["user", "list", *data]).output == "alice\ta@x.org\tuser\n"


def test_examples_without_an_admin_are_refused_with_a_command_that_exists(tmp_path: Path) -> None:
    data = ["--data", str(tmp_path / "data")]
    CliRunner().invoke(main, [*MAKE, *data])
    done = CliRunner().invoke(main, ["demo", *data])
    assert done.exit_code == 1
    assert "pioche user create NAME --email ADDRESS --admin" in done.output
    help_of = CliRunner().invoke(main, ["user", "create", "--help"]).output
    assert all(word in help_of for word in ("NAME", "--email", "--admin"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--port", "99999"), "There is no port 99999"),
        (("--port", "-1"), "There is no port -1"),
        (("--data", "/proc/nothing"), "/proc/nothing: No such file or directory."),
        (("--data", __file__), f"{__file__}: "),
    ],
)
def test_a_hub_that_cannot_start_says_why(words: tuple[str, ...], said: str) -> None:
    done = CliRunner().invoke(main, ["serve", *words])
    assert done.exit_code == 1
    assert done.output.startswith(f"Error: {said}")
