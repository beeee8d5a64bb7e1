"""What a commit says about its repository: tags, task, library, configuration. Pure: files and texts in, facts out.

Source: the tags that the Hub shows for models, datasets and spaces, as its clients filter by them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pioche.names import RepoKind
from pioche.protocols.card import texts
from pioche.repos.describe import describe

MAX_TAGS = 300
MAX_TAG = 120
MAX_TEMPLATE = 20_000
BENCHMARK = "benchmark:official"
"""What clients find leaderboards by. Here the word of the dataset's owner makes it so, in `eval.yaml`."""


_BACKENDS = {"cuda": "cu1", "rocm": "rocm", "metal": "metal", "xpu": "xpu", "cpu": "cpu", "universal": "universal"}


@dataclass(frozen=True, slots=True)
class Facts:
    """What there is to go by: paths, metadata and text of the card, `config.json` (and the like) as objects."""

    kind: RepoKind
    paths: Sequence[str]
    card: Mapping[str, Any]
    text: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)
    pipeline: Mapping[str, Any] = field(default_factory=dict)  # model_index.json of diffusers
    benchmark: Mapping[str, Any] = field(default_factory=dict)  # eval.yaml of a dataset
    tokenizer: Mapping[str, Any] = field(default_factory=dict)  # tokenizer_config.json


@dataclass(frozen=True, slots=True)
class Derived:
    """The derived columns of `repos`, except for its size."""

    card: Mapping[str, Any]
    tags: tuple[str, ...]
    pipeline_tag: str | None
    library: str | None
    sdk: str | None
    config: Mapping[str, Any]


def derive(facts: Facts) -> Derived:
    match facts.kind:
        case RepoKind.MODEL:
            return _model(facts)
        case RepoKind.DATASET:
            tags = [*_formats(facts), *_prefixed(facts.card, _DATASET_FIELDS), *texts(facts.card.get("tags"))]
            tags += [*_papers(facts), *([BENCHMARK] if facts.benchmark else [])]
            config = {**({"benchmark": facts.benchmark} if facts.benchmark else {}), **describe(facts.text)}
            return Derived(facts.card, _clean(tags), None, None, None, config)
        case RepoKind.SPACE:
            sdk = _word(facts.card.get("sdk"))
            tags = [*([sdk] if sdk else []), *texts(facts.card.get("tags")), *_prefixed(facts.card, ("license",))]
            return Derived(facts.card, _clean(tags), None, None, sdk, {})
        case RepoKind.KERNEL:
            tags = ["kernel", *_backends(facts), *texts(facts.card.get("tags")), *_prefixed(facts.card, ("license",))]
            return Derived(facts.card, _clean(tags), None, "kernels", None, {})


# -- models --


def _model(facts: Facts) -> Derived:
    card = facts.card
    library = _word(card.get("library_name")) or _guess_library(facts)
    task = _word(card.get("pipeline_tag")) or _guess_task(facts, library)
    model_type = _word(facts.config.get("model_type"))
    tags = [
        *([library] if library else []),
        *_formats(facts),
        *([model_type] if model_type else []),
        *([task] if task else []),
        *(["conversational"] if _talks(facts, task) else []),
        *texts(card.get("tags")),
        *texts(card.get("language")),
        *_prefixed(card, ("license",)),
        *(f"dataset:{name}" for name in texts(card.get("datasets"))),
        *_base_models(facts),
        *_papers(facts),
    ]
    return Derived(card, _clean(tags), task, library, None, _short_config(facts))


def _guess_library(facts: Facts) -> str | None:
    said = set(texts(facts.card.get("tags")))
    for name in _LIBRARIES:
        if name in said:
            return name
    names = {path for path in facts.paths if "/" not in path}
    for name, library in _LIBRARY_FILES.items():
        if name in names:
            return library
    if facts.config and ("architectures" in facts.config or "transformers_version" in facts.config):
        return "transformers"
    return "gguf" if any(path.endswith(".gguf") for path in names) else None


def _guess_task(facts: Facts, library: str | None) -> str | None:
    known = set(texts(facts.card.get("tags"))) & TASKS
    if known:
        return sorted(known)[0]
    if library == "sentence-transformers":
        return "sentence-similarity"
    if library == "diffusers":
        name = str(facts.pipeline.get("_class_name", ""))
        return next((task for part, task in _PIPELINES.items() if part in name), None)
    for architecture in texts(facts.config.get("architectures")):
        for suffix, task in _ARCHITECTURES.items():
            if architecture.endswith(suffix):
                return task
    return None


