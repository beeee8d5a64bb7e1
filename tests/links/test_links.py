"""Links between repositories: read from cards, followed through names that change, told to those who may see them."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from pioche.links import store
from pioche.links.types import Around, Relation
from pioche.names import RepoId, RepoKind
from pioche.testkit.people import Person
from pioche.testkit.room import Room, small

_numbers = itertools.count(1)


def made(
    room: Room, name: str, card: str = "", kind: RepoKind = RepoKind.MODEL, owner: Person | None = None, **files: str
) -> str:
    """The name of a new repository with a card of this front matter; what it says is known afterwards."""
    owner = owner or room.cast.alice
    full = f"{owner.name}/{name}"
    more = {"sdk": "static"} if kind is RepoKind.SPACE else {}
    answer = room.post("/api/repos/create", owner, json={"name": name, "type": kind.value, **more})
    assert answer.status_code == 200, answer.text
    write(room, full, {"README.md": f"---\n{card}\n---\n# {name}\n", **files}, kind, owner)
    return full


def write(
    room: Room, full: str, files: dict[str, str], kind: RepoKind = RepoKind.MODEL, owner: Person | None = None
) -> None:
    head = {"key": "header", "value": {"summary": "Change files"}}
    lines = [head, *({"key": key, "value": value} for key, value in (small(*item) for item in files.items()))]
    content = "\n".join(json.dumps(line) for line in lines).encode()
    where = f"/api/{kind.plural}/{full}/commit/main"
    headers = {"content-type": "application/x-ndjson"}
    answer = room.post(where, owner or room.cast.alice, content=content, headers=headers)
    assert answer.status_code == 200, answer.text
    room.hub.queue.run_due(room.hub)


def around(room: Room, full: str, person: Person | None = None, kind: RepoKind = RepoKind.MODEL) -> Around:
    actor = room.actor(person or room.cast.carol)
    return room.hub.links.around(actor, room.hub.repos.find(actor, RepoId.parse(kind, full)))


def bases(found: Around) -> list[list[tuple[str, bool]]]:
    """Names of each step, and whether they lead anywhere."""
    return [[(one.shown.full, one.repo is not None) for one in step] for step in found.bases]


def expand(room: Room, full: str, names: str, person: Person | None = None, kind: str = "models") -> dict[str, Any]:
    query = "&".join(f"expand={name}" for name in names.split())
    answer = room.get(f"/api/{kind}/{full}?{query}", person or room.cast.carol)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def hide(room: Room, full: str, kind: RepoKind = RepoKind.MODEL) -> None:
    answer = room.ask("PUT", f"/api/{kind.plural}/{full}/settings", room.cast.alice, json={"private": True})
    assert answer.status_code == 200, answer.text
    room.hub.queue.run_due(room.hub)


def move(room: Room, old: str, new: str) -> None:
    answer = room.post("/api/repos/move", room.cast.alice, json={"fromRepo": old, "toRepo": new, "type": "model"})
    assert answer.status_code == 200, answer.text
    room.hub.queue.run_due(room.hub)


@pytest.mark.parametrize(
    ("card", "files", "relation"),
    [
        ("base_model: {base}", {}, Relation.FINETUNE),
        ("base_model: {base}", {"adapter_config.json": "{}"}, Relation.ADAPTER),
        ("base_model: {base}\nlibrary_name: peft", {}, Relation.ADAPTER),
        ("base_model: {base}", {"q4.gguf": "GGUF"}, Relation.QUANTIZED),
        ("base_model: {base}", {"config.json": '{"quantization_config": {}}'}, Relation.QUANTIZED),
        ("base_model: [{base}, other/model]", {}, Relation.MERGE),
        ("base_model: {base}\nbase_model_relation: quantized", {}, Relation.QUANTIZED),
        ("base_model: [{base}, other/model]\nbase_model_relation: finetune", {}, Relation.FINETUNE),
    ],
)
def test_relations_are_said_or_guessed(room: Room, card: str, files: dict[str, str], relation: Relation) -> None:
    number = next(_numbers)
    base = made(room, f"base-{number}")
    made(room, f"child-{number}", card.replace("{base}", base), **files)
    assert around(room, base).children == {relation: 1}
    listed = room.get(f"/api/models?filter=base_model:{relation.value}:{base}").json()
    assert [one["id"] for one in listed] == [f"alice/child-{number}"]


def test_the_tree_goes_up_step_by_step(room: Room) -> None:
    first = made(room, "step-1", "base_model: elsewhere/origin")
    second = made(room, "step-2", f"base_model: {first}")
    third = made(room, "step-3", f"base_model: {second}")
    assert bases(around(room, third)) == [[("elsewhere/origin", False)], [(first, True)], [(second, True)]]
    assert expand(room, first, "childrenModelCount")["childrenModelCount"] == 1


def test_two_models_made_from_each_other_end_somewhere(room: Room) -> None:
    one = made(room, "round-1", "base_model: alice/round-2")
    made(room, "round-2", f"base_model: {one}")
    assert [len(step) for step in around(room, one).bases] == [1, 1]


def test_a_link_waits_for_its_target(room: Room) -> None:
    child = made(room, "early", "base_model: Alice/Late")
    assert bases(around(room, child)) == [[("Alice/Late", False)]]
    late = made(room, "late")
    assert bases(around(room, child)) == [[(late, True)]]
    assert around(room, late).children == {Relation.FINETUNE: 1}


def test_links_follow_a_rename_and_forget_a_deletion(room: Room) -> None:
    base = made(room, "name-a")
    child = made(room, "of-a", f"base_model: {base}")
    move(room, base, "alice/name-b")
    assert bases(around(room, child)) == [[("alice/name-b", True)]]
    assert around(room, "alice/name-b").children == {Relation.FINETUNE: 1}

    again = made(room, "name-a")  # another one takes the old name
    assert bases(around(room, child)) == [[(again, True)]]
    assert around(room, "alice/name-b").children == {}

    answer = room.ask("DELETE", "/api/repos/delete", room.cast.alice, json={"name": again, "type": "model"})
    assert answer.status_code == 200
    room.hub.queue.run_due(room.hub)
    assert bases(around(room, child)) == [[(again, False)]]


def test_a_changed_card_changes_its_links(room: Room) -> None:
    base, other = made(room, "was"), made(room, "is")
    child = made(room, "changing", f"base_model: {base}")
    write(room, child, {"README.md": f"---\nbase_model: {other}\n---\n"})
    assert around(room, base).children == {}
    assert around(room, other).children == {Relation.FINETUNE: 1}


def test_what_is_private_is_in_no_direction(room: Room) -> None:
    base = made(room, "open-base")
    data = made(room, "open-data", kind=RepoKind.DATASET)
    secret = made(room, "secret", f"base_model: {base}\ndatasets: [{data}]")
    child = made(room, "of-secret", f"base_model: {secret}")
    space = made(room, "secret-space", f"models: [{base}]\ndatasets: [{data}]", RepoKind.SPACE)
    hide(room, secret)
    hide(room, space, RepoKind.SPACE)
    for person in (room.cast.carol, None):
        assert expand(room, base, "childrenModelCount spaces", person)["childrenModelCount"] == 0
        assert expand(room, base, "spaces", person)["spaces"] == []
    assert around(room, base).children == {}
    assert around(room, base).spaces.total == 0
    assert around(room, data, kind=RepoKind.DATASET).trained.total == 0
    # A private base looks like one that is not here, and one step is all.
    assert bases(around(room, child)) == [[(secret, False)]]
    owner = room.cast.alice
    assert around(room, base, owner).children == {Relation.FINETUNE: 1}
    assert bases(around(room, child, owner)) == [[(base, True)], [(secret, True)]]
    assert expand(room, base, "childrenModelCount spaces", owner)["spaces"] == [space]


def test_a_private_base_that_moves_does_not_tell_its_new_name(room: Room) -> None:
    base = made(room, "leaving")
    child = made(room, "left-behind", f"base_model: {base}")
    hide(room, base)
    move(room, base, "alice/hidden-name")
    assert "hidden-name" not in room.get(f"/{child}").text
    assert "alice/leaving" in room.get(f"/{child}").text


def test_datasets_and_spaces_both_ways(room: Room) -> None:
    data = made(room, "rows", kind=RepoKind.DATASET)
    model = made(room, "trained", f"datasets:\n- {data}\n- squad\n- nobody/has-it")
    space = made(room, "app", f"models: [{model}]\ndatasets: [{data}]", RepoKind.SPACE)
    assert [(one.target.full, one.repo is not None) for one in around(room, model).datasets] == [
        (data, True),
        ("nobody/has-it", False),
    ]
    there = around(room, data, kind=RepoKind.DATASET)
    assert ([one.repo_id.full for one in there.trained.repos], there.trained.total) == ([model], 1)
    assert [one.repo_id.full for one in there.spaces.repos] == [space]
    app = around(room, space, kind=RepoKind.SPACE)
    assert [[one.shown.full for one in named] for named in (app.models, app.datasets)] == [[model], [data]]
    page = room.get(f"/datasets/{data}").text
    assert "Models trained on it" in page
    assert "Spaces using it" in page
    listed = room.get(f"/spaces?datasets={data}").text
    assert space in listed


def test_a_list_counts_for_each_of_its_own(room: Room) -> None:
    base, other = made(room, "counted-1"), made(room, "counted-2")
    for number in range(3):
        made(room, f"counting-{number}", f"base_model: {base}\ntags: [counting]")
    listed = room.get("/api/models?search=counted-&expand=childrenModelCount&expand=spaces").json()
    assert {one["id"]: one["childrenModelCount"] for one in listed} == {base: 3, other: 0}


@pytest.mark.parametrize(
    "card",
    [
        "base_model: [[deep], {a: b}, 7, null]",
        "base_model: 'https://example.org/x'",
        "base_model: " + "a" * 500 + "/" + "b" * 500,
        "base_model: ../../etc",
        "base_model: []\ndatasets: {x: y}",
        "base_model:\n" + "\n".join(f"- some/model-{n}" for n in range(1000)),
    ],
)
def test_hostile_cards_are_read(room: Room, card: str) -> None:
    model = made(room, f"hostile-{next(_numbers)}", card)
    page = room.get(f"/{model}")
    assert page.status_code == 200
    assert sum(len(step) for step in around(room, model).bases) in (0, 100)


def test_itself_is_no_link(room: Room) -> None:
    model = made(room, "narcissus", "base_model: alice/Narcissus")
    assert not around(room, model).has_tree


def test_rebuild_makes_them_again(room: Room) -> None:
    base = made(room, "rebuilt")
    made(room, "rebuilding", f"base_model: {base}")
    with room.hub.database.write() as tx:
        for number in room.hub.repos.numbers():
            store.replace(tx, number, [])
    assert around(room, base).children == {}
    room.hub.links.rebuild()
    assert around(room, base).children == {Relation.FINETUNE: 1}


def listed(room: Room, query: str, person: Person | None = None) -> set[str]:
    answer = room.get(f"/api/models?{query}", person)
    assert answer.status_code == 200, answer.text
    return {one["id"] for one in answer.json()}


def test_lists_of_one_relation_know_all_names_of_a_base(room: Room) -> None:
    """What the tree of a model counts is what its list shows, whichever name the cards say."""
    base = made(room, "widen-a")
    old = made(room, "widen-old", f"base_model: {base}", **{"adapter_config.json": "{}"})
    move(room, base, "alice/widen-b")
    new = made(room, "widen-new", "base_model: alice/widen-b", **{"adapter_config.json": "{}"})
    assert around(room, "alice/widen-b").children == {Relation.ADAPTER: 2}
    for name in (base, "alice/widen-b", "Alice/Widen-B"):
        for tag in (f"base_model:{name}", f"base_model:adapter:{name}"):
            assert listed(room, f"filter={tag}") == {old, new}
            page = room.get(f"/models?filter={tag}").text
            assert old in page
            assert new in page
    assert listed(room, "filter=base_model:merge:alice/widen-b") == set()
    assert listed(room, "filter=base_model:adapter:alice/widen-b&filter=adapter") == set()


def test_a_private_base_tells_no_other_name_of_it(room: Room) -> None:
    base = made(room, "secret-a")
    old = made(room, "secret-old", f"base_model: {base}")
    hide(room, base)
    move(room, base, "alice/secret-b")
    new = made(room, "secret-new", "base_model: alice/secret-b")
    assert listed(room, f"filter=base_model:{base}") == {old}
    assert listed(room, "filter=base_model:alice/secret-b", room.cast.carol) == {new}
    assert listed(room, f"filter=base_model:{base}", room.cast.alice) == {old, new}


def test_lists_by_the_programs_that_load(room: Room) -> None:
    quantised = made(room, "loads-gguf", **{"m.gguf": "GGUF"})
    config = {"config.json": '{"architectures": ["LlamaForCausalLM"], "model_type": "llama"}'}
    served = made(room, "loads-vllm", **config)
    assert listed(room, "apps=ollama&search=loads-") == {quantised}
    assert listed(room, "apps=vllm&search=loads-") == {served}
    assert listed(room, "apps=ollama,vllm&search=loads-") == set()
    answer = room.get("/api/models?apps=solitaire")
    assert answer.status_code == 400
    assert "ollama" in answer.json()["error"]


def test_a_newer_version_is_told_to_who_may_see_it(room: Room) -> None:
    new = made(room, "version-2")
    old = made(room, "version-1", f"new_version: {new}")
    assert "There is a newer version" in room.get(f"/{old}").text
    assert not around(room, old).has_tree
    assert around(room, new).children == {}
    assert expand(room, new, "childrenModelCount")["childrenModelCount"] == 0
    hide(room, new)
    assert "There is a newer version" not in room.get(f"/{old}", room.cast.carol).text
    assert "There is a newer version" in room.get(f"/{old}", room.cast.alice).text
