"""The variants of a model in GGUF: which files are one, how many bits each has. Pure: paths and sizes in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pioche.ports.gitstore import TreeNode

MAX_SHOWN = 60

_SHARD = re.compile(r"-(\d{5})-of-(\d{5})\.gguf\Z", re.IGNORECASE)
_LABEL = re.compile(
    r"(?<![A-Za-z0-9])((?:UD-)?I?Q\d(?:_\d)?(?:_[A-Z0-9]+)*|TQ\d_\d|BF16|FP?16|FP?32|MXFP4(?:_MOE)?)(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_BITS = {"F": 16, "B": 16, "M": 4}


@dataclass(frozen=True, slots=True)
class Quant:
    """One variant: `path` of its first file, and the bytes of all its files. `bits` 0: its name does not tell."""

    label: str
    bits: int
    path: str
    size: int
    files: int


def quants_of(nodes: Sequence[TreeNode]) -> list[Quant]:
    """The smallest first. Projectors of images (`mmproj`) are part of each and none by themselves."""
    found: dict[str, list[TreeNode]] = {}
    for node in nodes:
        if node.kind == "file" and node.path.lower().endswith(".gguf") and "mmproj" not in node.name.lower():
            found.setdefault(_SHARD.sub("", node.path).removesuffix(".gguf"), []).append(node)
    quants = [_quant(stem, files) for stem, files in found.items()]
    return sorted(quants, key=lambda one: (one.bits or 99, one.size, one.path))


def weights(nodes: Sequence[TreeNode]) -> list[TreeNode]:
    """The files of the first variant; every one counts the same parameters."""
    quants = quants_of(nodes)
    if not quants:
        return []
    stem = _SHARD.sub("", quants[0].path).removesuffix(".gguf")
    return [node for node in nodes if _SHARD.sub("", node.path).removesuffix(".gguf") == stem and node.kind == "file"]


def _quant(stem: str, files: Sequence[TreeNode]) -> Quant:
    label = label_of(stem)
    size = sum(node.size for node in files)
    return Quant(label, _bits(label), min(node.path for node in files), size, len(files))


def label_of(path: str) -> str:
    """`Q4_K_M` of `model-Q4_K_M.gguf` or `Q4_K_M/model.gguf`; empty if its name does not tell."""
    stem = path.removesuffix(".gguf")
    for part in (stem.rpartition("/")[2], stem.rpartition("/")[0]):
        if labels := _LABEL.findall(part):
            return str(labels[-1]).upper()
    return ""


def _bits(label: str) -> int:
    if label in ("F32", "FP32"):
        return 32
    digits = re.search(r"Q(\d)", label)
    return int(digits[1]) if digits else _BITS.get(label[:1], 0)
