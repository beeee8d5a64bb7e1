"""Texts into classes: a small BERT from scratch, or a model of the hub that goes on learning."""

from __future__ import annotations

from collections import Counter
from typing import Any

import torch
from cells import text_of
from running import Place, Problem, interval, read_rows, resampled, run, split, tell
from tokenizers import BertWordPieceTokenizer
from torch.utils.data import Dataset
from training_loop import Plan, rate_of, train_with, whole, with_adapters
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BertConfig,
    BertForSequenceClassification,
    BertTokenizerFast,
    DataCollatorWithPadding,
)

VOCABULARY = 6000


class Texts(Dataset[Any]):
    def __init__(self, encodings: Any, labels: list[int]) -> None:
        self.encodings = encodings
        self.labels = labels

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return {"labels": self.labels[index], **{key: value[index] for key, value in self.encodings.items()}}


def train(place: Place) -> None:
    rows = read_pairs(place)
    names = sorted({label for _, label in rows})
    if len(names) < 2:
        raise Problem("All rows are of one class, so there is nothing to tell apart.")
    seed = int(place.number("seed", 42))
    torch.manual_seed(seed)
    share = place.number("evaluation_share", 0.2)
    learning, checking = split(rows, share, seed, [label for _, label in rows])
    tokenizer, model = start(place, [text for text, _ in learning], names)
    length = int(place.number("max_length", 64))

    def encoded(pairs: list[tuple[str, str]]) -> Texts:
        texts = [text for text, _ in pairs]
        encodings = tokenizer(texts, truncation=True, max_length=length)
        return Texts(encodings, [names.index(label) for _, label in pairs])

    trainer = train_with(
        place,
        with_adapters(place, model, "SEQ_CLS"),
        (encoded(learning), encoded(checking)),
        Plan(
            collate=DataCollatorWithPadding(tokenizer),
            measure=accuracy,
            defaults={
                "epochs": 3 if place.base else 4,
                "batch_size": 32,
                "learning_rate": rate_of(place),
            },
        ),
    )
    found = trainer.predict(trainer.eval_dataset)
    guesses, truth = found.predictions.argmax(-1).tolist(), found.label_ids.tolist()
    model = whole(trainer.model)
    model.save_pretrained(place.model)
    tokenizer.save_pretrained(place.model)
    widget = [{"text": text[:300]} for text, _ in checking[:2]]
    facts = {"parameters": model.num_parameters(), "rows": len(rows), "widget": widget}
    tell("result", **figures(guesses, truth, names), **facts)


def read_pairs(place: Place) -> list[tuple[str, str]]:
    text, label = place.column("text"), place.column("label")
    rows = read_rows(place.inputs / "data")
    for column in (text, label):
        if column not in rows[0]:
            raise Problem(f"There is no column '{column}'. There are: {', '.join(map(str, rows[0]))}.")
    pairs = [(text_of(row.get(text)), text_of(row.get(label))) for row in rows]
    return list(dict.fromkeys(pair for pair in pairs if all(pair)))  # without empty ones, each once


def start(place: Place, texts: list[str], names: list[str]) -> tuple[Any, Any]:
    """The tokenizer and the model to begin with."""
    labels: dict[str, Any] = {
        "num_labels": len(names),
        "id2label": dict(enumerate(names)),
        "label2id": {name: index for index, name in enumerate(names)},
    }
    if place.base:
        tokenizer = AutoTokenizer.from_pretrained(place.base)
        model = AutoModelForSequenceClassification.from_pretrained(
            place.base, ignore_mismatched_sizes=True, use_safetensors=True, dtype=torch.float32, **labels
        )
        if tokenizer.pad_token is None:
            tokenizer.pad_token = tokenizer.eos_token
            model.config.pad_token_id = tokenizer.pad_token_id
        return tokenizer, model
    pieces = BertWordPieceTokenizer(lowercase=True)
    pieces.train_from_iterator(texts, vocab_size=VOCABULARY, min_frequency=2, show_progress=False)
    tokenizer = BertTokenizerFast(tokenizer_object=pieces._tokenizer, model_max_length=128)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=512,
        max_position_embeddings=128,
        pad_token_id=tokenizer.pad_token_id,
        **labels,
    )
    return tokenizer, BertForSequenceClassification(config)


def accuracy(found: Any) -> dict[str, float]:
    return {"accuracy": float((found.predictions.argmax(-1) == found.label_ids).mean())}


def figures(guesses: list[int], truth: list[int], names: list[str]) -> dict[str, Any]:
    """Accuracy and F1 (mean of the classes) with intervals, and which class was taken for which."""
    hits = sum(guess == true for guess, true in zip(guesses, truth, strict=True))

    def f1(rows: Any) -> float:
        right, said, there = Counter(), Counter(), Counter()  # type: ignore[var-annotated]
        for row in rows:
            said[guesses[row]] += 1
            there[truth[row]] += 1
            right[truth[row]] += guesses[row] == truth[row]
        present = [name for name in range(len(names)) if there[name]]
        return sum(2 * right[name] / (said[name] + there[name]) for name in present) / max(1, len(present))

    confusion = [[0] * len(names) for _ in names]
    for guess, true in zip(guesses, truth, strict=True):
        confusion[true][guess] += 1
    most = Counter(truth).most_common(1)[0][1]
    return {
        "metrics": {"accuracy": interval(hits, len(truth)), "f1": resampled(f1, len(truth))},
        "chance": most / len(truth),
        "labels": names,
        "confusion": confusion if len(names) <= 20 else None,
    }


if __name__ == "__main__":
    run(train)
