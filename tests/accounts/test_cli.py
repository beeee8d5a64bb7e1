"""Commands for people and their keys, beside a hub that has the same database open."""

from __future__ import annotations

from click.testing import CliRunner, Result

from pioche.accounts.types import ANONYMOUS
from pioche.cli import main
from pioche.hub import Hub


def run(hub: Hub, *words: str) -> Result:
    return CliRunner().invoke(main, [*words, "--data", str(hub.settings.data)])


def test_people_tokens_and_organisations(hub: Hub) -> None:
    for name, extra in (("alice", ["--admin", "--fullname", "Alice A."]), ("bob", [])):
        made = run(hub, "user", "create", name, "--email", f"{name}@x.org", "--password", "password1", *extra)
        assert made.exit_code == 0, made.output
    assert run(hub, "user", "list").output == "alice\talice@x.org\tadmin\nbob\tbob@x.org\tuser\n"
    secret = run(hub, "token", "create", "bob", "--name", "t", "--role", "read").output
    assert hub.accounts.actor_of_token(secret.removesuffix("\n")).name == "bob"
    known = run(hub, "token", "create", "alice", "--name", "k", "--role", "write", "--value", "open-sesame")
    assert known.output == "open-sesame\n"
    assert hub.accounts.actor_of_token("open-sesame").is_admin
    assert run(hub, "org", "create", "acme", "--admin", "alice").exit_code == 0
    assert run(hub, "org", "add", "acme", "bob", "--role", "contributor").exit_code == 0
    roles = {m.account.name: m.role.label for m in hub.accounts.profile(ANONYMOUS, "acme").members}
    assert roles == {"alice": "admin", "bob": "contributor"}
    assert run(hub, "org", "remove", "acme", "bob").exit_code == 0
    assert run(hub, "user", "password", "bob", "--password", "password2").exit_code == 0
    assert hub.accounts.actor_of_password("bob", "password2", "10.0.0.1").name == "bob"


def test_mistakes_are_one_line(hub: Hub) -> None:
    for words in (
        ("user", "create", "api", "--email", "a@x.org", "--password", "password1"),
        ("user", "create", "eve", "--email", "a@x.org", "--password", "short"),
        ("token", "create", "nobody", "--name", "t", "--role", "read"),
        ("org", "create", "acme", "--admin", "nobody"),
        ("org", "add", "acme", "nobody", "--role", "read"),
    ):
        result = run(hub, *words)
        assert result.exit_code == 1
        assert result.output.startswith("Error: ")
        assert result.output.count("\n") == 1
