"""A hub of as many repositories as one likes: rows as years of use leave them, without git folders.

Names, tags, likes and downloads are spread as on a public hub: a few of everything are very frequent, most are rare.
The same seed makes the same hub.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Row, insert

from pioche.accounts.tables import accounts
from pioche.ports.database import Database
from pioche.repos import trending
from pioche.repos.tables import repos

DAY = 24 * 3600 * 1000
NOW = 1_796_000_000_000
FIRST = NOW - 5 * 365 * DAY
PIECE = 20_000
FAMILIES = [
    "llama",
    "mistral",
    "qwen",
    "bert",
    "gpt2",
    "t5",
    "whisper",
    "stable-diffusion",
    "gemma",
    "phi",
    "falcon",
    "roberta",
    "deberta",
    "vit",
    "clip",
    "wav2vec2",
    "yolo",
    "opus-mt",
    "smollm",
    "olmo",
    "bloom",
    "mpt",
    "yi",
    "deepseek",
    "command",
    "granite",
    "pythia",
    "starcoder",
    "codegen",
    "distilbert",
    "albert",
    "electra",
]
SIZES = [
    "tiny",
    "small",
    "base",
    "large",
    "xl",
    "1b",
    "3b",
    "7b",
    "8b",
    "13b",
    "34b",
    "70b",
    "0.5b",
    "1.5b",
    "125m",
    "350m",
]
TAILS = [
    "instruct",
    "chat",
    "gguf",
    "lora",
    "finetuned",
    "ft",
    "v2",
    "v3",
    "awq",
    "gptq",
    "quantized",
    "merged",
    "dpo",
    "sft",
    "imdb",
    "squad",
    "german",
    "french",
    "japanese",
    "medical",
    "legal",
    "code",
    "math",
    "vision",
    "uncased",
    "cased",
    "emotion",
    "sentiment",
    "summarization",
    "ner",
    "qa",
    "embedding",
    "reranker",
]
TASKS = [
    "text-generation",
    "text-classification",
    "token-classification",
    "question-answering",
    "fill-mask",
    "summarization",
    "translation",
    "text-to-image",
    "image-classification",
    "automatic-speech-recognition",
    "sentence-similarity",
    "feature-extraction",
    "object-detection",
    "image-segmentation",
    "text-to-speech",
    "reinforcement-learning",
    "image-to-text",
    "zero-shot-classification",
]
LIBRARIES = [
    "transformers",
    "diffusers",
    "peft",
    "sentence-transformers",
    "gguf",
    "timm",
    "keras",
    "spacy",
    "stable-baselines3",
    "mlx",
    "onnx",
]
LICENSES = [
    "apache-2.0",
    "mit",
    "openrail",
    "cc-by-4.0",
    "llama3",
    "gemma",
    "cc-by-nc-4.0",
    "other",
    "bsd-3-clause",
    "gpl-3.0",
    "unknown",
]
LANGUAGES = [
    "en",
    "zh",
    "fr",
    "de",
    "es",
    "ja",
    "ko",
    "pt",
    "ru",
    "it",
    "ar",
    "hi",
    "nl",
    "tr",
    "pl",
    "vi",
    "sv",
    "fi",
    "cs",
    "id",
]
MODALITIES = ["text", "image", "audio", "tabular", "video"]
KINDS = ("model",) * 7 + ("dataset",) * 2 + ("space",)


class Many:
    """`total` repositories with the ids 1 to `total`, of one owner for each eight."""

    def __init__(self, total: int, seed: int = 1, first_owner: int = 1_000) -> None:
        self.total = total
        self.owners = max(1, total // 8)
        self._first_owner = first_owner
        self._seed = seed
        chance = random.Random(seed)
        letters = "abcdefghijklmnopqrstuvwxyz"
        self._words = ["".join(chance.choices(letters, k=chance.randint(3, 10))) for _ in range(60_000)]
        self._weights = _falling(len(self._words))

    def fill(self, database: Database) -> None:
        for table, rows in ((accounts, self.account_rows()), (repos, self.repo_rows())):
            while piece := _take(rows, PIECE):
                with database.write() as tx:
                    tx.execute(insert(table), piece)

    def account_rows(self) -> Iterator[Mapping[str, Any]]:
        for number in range(self.owners):
            name = f"{self._words[number % len(self._words)]}{number}"
            kind = "org" if number % 5 == 0 else "user"
            yield {
                "id": self._first_owner + number,
                "kind": kind,
                "name": name,
                "name_lower": name,
                "fullname": name.title(),
                "created_at": FIRST,
            }

    def repo_rows(self) -> Iterator[Mapping[str, Any]]:
        chance = random.Random(self._seed + 1)
        for number in range(1, self.total + 1):
            yield self._repo(number, chance)

    def text(self, row: Row[Any]) -> str:
        """The card of a repository, by its number."""
        chance = random.Random(row.id * 7 + self._seed)
        said = chance.choices(self._words, cum_weights=self._weights, k=chance.randint(20, 100))
        return f"{row.name} is made for {row.pipeline_tag or 'research'}.\n" + " ".join(said)

    @property
    def some(self) -> Sequence[str]:
        """Names of a few public models, as `owner/name`."""
        found = []
        owners = [row["name"] for row in self.account_rows()]
        for row in self.repo_rows():
            if row["kind"] == "model" and not row["private"]:
                found.append(f"{owners[row['owner_id'] - self._first_owner]}/{row['name']}")
            if len(found) == 500:
                break
        return found

    def common_word(self, rank: int) -> str:
        return self._words[rank]

    def _repo(self, number: int, chance: random.Random) -> dict[str, Any]:
        kind = KINDS[int(chance.random() * len(KINDS))]
        name = f"{_pick(FAMILIES, chance)}-{_pick(SIZES, chance)}-{_pick(TAILS, chance)}-{number:x}"
        # More and more each year, and in the order of their numbers.
        made = FIRST + int((NOW - FIRST) * math.sqrt(number / self.total))
        likes = int(min(20_000.0, chance.paretovariate(0.9))) - 1
        changed = made + int((NOW - made) * chance.random() ** 4)
        task, library = _pick(TASKS, chance), _pick(LIBRARIES, chance) if kind == "model" else None
        license_name, languages = _pick(LICENSES, chance), [_pick(LANGUAGES, chance)]
        tags = _tags(kind, task, library, license_name, languages, chance)
        parameters = int(10 ** chance.uniform(6, 11)) if kind == "model" and chance.random() < 0.6 else None
        return {
            "id": number,
            "kind": kind,
            "owner_id": self._first_owner + int(self.owners * chance.random() ** 3),
            "name": name,
            "name_lower": name,
            "private": chance.random() < 0.05,
            "gated": "auto" if chance.random() < 0.03 else "",
            "created_at": made,
            "updated_at": changed,
            "card": json.dumps({"license": license_name, "language": languages, "tags": tags[:2]}),
            "tags": json.dumps(tags),
            "pipeline_tag": task if kind == "model" else None,
            "library": library,
            "sdk": "gradio" if kind == "space" else None,
            "parameter_count": parameters,
            "likes": likes,
            "downloads": int(min(5e7, chance.paretovariate(0.6))) - 1,
            "trending": trending.begin(changed) + math.log2(1 + likes),
        }


def _tags(
    kind: str, task: str, library: str | None, license_name: str, languages: Sequence[str], chance: random.Random
) -> list[str]:
    extra = ["region:us", f"license:{license_name}"]
    if kind == "model":
        if chance.random() < 0.3:
            extra.append(f"dataset:lab{int(500 * chance.random() ** 3)}/set{int(50 * chance.random() ** 2)}")
        if chance.random() < 0.4:
            extra.append(f"base_model:lab{int(500 * chance.random() ** 3)}/{_pick(FAMILIES, chance)}")
        if chance.random() < 0.7:
            extra.append("safetensors")
        return [library or "", task, *languages, *extra]
    if kind == "dataset":
        return [
            f"task_categories:{task}",
            f"modality:{_pick(MODALITIES, chance)}",
            *map("language:{}".format, languages),
            *extra,
        ]
    return ["gradio", *extra]


def _pick(items: Sequence[str], chance: random.Random) -> str:
    """The first much more often than the last."""
    return items[int(len(items) * chance.random() ** 2)]


def _falling(size: int) -> list[float]:
    """Cumulated weights by the law of Zipf."""
    total, found = 0.0, []
    for rank in range(1, size + 1):
        total += 1 / (rank + 20)
        found.append(total)
    return found


def _take(rows: Iterator[Mapping[str, Any]], size: int) -> list[Mapping[str, Any]]:
    return list(islice(rows, size))
