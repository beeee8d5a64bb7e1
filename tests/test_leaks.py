"""What is private leaks nowhere: every address that can be read is asked, as nobody and as a stranger, and no answer
may hold a word of it. Everything private here is in a resource group too, so a member of its organisation who is not in
the group (erin) is as much a stranger to it.

Everything private here has two words in its name and text, `quillon` and `vexpad`: requests say the first (in searches
and filters), so only an answer that tells what it must not can say the second. It was public before, and a stranger
liked it, talked in it and follows its owner: what was gathered then must be gone too. A new route is asked without
being named here.
"""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

import httpx
import pytest
from huggingface_hub import HfApi

from pioche.accounts.types import OPERATOR, NewToken, NewUser, OrgRole
from pioche.app import ROUTES, build_hub
from pioche.settings import Settings
from pioche.testkit.factories import Make
from pioche.testkit.people import Cast, Person, cast_on
from pioche.testkit.server import Server
from pioche.web.auth import SESSION_COOKIE
from pioche.web.routing import Route

pytestmark = pytest.mark.client

SECRET = "vexpad"
PRIVATE = "quillon-vexpad"
CARD = f"""---
license: mit
base_model: alice/base
datasets: [alice/data]
tags: [quillon-{SECRET}-tag]
---
# Quillon {SECRET}
The quillon {SECRET} method, arXiv:2401.99999.
"""
BENCHMARK = "tasks: [{id: hard}]"
RESULT = f"""- dataset: {{id: alice/data, task_id: hard}}
  value: 99
  notes: quillon {SECRET}
  source: {{url: "https://example.org/{SECRET}", name: Quillon {SECRET}}}
"""
SPACE = f"---\nsdk: static\nmodels: [alice/base]\ndatasets: [alice/data]\ntitle: Quillon {SECRET}\n---\n"

QUERIES = (
    "",
    "search=quillon",
    "q=quillon",
    "filter=base_model:alice/base&sort=createdAt&full=true",
    "filter=dataset:alice/data",
    "other=quillon",
    "author=lab&sort=likes",
    "find=quillon",
    "expand=spaces&expand=childrenModelCount&expand=baseModels",
)
ENDLESS = ("/events", "/logs/{log}", "/logs/{type}")
CHANGING = ("/healthz", "/readyz", "/settings/tokens")
# Parameters of addresses, by name; each with what is public and near to what is private.
NEAR = {
    "ns": "lab",
    "org": "lab",
    "o": "lab",
    "user": "bob",
    "username": "bob",
    "u": "bob",
    "rev": "main",
    "path": "README.md",
    "num": "1",
    "spec": "main..main",
    "rest": "alice/base",
    "paper": "2401.99999",
    "id": "2401.99999",
    "type": "public",
    "group": "0" * 23 + "1",
}


@dataclass(frozen=True)
class Secrets:
    server: Server
    cast: Cast
    erin: Person
    group: str


@pytest.fixture(scope="module")
def hub_with_secrets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secrets]:
    server = Server(tmp_path_factory.mktemp("leaks") / "data").start()
    cast = cast_on(server.data)
    make = Make(server.url)
    alice, carol = make.api(cast.alice), make.api(cast.carol)
    make.repo(cast.alice, {"README.md": "# Base"}, name="base")
    make.repo(
        cast.alice, {"README.md": "# Data", "a.csv": "a,b\n1,2\n", "eval.yaml": BENCHMARK}, kind="dataset", name="data"
    )
    make.repo(cast.alice, {"README.md": "# Open"}, name="lab/open")
    make.repo(cast.alice, {"README.md": CARD, ".eval_results/a.yaml": RESULT}, name=f"lab/{PRIVATE}")
    alice.create_repo(f"lab/{PRIVATE}", repo_type="space", space_sdk="static")
    make.commit(cast.alice, f"lab/{PRIVATE}", {"README.md": SPACE}, kind="space")
    make.repo(cast.alice, {"README.md": CARD}, kind="dataset", name=f"lab/{PRIVATE}")
    erin = _join(server)
    _touch(server, cast, alice, carol, erin)
    group = make.group(cast.alice, bob="write")
    for kind in ("model", "space", "dataset"):
        answer = httpx.post(
            f"{server.url}/api/{kind}s/lab/{PRIVATE}/resource-group",
            json={"resourceGroupId": group},
            headers={"authorization": f"Bearer {cast.alice.token}"},
        )
        answer.raise_for_status()
    alice.update_repo_settings(f"lab/{PRIVATE}", visibility="private")
    alice.update_repo_settings(f"lab/{PRIVATE}", visibility="private", repo_type="space")
    alice.update_repo_settings(f"lab/{PRIVATE}", visibility="private", repo_type="dataset")
    alice.create_bucket(f"lab/{PRIVATE}", visibility="private", resource_group_id=group)
    listed = alice.create_collection(f"Quillon {SECRET}", namespace="lab", private=True, resource_group_id=group)
    alice.add_collection_item(listed.slug, "alice/base", "model", note=f"quillon {SECRET}")
    yield Secrets(server, cast, erin, group)
    server.put_away()


