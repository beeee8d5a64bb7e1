"""Repo info: what the Hub says about a model, a dataset or a space, alone or in a list.

Source: Hub API as `huggingface_hub` 2.4 reads it (`ModelInfo`, `DatasetInfo`, `SpaceInfo`).
Shape:  one JSON object; `id` and `_id` always, everything else only if it was asked for or is part of the default.
Units:  bytes; dates are ISO 8601 and end in Z; `sha` is 40 hex digits.
Errors: none here. Half-filled `lfs`, `safetensors` and `transformersInfo` break clients, so they are whole or absent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType


class SiblingLfs(msgspec.Struct, frozen=True, rename="camel"):
    size: int
    sha256: str
    pointer_size: int


class Sibling(msgspec.Struct, frozen=True, rename="camel"):
    """`size`, `blobId` and `lfs` only with `blobs=true`."""

    rfilename: str
    size: int | UnsetType = UNSET
    blob_id: str | UnsetType = UNSET
    lfs: SiblingLfs | UnsetType = UNSET


class Safetensors(msgspec.Struct, frozen=True):
    """Parameters by dtype."""

    parameters: Mapping[str, int]
    total: int


class TransformersInfo(msgspec.Struct, frozen=True, omit_defaults=True):
    auto_model: str
    pipeline_tag: str | None = None
    processor: str | None = None


class SpaceRuntime(msgspec.Struct, frozen=True):
    """`stage` is one of the Hub's words; `hardware` null where nothing runs."""

    stage: str
    hardware: None = None
    volumes: list[dict[str, Any]] | UnsetType = UNSET


class GroupInfo(msgspec.Struct, rename="camel"):
    id: str
    name: str
    num_users: int


class RepoInfo(
    msgspec.Struct,
    frozen=True,
    rename={
        "external_id": "_id",
        "model_id": "modelId",
        "base_models": "baseModels",
        "card_data": "cardData",
        "children_model_count": "childrenModelCount",
        "created_at": "createdAt",
        "downloads_all_time": "downloadsAllTime",
        "eval_results": "evalResults",
        "main_size": "mainSize",
        "xet_enabled": "xetEnabled",
        "last_modified": "lastModified",
        "model_index": "model-index",
        "resource_group": "resourceGroup",
        "inference_provider_mapping": "inferenceProviderMapping",
        "transformers_info": "transformersInfo",
        "trending_score": "trendingScore",
        "used_storage": "usedStorage",
        "widget_data": "widgetData",
    },
):
    external_id: str
    id: str
    model_id: str | UnsetType = UNSET
    author: str | UnsetType = UNSET
    sha: str | UnsetType = UNSET
    last_modified: str | UnsetType = UNSET
    created_at: str | UnsetType = UNSET
    private: bool | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET
    gated: Literal["auto", "manual", False] | UnsetType = UNSET
    downloads: int | UnsetType = UNSET
    downloads_all_time: int | UnsetType = UNSET
    likes: int | UnsetType = UNSET
    trending_score: int | UnsetType = UNSET
    tags: Sequence[str] | UnsetType = UNSET
    pipeline_tag: str | UnsetType = UNSET
    library_name: str | UnsetType = UNSET
    card_data: Mapping[str, Any] | UnsetType = UNSET
    config: Mapping[str, Any] | UnsetType = UNSET
    model_index: Any = UNSET
    widget_data: Any = UNSET
    mask_token: str | UnsetType = UNSET
    base_models: Sequence[str] | UnsetType = UNSET
    children_model_count: int | UnsetType = UNSET
    gguf: Mapping[str, Any] | UnsetType = UNSET
    main_size: int | UnsetType = UNSET
    xet_enabled: bool | UnsetType = UNSET
    eval_results: Sequence[Mapping[str, Any]] | UnsetType = UNSET
    spaces: Sequence[str] | UnsetType = UNSET
    models: Sequence[str] | UnsetType = UNSET
    datasets: Sequence[str] | UnsetType = UNSET
    inference_provider_mapping: Sequence[Any] | UnsetType = UNSET
    safetensors: Safetensors | UnsetType = UNSET
    transformers_info: TransformersInfo | UnsetType = UNSET
    resource_group: GroupInfo | UnsetType = UNSET
    description: str | UnsetType = UNSET
    citation: str | UnsetType = UNSET
    paperswithcode_id: str | UnsetType = UNSET
    sdk: str | UnsetType = UNSET
    subdomain: str | UnsetType = UNSET
    runtime: SpaceRuntime | UnsetType = UNSET
    siblings: Sequence[Sibling] | UnsetType = UNSET
    used_storage: int | UnsetType = UNSET


# What `expand` may name. What this hub knows nothing about is accepted and left out.
_EVERY = (
    "author cardData createdAt disabled lastModified likes private resourceGroup sha siblings tags trendingScore "
    "usedStorage"
)
MODEL_EXPAND = frozenset(
    f"{_EVERY} baseModels childrenModelCount config downloads downloadsAllTime evalResults gated gguf inference "
    "inferenceProviderMapping library_name mask_token model-index pipeline_tag safetensors securityStatus spaces "
    "transformersInfo widgetData xetEnabled".split()
)
DATASET_EXPAND = frozenset(
    f"{_EVERY} citation description downloads downloadsAllTime gated mainSize paperswithcode_id xetEnabled".split()
)
SPACE_EXPAND = frozenset(f"{_EVERY} datasets models region runtime sdk subdomain xetEnabled".split())
KERNEL_EXPAND = frozenset(f"{_EVERY} downloads downloadsAllTime gated xetEnabled".split())
