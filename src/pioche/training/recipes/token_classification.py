"""Words in a text that are of a kind, such as names and places: a small BERT from scratch, or a model of the hub.

A row has the words of a text and a tag for each, as lists (also written as a text) or with spaces between: `O` is
nothing, `B-PLACE` begins a place and `I-PLACE` goes on with it. Tags without `B-` and `I-` do too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import torch
from cells import tagged
from running import Place, Problem, read_rows, resampled, run, split, tell
from tokenizers import BertWordPieceTokenizer
from training_loop import Plan, rate_of, train_with, with_adapters
from training_loop import whole as merged
from transformers import (
    AutoModelForTokenClassification,
    AutoTokenizer,
    BertConfig,
    BertForTokenClassification,
    BertTokenizerFast,
    DataCollatorForTokenClassification,
)

VOCABULARY, LONGEST = 6000, 128
NOTHING, UNSEEN = "O", -100
Row = tuple[tuple[str, ...], tuple[str, ...]]
Span = tuple[int, int, str]


def train(place: Place) -> None:
    rows = read_tagged(place)
    names = sorted({tag for _, tags in rows for tag in tags} | {NOTHING}, key=lambda tag: (tag != NOTHING, tag))
    if len(names) < 2:
        raise Problem("No word has a tag but 'O', so there is nothing to find.")
    seed = int(place.number("seed", 42))
    torch.manual_seed(seed)
    learning, checking = split(rows, place.number("evaluation_share", 0.2), seed)
    tokenizer, model = start(place, learning, names)

    def measure(found: Any) -> dict[str, float]:
        truth, guesses = spans_found(found, names)
        return {"f1": f1_of(truth, guesses)}

    trainer = train_with(
        place,
        with_adapters(place, model, "TOKEN_CLS"),
        (encoded(tokenizer, learning, names, whole=True), encoded(tokenizer, checking, names, whole=False)),
        Plan(
            collate=DataCollatorForTokenClassification(tokenizer),
            measure=measure,
            defaults={
                "epochs": 3 if place.base else 6,
                "batch_size": 16,
                "learning_rate": rate_of(place),
            },
        ),
    )
    truth, guesses = spans_found(trainer.predict(trainer.eval_dataset), names)
    model = merged(trainer.model)
    model.save_pretrained(place.model)
    tokenizer.save_pretrained(place.model)
    metrics = {"f1": resampled(lambda at: f1_of([truth[n] for n in at], [guesses[n] for n in at]), len(truth))}
    widget = [{"text": written(words)[:300]} for words, _ in checking[:2]]
    facts = {"labels": names, "parameters": model.num_parameters(), "rows": len(rows), "widget": widget}
    tell("result", metrics=metrics, **facts)


def written(words: Sequence[str]) -> str:
    """As people write it: no space before a full stop."""
    return re.sub(r" ([.,;:!?)])", r"\1", " ".join(words))


def read_tagged(place: Place) -> list[Row]:
    tokens, tags = place.column("tokens"), place.column("tags")
    rows = read_rows(place.inputs / "data")
    for column in (tokens, tags):
        if column not in rows[0]:
            raise Problem(f"There is no column '{column}'. There are: {', '.join(map(str, rows[0]))}.")
    found = []
    for number, row in enumerate(rows, 1):
        try:
            words, kinds = tagged(row.get(tokens), row.get(tags))
        except ValueError as error:
            raise Problem(f"Row {number} has {error}.") from error
        if words:
            found.append((words, kinds))
    return list(dict.fromkeys(found))


def start(place: Place, rows: Sequence[Row], names: list[str]) -> tuple[Any, Any]:
    """The tokenizer and the model to begin with."""
    labels: dict[str, Any] = {
        "num_labels": len(names),
        "id2label": dict(enumerate(names)),
        "label2id": {name: index for index, name in enumerate(names)},
    }
    if place.base:
        tokenizer = AutoTokenizer.from_pretrained(place.base, add_prefix_space=True)
        if not tokenizer.is_fast:
            raise Problem("The tokenizer of this model does not tell which word a piece is of. Choose another model.")
        model = AutoModelForTokenClassification.from_pretrained(
            place.base, ignore_mismatched_sizes=True, use_safetensors=True, dtype=torch.float32, **labels
        )
        return tokenizer, model
    pieces = BertWordPieceTokenizer(lowercase=False)
    pieces.train_from_iterator(
        [" ".join(words) for words, _ in rows], vocab_size=VOCABULARY, min_frequency=2, show_progress=False
    )
    tokenizer = BertTokenizerFast(tokenizer_object=pieces._tokenizer, do_lower_case=False, model_max_length=LONGEST)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=512,
        max_position_embeddings=LONGEST,
        pad_token_id=tokenizer.pad_token_id,
        **labels,
    )
    return tokenizer, BertForTokenClassification(config)


def encoded(tokenizer: Any, rows: Sequence[Row], names: list[str], *, whole: bool) -> list[dict[str, Any]]:
    """`whole`: all pieces of a word have its tag, to learn from; else the first alone, to count words once."""
    found = []
    for words, tags in rows:
        pieces = tokenizer(list(words), is_split_into_words=True, truncation=True, max_length=LONGEST)
        labels, before = [], None
        for word in pieces.word_ids():
            if word is None or (word == before and not whole):
                labels.append(UNSEEN)
            else:
                tag = tags[word]
                goes_on = f"I-{tag[2:]}" if word == before and tag.startswith("B-") else tag
                labels.append(names.index(goes_on if goes_on in names else tag))
            before = word
        found.append({**pieces, "labels": labels})
    return found


def spans_found(found: Any, names: list[str]) -> tuple[list[set[Span]], list[set[Span]]]:
    """(those that are there, those that were said), for each row."""
    truth, guesses = [], []
    for labels, said in zip(found.label_ids, found.predictions.argmax(-1), strict=True):
        seen = [at for at, label in enumerate(labels) if label != UNSEEN]
        truth.append(spans([names[labels[at]] for at in seen]))
        guesses.append(spans([names[said[at]] for at in seen]))
    return truth, guesses


def spans(tags: Sequence[str]) -> set[Span]:
    """(first, after the last, kind) of each run of words that are one thing."""
    found, begun, kind = set[Span](), 0, ""
    for at, tag in enumerate([*tags, NOTHING]):
        here = tag[2:] if tag[:2] in ("B-", "I-") else "" if tag == NOTHING else tag
        if kind and (here != kind or tag.startswith("B-")):
            found.add((begun, at, kind))
            kind = ""
        if here and not kind:
            begun, kind = at, here
    return found


def f1_of(truth: Sequence[set[Span]], guesses: Sequence[set[Span]]) -> float:
    """A span is right with both its ends and its kind."""
    right = sum(len(one & other) for one, other in zip(truth, guesses, strict=True))
    total = sum(map(len, truth)) + sum(map(len, guesses))
    return 2 * right / total if total else 0.0


if __name__ == "__main__":
    run(train)
