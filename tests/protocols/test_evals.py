"""Evaluation results: what the stock client writes is read, and what is wrong is said."""

from __future__ import annotations

import pytest
import yaml
from huggingface_hub import EvalResultEntry, eval_result_entries_to_yaml, parse_eval_result_entries

from pioche.protocols.evals import MAX_ENTRIES, OldScore, read_benchmark, read_model_index, read_results


def test_what_the_client_writes_it_reads_again() -> None:
    entries = [
        EvalResultEntry(dataset_id="lab/math", task_id="hard", value=20.9),
        EvalResultEntry(
            dataset_id="lab/math",
            task_id="easy",
            value=0.412,
            dataset_revision="5503434ddd753f426f4b38109466949a1217c2bb",
            verify_token="eyJ",
            date="2025-01-15T10:30:00Z",
            source_url="https://example.org/logs",
            source_name="Logs",
            source_org="lab",
            notes="no-tools",
        ),
    ]
    results, problem = read_results(yaml.dump(eval_result_entries_to_yaml(entries)))
    assert problem == ""
    assert [(one.task, one.score) for one in results] == [("hard", 20.9), ("easy", 0.412)]
    assert parse_eval_result_entries([{"data": dict(one.data)} for one in results]) == entries


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "must be a list"),
        ("a: 1", "must be a list"),
        ("- 7", "Entry 1 must be a mapping"),
        ("- {value: 1}", "Entry 1 needs 'dataset'"),
        ("- {dataset: {id: x/y}, value: 1}", "'task_id' must be a text"),
        ("- {dataset: {id: squad, task_id: t}, value: 1}", "must be 'owner/name'"),
        ("- {dataset: {id: x/y, task_id: t}}", "needs 'value'"),
        ("- {dataset: {id: x/y, task_id: t}, value: [1]}", "needs 'value'"),
        ("- {dataset: {id: x/y, task_id: t}, value: 1, source: {name: n}}", "needs a 'url'"),
        ("- {dataset: {id: x/y, task_id: t}, value: 1, source: {url: 'javascript:alert(1)'}}", "needs a 'url'"),
        ("- {dataset: {id: x/y, task_id: t}, value: 1, notes: " + "n" * 2000 + "}", "longer than"),
        ("- [", "not valid YAML"),
        ("[" * 200, "too deeply nested"),
        ("- {}\n" * (MAX_ENTRIES + 1), "more than"),
    ],
)
def test_what_is_wrong_is_said(text: str, said: str) -> None:
    results, problem = read_results(text)
    assert results == []
    assert said in problem


@pytest.mark.parametrize("value", ["'20.9'", ".nan", ".inf", "true"])
def test_what_is_no_number_has_no_score(value: str) -> None:
    results, problem = read_results("- {dataset: {id: x/y, task_id: t}, value: " + value + "}")
    assert problem == ""
    assert results[0].score is None


def test_benchmarks() -> None:
    text = "name: Math\nevaluation_framework: inspect-ai\ntasks:\n- {id: hard, config: main, split: test}\n- id: easy"
    found, problem = read_benchmark(text)
    assert problem == ""
    assert found["tasks"] == [{"id": "hard", "config": "main", "split": "test"}, {"id": "easy"}]
    for wrong in (
        "",
        "tasks: []",
        "tasks: {a: b}",
        "tasks: [x]",
        "tasks: [{id: [1]}]",
        "- 1",
        "tasks: [" + "{id: a}," * 101 + "]",
    ):
        found, problem = read_benchmark(wrong)
        assert found == {}
        assert problem


def test_model_index_of_old_cards() -> None:
    index = [
        {
            "name": "m",
            "results": [
                {
                    "task": {"type": "text-classification"},
                    "dataset": {"type": "imdb", "name": "IMDb"},
                    "metrics": [{"type": "accuracy", "value": 0.93219}, {"type": "f1", "value": "n/a", "name": "F1"}],
                    "source": {"url": "https://example.org"},
                }
            ],
        }
    ]
    assert read_model_index(index) == [
        OldScore("text-classification", "IMDb", "accuracy", "0.9322", "https://example.org"),
        OldScore("text-classification", "IMDb", "F1", "n/a", "https://example.org"),
    ]
    for odd in (None, 7, "x", [None], [{"results": {"a": 1}}], [{"results": [{"metrics": [7, {"value": {}}]}]}]):
        assert read_model_index(odd) == []
