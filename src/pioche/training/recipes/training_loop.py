"""The trainer of transformers, as every recipe with a network uses it: steps are told, checkpoints kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from running import CHECKPOINTS, Place, Problem, check_loss, tell, told_every
from transformers import PrinterCallback, Trainer, TrainerCallback, TrainingArguments
from transformers.trainer_utils import get_last_checkpoint


class Telling(TrainerCallback):
    """Tells the hub what the trainer logs."""

    def on_train_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        device = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "CPU"
        tell("start", steps=state.max_steps, step=state.global_step, device=device)

    def on_log(self, args: Any, state: Any, control: Any, logs: Mapping[str, float] | None = None, **more: Any) -> None:
        facts = dict(logs or {})
        if "loss" in facts:
            check_loss(float(facts["loss"]))
            tell("step", step=state.global_step, loss=facts["loss"], rate=facts.get("learning_rate"), epoch=state.epoch)

    def on_evaluate(
        self, args: Any, state: Any, control: Any, metrics: Mapping[str, float] | None = None, **more: Any
    ) -> None:
        names = {key.removeprefix("eval_"): value for key, value in (metrics or {}).items() if key.startswith("eval_")}
        told = {key: value for key, value in names.items() if "second" not in key and key != "runtime"}
        tell("evaluation", step=state.global_step, epoch=state.epoch, **told)


@dataclass
class Plan:
    """What differs from recipe to recipe. `defaults`: epochs, batch_size, learning_rate."""

    collate: Any
    measure: Callable[[Any], dict[str, float]] | None
    defaults: Mapping[str, float]
    callbacks: Sequence[TrainerCallback] = ()


def with_adapters(place: Place, model: Any, kind: str) -> Any:
    """Where the recipe asks for it: a small part (LoRA) that learns, and its head, beside a model that stays."""
    if not (place.base and place.recipe.get("lora")):
        return model
    heads = ["classifier", "score"]  # they learn whole
    config = LoraConfig(r=8, lora_alpha=16, target_modules="all-linear", exclude_modules=heads, task_type=kind)
    return get_peft_model(model, config)


def whole(model: Any) -> Any:
    """With what was learned beside it merged in: a model that loads as any other."""
    return model.merge_and_unload() if isinstance(model, PeftModel) else model


def rate_of(place: Place) -> float:
    """The learning rate that suits what learns: all of it from scratch or little of it quickly, a whole base slowly."""
    return 5e-5 if place.base and not place.recipe.get("lora") else 1e-3


def train_with(place: Place, model: Any, data: tuple[Any, Any], plan: Plan) -> Trainer:
    """Trains, and returns the trainer with the last model. `data` is to learn from and to check with."""
    learning, checking = data
    if not len(learning) or not len(checking):
        raise Problem("There are too few rows to learn from some and check with others.")
    trainer = Trainer(
        model=model,
        args=_arguments(place, len(learning), plan),
        train_dataset=learning,
        eval_dataset=checking,
        data_collator=plan.collate,
        compute_metrics=plan.measure,
        callbacks=[Telling(), *plan.callbacks],
    )
    trainer.remove_callback(PrinterCallback)  # what it prints is told already
    trainer.train(resume_from_checkpoint=get_last_checkpoint(place.checkpoint) if place.goes_on else None)
    return trainer


def _arguments(place: Place, count: int, plan: Plan) -> TrainingArguments:
    defaults = plan.defaults
    batch = int(place.number("batch_size", defaults["batch_size"]))
    epochs, seed = place.number("epochs", defaults["epochs"]), int(place.number("seed", 42))
    steps = max(1, math.ceil(math.ceil(count / batch) * epochs))
    return TrainingArguments(
        output_dir=str(place.work / "checkpoint"),
        num_train_epochs=epochs,
        per_device_train_batch_size=batch,
        per_device_eval_batch_size=64,
        learning_rate=place.number("learning_rate", defaults["learning_rate"]),
        warmup_steps=max(1, steps // 20),
        logging_steps=told_every(steps),
        logging_nan_inf_filter=False,
        eval_strategy="epoch" if epochs >= 1 else "no",
        save_strategy="steps",
        save_steps=max(1, math.ceil(steps / CHECKPOINTS)),
        save_total_limit=2,
        prediction_loss_only=plan.measure is None,
        seed=seed,
        data_seed=seed,
        report_to=[],
        disable_tqdm=True,
        dataloader_pin_memory=False,
    )