def _join(server: Server) -> Person:
    """A member of the lab who may write, and is in no group."""
    hub = build_hub(Settings(data=server.data))
    hub.accounts.sign_up(OPERATOR, NewUser("erin", "erin@example.test", "erin has a long password"))
    hub.accounts.orgs.set_member(OPERATOR, "lab", "erin", OrgRole.WRITE)
    _, token = hub.accounts.tokens.create(OPERATOR, NewToken("tests", "write"), owner="erin")
    hub.database.close()
    return Person("erin", "", "", token)


def _touch(server: Server, cast: Cast, alice: HfApi, carol: HfApi, erin: Person) -> None:
    """What people do with what is public: each leaves a trace somewhere."""
    name = f"lab/{PRIVATE}"
    people, paths = (cast.bob, cast.carol, erin), (f"models/{name}/like", "organizations/lab/follow")
    for person, path in itertools.product(people, paths):
        httpx.post(f"{server.url}/api/{path}", headers={"authorization": f"Bearer {person.token}"})
    talk = carol.create_discussion(name, f"Quillon {SECRET} talk", description=f"@bob @erin the quillon {SECRET}")
    make_bob = HfApi(endpoint=server.url, token=cast.bob.token)
    make_bob.comment_discussion(name, talk.num, f"@carol @erin quillon {SECRET}")
    make_erin = HfApi(endpoint=server.url, token=erin.token)
    make_erin.comment_discussion(name, talk.num, f"erin on quillon {SECRET}")
    carol.create_pull_request(name, title=f"Quillon {SECRET} change")
    collection = alice.create_collection("Of the lab", namespace="lab")
    alice.add_collection_item(collection.slug, name, "model", note=f"quillon {SECRET}")
    alice.add_collection_item(collection.slug, "alice/base", "model")
    hers = make_erin.create_collection("Erin's")
    make_erin.add_collection_item(hers.slug, name, "model", note="a note of erin's")
    mine = carol.create_collection("Mine")
    carol.add_collection_item(mine.slug, name, "model", note="a note of carol's")


@pytest.fixture(scope="module")
def readers(hub_with_secrets: Secrets) -> Iterator[dict[str, tuple[httpx.Client, httpx.Client]]]:
    """Person -> a program and a browser."""
    server, cast = hub_with_secrets.server, hub_with_secrets.cast
    hub = build_hub(Settings(data=server.data))
    nobody = httpx.Client(base_url=server.url, timeout=30)
    found = {"nobody": (nobody, nobody)}
    for person in (cast.carol, hub_with_secrets.erin):
        actor = hub.accounts.actor_of_token(person.token)
        cookie = {SESSION_COOKIE: hub.accounts.log_ins.open(actor, "tests")}
        bearer = {"authorization": f"Bearer {person.token}"}
        tool = httpx.Client(base_url=server.url, timeout=30, headers=bearer)
        found[person.name] = (tool, httpx.Client(base_url=server.url, timeout=30, cookies=cookie))
    hub.database.close()
    yield found
    for client in {client for pair in found.values() for client in pair}:
        client.close()


def addresses(server: Server) -> Iterator[tuple[Route, str]]:
    """Every address that can be read, about what is public: once for each public repository and collection."""
    slugs = [item["slug"].partition("/")[2] for item in httpx.get(f"{server.url}/api/collections?owner=lab").json()]
    assert slugs, "the lab has no collection"
    for route in (route for group in ROUTES for route in group):
        if route.method != "GET" or route.pattern.endswith(ENDLESS):
            continue
        for values in ({"ns": "alice", "name": "base"}, {"ns": "alice", "name": "data"}, {"name": "lab"}):
            yield route, filled(route, {**NEAR, "slug": slugs[0], **values})


def filled(route: Route, values: Mapping[str, str]) -> str:
    return re.sub(
        r"\{(\w+)(\.git)?\*?\}", lambda found: quote(values.get(found[1], "1")) + (found[2] or ""), route.pattern
    )


def questions(server: Server) -> Iterator[tuple[Route, str]]:
    seen = set()
    for route, address in addresses(server):
        for query in (*QUERIES, *(["base_model=false&all=1"] if "leaderboard" in address else [])):
            target = f"{address}?{query}" if query else address
            if target not in seen:
                seen.add(target)
                yield route, target


