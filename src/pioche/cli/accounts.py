"""`pioche user | token | org`: people and their keys, for whoever runs the hub. They work while it runs, too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from pioche.accounts.service import Accounts
from pioche.accounts.types import OPERATOR, NewToken, NewUser, OrgRole
from pioche.cli import data_option
from pioche.cli.operate import opened
from pioche.settings import load_settings

ROLES = click.Choice([role.label for role in OrgRole])


@click.group()
def user() -> None:
    """Make and list users."""


@user.command("create")
@click.argument("name")
@click.option("--email", required=True, help="Email address; each belongs to one user.")
@click.option("--password", prompt=True, hide_input=True, confirmation_prompt=True, help="Asked for if not given.")
@click.option("--fullname", default="", help="The name to show.")
@click.option("--admin", is_flag=True, help="May do everything on this hub.")
@data_option
def create_user(name: str, email: str, password: str, fullname: str, admin: bool, data: Path | None) -> None:
    """Make a user called NAME."""
    with _accounts(data, new=True) as accounts:
        made = accounts.sign_up(OPERATOR, NewUser(name, email, password, fullname, admin))
    folder = load_settings({"data": data}).data.absolute()
    click.echo(f"Made the {'admin' if admin else 'user'} {made.account.name} of the hub in {folder}.")


@user.command("list")
@data_option
def list_users(data: Path | None) -> None:
    """Print all users: name, email, and whether they are admins."""
    with _accounts(data) as accounts:
        for person in accounts.people.list(OPERATOR):
            click.echo("\t".join((person.account.name, person.email, "admin" if person.is_admin else "user")))


@user.command("password")
@click.argument("name")
@click.option("--password", prompt=True, hide_input=True, confirmation_prompt=True, help="Asked for if not given.")
@data_option
def reset_password(name: str, password: str, data: Path | None) -> None:
    """Give the user NAME a new password, and end all their log-ins."""
    with _accounts(data) as accounts:
        accounts.people.reset_password(OPERATOR, name, password)
    click.echo(f"{name} has a new password.")


@click.group()
def token() -> None:
    """Make access tokens."""


@token.command("create")
@click.argument("user_name", metavar="USER")
@click.option("--name", required=True, help="What the token is called in the user's settings.")
@click.option("--role", type=click.Choice(["read", "write"]), required=True)
@click.option("--value", default=None, help="Use this secret (8 characters or more) instead of a random one.")
@data_option
def create_token(user_name: str, name: str, role: str, value: str | None, data: Path | None) -> None:
    """Make a token for USER and print it, and nothing else."""
    new = NewToken(name, "write" if role == "write" else "read", secret=value)
    with _accounts(data) as accounts:
        _, secret = accounts.tokens.create(OPERATOR, new, owner=user_name)
    click.echo(secret)


@click.group()
def org() -> None:
    """Make organisations and fill them."""


@org.command("create")
@click.argument("name")
@click.option("--admin", required=True, metavar="USER", help="The user who administers it.")
@click.option("--fullname", default="", help="The name to show.")
@data_option
def create_org(name: str, admin: str, fullname: str, data: Path | None) -> None:
    """Make an organisation called NAME."""
    with _accounts(data) as accounts:
        made = accounts.orgs.create(OPERATOR, name, fullname, admin)
    click.echo(f"Made the organisation {made.name}.")


@org.command("add")
@click.argument("org_name", metavar="ORG")
@click.argument("user_name", metavar="USER")
@click.option("--role", type=ROLES, required=True)
@data_option
def add_member(org_name: str, user_name: str, role: str, data: Path | None) -> None:
    """Add USER to ORG, or change their role there."""
    with _accounts(data) as accounts:
        accounts.orgs.set_member(OPERATOR, org_name, user_name, OrgRole.parse(role))
    click.echo(f"{user_name} is in {org_name} with the role {role}.")


@org.command("remove")
@click.argument("org_name", metavar="ORG")
@click.argument("user_name", metavar="USER")
@data_option
def remove_member(org_name: str, user_name: str, data: Path | None) -> None:
    """Take USER out of ORG."""
    with _accounts(data) as accounts:
        accounts.orgs.remove_member(OPERATOR, org_name, user_name)
    click.echo(f"{user_name} is not in {org_name} any more.")


@contextmanager
def _accounts(data: Path | None, new: bool = False) -> Iterator[Accounts]:
    with opened(data, new) as hub:
        yield hub.accounts
