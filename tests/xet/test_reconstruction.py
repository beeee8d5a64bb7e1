"""Recipes for clients: right terms, right ranges, and links that open nothing else."""

import random
from urllib.parse import parse_qsl

import pytest

from pioche.errors import Forbidden, InvalidInput, NotFound, RangeNotSatisfiable
from pioche.protocols.xet import xorb
from pioche.xet.service.links import Links, parse_ranges

from .conftest import claim, noise, pack

BASE = "http://hub/cas/1"


def assemble(store, answer):
    """What a client does with an answer, from the bytes that its links open."""
    got = {}
    for text, sources in answer.xorbs.items():
        key = f"xorbs/{text[:2]}/{text[2:4]}/{text}"
        for source in sources:
            query = dict(parse_qsl(source.url.partition("?")[2]))
            for part in source.ranges:
                span = (part.bytes.start, part.bytes.end)
                store.xet.cas.links.check_read(text, query, [span])
                with store.blobs.open(key) as file:
                    file.seek(span[0])
                    body = file.read(span[1] - span[0] + 1)
                for number, chunk in enumerate(xorb.unpack_chunks(memoryview(body)), part.chunks.start):
                    got[text, number] = bytes(chunk)
    out = b""
    for term in answer.terms:
        raw = b"".join(got[term.hash, number] for number in range(term.range.start, term.range.end))
        assert len(raw) == term.unpacked_length
        out += raw
    return out[answer.offset_into_first_range :]


def test_every_range_can_be_put_together(store):
    data = noise(900_000)
    first, second = pack(data[:500_000]), pack(data[500_000:], scheme=1)
    store.put(first)
    store.put(second)
    file = claim([(first, 0, 10), (second, 0, 8), (first, 2, 4)])
    store.register(file)
    data += data[100_000:200_000]
    ask = store.xet.cas.reconstruct
    assert assemble(store, ask(store.grant(), file.name, (0, None), BASE)) == data
    dice = random.Random(1)
    for _ in range(60):
        start = dice.choice([0, 49_999, 50_000, 499_999, 500_000, 899_999, 900_000, dice.randrange(1_000_000)])
        end = dice.randrange(start, 1_100_000)
        answer = ask(store.grant(), file.name, (start, end), BASE)
        got = assemble(store, answer)
        want = data[start : end + 1]
        assert got[: len(want)] == want
        assert len(got) - len(want) < 50_000
    assert len(ask(store.grant(), file.name, (60_000, 60_001), BASE).terms) == 1


def test_touching_ranges_of_one_xorb_become_one(store):
    packed = pack(noise(500_000))
    store.put(packed)
    file = claim([(packed, 4, 6), (packed, 0, 2), (packed, 1, 4), (packed, 8, 9)])
    store.register(file)
    answer = store.xet.cas.reconstruct(store.grant(), file.name, (0, None), BASE)
    ((source,),) = answer.xorbs.values()
    assert [(part.chunks.start, part.chunks.end) for part in source.ranges] == [(0, 6), (8, 9)]


def test_many_ranges_are_spread_over_links_of_modest_length(store):
    packed = pack(noise(400_000), size=1000)
    store.put(packed)
    file = claim([(packed, number, number + 1) for number in range(0, 400, 2)])
    store.register(file)
    answer = store.xet.cas.reconstruct(store.grant(), file.name, (0, None), BASE)
    (sources,) = answer.xorbs.values()
    assert [len(source.ranges) for source in sources] == [64, 64, 64, 8]
    assert max(len(source.url) for source in sources) < 2000
    assert len(assemble(store, answer)) == 200_000


def test_only_files_of_the_repository_and_only_inside(store):
    file = store.add(noise(1000), repo_id=1)
    ask = store.xet.cas.reconstruct
    with pytest.raises(NotFound):
        ask(store.grant(2), file.name, (0, None), BASE)
    with pytest.raises(NotFound):
        ask(store.grant(1), bytes(32), (0, None), BASE)
    with pytest.raises(RangeNotSatisfiable) as error:
        ask(store.grant(1), file.name, (1000, None), BASE)
    assert error.value.details["size"] == 1000


def test_links_open_their_ranges_and_nothing_else(store, monkeypatch):
    links = Links(store.signer, 60)
    query = dict(parse_qsl(links.read("aa", [(0, 99), (200, 299)])))
    links.check_read("aa", query, [(0, 99)])
    links.check_read("aa", query, [(10, 20), (200, 299)])
    for name, asked in (("aa", (0, 100)), ("aa", (50, 250)), ("aa", (100, 199)), ("bb", (0, 99)), ("aa", (300, 301))):
        with pytest.raises(Forbidden):
            links.check_read(name, query, [asked])
    for changed in ({"r": "0-999"}, {"e": "9999999999"}, {"s": "x"}, {"s": ""}):
        with pytest.raises(Forbidden):
            links.check_read("aa", {**query, **changed}, [(0, 99)])
    with pytest.raises(Forbidden):
        links.check_read("aa", {}, [(0, 99)])
    old = dict(parse_qsl(Links(store.signer, -1).read("aa", [(0, 99)])))
    with pytest.raises(Forbidden, match="expired"):
        links.check_read("aa", old, [(0, 99)])


@pytest.mark.parametrize(
    "header", ["", "bytes", "bytes=", "bytes=-5", "bytes=a-b", "lines=1-2", "bytes=1-2,", "bytes=1-2-3", "bytes=٣-٤"]
)
def test_ranges_that_cannot_be_read_are_refused(header):
    with pytest.raises(InvalidInput):
        parse_ranges(header)


def test_ranges():
    assert parse_ranges("bytes=0-9") == [(0, 9)]
    assert parse_ranges("bytes=5-, 7-8") == [(5, None), (7, 8)]
