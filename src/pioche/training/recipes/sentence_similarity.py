"""Which texts mean the same: an embedding model that goes on learning, or a small one from scratch.

A row has two texts that belong together (a question and its answer, two ways to say it), or two texts and a score of
how alike they are, of any scale.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from cells import text_of
from datasets import Dataset
from running import CHECKPOINTS, Place, Problem, interval, read_rows, resampled, run, split, tell, told_every
from scipy.stats import spearmanr
from sentence_transformers import (
    SentenceTransformer,
    SentenceTransformerTrainer,
    SentenceTransformerTrainingArguments,
)
from sentence_transformers.base.modules import Transformer
from sentence_transformers.sentence_transformer.losses import CosineSimilarityLoss, MultipleNegativesRankingLoss
from sentence_transformers.sentence_transformer.modules import Pooling
from tokenizers import BertWordPieceTokenizer
from training_loop import Telling
from transformers import BertConfig, BertModel, BertTokenizerFast, PrinterCallback
from transformers.trainer_utils import get_last_checkpoint

VOCABULARY, LONGEST = 6000, 128
Row = tuple[str, str, float]


def train(place: Place) -> None:
    rows, scored = read_compared(place), bool(place.recipe["columns"].get("score"))
    seed = int(place.number("seed", 42))
    torch.manual_seed(seed)
    learning, checking = split(rows, place.number("evaluation_share", 0.2), seed)
    if not learning or len(checking) < 2:
        raise Problem("There are too few rows to learn from some and check with others.")
    model = start(place, [text for first, second, _ in learning for text in (first, second)])
    before = figures(model, checking, scored)
    trainer = SentenceTransformerTrainer(
        model=model,
        args=arguments(place, len(learning), seed),
        train_dataset=table(learning, scored),
        eval_dataset=table(checking, scored),
        loss=CosineSimilarityLoss(model) if scored else MultipleNegativesRankingLoss(model),
        callbacks=[Telling()],
    )
    trainer.remove_callback(PrinterCallback)  # what it prints is told already
    trainer.train(resume_from_checkpoint=get_last_checkpoint(place.checkpoint) if place.goes_on else None)
    model.save_pretrained(str(place.model), create_model_card=False, safe_serialization=True)
    metrics = figures(model, checking, scored)
    metrics |= {f"{name}_before": value for name, value in before.items()}
    facts = {"parameters": sum(one.numel() for one in model.parameters()), "rows": len(rows)}
    tell("result", metrics=metrics, widget=[example(checking)], **facts)


def read_compared(place: Place) -> list[Row]:
    """With scores between 0 and 1; without, 1."""
    columns = [place.column("first"), place.column("second")]
    score = str(place.recipe["columns"].get("score") or "")
    rows = read_rows(place.inputs / "data")
    for column in [*columns, score] if score else columns:
        if column not in rows[0]:
            raise Problem(f"There is no column '{column}'. There are: {', '.join(map(str, rows[0]))}.")
    found = list[Row]()
    for number, row in enumerate(rows, 1):
        first, second = (text_of(row.get(column)) for column in columns)
        said = text_of(row.get(score)) if score else "1"
        if first and second and said:
            found.append((first, second, number_of(said, number)))
    found = list(dict.fromkeys(found))
    if not found or not score:
        return found
    low, high = min(row[2] for row in found), max(row[2] for row in found)
    if low == high:
        raise Problem("All rows have the same score, so there is nothing to tell apart.")
    if low >= 0:
        low = 0.0
    return [(first, second, (said - low) / (high - low)) for first, second, said in found]


def number_of(said: str, number: int) -> float:
    try:
        found = float(said)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise Problem(f"The score in row {number} is not a number: '{said[:60]}'.")
    return found


def start(place: Place, texts: Sequence[str]) -> Any:
    """The model to begin with. One that has no file of sentence-transformers gets the mean of its words."""
    if place.base:
        return SentenceTransformer(
            str(place.base), device=None, local_files_only=True, model_kwargs={"use_safetensors": True}
        )
    pieces = BertWordPieceTokenizer(lowercase=True)
    pieces.train_from_iterator(texts, vocab_size=VOCABULARY, min_frequency=2, show_progress=False)
    tokenizer = BertTokenizerFast(tokenizer_object=pieces._tokenizer, model_max_length=LONGEST)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=512,
        max_position_embeddings=LONGEST,
        pad_token_id=tokenizer.pad_token_id,
    )
    seedling = place.work / "seedling"
    BertModel(config).save_pretrained(seedling)
    tokenizer.save_pretrained(seedling)
    return SentenceTransformer(modules=[Transformer(str(seedling)), Pooling(128)])


def arguments(place: Place, count: int, seed: int) -> Any:
    batch, epochs = int(place.number("batch_size", 32)), place.number("epochs", 1 if place.base else 6)
    steps = max(1, math.ceil(math.ceil(count / batch) * epochs))
    return SentenceTransformerTrainingArguments(
        output_dir=str(place.work / "checkpoint"),
        num_train_epochs=epochs,
        per_device_train_batch_size=batch,
        per_device_eval_batch_size=64,
        learning_rate=place.number("learning_rate", 5e-5 if place.base else 1e-3),
        warmup_steps=max(1, steps // 20),
        logging_steps=told_every(steps),
        logging_nan_inf_filter=False,
        eval_strategy="epoch" if epochs >= 1 else "no",
        save_strategy="steps",
        save_steps=max(1, math.ceil(steps / CHECKPOINTS)),
        save_total_limit=2,
        seed=seed,
        data_seed=seed,
        report_to=[],
        disable_tqdm=True,
        dataloader_pin_memory=False,
    )


def table(rows: Sequence[Row], scored: bool) -> Dataset:
    columns: dict[str, Any] = {"first": [row[0] for row in rows], "second": [row[1] for row in rows]}
    return Dataset.from_dict(columns | ({"score": [row[2] for row in rows]} if scored else {}))


def figures(model: Any, rows: Sequence[Row], scored: bool) -> dict[str, Any]:
    """With scores, how well their order is met (Spearman); else, how often a text's own partner is the nearest."""
    sides = [model.encode([row[side] for row in rows], show_progress_bar=False) for side in (0, 1)]
    first, second = (torch.nn.functional.normalize(torch.tensor(side), dim=-1) for side in sides)
    if scored:
        near, said = (first * second).sum(-1).tolist(), [row[2] for row in rows]
        return {"spearman": resampled(lambda at: order_met([near[n] for n in at], [said[n] for n in at]), len(rows))}
    nearest = (first @ second.T).argmax(-1).tolist()
    hits = sum(rows[found][1] == row[1] for found, row in zip(nearest, rows, strict=True))
    return {"accuracy_at_1": interval(hits, len(rows))}


def order_met(near: Sequence[float], said: Sequence[float]) -> float:
    if len(set(near)) < 2 or len(set(said)) < 2:
        return 0.0
    return float(spearmanr(near, said).statistic)


def example(rows: Sequence[Row]) -> dict[str, Any]:
    others = list(dict.fromkeys(row[1][:200] for row in rows))[:4]
    return {"source_sentence": rows[0][0][:200], "sentences": others}


if __name__ == "__main__":
    run(train)