def _short_config(facts: Facts) -> dict[str, Any]:
    """The part of the configuration that lists show; the file itself is there to be read."""
    short: dict[str, Any] = {}
    if architectures := texts(facts.config.get("architectures")):
        short["architectures"] = architectures[:10]
    if model_type := _word(facts.config.get("model_type")):
        short["model_type"] = model_type
    if name := _word(facts.pipeline.get("_class_name")):
        short["diffusers"] = {"_class_name": name}
    if isinstance(facts.config.get("auto_map"), dict):
        short["auto_map"] = {str(k): str(v)[:200] for k, v in list(facts.config["auto_map"].items())[:20]}
    if tokenizer := _short_tokenizer(facts.tokenizer):
        short["tokenizer_config"] = tokenizer
    return short


def _short_tokenizer(config: Mapping[str, Any]) -> dict[str, str]:
    """Special tokens, each a text or an object with it, and the chat template unless it is very long."""
    short = {}
    for key in ("bos_token", "eos_token", "pad_token", "unk_token", "mask_token"):
        value = config.get(key)
        token = value.get("content") if isinstance(value, dict) else value
        if isinstance(token, str) and token and len(token) <= MAX_TAG:
            short[key] = token
    template = config.get("chat_template")
    if isinstance(template, str) and 0 < len(template) <= MAX_TEMPLATE:
        short["chat_template"] = template
    return short


def _talks(facts: Facts, task: str | None) -> bool:
    """Is it made for conversations?"""
    has_template = bool(facts.tokenizer.get("chat_template")) or "chat_template.jinja" in facts.paths
    return has_template and task in ("text-generation", "image-text-to-text")


def _base_models(facts: Facts) -> list[str]:
    names = texts(facts.card.get("base_model"))
    if not names:
        return []
    relation = _word(facts.card.get("base_model_relation")) or _guess_relation(facts, len(names))
    return [f"base_model:{name}" for name in names] + [f"base_model:{relation}:{name}" for name in names]


def _guess_relation(facts: Facts, count: int) -> str:
    if "adapter_config.json" in facts.paths or facts.card.get("library_name") == "peft":
        return "adapter"
    if any(path.endswith(".gguf") for path in facts.paths) or "quantization_config" in facts.config:
        return "quantized"
    return "merge" if count > 1 else "finetune"


# -- kernels --


def _backends(facts: Facts) -> list[str]:
    """What it was built for: `build/torch28-cxx11-cu128-x86_64-linux/` is for cuda."""
    variants = {path.split("/")[1] for path in facts.paths if path.startswith("build/") and path.count("/") > 1}
    parts = {part for variant in variants for part in variant.split("-")}
    return [name for name, start in _BACKENDS.items() if any(part.startswith(start) for part in parts)]


# -- tags of every kind --


def _formats(facts: Facts) -> list[str]:
    table = _DATA_FORMATS if facts.kind is RepoKind.DATASET else _MODEL_FORMATS
    endings = {ending for path in facts.paths for ending in table if path.endswith(ending)}
    prefix = "format:" if facts.kind is RepoKind.DATASET else ""
    return list(dict.fromkeys(f"{prefix}{table[ending]}" for ending in table if ending in endings))


