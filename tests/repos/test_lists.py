"""Lists: who sees what, what fits, in which order, page by page."""

import itertools

import pytest
from sqlalchemy import update

from pioche.accounts.access import Action, allows
from pioche.accounts.types import ANONYMOUS, Actor, NewGroup, OrgRole, RepoScope, TokenInfo, TokenRole
from pioche.names import RepoId, RepoKind
from pioche.repos.tables import repos
from pioche.repos.types import NewRepo, RepoFilter
from pioche.testkit.room import Room

CARDS = {
    "alpha": "---\nlicense: mit\nlanguage: no\ntags: [common, 100%]\npipeline_tag: fill-mask\n"
    "library_name: keras\n---\n",
    "beta": "---\nlicense: apache-2.0\ntags: [common]\n---\n",
    "gamma_1": "",
}


@pytest.fixture(scope="module")
def listed(room: Room) -> Room:
    """alpha, beta and gamma_1 of bob, in this order, and a private one of alice."""
    for name, card in CARDS.items():
        repo_id = RepoId(RepoKind.MODEL, "bob", name)
        made = room.hub.repos.create(room.actor(room.cast.bob), NewRepo(repo_id))
        if card:
            room.write(room.cast.bob, repo_id.full, {"README.md": card})
        with room.hub.database.write() as tx:
            likes = {"alpha": 5, "beta": 9, "gamma_1": 5}[name]
            tx.execute(update(repos).where(repos.c.id == made.id).values(likes=likes, trending=likes))
    room.hub.repos.create(room.actor(room.cast.alice), NewRepo(RepoId(RepoKind.MODEL, "alice", "alpha"), private=True))
    return room


def names(room: Room, query: str, **options: object) -> list[str]:
    answer = room.get(f"/api/models?{query}", **options)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("sort=createdAt", ["bob/gamma_1", "bob/beta", "bob/alpha"]),
        ("sort=likes", ["bob/beta", "bob/gamma_1", "bob/alpha"]),
        ("", ["bob/beta", "bob/gamma_1", "bob/alpha"]),
        ("filter=license:mit", ["bob/alpha"]),
        ("filter=common&filter=license:mit", ["bob/alpha"]),
        ("filter=common,license:mit", ["bob/alpha"]),
        ("filter[]=common", ["bob/beta", "bob/alpha"]),
        ("filter=language:no", ["bob/alpha"]),
        ("filter=100%25", ["bob/alpha"]),
        ("filter=10_%25", []),
        ("filter=comm", []),
        ("pipeline_tag=fill-mask", ["bob/alpha"]),
        ("library=keras", ["bob/alpha"]),
        ("author=BOB&search=ALPHA", ["bob/alpha"]),
        ("search=bob/b", ["bob/beta"]),
        ("search=bob&search=eta", ["bob/beta"]),
        ("search=a_1", ["bob/gamma_1"]),
        ("search=a%251", []),
        ("author=nobody", []),
        ("inference=warm", []),
        ("gated=true", []),
        ("limit=1", ["bob/beta"]),
    ],
)
def test_what_fits(listed: Room, query: str, expected: list[str]) -> None:
    assert names(listed, query) == expected


@pytest.mark.parametrize(
    "query",
    [
        "sort=size",
        "direction=1",
        "expand=nothing",
        "cursor=abc",
        "cursor=WzFd",
        "cursor=WyJhIiwxXQ",
        "limit=many",
        "num_parameters=lots",
        "search=" + "x" * 400,
        "&".join("filter=x" for _ in range(50)),
    ],
)
def test_what_cannot_be_asked_is_said(listed: Room, query: str) -> None:
    answer = listed.get(f"/api/models?{query}")
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_pages_follow_each_other_and_keep_the_question(listed: Room) -> None:
    answer = listed.get("/api/models?author=bob&sort=likes&limit=1&expand=likes")
    seen = [answer.json()]
    while "next" in answer.links:
        url = answer.links["next"]["url"]
        assert url.startswith("http://hub.test/api/models?author=bob&sort=likes&limit=1&expand=likes&cursor=")
        answer = listed.get(url.removeprefix("http://hub.test"))
        seen.append(answer.json())
    assert [[item["id"] for item in page] for page in seen] == [["bob/beta"], ["bob/gamma_1"], ["bob/alpha"]]
    assert seen[0] == [{"_id": seen[0][0]["_id"], "id": "bob/beta", "likes": 9}]


