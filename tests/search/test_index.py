"""What the index finds is what the tables find, for everybody, in the same order, whichever way it goes."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import func, insert, select, update

from pioche.accounts.tables import resource_groups
from pioche.accounts.types import ANONYMOUS, OPERATOR, Actor, OrgRole, RepoScope, TokenInfo
from pioche.app import build_hub
from pioche.hub import Hub
from pioche.names import RepoKind
from pioche.ports.database import Tx
from pioche.repos.tables import repos
from pioche.repos.types import SORTS, Repo, RepoFilter
from pioche.search import index, order, service
from pioche.search.indexer import Indexer
from pioche.search.service import Search
from pioche.settings import Settings
from pioche.testkit.many import FAMILIES, LANGUAGES, LIBRARIES, LICENSES, TASKS, Many

TOTAL = 3_000
LONG = [name for name in FAMILIES if len(name) > 2]
MODEL = RepoKind.MODEL
WAYS = {
    "by the small set": {"FEW": 10_000},
    "by walking": {"FEW": 4, "SMALL": 2, "WALK": 10**9},
    "by steps": {"FEW": 4, "SMALL": 2, "WALK": 0},
    "by steps that are crowded": {"FEW": 4, "SMALL": 2, "WALK": 0, "CROWD": 3},
}


@pytest.fixture(scope="module")
def many() -> Many:
    return Many(TOTAL)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory, many: Many) -> Iterator[Hub]:
    hub = build_hub(Settings(data=tmp_path_factory.mktemp("many") / "data"))
    many.fill(hub.database)
    group_some(hub)
    assert indexer_of(hub, many).rebuild() == TOTAL
    yield hub
    hub.database.close()


def group_some(hub: Hub) -> None:
    """Groups 1 and 2 of one owner, 3 of another; each with some of what they have, private and public."""
    with hub.database.write() as tx:
        for number, owner in ((1, 1_000), (2, 1_000), (3, 1_005)):
            name = {"name": f"g{number}", "name_lower": f"g{number}"}
            tx.execute(insert(resource_groups).values(id=number, org_id=owner, created_at=0, **name))
            theirs = (repos.c.owner_id == owner, repos.c.id % 5 == number)
            tx.execute(update(repos).where(*theirs).values(group_id=number, private=repos.c.id % 3 > 0))


def indexer_of(hub: Hub, many: Many) -> Indexer:
    return Indexer(hub.database, many.text, hub.queue)


@pytest.fixture
def search(hub: Hub) -> Search:
    return Search(hub.database, hub.queue, small=0)


def scoped(*scopes: RepoScope) -> Actor:
    token = TokenInfo(1, "t", "fineGrained", "abcd", scopes, 0, None)
    return Actor(user_id=1_000, orgs={1_005: OrgRole.WRITE}, token=token)


ACTORS = {
    "nobody": ANONYMOUS,
    "the admin": OPERATOR,
    "a member": Actor(user_id=1_001, orgs={1_000: OrgRole.READ, 1_005: OrgRole.ADMIN}),
    "a member in a group": Actor(
        user_id=1_001, orgs={1_000: OrgRole.WRITE, 1_005: OrgRole.READ}, groups={2: OrgRole.READ}
    ),
    "a member of one organisation in its group": Actor(
        user_id=1_002, orgs={1_005: OrgRole.READ}, groups={3: OrgRole.ADMIN}
    ),
    "a token of one owner": scoped(RepoScope("read", owner_id=1_005)),
    "a token of one repository": scoped(RepoScope("write", repo_id=17)),
    "a token of what its owner made": scoped(RepoScope("contribute")),
    "a token of everything": scoped(RepoScope("read")),
    "a token for discussions": scoped(RepoScope("discuss")),
}


def some_filter(chance: random.Random) -> RepoFilter:
    """A few things at once, as people choose them; most find something."""
    wanted = RepoFilter(kind=chance.choice(list(RepoKind)), sort=chance.choice(SORTS))
    for _ in range(chance.choice((0, 1, 1, 2, 3))):
        match chance.randrange(9):
            case 0:
                wanted = replace(
                    wanted, search=chance.choice(("llama", "lla", "bert-base", "mistral inst", "gguf 7b-"))
                )
            case 1:
                wanted = replace(wanted, pipeline_tag=chance.choice(TASKS[:4]))
            case 2:
                wanted = replace(wanted, library=chance.choice(LIBRARIES[:3]))
            case 3:
                wanted = replace(wanted, tags=(*wanted.tags, f"license:{chance.choice(LICENSES[:3])}"))
            case 4:
                wanted = replace(wanted, tags=(*wanted.tags, chance.choice(LANGUAGES[:3])))
            case 5:
                wanted = replace(wanted, gated=chance.random() < 0.3)
            case 6:
                least = int(10 ** chance.uniform(6, 10))
                wanted = replace(wanted, parameters=(least, chance.choice((2**62, least * 9, least))))
            case 7:
                wanted = replace(wanted, search=f"{chance.choice(LONG)} {chance.choice(('chat', 'lora', 'awq'))}")
            case 8:
                group = tuple(f"license:{name}" for name in chance.sample(LICENSES[:4], 2))
                wanted = replace(wanted, any_tags=(*wanted.any_tags, group))
    return wanted


@pytest.mark.parametrize("who", ACTORS)
@pytest.mark.parametrize("way", WAYS)
def test_the_index_and_the_tables_agree(
    hub: Hub, search: Search, monkeypatch: pytest.MonkeyPatch, way: str, who: str
) -> None:
    for name, value in WAYS[way].items():
        for module in (index, order, service):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, value)
    chance, actor = random.Random(f"{way} {who}"), ACTORS[who]
    for _ in range(12):
        wanted = some_filter(chance)
        expected = [repo.id for repo in hub.repos.page(actor, wanted, 0, 10_000)]
        assert [repo.id for repo in search.page(actor, wanted, 0, 10_000)] == expected, wanted
        offset = chance.randrange(40)
        assert [repo.id for repo in search.page(actor, wanted, offset, 7)] == expected[offset : offset + 7], wanted
        assert everything(search, actor, wanted, chance.choice((3, 11, 50))) == expected[:200], wanted
        if (not wanted.search and wanted.parameters is None) or way == "by the small set":
            assert search.count(actor, wanted) == len(expected), wanted


def test_one_or_two_letters_are_the_beginning_of_a_part(hub: Hub, search: Search) -> None:
    def named(repo: Repo) -> bool:
        return re.search(r"(^|[^a-z])q", repo.repo_id.full.lower()) is not None

    found = {repo.id for repo in search.page(ANONYMOUS, RepoFilter(kind=MODEL, search="q"), 0, 10_000)}
    assert found == {repo.id for repo in hub.repos.page(ANONYMOUS, RepoFilter(kind=MODEL), 0, 10_000) if named(repo)}


def everything(search: Search, actor: Actor, wanted: RepoFilter, limit: int) -> list[int]:
    """The first 200, page by page."""
    found, cursor = list[int](), ""
    while len(found) < 200:
        page = search.list(actor, wanted, limit, cursor)
        found += [repo.id for repo in page.repos]
        if page.cursor is None:
            break
        cursor = page.cursor
    return found[:200]


def test_facets_of_a_small_set_are_exact(hub: Hub, search: Search) -> None:
    wanted = RepoFilter(kind=MODEL, tags=("license:mit",), search="llama")
    assert search.facets(ANONYMOUS, wanted, {}, {}) == hub.repos.facets(ANONYMOUS, wanted, {}, {})


def test_facets_of_a_large_set_are_near(hub: Hub, search: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "SAMPLE", 300)
    about = search.facets(ANONYMOUS, RepoFilter(kind=MODEL), {}, {})
    exact = hub.repos.facets(ANONYMOUS, RepoFilter(kind=MODEL), {}, {})
    assert about.approximate
    assert about.total == hub.repos.count(ANONYMOUS, RepoFilter(kind=MODEL))
    first = {facet.name: facet.values[0] for facet in exact.facets if facet.values}
    for facet in about.facets:
        if facet.values and first[facet.name].count > 400:
            assert facet.values[0].count == pytest.approx(first[facet.name].count, rel=0.25)


def test_tags_of_a_few_are_nearly_all(hub: Hub, search: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    every = Search(hub.database, hub.queue).tags(ANONYMOUS, MODEL)
    assert search.tags(ANONYMOUS, MODEL) == every
    monkeypatch.setattr(service, "TAGGED", 100)
    some = search.tags(ANONYMOUS, MODEL)
    assert set(some) < set(every)
    assert {"license:mit", "transformers", "en"} <= set(some)


# -- changes --


def change(hub: Hub, number: int, **values: object) -> None:
    with hub.database.write() as tx:
        tx.execute(update(repos).where(repos.c.id == number).values(values))


def stored(tx: Tx) -> dict[str, int]:
    from pioche.search.tables import documents, postings, steps

    return {
        table.name: tx.execute(select(func.count()).select_from(table)).scalar_one()
        for table in (documents, postings, steps)
    }


def test_changes_are_found_and_what_was_is_not(hub: Hub, search: Search, many: Many) -> None:
    actor, indexer = ANONYMOUS, indexer_of(hub, many)
    wanted = RepoFilter(kind=MODEL, tags=("license:brand-new",), sort="likes")
    number = next(repo.id for repo in hub.repos.page(actor, RepoFilter(kind=MODEL), 0, 5))
    with hub.database.read() as tx:
        before = stored(tx)
        old = dict(tx.execute(select(repos).where(repos.c.id == number)).mappings().one())
    assert search.count(actor, wanted) == 0
    change(hub, number, tags='["license:brand-new"]', likes=77)
    indexer.index(number)
    assert [repo.id for repo in search.page(actor, wanted, 0, 5)] == [number]
    assert search.count(actor, wanted) == 1
    change(hub, number, private=True)
    indexer.index(number)
    assert search.count(actor, wanted) == 0
    change(hub, number, **{name: old[name] for name in ("tags", "likes", "private")})
    indexer.index(number)
    with hub.database.read() as tx:
        assert stored(tx) == before


def test_what_was_written_a_moment_ago_is_there(hub: Hub, search: Search) -> None:
    """It waits in the queue; nobody has indexed it."""
    new = {"id": TOTAL + 1, "kind": "model", "owner_id": 1_000, "name": "Zebra-9", "name_lower": "zebra-9"}
    new |= {"private": False, "created_at": 1, "updated_at": 1}
    wanted = RepoFilter(kind=MODEL, search="zebra-9")
    with hub.database.write() as tx:
        tx.execute(insert(repos).values(new))
        hub.queue.enqueue(tx, "search.index", {"repo_id": TOTAL + 1})
    assert [repo.id for repo in search.page(ANONYMOUS, wanted, 0, 5)] == [TOTAL + 1]
    change(hub, TOTAL + 1, private=True)
    assert search.count(ANONYMOUS, wanted) == 0
    with hub.database.write() as tx:
        tx.execute(repos.delete().where(repos.c.id == TOTAL + 1))
    hub.queue.run_due(hub)


def test_sweeping_finds_what_no_event_told(hub: Hub, search: Search, many: Many) -> None:
    indexer = indexer_of(hub, many)
    assert indexer.sweep() == 0
    change(hub, 5, tags='["license:never-told"]', kind="model", private=False)
    assert indexer.sweep() == 1
    indexer.index(5)
    assert search.count(ANONYMOUS, RepoFilter(kind=MODEL, tags=("license:never-told",))) == 1
    assert indexer.sweep() == 0


def test_a_rebuild_that_was_interrupted_goes_on(hub: Hub, many: Many, monkeypatch: pytest.MonkeyPatch) -> None:
    with hub.database.read() as tx:
        before = stored(tx)
    calls = iter(range(TOTAL))

    def fails(row: object) -> str:
        if next(calls) > TOTAL // 2:
            raise KeyboardInterrupt
        return many.text(row)  # type: ignore[arg-type]

    with pytest.raises(KeyboardInterrupt):
        Indexer(hub.database, fails, hub.queue).rebuild()
    search = Search(hub.database, hub.queue, small=0)
    wanted = RepoFilter(kind=MODEL, search="llama")
    assert search.count(ANONYMOUS, wanted) == hub.repos.count(ANONYMOUS, wanted)  # by the tables meanwhile
    indexer_of(hub, many).rebuild()
    with hub.database.read() as tx:
        assert stored(tx) == before
