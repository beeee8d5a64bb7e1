"""A chat model learns answers: low-rank adapters (LoRA) beside a model of the hub, which are merged into it at the end.

Only the answers are learned, not the questions: a loss on both falls nicely and teaches the wrong thing.
"""

from __future__ import annotations

from typing import Any

import torch
from cells import text_of
from peft import LoraConfig, get_peft_model
from running import Place, Problem, interval, read_rows, run, split, tell
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import Dataset
from training_loop import Plan, train_with
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback

RANK, LENGTH = 8, 512
ASKED, SHOWN, MOST_ANSWER = 60, 2, 128
IGNORED = -100  # what the loss leaves out
PLAIN = "{% for m in messages %}{{ m['content'] + '\n' }}{% endfor %}"
"""For a model without a form of talk: what is said stands on lines."""


class Talks(Dataset[Any]):
    def __init__(self, tokenizer: Any, pairs: list[tuple[str, str]]) -> None:
        self.rows = [self._encoded(tokenizer, *pair) for pair in pairs]

    def _encoded(self, tokenizer: Any, prompt: str, completion: str) -> dict[str, Any]:
        asked = prompt_ids(tokenizer, prompt)
        answered = [*tokenizer(completion, add_special_tokens=False).input_ids, tokenizer.eos_token_id]
        ids = [*asked, *answered][-LENGTH:]
        learned = [*[IGNORED] * len(asked), *answered][-LENGTH:]
        return {"input_ids": torch.tensor(ids), "labels": torch.tensor(learned)}

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return self.rows[index]


class Showing(TrainerCallback):
    """What it answers on its way, to questions that it does not learn from."""

    def __init__(self, tokenizer: Any, pairs: list[tuple[str, str]]) -> None:
        self.tokenizer = tokenizer
        self.pairs = pairs

    def on_evaluate(self, args: Any, state: Any, control: Any, model: Any = None, **more: Any) -> None:
        for (prompt, _), said in zip(self.pairs, answers(model, self.tokenizer, self.pairs), strict=True):
            tell("sample", step=state.global_step, prompt=prompt[:300], text=said[:600])


def train(place: Place) -> None:
    if place.base is None:
        raise Problem("Choose a model of this hub to begin with.")
    seed = int(place.number("seed", 42))
    torch.manual_seed(seed)
    pairs = read_talks(place)
    learning, checking = split(pairs, 0.15, seed)
    if not checking:
        raise Problem("There are too few rows to learn from some and check with others.")
    checking = checking[:ASKED]
    tokenizer = AutoTokenizer.from_pretrained(place.base)
    if tokenizer.eos_token_id is None:
        raise Problem("The model to begin with has no token that ends an answer.")
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    tokenizer.chat_template = tokenizer.chat_template or PLAIN
    model = AutoModelForCausalLM.from_pretrained(place.base, use_safetensors=True, dtype=torch.float32)
    before = matches(answers(model, tokenizer, checking), checking)
    tell("evaluation", step=0, exact_match=before / len(checking))
    adapted = get_peft_model(
        model, LoraConfig(r=RANK, lora_alpha=2 * RANK, target_modules="all-linear", task_type="CAUSAL_LM")
    )
    trainer = train_with(
        place,
        adapted,
        (Talks(tokenizer, learning), Talks(tokenizer, checking)),
        Plan(
            collate=padded(tokenizer.pad_token_id),
            measure=None,
            defaults={"epochs": 1, "batch_size": 8, "learning_rate": 1e-3},
            callbacks=[Showing(tokenizer, checking[:SHOWN])],
        ),
    )
    merged = trainer.model.merge_and_unload()
    found = matches(answers(merged, tokenizer, checking), checking)
    tell("evaluation", step=trainer.state.global_step, exact_match=found / len(checking))
    merged.to(torch.bfloat16).save_pretrained(place.model)
    tokenizer.save_pretrained(place.model)
    metrics = {"exact_match": interval(found, len(checking)), "exact_match_before": interval(before, len(checking))}
    tell("result", metrics=metrics, parameters=merged.num_parameters(), rows=len(pairs))


def read_talks(place: Place) -> list[tuple[str, str]]:
    prompt, completion = place.column("prompt"), place.column("completion")
    pairs = [(text_of(row.get(prompt)), text_of(row.get(completion))) for row in read_rows(place.inputs / "data")]
    return list(dict.fromkeys(pair for pair in pairs if all(pair)))


def prompt_ids(tokenizer: Any, prompt: str) -> list[int]:
    said = [{"role": "user", "content": prompt}]
    text = tokenizer.apply_chat_template(said, tokenize=False, add_generation_prompt=True)
    return list(tokenizer(text, add_special_tokens=False).input_ids)


def padded(pad: int) -> Any:
    def collate(rows: list[dict[str, Any]]) -> dict[str, Any]:
        ids = [row["input_ids"] for row in rows]
        return {
            "input_ids": pad_sequence(ids, batch_first=True, padding_value=pad),
            "attention_mask": pad_sequence([torch.ones_like(one) for one in ids], batch_first=True),
            "labels": pad_sequence([row["labels"] for row in rows], batch_first=True, padding_value=IGNORED),
        }

    return collate


@torch.no_grad()
def answers(model: Any, tokenizer: Any, pairs: list[tuple[str, str]]) -> list[str]:
    """The likeliest ones, as long as the longest right one at most."""
    most = max(len(tokenizer(right, add_special_tokens=False).input_ids) for _, right in pairs) + 4
    learning, found = model.training, []
    model.eval()
    for prompt, _ in pairs:
        ids = torch.tensor([prompt_ids(tokenizer, prompt)[-LENGTH:]], device=model.device)
        said = model.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=min(most, MOST_ANSWER),
            do_sample=False,
            pad_token_id=tokenizer.pad_token_id,
            eos_token_id=tokenizer.eos_token_id,
        )
        found.append(tokenizer.decode(said[0, ids.shape[1] :], skip_special_tokens=True).strip())
    model.train(learning)
    return found


def matches(found: list[str], pairs: list[tuple[str, str]]) -> int:
    return sum(said == right for said, (_, right) in zip(found, pairs, strict=True))


if __name__ == "__main__":
    run(train)
