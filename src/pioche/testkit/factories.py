"""Factories: repositories with content, made in one line through the API."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Mapping

import httpx
from huggingface_hub import CommitOperationAdd, HfApi

from pioche.testkit.people import Person

_numbers = itertools.count(1)


class Make:
    """Makes things on a running hub. Names are unique, so tests can share it."""

    def __init__(self, url: str) -> None:
        self.url = url
        # Test runs on several processes share nothing, but one hub may be used twice.
        self._mark = uuid.uuid4().hex[:6]

    def api(self, person: Person) -> HfApi:
        return HfApi(endpoint=self.url, token=person.token)

    def name(self, stem: str = "repo") -> str:
        """A repository name that nobody has yet."""
        return f"{stem}-{self._mark}-{next(_numbers)}"

    def repo(
        self,
        owner: Person,
        files: Mapping[str, bytes | str] | None = None,
        kind: str = "model",
        private: bool = False,
        name: str = "",
    ) -> str:
        """The full name of a new repository with these files in one commit. `name` may have another owner in it."""
        api = self.api(owner)
        full = name if "/" in name else f"{owner.name}/{name or self.name()}"
        api.create_repo(full, repo_type=kind, private=private)
        if files:
            self.commit(owner, full, files, kind)
        return full

    def group(self, admin: Person, org: str = "lab", **members: str) -> str:
        """The id of a new resource group with these people: name -> role."""
        body = {"name": self.name("team"), "users": [{"user": who, "role": role} for who, role in members.items()]}
        answer = httpx.post(
            f"{self.url}/api/organizations/{org}/resource-groups",
            json=body,
            headers={"authorization": f"Bearer {admin.token}"},
        )
        found: str = answer.raise_for_status().json()["id"]
        return found

    def service_account(self, admin: Person, org: str = "lab", role: str = "write") -> Person:
        """A new one, with a token that may do all that it may."""
        place, headers = (
            f"{self.url}/api/organizations/{org}/service-accounts",
            {"authorization": f"Bearer {admin.token}"},
        )
        name = self.name("ci")
        made = httpx.post(place, json={"name": name, "role": role}, headers=headers).raise_for_status().json()
        key = {"displayName": "tests", "role": "write"}
        answer = httpx.post(f"{place}/{made['id']}/tokens", json=key, headers=headers).raise_for_status()
        return Person(name, "", "", answer.json()["token"])

    def commit(self, person: Person, repo: str, files: Mapping[str, bytes | str], kind: str = "model") -> str:
        """Writes these files in one commit on `main`; its id."""
        operations = [
            CommitOperationAdd(path, content.encode() if isinstance(content, str) else content)
            for path, content in files.items()
        ]
        done = self.api(person).create_commit(
            repo, operations, commit_message=f"Write {len(files)} files", repo_type=kind
        )
        return str(done.oid)
