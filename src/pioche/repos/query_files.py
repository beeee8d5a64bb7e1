"""Which requests for files count as a download of a model. Pure.

A model is many files; to count it once, only its *query file* counts: what a program asks for first. Source: the rules
that the reference publishes for its libraries, of which these are the common ones. Everything else in a model, and
everything in a Space, counts for nothing; of datasets everything counts, once for each address and five minutes.
"""

from __future__ import annotations

from pioche.names import RepoKind

COMMON = frozenset(("config.json", "config.yaml", "hyperparams.yaml", "params.json", "meta.yaml"))
_OF_LIBRARY: dict[str, frozenset[str]] = {
    "adapters": frozenset(("adapter_config.json",)),
    "diffusers": frozenset(("model_index.json",)),
    "fastai": frozenset(("model.fastai", "pyproject.toml")),
    "flair": frozenset(("pytorch_model.bin",)),
    "keras": frozenset(("config.json", "saved_model.pb", "model.keras")),
    "mlx": frozenset(("config.json", "weights.npz")),
    "open_clip": frozenset(("open_clip_config.json", "open_clip_model.safetensors", "open_clip_pytorch_model.bin")),
    "peft": frozenset(("adapter_config.json",)),
    "sentence-transformers": frozenset(("config_sentence_transformers.json", "config.json")),
    "sklearn": frozenset(("sklearn_model.joblib", "model.joblib", "model.pkl", "config.json")),
    "spacy": frozenset(("meta.json", "config.cfg")),
    "speechbrain": frozenset(("hyperparams.yaml",)),
    "stable-baselines3": frozenset(("config.json", "replay.mp4")),
    "timm": frozenset(("config.json", "pytorch_model.bin", "model.safetensors")),
}


def is_query_file(kind: RepoKind, library: str | None, path: str) -> bool:
    if kind in (RepoKind.DATASET, RepoKind.KERNEL):
        return True
    if kind is not RepoKind.MODEL:
        return False
    if path.endswith(".gguf"):
        return True
    return path in _OF_LIBRARY.get(library or "", COMMON)
