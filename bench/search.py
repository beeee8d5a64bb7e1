"""Finding things on a hub of many repositories: lists, names, words of cards, quick search; and how it grows.

    python bench/search.py --sizes 150000 1500000 7500000 --keep /somewhere/with/room

With `--keep` a hub that was made is used again, but not one of `--postgres`.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import httpx
from measure import report
from sqlalchemy import text

from pioche.app import build_app, build_hub
from pioche.hub import Hub
from pioche.repos.tables import repos
from pioche.search.indexer import Indexer
from pioche.settings import Settings
from pioche.testkit.many import FAMILIES, LANGUAGES, LIBRARIES, LICENSES, TAILS, TASKS, Many
from pioche.testkit.postgres import Cluster

TARGET_MS = 50
INDEX_SECONDS = 1.0
RUNS = 60


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[20_000, 150_000])
    parser.add_argument("--keep", type=Path, help="a folder for the hubs, which are left there")
    parser.add_argument("--postgres", action="store_true", help="on a PostgreSQL server that is started for it")
    given = parser.parse_args()
    cluster = Cluster() if given.postgres else None
    folder = given.keep or Path(tempfile.mkdtemp(prefix="pioche-bench-"))
    before: dict[str, float] = {}
    try:
        for size in given.sizes:
            address = cluster.empty() if cluster else ""
            before = _measure(folder / str(size), size, address, before)
    finally:
        if cluster:
            cluster.stop()
        if given.keep is None:
            shutil.rmtree(folder, ignore_errors=True)


def _measure(folder: Path, size: int, database: str, before: dict[str, float]) -> dict[str, float]:
    hub, many = build_hub(Settings(data=folder / "data", database_url=database)), Many(size)
    _make(hub, many, folder / "made")
    figures = {}
    for name, addresses in questions(many).items():
        figures[name], wall = _percentile(hub, addresses)
        grown = f", {figures[name] / before[name]:.2f} times the size before" if name in before else ""
        report(
            f"{size:,}: {name}",
            f"p95 {figures[name]:.1f} ms ({wall:.0f} by the clock){grown}",
            f"<= {TARGET_MS} ms",
            figures[name] <= TARGET_MS,
        )
    _measure_indexing(hub, size)
    hub.database.close()
    return figures


def _make(hub: Hub, many: Many, made: Path) -> None:
    if made.exists() and not hub.settings.database_url:
        return
    start = time.perf_counter()
    indexes = [] if hub.settings.database_url else sorted(repos.indexes, key=lambda one: str(one.name))
    with hub.database.changing_schema() as connection:
        for index in indexes:
            index.drop(connection)
    many.fill(hub.database)
    with hub.database.changing_schema() as connection:
        for index in indexes:
            index.create(connection)
    filled = time.perf_counter()
    Indexer(hub.database, many.text, hub.queue).rebuild()
    indexed = time.perf_counter()
    with hub.database.changing_schema() as connection:
        connection.execute(text("ANALYZE"))
    made.touch()  # whole
    print(f"{many.total:,}: rows in {filled - start:.0f} s, index in {indexed - filled:.0f} s{_sizes(hub)}", flush=True)


def _sizes(hub: Hub) -> str:
    if hub.settings.database_url:
        return ""
    return f", {(hub.settings.data / 'hub.db').stat().st_size / 2**30:.2f} GiB"


# -- what is asked --


def questions(many: Many) -> dict[str, Iterator[str]]:
    chance, names = random.Random(5), many.some
    return {
        "name search, frequent": _each(lambda: f"/api/models?search={chance.choice(FAMILIES)}&limit=30"),
        "name search, rare": _each(lambda: f"/api/models?search={chance.randrange(many.total):x}-&limit=30"),
        "name search, two words": _each(
            lambda: f"/api/models?search={chance.choice(FAMILIES)}+{chance.choice(TAILS)}&sort=likes&limit=30"
        ),
        "full text, frequent words": _each(lambda: _full(f"{_word(many, chance, 50)}+{_word(many, chance, 50)}")),
        "full text, rare words": _each(lambda: _full(f"{_word(many, chance, 20_000)}+{_word(many, chance, 300)}")),
        "three facets and a sort": _each(lambda: _facets(chance)),
        "three rare facets and a sort": _each(lambda: _facets(chance, first=5)),
        "page of a list with facets": _each(lambda: _facets(chance).replace("/api/", "/").replace("limit=30", "")),
        "trending page": _each(lambda: f"/{chance.choice(('models', 'datasets', 'spaces'))}"),
        "quick search": _each(lambda: f"/api/quicksearch?q={chance.choice(FAMILIES)[: chance.randint(1, 7)]}"),
        "model info": _each(lambda: "/api/models/" + chance.choice(names)),
    }


def _each(make: Callable[[], str]) -> Iterator[str]:
    return (make() for _ in itertools.count())


def _full(words: str) -> str:
    return f"/search/full-text?q={words}"


def _word(many: Many, chance: random.Random, among: int) -> str:
    return many.common_word(chance.randrange(among))


def _facets(chance: random.Random, first: int = 0) -> str:
    task, library = chance.choice(TASKS[first:]), chance.choice(LIBRARIES[first:])
    license_name, language = chance.choice(LICENSES[first:]), chance.choice(LANGUAGES[first:])
    sort = chance.choice(("trendingScore", "likes", "downloads", "lastModified"))
    third = chance.choice((f"library={library}", f"filter={language}"))
    return f"/api/models?pipeline_tag={task}&filter=license:{license_name}&{third}&sort={sort}&limit=30"


# -- how long it takes --


def _percentile(hub: Hub, addresses: Iterator[str]) -> tuple[float, float]:
    """Milliseconds of the 95th of 100 requests, each of something else, in the process of the hub.

    First of its work (what the processor did for it), then by the clock, which on a busy machine measures the
    neighbours.
    """
    app = build_app(hub)

    async def ask() -> Sequence[tuple[float, float]]:
        transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
        times = []
        async with httpx.AsyncClient(transport=transport, base_url="http://hub.test", timeout=300) as client:
            for address in itertools.islice(addresses, RUNS + 5):
                start, worked = time.perf_counter(), time.process_time()
                answer = await client.get(address)
                times.append((1000 * (time.process_time() - worked), 1000 * (time.perf_counter() - start)))
                assert answer.status_code == 200, (address, answer.status_code, answer.text[:300])
        return times[5:]  # the first ones read the templates

    worked, passed = zip(*asyncio.run(ask()), strict=True)
    return statistics.quantiles(worked, n=20)[-1], statistics.quantiles(passed, n=20)[-1]


def _measure_indexing(hub: Hub, size: int) -> None:
    """From a changed card to being found: what the task does, in the middle of everything."""
    number, times = size // 2, []
    for turn in range(20):
        tags = json.dumps([f"turn-{turn}", "license:mit", "en"])
        with hub.database.write() as tx:
            tx.execute(repos.update().where(repos.c.id == number + turn).values(tags=tags))
        start = time.perf_counter()
        hub.indexer.index(number + turn)
        times.append(time.perf_counter() - start)
    worst = max(times)
    report(
        f"{size:,}: a changed card is found", f"after {worst:.3f} s", f"<= {INDEX_SECONDS} s", worst <= INDEX_SECONDS
    )


if __name__ == "__main__":
    main()
