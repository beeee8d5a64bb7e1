"""Programs that load models, by what a model's tags say: the filter `apps` of lists."""

from __future__ import annotations

from collections.abc import Mapping

Groups = tuple[tuple[str, ...], ...]
"""Of each group one tag must be there."""

_GGUF: Groups = (("gguf",),)
_SERVERS: Groups = (("transformers", "gguf"), ("text-generation", "image-text-to-text"))
_DIFFUSERS: Groups = (("diffusers",), ("text-to-image", "image-to-image"))

APPS: Mapping[str, Groups] = {
    "docker-model-runner": _GGUF,
    "draw-things": _DIFFUSERS,
    "diffusionbee": _DIFFUSERS,
    "jan": _GGUF,
    "koboldcpp": _GGUF,
    "llama-cpp-python": _GGUF,
    "llama.cpp": _GGUF,
    "lmstudio": (("gguf", "mlx"),),
    "localai": _GGUF,
    "mlx-lm": (("mlx",), ("text-generation",)),
    "node-llama-cpp": _GGUF,
    "ollama": _GGUF,
    "sglang": (("transformers",), ("text-generation", "image-text-to-text")),
    "tgi": (("text-generation-inference", "transformers"), ("text-generation",)),
    "unsloth": _SERVERS,
    "vllm": _SERVERS,
}
