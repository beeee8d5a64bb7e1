"""What files and card say about a repository."""

from typing import Any

import pytest

from pioche.names import RepoKind
from pioche.repos.derive import Facts, derive


def model(paths: list[str], card: dict[str, Any] | None = None, **more: Any) -> Facts:
    return Facts(RepoKind.MODEL, paths, card or {}, **more)


@pytest.mark.parametrize(
    ("facts", "library", "task"),
    [
        (model([]), None, None),
        (model([], {"library_name": "timm", "pipeline_tag": "image-classification"}), "timm", "image-classification"),
        (model(["config.json"], config={"architectures": ["BertForMaskedLM"]}), "transformers", "fill-mask"),
        (model(["config.json"], config={"architectures": ["GPT2LMHeadModel"]}), "transformers", "text-generation"),
        (model(["adapter_config.json"], {"tags": ["text-generation"]}), "peft", "text-generation"),
        (model(["modules.json", "config.json"]), "sentence-transformers", "sentence-similarity"),
        (
            model(["model_index.json"], pipeline={"_class_name": "StableDiffusionPipeline"}),
            "diffusers",
            "text-to-image",
        ),
        (model(["a.gguf"]), "gguf", None),
        (model([], {"library_name": ["no", "text"], "pipeline_tag": 7}), None, None),
    ],
)
def test_library_and_task(facts: Facts, library: str | None, task: str | None) -> None:
    derived = derive(facts)
    assert (derived.library, derived.pipeline_tag) == (library, task)
    assert {library, task} - {None} <= set(derived.tags)


@pytest.mark.parametrize(
    ("facts", "tag"),
    [
        (model([], {"base_model": "a/b"}), "base_model:finetune:a/b"),
        (model(["adapter_config.json"], {"base_model": "a/b"}), "base_model:adapter:a/b"),
        (model(["x.gguf"], {"base_model": ["a/b"]}), "base_model:quantized:a/b"),
        (model([], {"base_model": ["a/b", "c/d"]}), "base_model:merge:c/d"),
        (model([], {"base_model": "a/b", "base_model_relation": "merge"}), "base_model:merge:a/b"),
        (model([], {"datasets": ["a/b"]}), "dataset:a/b"),
        (model([], text="https://arxiv.org/pdf/2401.00001v2"), "arxiv:2401.00001"),
        (model(["x/weights.onnx"]), "onnx"),
        (Facts(RepoKind.DATASET, ["data/train.parquet"], {}), "format:parquet"),
        (Facts(RepoKind.DATASET, [], {"language": ["en"], "task_categories": ["x"]}), "language:en"),
        (Facts(RepoKind.SPACE, [], {"sdk": "docker", "license": "mit"}), "docker"),
    ],
)
def test_tags(facts: Facts, tag: str) -> None:
    assert tag in derive(facts).tags


def test_a_card_cannot_bring_more_tags_than_fit() -> None:
    tags = derive(model([], {"tags": [f"tag-{n}" for n in range(10_000)] + ["x" * 500], "language": {"a": 1}})).tags
    assert len(tags) == 300
    assert all(len(tag) <= 120 for tag in tags)