def _prefixed(card: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    return [f"{name}:{value}" for name in names for value in texts(card.get(name))]


def _papers(facts: Facts) -> list[str]:
    found = _PAPER.findall(facts.text[:500_000])
    return [f"arxiv:{number}" for number in dict.fromkeys(found)][:50]


def _word(value: Any) -> str | None:
    return value.strip()[:64] or None if isinstance(value, str) else None


def _clean(tags: Sequence[str]) -> tuple[str, ...]:
    """Each once, in order, none of them absurd."""
    kept = dict.fromkeys(" ".join(tag.split()) for tag in tags if len(tag) <= MAX_TAG)
    return tuple(tag for tag in kept if tag)[:MAX_TAGS]


_PAPER = re.compile(r"arxiv(?:\.org/(?:abs|pdf)/|:\s?)(\d{4}\.\d{4,5})", re.IGNORECASE)

_DATASET_FIELDS = (
    "task_categories",
    "task_ids",
    "annotations_creators",
    "language_creators",
    "multilinguality",
    "source_datasets",
    "language",
    "license",
    "size_categories",
)

_MODEL_FORMATS = {
    "pytorch_model.bin": "pytorch",
    ".pt": "pytorch",
    ".pth": "pytorch",
    "tf_model.h5": "tf",
    "flax_model.msgpack": "jax",
    ".onnx": "onnx",
    ".tflite": "tflite",
    ".safetensors": "safetensors",
    ".gguf": "gguf",
    ".keras": "keras",
    ".mlmodel": "coreml",
    "events.out.tfevents": "tensorboard",
}

_DATA_FORMATS = {
    ".parquet": "parquet",
    ".csv": "csv",
    ".tsv": "csv",
    ".json": "json",
    ".jsonl": "json",
    ".arrow": "arrow",
    ".txt": "text",
    ".tar": "webdataset",
}

MODEL_FORMAT_TAGS = frozenset(_MODEL_FORMATS.values())

ENDINGS = tuple({**_MODEL_FORMATS, **_DATA_FORMATS})
"""Of paths that say something wherever they are; all others matter only at the top."""

_LIBRARIES = [
    "transformers",
    "diffusers",
    "sentence-transformers",
    "peft",
    "timm",
    "spacy",
    "flair",
    "keras",
    "fastai",
    "sklearn",
    "stable-baselines3",
    "speechbrain",
    "espnet",
    "nemo",
    "allennlp",
    "adapters",
    "open_clip",
    "setfit",
    "span-marker",
    "transformers.js",
    "mlx",
    "ml-agents",
    "gguf",
]

# The most telling first: an adapter or an embedding model has a `config.json` too.
_LIBRARY_FILES = {
    "model_index.json": "diffusers",
    "adapter_config.json": "peft",
    "config_sentence_transformers.json": "sentence-transformers",
    "modules.json": "sentence-transformers",
    "open_clip_config.json": "open_clip",
}

_PIPELINES = {
    "Img2Img": "image-to-image",
    "Inpaint": "image-to-image",
    "ImageToVideo": "image-to-video",
    "Video": "text-to-video",
    "Audio": "text-to-audio",
    "StableDiffusion": "text-to-image",
    "Flux": "text-to-image",
    "DDPM": "unconditional-image-generation",
    "DDIM": "unconditional-image-generation",
}

_ARCHITECTURES = {
    "ForCausalLM": "text-generation",
    "LMHeadModel": "text-generation",
    "ForMaskedLM": "fill-mask",
    "ForSequenceClassification": "text-classification",
    "ForTokenClassification": "token-classification",
    "ForQuestionAnswering": "question-answering",
    "ForSpeechSeq2Seq": "automatic-speech-recognition",
    "ForCTC": "automatic-speech-recognition",
    "WhisperForConditionalGeneration": "automatic-speech-recognition",
    "ForImageClassification": "image-classification",
    "ForObjectDetection": "object-detection",
    "ForSemanticSegmentation": "image-segmentation",
    "ForDepthEstimation": "depth-estimation",
    "ForAudioClassification": "audio-classification",
    "CLIPModel": "zero-shot-image-classification",
    "T5ForConditionalGeneration": "text2text-generation",
    "BartForConditionalGeneration": "text2text-generation",
    "MarianMTModel": "translation",
    "ForConditionalGeneration": "image-text-to-text",
}

TASKS = frozenset(
    [
        "text-classification",
        "token-classification",
        "table-question-answering",
        "question-answering",
        "zero-shot-classification",
        "translation",
        "summarization",
        "feature-extraction",
        "text-generation",
        "text2text-generation",
        "fill-mask",
        "sentence-similarity",
        "text-to-speech",
        "text-to-audio",
        "automatic-speech-recognition",
        "audio-to-audio",
        "audio-classification",
        "audio-text-to-text",
        "voice-activity-detection",
        "depth-estimation",
        "image-classification",
        "object-detection",
        "image-segmentation",
        "text-to-image",
        "image-to-text",
        "image-to-image",
        "image-to-video",
        "unconditional-image-generation",
        "video-classification",
        "reinforcement-learning",
        "robotics",
        "tabular-classification",
        "tabular-regression",
        "time-series-forecasting",
        "text-to-video",
        "image-text-to-text",
        "visual-question-answering",
        "document-question-answering",
        "zero-shot-image-classification",
        "graph-ml",
        "mask-generation",
        "zero-shot-object-detection",
        "text-to-3d",
        "image-to-3d",
        "image-feature-extraction",
        "video-text-to-text",
        "keypoint-detection",
        "visual-document-retrieval",
        "any-to-any",
        "text-ranking",
        "video-to-video",
    ]
)
