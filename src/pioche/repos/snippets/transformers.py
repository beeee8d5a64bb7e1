"""Snippets for Transformers: a pipeline where the task has one, and the classes themselves."""

from __future__ import annotations

from collections.abc import Iterator

from pioche.repos.auto_classes import auto_class, processor_of
from pioche.repos.snippets.types import Snippet, Subject, python, quoted

INSTALL = "pip install -U transformers torch"


def transformers_snippets(subject: Subject) -> Iterator[Snippet]:
    task = subject.repo.pipeline_tag or ""
    if task in CALLS:
        code = python(subject, *_pipeline(subject, task))
        yield Snippet("transformers", "Transformers", code, "python", INSTALL, subject.runs_code)
    code = python(subject, *_classes(subject))
    title = "Transformers, the model itself" if task in CALLS else "Transformers"
    yield Snippet("transformers-classes", title, code, "python", INSTALL, subject.runs_code)


def _pipeline(subject: Subject, task: str) -> list[str]:
    talks = "conversational" in subject.repo.tags and task == "text-generation"
    call = 'pipe([{"role": "user", "content": "Who are you?"}], max_new_tokens=100)' if talks else CALLS[task]
    return [
        "from transformers import pipeline",
        "",
        f"pipe = pipeline({quoted(task)}, model={quoted(subject.name)}{_trust(subject)})",
        f"print({call})",
    ]


def _classes(subject: Subject) -> list[str]:
    auto = auto_class(subject.repo.config) or "AutoModel"
    processor = processor_of(auto)
    variable = "tokenizer" if processor == "AutoTokenizer" else "processor"
    trust = _trust(subject)
    return [
        f"from transformers import {', '.join(sorted((auto, processor)))}",
        "",
        f"{variable} = {processor}.from_pretrained({quoted(subject.name)}{trust})",
        f"model = {auto}.from_pretrained({quoted(subject.name)}{trust})",
    ]


def _trust(subject: Subject) -> str:
    return ", trust_remote_code=True" if subject.runs_code else ""


_MESSAGE = (
    '[{"role": "user", "content": [{"type": "image", "url": "picture.png"}, {"type": "text", "text": "What is it?"}]}]'
)

# Tasks that version 5 has pipelines for, each with something to try.
CALLS = {
    "audio-classification": 'pipe("sound.wav")',
    "automatic-speech-recognition": 'pipe("speech.wav")',
    "depth-estimation": 'pipe("picture.png")',
    "document-question-answering": 'pipe(image="page.png", question="What is the total?")',
    "feature-extraction": 'pipe("The day was bright.")',
    "fill-mask": 'pipe(f"The day was {pipe.tokenizer.mask_token}.")',
    "image-classification": 'pipe("picture.png")',
    "image-feature-extraction": 'pipe("picture.png")',
    "image-segmentation": 'pipe("picture.png")',
    "image-text-to-text": f"pipe(text={_MESSAGE}, max_new_tokens=100)",
    "mask-generation": 'pipe("picture.png")',
    "object-detection": 'pipe("picture.png")',
    "table-question-answering": 'pipe(table={"city": ["Rome"], "people": ["2800000"]}, query="How many in Rome?")',
    "text-classification": 'pipe("The day was bright.")',
    "text-generation": 'pipe("Once upon a time", max_new_tokens=50)',
    "text-to-audio": 'pipe("Good morning.")',
    "text-to-speech": 'pipe("Good morning.")',
    "token-classification": 'pipe("Ada lived in London.")',
    "video-classification": 'pipe("clip.mp4")',
    "zero-shot-classification": 'pipe("The day was bright.", candidate_labels=["weather", "sport"])',
    "zero-shot-image-classification": 'pipe("picture.png", candidate_labels=["a cat", "a dog"])',
    "zero-shot-object-detection": 'pipe("picture.png", candidate_labels=["a cat", "a dog"])',
}
