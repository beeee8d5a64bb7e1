"""Pictures into classes: a small vision transformer from scratch, or a model of the hub that goes on learning."""

from __future__ import annotations

from typing import Any

import numpy
import torch
from pictures import read_pictures
from running import Place, Problem, run, split, tell
from text_classification import accuracy, figures
from torch.utils.data import Dataset
from training_loop import Plan, train_with
from transformers import AutoModelForImageClassification, ViTConfig, ViTForImageClassification, ViTImageProcessorPil

SIDE = 32
MIDDLE, WIDTH = 0.5, 0.5  # of the brightness, by which pictures are scaled


class Pictures(Dataset[Any]):
    def __init__(self, rows: list[tuple[Any, str]], names: list[str], shifted: bool) -> None:
        self.rows = rows
        self.names = names
        self.shifted = shifted

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> dict[str, Any]:
        picture, label = self.rows[index]
        if self.shifted:  # so that it does not learn places by heart
            across, down = torch.randint(-2, 3, (2,)).tolist()
            picture = numpy.roll(picture, (down, across), axis=(0, 1))
        pixels = torch.tensor(picture.transpose(2, 0, 1).copy()).float() / 255
        return {"pixel_values": (pixels - MIDDLE) / WIDTH, "labels": self.names.index(label)}


def train(place: Place) -> None:
    seed = int(place.number("seed", 42))
    torch.manual_seed(seed)
    side = base_side(place) if place.base else SIDE
    rows = read_pictures(place.inputs / "data", side)
    names = sorted({name for _, name in rows})
    if len(names) < 2:
        raise Problem("All pictures lie in one folder. Put those of each class in a folder that is called so.")
    learning, checking = split(rows, 0.2, seed, [name for _, name in rows])
    model = start(place, names)
    trainer = train_with(
        place,
        model,
        (Pictures(learning, names, shifted=True), Pictures(checking, names, shifted=False)),
        Plan(
            collate=None,
            measure=accuracy,
            defaults={
                "epochs": 3 if place.base else 14,
                "batch_size": 32,
                "learning_rate": 5e-5 if place.base else 1e-3,
            },
        ),
    )
    found = trainer.predict(trainer.eval_dataset)
    trainer.model.save_pretrained(place.model)
    half = [MIDDLE] * 3
    size = {"height": side, "width": side}
    ViTImageProcessorPil(size=size, image_mean=half, image_std=[WIDTH] * 3).save_pretrained(place.model)
    guesses, truth = found.predictions.argmax(-1).tolist(), found.label_ids.tolist()
    tell("result", **figures(guesses, truth, names), parameters=model.num_parameters(), rows=len(rows))


def base_side(place: Place) -> int:
    side = getattr(AutoModelForImageClassification.from_pretrained(place.base).config, "image_size", None)
    if not isinstance(side, int):
        raise Problem("The model to begin with does not say how large its pictures are.")
    return side


def start(place: Place, names: list[str]) -> Any:
    labels: dict[str, Any] = {
        "num_labels": len(names),
        "id2label": dict(enumerate(names)),
        "label2id": {name: index for index, name in enumerate(names)},
    }
    if place.base:
        return AutoModelForImageClassification.from_pretrained(
            place.base, ignore_mismatched_sizes=True, use_safetensors=True, dtype=torch.float32, **labels
        )
    config = ViTConfig(
        image_size=SIDE,
        patch_size=4,
        hidden_size=96,
        num_hidden_layers=4,
        num_attention_heads=4,
        intermediate_size=192,
        **labels,
    )
    return ViTForImageClassification(config)


if __name__ == "__main__":
    run(train)