def test_more_is_shown_when_it_is_asked_for(listed: Room) -> None:
    (plain,) = listed.get("/api/models?search=alpha").json()
    assert not {"siblings", "cardData", "config"} & plain.keys()
    (full,) = listed.get("/api/models?search=alpha&full=true&cardData=true&config=true").json()
    assert [file["rfilename"] for file in full["siblings"]] == [".gitattributes", "README.md"]
    assert full["cardData"]["language"] == "no"
    assert full["config"] == {}
    assert full["sha"]


def test_tags_by_type(listed: Room) -> None:
    found = listed.get("/api/models-tags-by-type").json()
    assert found["license"] == [
        {"id": "license:apache-2.0", "label": "apache-2.0", "type": "license"},
        {"id": "license:mit", "label": "mit", "type": "license"},
    ]
    assert [tag["id"] for tag in found["pipeline_tag"]] == ["fill-mask"]


# -- who sees what --


def token(role: TokenRole, *scopes: RepoScope) -> TokenInfo:
    return TokenInfo(1, "t", role, "abcd", scopes, 0, None)


def test_lists_and_access_agree_for_everybody(listed: Room) -> None:
    """The SQL of visibility says for each repository what `access.allows` says."""
    hub, cast = listed.hub, listed.cast
    alice, bob, root = listed.actor(cast.alice), listed.actor(cast.bob), listed.actor(cast.root)
    made = [
        hub.repos.create(actor, NewRepo(RepoId(RepoKind.MODEL, owner, f"seen-{private}"), private=private))
        for actor, owner in ((alice, "alice"), (bob, "bob"), (alice, "lab"))
        for private in (False, True)
    ]
    lab = made[-1].owner_id
    groups = [hub.accounts.groups.create(alice, "lab", NewGroup(name)).id for name in ("seen one", "seen two")]
    made += [
        hub.repos.create(alice, NewRepo(RepoId(RepoKind.MODEL, "lab", f"seen-{group}-{private}"), private, None, group))
        for group in groups
        for private in (False, True)
    ]
    tokens = [
        None,
        token("read"),
        token("write"),
        token("fineGrained"),
        token("fineGrained", RepoScope("read")),
        token("fineGrained", RepoScope("read", owner_id=lab)),
        token("fineGrained", RepoScope("write", repo_id=made[1].id), RepoScope("read", repo_id=made[3].id)),
    ]
    people = [
        {"user_id": alice.user_id, "orgs": {lab: OrgRole.ADMIN}},
        {"user_id": bob.user_id, "orgs": {lab: OrgRole.READ}},
        {"user_id": bob.user_id, "orgs": {lab: OrgRole.WRITE}, "groups": {groups[0]: OrgRole.READ}},
        {"user_id": bob.user_id, "orgs": {}},
        {"user_id": root.user_id, "orgs": {}, "is_admin": True},
    ]
    actors = [ANONYMOUS, *(Actor(**who, token=t) for who, t in itertools.product(people, tokens))]  # type: ignore[arg-type]
    wanted = RepoFilter(search="seen-")
    for actor in actors:
        expected = {repo.id for repo in made if allows(actor, Action.READ, repo.resource)}
        assert {repo.id for repo in hub.repos.page(actor, wanted, 0, 100)} == expected, actor
        assert {repo.id for repo in hub.repos.list(actor, wanted, 100).repos} == expected
        assert hub.repos.count(actor, wanted) == len(expected)
