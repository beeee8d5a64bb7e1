"""Evaluation results of models and leaderboards of benchmarks."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
import yaml

from pioche.evals import pages, store
from pioche.names import RepoKind
from pioche.testkit.people import Person
from pioche.testkit.room import Room, small

_numbers = itertools.count(1)


def made(
    room: Room, files: dict[str, str], kind: str = "model", owner: Person | None = None, private: bool = False
) -> str:
    owner = owner or room.cast.alice
    name = f"{kind}-{next(_numbers)}"
    body = {"name": name, "type": kind, "private": private}
    assert room.post("/api/repos/create", owner, json=body).status_code == 200
    write(room, f"{owner.name}/{name}", files, kind, owner)
    return f"{owner.name}/{name}"


def write(
    room: Room, full: str, files: dict[str, str], kind: str = "model", person: Person | None = None, query: str = ""
) -> dict[str, Any]:
    head = {"key": "header", "value": {"summary": "Change files"}}
    lines = [head, *({"key": key, "value": value} for key, value in (small(*item) for item in files.items()))]
    content = "\n".join(json.dumps(line) for line in lines).encode()
    where = f"/api/{kind}s/{full}/commit/main{query}"
    headers = {"content-type": "application/x-ndjson"}
    answer = room.post(where, person or room.cast.alice, content=content, headers=headers)
    assert answer.status_code == 200, answer.text
    room.hub.queue.run_due(room.hub)
    body: dict[str, Any] = answer.json()
    return body


def benchmark(room: Room, *tasks: str, **more: Any) -> str:
    text = yaml.dump({"name": "Math", "tasks": [{"id": task} for task in tasks or ("hard",)]})
    return made(room, {"README.md": "# Math", "eval.yaml": text}, "dataset", **more)


def result(dataset: str, value: Any, task: str = "hard", **more: Any) -> dict[str, str]:
    entry = {"dataset": {"id": dataset, "task_id": task}, "value": value, **more}
    return {".eval_results/math.yaml": yaml.dump([entry])}


def board(room: Room, dataset: str, query: str = "", person: Person | None = None) -> list[dict[str, Any]]:
    answer = room.get(f"/api/datasets/{dataset}/leaderboard{query}", person)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


def ranks(room: Room, dataset: str, query: str = "", person: Person | None = None) -> list[tuple[int, str, Any]]:
    return [(one["rank"], one["modelId"], one["value"]) for one in board(room, dataset, query, person)]


def results_of(room: Room, model: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = room.get(f"/api/models/{model}?expand=evalResults").json()["evalResults"]
    return found


def test_a_file_is_read_and_ranked(room: Room) -> None:
    data = benchmark(room)
    low = made(room, result(data, 12))
    high = made(room, result(data, 40.5, notes="no-tools", source={"url": "https://example.org/x", "name": "Logs"}))
    same = made(room, result(data, 12.0), owner=room.cast.bob)
    assert ranks(room, data) == [(1, high, 40.5), (2, low, 12), (2, same, 12.0)]
    first = board(room, data)[0]
    assert first["source"] == {"url": "https://example.org/x", "name": "Logs", "isExternal": True}
    assert (first["verified"], first["notes"], first["filename"]) == (False, "no-tools", ".eval_results/math.yaml")
    assert (first["author"]["type"], first["author"]["name"]) == ("user", "alice")
    page = room.get(f"/datasets/{data}/leaderboard").text
    assert page.index(high) < page.index(low)
    assert f"/datasets/{data}/leaderboard" in room.get(f"/datasets/{data}").text
    side = room.get(f"/{high}").text
    assert "Evaluation results" in side
    assert "40.5" in side
    assert f'href="/datasets/{data}"' in side


def test_the_date_is_that_of_the_commit_if_none_is_said(room: Room) -> None:
    data = benchmark(room)
    model = made(room, result(data, 1))
    assert results_of(room, model)[0]["data"]["date"].startswith("20")
    told = made(room, result(data, 1, date="2001-02-03"))
    assert results_of(room, told)[0]["data"]["date"] == "2001-02-03"


def test_only_benchmarks_have_a_leaderboard(room: Room) -> None:
    plain = made(room, {"README.md": "# Rows", "eval.yaml": "tasks: nothing"}, "dataset")
    made(room, result(plain, 1))
    for address in (f"/api/datasets/{plain}/leaderboard", f"/datasets/{plain}/leaderboard"):
        assert room.get(address).status_code == 404
    assert "Leaderboard" not in room.get(f"/datasets/{plain}").text
    data = benchmark(room)
    tagged = [one["id"] for one in room.get("/api/datasets?filter=benchmark:official").json()]
    assert data in tagged
    assert plain not in tagged
    write(room, data, {"eval.yaml": "tasks: []"}, "dataset")
    assert room.get(f"/api/datasets/{data}/leaderboard").status_code == 404


def test_tasks_are_ranked_apart(room: Room) -> None:
    data = benchmark(room, "hard", "easy")
    model = made(room, result(data, 77, "easy"))
    assert ranks(room, data) == []
    assert ranks(room, data, "?task_id=easy") == [(1, model, 77)]
    answer = room.get(f"/api/datasets/{data}/leaderboard?task_id=none")
    assert answer.status_code == 400
    assert "hard, easy" in answer.json()["error"]


def test_what_was_made_from_another_is_left_out_at_first(room: Room) -> None:
    data = benchmark(room)
    root = made(room, result(data, 1))
    tuned = made(room, {"README.md": f"---\nbase_model: {root}\n---\n", **result(data, 2)})
    assert ranks(room, data) == ranks(room, data, "?base_model=true") == [(1, root, 1)]
    assert ranks(room, data, "?base_model=false") == [(1, tuned, 2), (2, root, 1)]
    assert tuned in room.get(f"/datasets/{data}/leaderboard?all=1").text


def test_private_models_and_datasets_are_nowhere(room: Room) -> None:
    data = benchmark(room)
    seen, hidden = made(room, result(data, 1)), made(room, result(data, 9), private=True)
    for person in (None, room.cast.carol):
        assert ranks(room, data, "", person) == [(1, seen, 1)]
        assert hidden not in room.get(f"/datasets/{data}/leaderboard", person).text
    assert ranks(room, data, "", room.cast.alice) == [(1, hidden, 9), (2, seen, 1)]
    secret = benchmark(room, private=True)
    open_model = made(room, result(secret, 5))
    there = room.get(f"/api/datasets/{secret}/leaderboard", room.cast.carol)
    nowhere = room.get("/api/datasets/alice/nothing-here/leaderboard", room.cast.carol)
    assert there.status_code == nowhere.status_code
    assert f'href="/datasets/{secret}"' not in room.get(f"/{open_model}").text
    assert secret in room.get(f"/{open_model}").text  # the model's own file says so


def test_a_broken_file_hides_no_other(room: Room) -> None:
    data = benchmark(room)
    model = made(room, {**result(data, 3), ".eval_results/bad.yaml": "- {value: 1}", ".eval_results/notes.txt": "x"})
    found = results_of(room, model)
    assert [one.get("error", "") for one in found] == ["Entry 1 needs 'dataset' with 'id' and 'task_id'.", ""]
    assert ranks(room, data) == [(1, model, 3)]
    assert "Entry 1 needs" not in room.get(f"/{model}").text


def test_a_file_that_goes_takes_its_result_along(room: Room) -> None:
    data = benchmark(room)
    model = made(room, result(data, 3))
    write(room, model, {".eval_results/math.yaml": "[]"})
    assert ranks(room, data) == []
    write(room, model, result(data, 4))
    assert ranks(room, data) == [(1, model, 4)]
    answer = room.ask("DELETE", "/api/repos/delete", room.cast.alice, json={"name": model})
    assert answer.status_code == 200
    assert ranks(room, data) == []


def test_a_benchmark_that_moves_keeps_its_results(room: Room) -> None:
    data = benchmark(room)
    model = made(room, result(data, 3))
    body = {"fromRepo": data, "toRepo": f"{data}-moved", "type": "dataset"}
    assert room.post("/api/repos/move", room.cast.alice, json=body).status_code == 200
    assert ranks(room, f"{data}-moved") == [(1, model, 3)]


def test_pull_requests_count_while_they_are_open(room: Room) -> None:
    data = benchmark(room)
    model = made(room, {"README.md": "# Model"})
    opened = write(room, model, result(data, 30), person=room.cast.carol, query="?create_pr=1")
    num = int(opened["pullRequestUrl"].rsplit("/", 1)[1])
    entry = board(room, data)[0]
    assert (entry["modelId"], entry["value"], entry["pullRequest"]) == (model, 30, num)
    assert "community" in room.get(f"/{model}").text
    change(room, model, num, "closed")
    assert ranks(room, data) == []
    change(room, model, num, "open")
    assert ranks(room, data) == [(1, model, 30)]
    write(room, model, result(data, 20))
    assert ranks(room, data) == [(1, model, 20)], "the owner's word goes before a stranger's"


def test_a_pull_request_that_is_merged_counts_once(room: Room) -> None:
    data = benchmark(room)
    model = made(room, {"README.md": "# Model"})
    opened = write(room, model, result(data, 30), person=room.cast.carol, query="?create_pr=1")
    num = int(opened["pullRequestUrl"].rsplit("/", 1)[1])
    answer = room.post(f"/api/models/{model}/discussions/{num}/merge", room.cast.alice, json={})
    assert answer.status_code == 200, answer.text
    room.hub.queue.run_due(room.hub)
    assert [one.get("pullRequest") for one in results_of(room, model)] == [None]
    assert "pullRequest" not in board(room, data)[0]


def test_a_pull_request_tells_only_what_it_adds(room: Room) -> None:
    data = benchmark(room)
    model = made(room, result(data, 5))
    write(room, model, {"notes.md": "x"}, person=room.cast.carol, query="?create_pr=1")
    assert len(results_of(room, model)) == 1


def change(room: Room, model: str, num: int, status: str) -> None:
    where = f"/api/models/{model}/discussions/{num}/status"
    answer = room.post(where, room.cast.alice, json={"status": status})
    assert answer.status_code == 200, answer.text
    room.hub.queue.run_due(room.hub)


def test_rebuild_reads_them_again(room: Room) -> None:
    data = benchmark(room)
    model = made(room, result(data, 5))
    with room.hub.database.write() as tx:
        store.replace(tx, room.number(room.cast.alice, model), 0, [])
    assert ranks(room, data) == []
    room.hub.evals.rebuild()
    assert ranks(room, data) == [(1, model, 5)]


def test_old_cards_show_their_model_index(room: Room) -> None:
    index = [{"name": "m", "results": [{"dataset": {"name": "IMDb"}, "metrics": [{"type": "accuracy", "value": 0.5}]}]}]
    model = made(room, {"README.md": f"---\n{yaml.dump({'model-index': index})}---\n"})
    page = room.get(f"/{model}").text
    assert "IMDb" in page
    assert room.get(f"/api/models/{model}?expand=model-index").json()["model-index"] == index


@pytest.mark.parametrize("kind", [RepoKind.MODEL, RepoKind.SPACE])
def test_nothing_else_has_a_leaderboard(room: Room, kind: RepoKind) -> None:
    assert room.get(f"/api/{kind.plural}/alice/x/leaderboard").status_code == 404


def test_a_model_with_very_many_results(room: Room) -> None:
    data = benchmark(room)
    entry = "- {dataset: {id: %s, task_id: t%d}, value: %d}\n"
    files = {
        f".eval_results/{n:03}.yaml": "".join(entry % (f"lab/set-{n}-{m}", m, m) for m in range(200)) for n in range(8)
    }
    model = made(room, {**files, **result(data, 1)})
    assert len(results_of(room, model)) == 1_000
    assert "The first 20 are shown." in room.get(f"/{model}").text


def test_the_page_of_a_leaderboard_says_where_it_ends(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    data = benchmark(room)
    for value in (1, 2, 3):
        made(room, result(data, value))
    monkeypatch.setattr(pages, "SHOWN", 2)
    assert "The first 2 of 3 are shown." in room.get(f"/datasets/{data}/leaderboard").text
