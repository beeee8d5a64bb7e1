"""Links between repositories with the stock client: children, Spaces, one relation, scores."""

from __future__ import annotations

import dataclasses
import json

import pytest
import yaml
from huggingface_hub import EvalResultEntry, User, eval_result_entries_to_yaml
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from pioche.testkit.clients import Hf
from pioche.testkit.factories import Make
from pioche.testkit.people import Cast
from pioche.testkit.waiting import eventually

pytestmark = pytest.mark.client


def test_children_and_spaces_of_a_model(make: Make, cast: Cast) -> None:
    base = make.repo(cast.alice, {"README.md": "# Base"})
    adapter = make.repo(cast.alice, {"README.md": f"---\nbase_model: {base}\n---\n", "adapter_config.json": "{}"})
    make.repo(cast.alice, {"README.md": f"---\nbase_model: {base}\n---\n"}, private=True)
    api = make.api(cast.carol)
    space = make.name("space")
    make.api(cast.alice).create_repo(f"alice/{space}", repo_type="space", space_sdk="static")
    make.commit(cast.alice, f"alice/{space}", {"README.md": f"---\nsdk: static\nmodels: [{base}]\n---\n"}, "space")

    def known() -> bool:
        info = api.model_info(base, expand=["childrenModelCount", "spaces", "baseModels"])
        return (info.children_model_count, info.spaces) == (1, [f"alice/{space}"])

    eventually(known)
    assert api.model_info(adapter, expand=["baseModels"]).base_models == [base]
    assert [one.id for one in api.list_models(filter=f"base_model:adapter:{base}")] == [adapter]
    assert list(api.list_models(filter=f"base_model:quantized:{base}")) == []
    assert [one.id for one in api.list_models(search=base, apps="vllm")] == []
    assert [one.id for one in api.list_spaces(models=base)] == [f"alice/{space}"]
    listed = next(iter(api.list_models(search=base, expand=["childrenModelCount"])))
    assert listed.children_model_count == 1


def test_results_and_leaderboards(make: Make, cast: Cast) -> None:
    tasks = "name: Math\ntasks:\n- id: hard\n"
    data = make.repo(cast.alice, {"README.md": "# Math", "eval.yaml": tasks}, kind="dataset")
    entry = EvalResultEntry(
        dataset_id=data,
        task_id="hard",
        value=20.9,
        source_url="https://example.org/l",
        source_name="Logs",
        notes="fast",
    )
    text = yaml.dump(eval_result_entries_to_yaml([entry]))
    model = make.repo(cast.alice, {"README.md": "# Model", ".eval_results/math.yaml": text})
    tuned = make.repo(
        cast.bob,
        {"README.md": f"---\nbase_model: {model}\n---\n", ".eval_results/math.yaml": text.replace("20.9", "31")},
    )
    broken = {"README.md": "# Model", ".eval_results/math.yaml": text, ".eval_results/x.yaml": "- 1"}
    other = make.repo(cast.bob, broken)
    api = make.api(cast.carol)
    eventually(lambda: len(api.get_dataset_leaderboard(data, base_model_only=False)) == 3)

    board = api.get_dataset_leaderboard(data)
    assert [(one.rank, one.model_id, one.value) for one in board] == [(1, model, 20.9), (1, other, 20.9)]
    first = board[0]
    assert isinstance(first.author, User)
    assert (first.author.username, first.verified, first.notes) == ("alice", False, "fast")
    assert first.source == {"url": "https://example.org/l", "name": "Logs", "isExternal": True}
    assert api.get_dataset_leaderboard(data, base_model_only=False)[0].model_id == tuned

    found = api.model_info(model, expand=["evalResults"]).eval_results
    assert found is not None
    assert dataclasses.replace(found[0], date=None) == entry
    assert len(api.model_info(other, expand=["evalResults"]).eval_results or ()) == 1

    with pytest.raises(HfHubHTTPError, match="no leaderboard"):
        api.get_dataset_leaderboard(make.repo(cast.alice, {"README.md": "# Rows"}, kind="dataset"))
    with pytest.raises(RepositoryNotFoundError):
        api.get_dataset_leaderboard("alice/there-is-none")


def test_scores_of_a_private_model_are_its_peoples(make: Make, cast: Cast) -> None:
    data = make.repo(cast.alice, {"README.md": "# Math", "eval.yaml": "tasks: [{id: hard}]"}, kind="dataset")
    text = yaml.dump(eval_result_entries_to_yaml([EvalResultEntry(dataset_id=data, task_id="hard", value=1)]))
    make.repo(cast.alice, {".eval_results/math.yaml": text}, private=True)
    eventually(lambda: len(make.api(cast.alice).get_dataset_leaderboard(data)) == 1)
    assert make.api(cast.carol).get_dataset_leaderboard(data) == []


def test_commands_of_leaderboards(make: Make, cast: Cast, hf: Hf) -> None:
    data = make.repo(cast.alice, {"README.md": "# Math", "eval.yaml": "tasks: [{id: hard}]"}, kind="dataset")
    text = yaml.dump(eval_result_entries_to_yaml([EvalResultEntry(dataset_id=data, task_id="hard", value=7)]))
    model = make.repo(cast.alice, {".eval_results/math.yaml": text})
    eventually(lambda: len(make.api(cast.carol).get_dataset_leaderboard(data)) == 1)
    printed = json.loads(hf.as_(cast.carol).run("datasets", "leaderboard", data, "--format", "json"))
    assert [one["model_id"] for one in printed] == [model]
    assert data in hf.run("datasets", "ls", "--filter", "benchmark:official", "--format", "json")
