"""Snippets: chosen by library, task and files; whatever a repository says of itself, they stay what they seem."""

from __future__ import annotations

import ast
import shlex
from dataclasses import replace
from typing import Any

import pytest

from pioche.names import RepoId, RepoKind
from pioche.repos.snippets import Snippet, Subject, snippets_of
from pioche.repos.snippets.small import SMALL
from pioche.repos.snippets.transformers import CALLS
from pioche.repos.types import Repo

HUB = "https://hub.example.org"


def row(kind: RepoKind = RepoKind.MODEL, tags: tuple[str, ...] = (), **more: Any) -> Repo:
    values = {
        "id": 1,
        "repo_id": RepoId(kind, "lab", "thing"),
        "owner_id": 1,
        "private": False,
        "gated": "",
        "default_branch": "main",
        "created_by": 1,
        "created_at": 0,
        "updated_at": 0,
        "head": None,
        "card": {},
        "tags": tags,
        "pipeline_tag": None,
        "library": None,
        "sdk": None,
        "storage": 0,
        "group_id": None,
        "likes": 0,
        "downloads": 0,
    }
    return Repo(**{**values, **more})


def snippets(repo: Repo, files: dict[str, str] | None = None, quants: tuple[str, ...] = ()) -> dict[str, Snippet]:
    found = snippets_of(Subject(repo, HUB, files or {}, quants))
    for one in found:
        if one.language == "python":
            ast.parse(one.code)
            assert f'os.environ["HF_ENDPOINT"] = "{HUB}"' in one.code
    return {one.key: one for one in found}


def test_every_kind_can_be_downloaded() -> None:
    for kind in RepoKind:
        found = snippets(row(kind))
        assert {"huggingface_hub", "hf", "git"} <= found.keys()
        assert found["git"].code == f"git clone {HUB}/{RepoId(kind, 'lab', 'thing').path}"
        assert ("--repo-type" in found["hf"].code) == (kind is not RepoKind.MODEL)


@pytest.mark.parametrize("task", CALLS)
def test_every_task_of_transformers(task: str) -> None:
    found = snippets(row(library="transformers", pipeline_tag=task))
    assert f'pipeline("{task}", model="lab/thing")' in found["transformers"].code


def test_transformers_by_what_the_model_is() -> None:
    config = {"architectures": ["LlamaForCausalLM"]}
    base = row(library="transformers", pipeline_tag="text-generation", config=config)
    found = snippets(base)
    assert "AutoModelForCausalLM.from_pretrained" in found["transformers-classes"].code
    assert "vllm serve lab/thing" in found["vllm"].code
    assert "role" not in found["transformers"].code
    assert '"role": "user"' in snippets(replace(base, tags=("conversational",)))["transformers"].code
    trusting = snippets(replace(base, config={**config, "auto_map": {"AutoModel": "m.M"}}))["transformers"]
    assert "trust_remote_code=True" in trusting.code
    assert trusting.warning
    assert "transformers" not in snippets(replace(base, pipeline_tag="summarization"))


@pytest.mark.parametrize("library", SMALL)
def test_every_small_library(library: str) -> None:
    for repo in (row(library=library), row(tags=(library,))):
        found = snippets(repo)
        assert "lab/thing" in found[library].code
        assert "BARE" not in found[library].code
        assert found[library].install


def test_libraries_with_a_base() -> None:
    card = {"base_model": "lab/base"}
    adapter = snippets(row(library="peft", tags=("transformers",), card=card, pipeline_tag="text-classification"))
    assert 'AutoModelForSequenceClassification.from_pretrained("lab/base")' in adapter["peft"].code
    assert "transformers" not in adapter
    lora = snippets(row(library="diffusers", tags=("lora",), card=card))["diffusers"].code
    assert 'from_pretrained("lab/base")' in lora
    assert 'load_lora_weights("lab/thing")' in lora
    assert 'from_pretrained("lab/thing")' in snippets(row(library="diffusers"))["diffusers"].code
    ranking = snippets(row(library="sentence-transformers", pipeline_tag="text-ranking"))
    assert "CrossEncoder" in ranking["sentence-transformers"].code


def test_gguf() -> None:
    repo = row(tags=("gguf", "conversational"))
    found = snippets(repo, {".gguf": "m-Q2_K.gguf"}, ("Q2_K", "Q4_K_M"))
    assert "*Q4_K_M*.gguf" in found["llama.cpp"].code
    assert 'filename="*Q4_K_M*.gguf"' in found["llama-cpp-python"].code


def test_datasets_by_their_files() -> None:
    tags = ("format:parquet",)
    found = snippets(row(RepoKind.DATASET, tags), {".parquet": "data/a.parquet", ".tar": "x.tar"})
    assert {"datasets", "pandas", "polars", "duckdb", "dask", "webdataset"} <= found.keys()
    assert '"hf://datasets/lab/thing/data/*.parquet"' in found["dask"].code
    configs = [{"config_name": "small"}, {"config_name": "large"}]
    named = snippets(row(RepoKind.DATASET, tags, card={"configs": configs}))
    assert 'load_dataset("lab/thing", "small")' in named["datasets"].code
    plain = snippets(row(RepoKind.DATASET, tags, card={"configs": [*configs, {"config_name": "default"}]}))
    assert 'load_dataset("lab/thing")' in plain["datasets"].code


HOSTILE = ['x" + __import__("os").system("id") + "', "x'; DROP TABLE a; --", "a\nimport evil", "$(id)`id`", "\\", "😀"]


@pytest.mark.parametrize("text", HOSTILE)
def test_names_stay_names(text: str) -> None:
    endings = (".gguf", ".parquet", ".csv", ".joblib", ".onnx", ".zip", ".tar")
    files = {ending: f"{text}{ending}" for ending in endings}
    card = {"base_model": text, "configs": [{"config_name": text}, {"config_name": "b"}]}
    for repo in (
        row(RepoKind.DATASET, ("format:csv",), card=card),
        *(row(library=one, tags=("gguf",), card=card) for one in ("peft", "sklearn", "onnx", "stable-baselines3")),
    ):
        for one in snippets(repo, files).values():
            if one.language == "python":
                tree = ast.parse(one.code)
                called = {
                    node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and hasattr(node.func, "id")
                }
                assert "__import__" not in called
                imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
                assert "evil" not in imported
            elif one.key == "llama.cpp":
                words = shlex.split(one.code.splitlines()[1] if "\n" not in text else one.code)
                assert f"{text}.gguf" in words