@pytest.mark.parametrize("person", ["nobody", "carol", "erin"])
def test_no_address_tells_of_it(
    person: str,
    hub_with_secrets: Secrets,
    readers: dict[str, tuple[httpx.Client, httpx.Client]],
) -> None:
    tool, window = readers[person]
    told, found = [], 0
    for route, target in questions(hub_with_secrets.server):
        answer = (window if route.dialect == "html" else tool).get(target)
        assert answer.status_code < 500 or answer.status_code == 501, (target, answer.text[:500])
        found += answer.status_code == 200
        if SECRET in answer.text or any(SECRET in value for value in answer.headers.values()):
            at = answer.text.find(SECRET)
            told.append(f"{target}: ...{answer.text[max(0, at - 150) : at + 40]!r}")
    assert not told, f"{len(told)} addresses:\n" + "\n".join(told[:20])
    assert found > 200, "hardly anything that was asked for exists"


@pytest.mark.parametrize("person", ["nobody", "carol", "erin"])
@pytest.mark.parametrize("kind", ["models", "datasets", "spaces"])
def test_its_own_addresses_answer_as_if_it_were_not(
    person: str,
    kind: str,
    hub_with_secrets: Secrets,
    readers: dict[str, tuple[httpx.Client, httpx.Client]],
) -> None:
    tool, window = readers[person]
    mine = [route for group in ROUTES for route in group if f"/{kind}/{{ns}}/{{name}}" in route.pattern]
    assert mine
    for route in mine:
        if route.method != "GET" or route.pattern.endswith(ENDLESS):
            continue
        client = window if route.dialect == "html" else tool
        there, nowhere = (
            alike(client.get(filled(route, {**NEAR, "name": name})), name) for name in (PRIVATE, "quillon-nothing")
        )
        assert there == nowhere, route.pattern


def alike(answer: httpx.Response, name: str = "") -> tuple[int, str | None, str]:
    """Without what differs from one answer to the next: numbers of requests, tokens of forms, how long ago it was."""
    text = answer.text.replace(name, "NAME") if name else answer.text
    text = re.sub(r"just now|\d+ (second|minute)s? ago|\b1[0-9]{9}\b", "a while ago", text)
    return answer.status_code, answer.headers.get("x-error-code"), re.sub(r"[0-9a-f-]{16,}|[\w.-]{40,}", "#", text)


@pytest.mark.timeout(900)  # some twenty thousand requests
def test_no_count_changes_when_something_private_is_made(
    hub_with_secrets: Secrets, readers: dict[str, tuple[httpx.Client, httpx.Client]]
) -> None:
    """Every answer is the same before and after, to the letter."""
    server, cast = hub_with_secrets.server, hub_with_secrets.cast
    time.sleep(4)  # downloads of the tests above are written down
    before = everything_said(server, readers)
    make = Make(server.url)
    for kind, card in (("model", CARD), ("dataset", CARD), ("space", SPACE)):
        name = f"lab/{PRIVATE}-two"
        make.api(cast.alice).create_repo(
            name,
            repo_type=kind,
            private=True,
            space_sdk="static" if kind == "space" else None,
            resource_group_id=hub_with_secrets.group,
        )
        scored = {".eval_results/a.yaml": RESULT} if kind == "model" else {}
        make.commit(cast.alice, name, {"README.md": card, **scored}, kind=kind)
        make.api(cast.bob).create_discussion(name, "A talk", repo_type=kind, description="@carol @erin, look")
        httpx.post(
            f"{server.url}/api/{kind}s/{name}/like", headers={"authorization": f"Bearer {cast.bob.token}"}
        ).raise_for_status()
    time.sleep(2)  # what is gathered in the background is gathered
    after = everything_said(server, readers)
    changed = [target for target, said in before.items() if after[target] != said]
    assert not changed, "\n".join(_difference(target, before[target][2], after[target][2]) for target in changed[:9])


def _difference(target: tuple[str, str], before: str, after: str) -> str:
    at = next((n for n, (x, y) in enumerate(zip(before, after, strict=False)) if x != y), 0)
    return f"{target}\n  {before[max(0, at - 100) : at + 100]!r}\n  {after[max(0, at - 100) : at + 100]!r}"


def everything_said(
    server: Server, readers: Mapping[str, tuple[httpx.Client, httpx.Client]]
) -> dict[tuple[str, str], tuple[int, str | None, str]]:
    said = {}
    for route, target in questions(server):
        # Asking for a file is a download, which changes a number.
        if route.pattern in CHANGING or "/resolve" in route.pattern:
            continue
        for person, (tool, window) in readers.items():
            said[person, target] = alike((window if route.dialect == "html" else tool).get(target))
    return said


def test_its_members_see_it(hub_with_secrets: Secrets) -> None:
    """The other half: the test above would pass on a hub that shows nothing to anybody."""
    server, cast = hub_with_secrets.server, hub_with_secrets.cast
    seen = httpx.get(
        f"{server.url}/api/models?search=quillon", headers={"authorization": f"Bearer {cast.bob.token}"}
    ).text
    assert SECRET in seen
    board = httpx.get(
        f"{server.url}/api/datasets/alice/data/leaderboard?base_model=false",
        headers={"authorization": f"Bearer {cast.bob.token}"},
    ).text
    assert SECRET in board
