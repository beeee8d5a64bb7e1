"""One request of the access matrix (`tests/access_matrix.tsv`): from a row to an answer of a running hub.

Addresses of the three kinds of repository are one row: `/api/{repo}/refs` stands for `/api/models/{ns}/{name}/refs` and
its two siblings, `{repo.git}` for names that end in `.git`. They share their handlers, so models stand for all.
`{bucket}` is the owner and name of a bucket, `{group}` a resource group with bob in it,
`{service}` a service account.
"""

from __future__ import annotations

import csv
import itertools
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from pioche.accounts.types import Actor, NewGroup, NewToken, OrgRole
from pioche.buckets.types import EMPTY, AddFile, BucketId
from pioche.collections.types import NewCollection
from pioche.community.types import NewDiscussion
from pioche.hub import Hub
from pioche.names import RepoId, RepoKind
from pioche.ports.gitstore import PutFile
from pioche.repos.types import CommitHeader, NewRepo
from pioche.testkit.people import Cast, Person
from pioche.web.auth import SESSION_COOKIE
from pioche.web.responses import external_id
from pioche.web.routing import Route

PEOPLE = ("anonymous", "carol", "bob", "alice", "root")
COLUMNS = ("method", "address", "visibility", *PEOPLE, "request")
OWNER = "lab"
MAKE_BUCKET = ("POST", "/api/buckets/{ns}/{name}")  # about none that is there
# What parameters stand for where the row does not say, else "1": what every repository here has.
DEFAULTS = {"rev": "main", "path": "README.md", "spec": "main..dev", "rest": "lab/x", "org": OWNER}
DEFAULTS |= {"hash": "ab" * 32, "sha256": "ab" * 32, "prefix": "default"}


@dataclass(frozen=True, slots=True)
class Row:
    """`visibility` is `public`, `private` (of the repository asked about) or `-`. `expected`: person -> status."""

    method: str
    address: str
    visibility: str
    expected: dict[str, int]
    request: dict[str, Any]

    @property
    def key(self) -> tuple[str, str]:
        return self.method, self.address

    @property
    def name(self) -> str:
        return f"{self.method} {self.address} {self.visibility}"


def read_table(table: Path) -> list[Row]:
    with table.open(newline="") as file:
        return [
            Row(
                line["method"],
                line["address"],
                line["visibility"],
                {person: int(line[person]) for person in PEOPLE},
                json.loads(line["request"] or "{}"),
            )
            for line in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        ]


def address_of(route: Route) -> str:
    """The address as the table writes it."""
    if "/buckets/{ns}/{name}" in route.pattern and (route.method, route.pattern) != MAKE_BUCKET:
        return route.pattern.replace("{ns}/{name}", "{bucket}")
    if "/collections/{ns}/{slug}" in route.pattern:
        return route.pattern.replace("{ns}/{slug}", "{collection}")
    for kind in RepoKind:
        for start, web in ((f"/api/{kind.plural}/", "/api/"), (f"/{kind.prefix}", "/")):
            for name in ("{name.git}", "{name}"):
                full = f"{start}{{ns}}/{name}"
                if route.pattern == full or route.pattern.startswith(f"{full}/"):
                    return f"{web}{{repo{name[5:]}{route.pattern.removeprefix(full)}"
    return route.pattern


