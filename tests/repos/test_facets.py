"""What lists can be narrowed by, and that nobody sees in it what they may not see."""

from __future__ import annotations

import pytest

from pioche.accounts.types import ANONYMOUS, Actor
from pioche.names import RepoId, RepoKind
from pioche.repos import facets
from pioche.repos.types import NewRepo, RepoFilter
from pioche.testkit.room import Room

CARDS = {
    "one": "pipeline_tag: translation\nlibrary_name: transformers\nlicense: mit\nlanguage: [en, fr]\n"
    "base_model: lab/base",
    "two": "pipeline_tag: translation\nlibrary_name: spacy\nlicense: mit\nlanguage: en\ntags: [tiny]",
    "three": "pipeline_tag: fill-mask\nlibrary_name: transformers\nlicense: gpl\ndatasets: lab/corpus",
}
SECRET = "pipeline_tag: depth-estimation\nlibrary_name: hushed\nlicense: secret\nlanguage: xx\ntags: [whisper]"


@pytest.fixture(scope="module")
def listed(room: Room) -> Room:
    for name, card in CARDS.items():
        room.hub.repos.create(room.actor(room.cast.bob), NewRepo(RepoId(RepoKind.MODEL, "bob", f"facet-{name}")))
        room.write(room.cast.bob, f"bob/facet-{name}", {"README.md": f"---\n{card}\n---\n"})
    hidden = RepoId(RepoKind.MODEL, "alice", "facet-hidden")
    room.hub.repos.create(room.actor(room.cast.alice), NewRepo(hidden, private=True))
    room.write(room.cast.alice, hidden.full, {"README.md": f"---\n{SECRET}\n---\n"})
    return room


def counts(room: Room, actor: Actor = ANONYMOUS, **wanted: object) -> dict[str, dict[str, int]]:
    found = room.hub.repos.facets(actor, RepoFilter(RepoKind.MODEL, search="facet-", **wanted), {}, {})  # type: ignore[arg-type]
    return {facet.name: {value.label: value.count for value in facet.values} for facet in found.facets}


def test_counts_are_of_what_is_listed(listed: Room) -> None:
    found = counts(listed)
    assert found["task"] == {"translation": 2, "fill-mask": 1}
    assert found["library"] == {"transformers": 2, "spacy": 1}
    assert found["license"] == {"mit": 2, "gpl": 1}
    assert found["language"] == {"en": 2, "fr": 1}
    assert found["base_model"] == {"lab/base": 1}
    assert found["dataset"] == {"lab/corpus": 1}
    assert found["other"] == {"tiny": 1}
    narrowed = counts(listed, pipeline_tag="translation", tags=("license:mit",))
    assert narrowed["library"] == {"transformers": 1, "spacy": 1}
    assert narrowed["task"] == {"translation": 2}, "neighbours are counted too, but none has this licence"
    assert counts(listed, library="spacy")["library"] == {"transformers": 2, "spacy": 1}


def test_what_is_private_is_in_no_facet(listed: Room) -> None:
    seen = {label for values in counts(listed).values() for label in values}
    assert not seen & {"depth-estimation", "hushed", "secret", "xx", "whisper"}
    mine = counts(listed, listed.actor(listed.cast.alice))
    assert mine["task"]["depth-estimation"] == 1
    assert mine["other"]["whisper"] == 1
    for person in (None, listed.cast.bob):
        page = listed.get("/models?search=facet-&all=task&all=other", person).text
        assert "hushed" not in page
        assert "whisper" not in page
        assert "whisper" not in listed.get("/models?search=facet-&in_other=whi", person).text.replace(
            "in_other=whi", ""
        )


def test_long_lists_are_reckoned_and_say_so(listed: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facets, "SAMPLE", 1)
    found = listed.hub.repos.facets(ANONYMOUS, RepoFilter(RepoKind.MODEL, search="facet-"), {}, {})
    assert found.approximate
    assert (found.total, [value.count for value in found.facets[0].values]) == (3, [3])
    assert "≈" in listed.get("/models?search=facet-").text


@pytest.mark.parametrize(
    "query",
    ["sort=nope", "gated=perhaps", "all=nope", "in_task=%00%27%22%3Cb%3E", "pmin=x", "filter=" + "x" * 500, "p=9999"],
)
def test_odd_addresses_are_harmless(listed: Room, query: str) -> None:
    for kind in ("models", "datasets", "spaces"):
        answer = listed.get(f"/{kind}?{query}")
        assert answer.status_code in (200, 400)
        assert "<b>" not in answer.text


def test_search_by_name_shows_nobody_what_is_private(listed: Room) -> None:
    for part in ("", "&part=true"):
        path = f"/search?search=facet-{part}"
        assert "bob/facet-one" in listed.get(path).text
        assert "facet-hidden" not in listed.get(path).text
        assert "facet-hidden" not in listed.get(path, listed.cast.bob).text
        assert "alice/facet-hidden" in listed.get(path, listed.cast.alice).text
        assert "<b>" not in listed.get(f"/search?search=%3Cb%3E%27%22{part}").text
        assert listed.get(f"/search?search={'x' * 4000}{part}").status_code == 200
