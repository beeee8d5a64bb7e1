"""Snippets for models: by the library, the task and the files."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping

from pioche.protocols.card import texts
from pioche.repos.snippets.small import SMALL
from pioche.repos.snippets.transformers import transformers_snippets
from pioche.repos.snippets.types import Snippet, Subject, bash, python, quoted


def model_snippets(subject: Subject) -> Iterator[Snippet]:
    for library in _libraries(subject):
        if library in SMALL:
            yield SMALL[library](subject)
        elif library in _SNIPPETS:
            yield from _SNIPPETS[library](subject)


def _libraries(subject: Subject) -> list[str]:
    """What the card says it is for, and what its files also are."""
    repo = subject.repo
    known = [tag for tag in repo.tags if tag in SMALL or tag in _SNIPPETS]
    named = [*([repo.library] if repo.library else []), *known]
    if repo.library == "peft":  # the base model has the other tags
        named = [library for library in named if library != "transformers"]
    if "transformers" in named and repo.pipeline_tag in ("text-generation", "image-text-to-text"):
        named.append("vllm")
    return list(dict.fromkeys(named))


def _diffusers(subject: Subject) -> Iterator[Snippet]:
    tags, base = subject.repo.tags, _base(subject)
    lines = ["from diffusers import DiffusionPipeline", ""]
    if "lora" in tags and base:
        lines += [
            f"pipe = DiffusionPipeline.from_pretrained({quoted(base)})",
            f"pipe.load_lora_weights({quoted(subject.name)})",
        ]
    elif "controlnet" in tags:
        lines = ["from diffusers import ControlNetModel", ""]
        lines.append(f"controlnet = ControlNetModel.from_pretrained({quoted(subject.name)})")
    else:
        lines.append(f"pipe = DiffusionPipeline.from_pretrained({quoted(subject.name)})")
    if "controlnet" not in tags:
        lines += _called(subject.repo.pipeline_tag)
    yield Snippet(
        "diffusers", "Diffusers", python(subject, *lines), install="pip install -U diffusers transformers torch"
    )


def _called(task: str | None) -> list[str]:
    match task:
        case "unconditional-image-generation":
            return ["pipe().images[0].save('picture.png')"]
        case "image-to-image" | "text-to-image" | None:
            return ['pipe("A pickaxe on a mountain, morning light").images[0].save("picture.png")']
        case _:
            return ['result = pipe("A pickaxe on a mountain, morning light")']


def _sentence_transformers(subject: Subject) -> Iterator[Snippet]:
    trust = ", trust_remote_code=True" if subject.runs_code else ""
    if subject.repo.pipeline_tag == "text-ranking":
        lines = [
            "from sentence_transformers import CrossEncoder",
            "",
            f"model = CrossEncoder({quoted(subject.name)}{trust})",
            'pairs = [("What is a pickaxe?", "A tool for rock."), ("What is a pickaxe?", "A fish.")]',
            "print(model.predict(pairs))",
        ]
    else:
        lines = [
            "from sentence_transformers import SentenceTransformer",
            "",
            f"model = SentenceTransformer({quoted(subject.name)}{trust})",
            'vectors = model.encode(["The weather is lovely.", "It is sunny outside.", "He drove home."])',
            "print(model.similarity(vectors, vectors))",
        ]
    install = "pip install -U sentence-transformers"
    code = python(subject, *lines)
    yield Snippet("sentence-transformers", "Sentence Transformers", code, "python", install, subject.runs_code)


def _peft(subject: Subject) -> Iterator[Snippet]:
    auto = _PEFT_TASKS.get(subject.repo.pipeline_tag or "", "AutoModelForCausalLM")
    lines = [
        "from peft import PeftModel",
        f"from transformers import {auto}, AutoTokenizer",
        "",
        f"base = {auto}.from_pretrained({quoted(_base(subject) or 'OWNER/BASE-MODEL')})",
        f"model = PeftModel.from_pretrained(base, {quoted(subject.name)})",
    ]
    if base := _base(subject):
        lines.append(f"tokenizer = AutoTokenizer.from_pretrained({quoted(base)})")
    yield Snippet("peft", "PEFT", python(subject, *lines), install="pip install -U peft transformers torch")


_PEFT_TASKS = {
    "text-classification": "AutoModelForSequenceClassification",
    "token-classification": "AutoModelForTokenClassification",
    "question-answering": "AutoModelForQuestionAnswering",
    "summarization": "AutoModelForSeq2SeqLM",
    "translation": "AutoModelForSeq2SeqLM",
    "feature-extraction": "AutoModel",
}


def _gguf(subject: Subject) -> Iterator[Snippet]:
    path = subject.files.get(".gguf", "model.gguf")
    label = next((one for one in ("Q4_K_M", "Q4_0", "Q8_0") if one in subject.quants), next(iter(subject.quants), ""))
    pattern = f"*{label}*.gguf" if label else path
    chat = "-cnv" if "conversational" in subject.repo.tags else '-p "Once upon a time"'
    fetch = f"hf download {subject.name} --include {shlex.quote(pattern)} --local-dir {subject.repo.repo_id.name}"
    run = f'llama-cli -m "$(ls {subject.repo.repo_id.name}/{"**/" if "/" in path else ""}*.gguf | head -1)" {chat}'
    yield Snippet("llama.cpp", "llama.cpp", bash(subject, fetch, run), "bash", "brew install llama.cpp")
    lines = [
        "from llama_cpp import Llama",
        "",
        f"model = Llama.from_pretrained({quoted(subject.name)}, filename={quoted(pattern)})",
        'print(model("Once upon a time,", max_tokens=64)["choices"][0]["text"])',
    ]
    code = python(subject, *lines)
    yield Snippet(
        "llama-cpp-python", "llama-cpp-python", code, install="pip install -U llama-cpp-python huggingface_hub"
    )


def _vllm(subject: Subject) -> Iterator[Snippet]:
    trust = " --trust-remote-code" if subject.runs_code else ""
    code = bash(subject, f"vllm serve {subject.name}{trust}")
    yield Snippet("vllm", "vLLM", code, "bash", "pip install -U vllm", subject.runs_code)


def _base(subject: Subject) -> str:
    return next(iter(texts(subject.repo.card.get("base_model"))), "")[:200]


_SNIPPETS: Mapping[str, Callable[[Subject], Iterator[Snippet]]] = {
    "transformers": transformers_snippets,
    "diffusers": _diffusers,
    "sentence-transformers": _sentence_transformers,
    "peft": _peft,
    "gguf": _gguf,
    "vllm": _vllm,
}