class Asker:
    """Sends the requests of rows to a hub, as each person, about repositories of `lab`: alice's, bob may write."""

    def __init__(self, url: str, hub: Hub, cast: Cast, routes: list[Route]) -> None:
        self._url = url
        self._hub = hub
        self._cast = cast
        # The first of its kinds stands for a row: models, or spaces where only they have the route.
        self._routes = {(route.method, address_of(route)): route for route in reversed(routes)}
        self._repos: dict[str, str] = {}
        self._commits: dict[str, str] = {}
        self._items: dict[str, str] = {}  # name of a collection -> id of its item
        self._comments: dict[str, str] = {}
        self._numbers = itertools.count(1)
        self._clients: dict[str, httpx.Client] = {}

    def ask(self, row: Row, person: str) -> httpx.Response:
        """The answer to one person. A repository that may have been changed is not asked about again."""
        kind = self._kind(row)
        of_collection = "{collection}" in row.address
        key = f"{'collection' if of_collection else kind} {row.visibility}"
        name = self._repos.get(key) or (
            self._make_collection(row.visibility) if of_collection else self._make(kind, row.visibility)
        )
        self._repos[key] = name
        html = self._routes[row.key].dialect == "html"
        client = self._browser(person, row) if html else self._tool(person)
        request = client.build_request(row.method, self._path(row, name), **self._content(row, name, person))
        answer = client.send(request, stream=True)
        if not answer.headers.get("content-type", "").startswith("text/event-stream"):
            answer.read()  # events have no end
        answer.close()
        if row.method not in ("GET", "HEAD") and answer.status_code < 400:
            del self._repos[key]
        return answer

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    # -- what is asked about --

    def _kind(self, row: Row) -> RepoKind | None:
        """None is a bucket or a collection."""
        if "{bucket}" in row.address or "{collection}" in row.address:
            return None
        pattern = self._routes[row.key].pattern
        return next((kind for kind in RepoKind if f"/{kind.plural}/{{ns}}" in pattern), RepoKind.MODEL)

    def _make(self, kind: RepoKind | None, visibility: str) -> str:
        name = f"matrix-{next(self._numbers)}"
        if visibility == "-":
            return name
        if kind is None:
            self._make_bucket(name, visibility)
        else:
            self._make_repo(kind, name, visibility)
        return name

    def _make_bucket(self, name: str, visibility: str) -> None:
        """A bucket of alice's with a file."""
        actor, bucket_id = self._actor("alice"), BucketId(OWNER, name)
        self._hub.buckets.create(actor, bucket_id, visibility == "private")
        self._hub.buckets.writing.apply(actor, bucket_id, [AddFile("README.md", EMPTY)])

    def _make_collection(self, visibility: str) -> str:
        """The end of the slug of a collection of alice's with an item, and no other."""
        actor, collections, number = self._actor("alice"), self._hub.collections, next(self._numbers)
        inner = collections.create(actor, NewCollection(OWNER, f"Inner {number}")).collection
        slug = collections.create(actor, NewCollection(OWNER, f"Matrix {number}", "", visibility == "private"))
        filled = collections.add(actor, slug.collection.slug, "collection", inner.slug)
        name = filled.collection.slug.partition("/")[2]
        self._items[name] = external_id(filled.items[0].id)
        return name

    def _make_repo(self, kind: RepoKind, name: str, visibility: str) -> None:
        """A repository with a file, a branch `dev`, a tag `v1` and pull request 1, which alice opened, and answered."""
        actor, repo_id = self._actor("alice"), RepoId(kind, OWNER, name)
        sdk = "static" if kind is RepoKind.SPACE else None
        self._hub.repos.create(actor, NewRepo(repo_id, visibility == "private", sdk))
        commit, community = self._hub.commits.commit, self._hub.community
        self._commits[name] = str(
            commit(actor, repo_id, "main", CommitHeader("A card"), [PutFile("README.md", b"# A")])
        )
        self._hub.refs.create_branch(actor, repo_id, "dev")
        self._hub.refs.create_tag(actor, repo_id, "v1", "main")
        community.open(actor, repo_id, NewDiscussion("A change", "", is_pull_request=True))
        commit(actor, repo_id, "refs/pr/1", CommitHeader("A file"), [PutFile("new.txt", b"1")])
        community.set_status(actor, repo_id, 1, "open")
        self._comments[name] = external_id(community.comment(actor, repo_id, 1, "An answer").id)

    def _group(self) -> str:
        """A new resource group with bob in it, who may write there."""
        new = NewGroup(f"Matrix {next(self._numbers)}", members=(("bob", OrgRole.WRITE),))
        return external_id(self._hub.accounts.groups.create(self._actor("alice"), OWNER, new).id)

    def _robot(self) -> dict[str, str]:
        """A new service account with a token."""
        accounts, alice = self._hub.accounts.service_accounts, self._actor("alice")
        made = accounts.create(alice, OWNER, f"ci-{next(self._numbers)}", "", OrgRole.READ).account.id
        token, _ = accounts.add_token(alice, OWNER, made, NewToken("tests", "read"))
        return {"service": external_id(made), "token": external_id(token.id)}

    def _path(self, row: Row, name: str) -> str:
        values = {
            **DEFAULTS,
            "ns": OWNER,
            "name": name,
            "slug": name,
            "item": self._items.get(name, ""),
            "oid": self._commits.get(name, ""),
            "event": self._comments.get(name, ""),
            **({"group": self._group()} if "{group}" in row.address else {}),
            **(self._robot() if "{service}" in row.address else {}),
            **row.request.get("at", {}),
        }
        path = re.sub(
            r"\{(\w+)(\.git)?\*?\}",
            lambda found: quote(values.get(found[1], "1")) + (found[2] or ""),
            self._routes[row.key].pattern,
        )
        query = row.request.get("query", "")
        return f"{path}?{query}" if query else path

    def _content(self, row: Row, name: str, person: str) -> dict[str, Any]:
        """The body: `json`, `lines` of JSON, `form`, `file` of a form, or `text`. `{name}` is the repository's."""
        request = json.loads(json.dumps(row.request).replace("{name}", name).replace("{person}", person))
        content: dict[str, Any] = {"headers": request.get("headers", {})}
        if "json" in request:
            content["json"] = request["json"]
        elif "lines" in request:
            content["content"] = "".join(json.dumps(line) + "\n" for line in request["lines"])
        elif "form" in request:
            content["data"] = request["form"]
        elif "file" in request:
            content["files"] = {"files": (request["file"], b"content")}
        elif "text" in request:
            content["content"] = request["text"]
        return content

    # -- who asks --

    def _actor(self, name: str) -> Actor:
        return self._hub.accounts.actor_of_token(self._person(name).token)

    def _person(self, name: str) -> Person:
        found: Person = getattr(self._cast, name)
        return found

    def _tool(self, person: str) -> httpx.Client:
        """A program with a token."""
        if person not in self._clients:
            headers = {} if person == "anonymous" else {"authorization": f"Bearer {self._person(person).token}"}
            self._clients[person] = self._client(headers)
        return self._clients[person]

    def _browser(self, person: str, row: Row) -> httpx.Client:
        """A browser with a log-in; one for each request that is about log-ins, for it may end there."""
        key = f"browser of {person}"
        if "{repo" not in row.address and key in self._clients:
            self._clients.pop(key).close()
        if key not in self._clients:
            client = self._clients[key] = self._client({})
            if person != "anonymous":
                client.cookies.set(SESSION_COOKIE, self._hub.accounts.log_ins.open(self._actor(person), "tests"))
                found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/settings/profile").text)
                assert found, "the profile page has no form"
                client.headers["x-csrf-token"] = found[1]
        return self._clients[key]

    def _client(self, headers: dict[str, str]) -> httpx.Client:
        # Reading the certificates of the system takes longer than a request, and nothing here is encrypted.
        return httpx.Client(base_url=self._url, headers=headers, timeout=30, verify=False, trust_env=False)
