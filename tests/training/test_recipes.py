"""Every recipe, by hand: as small as it can be and still learn something."""

from __future__ import annotations

import csv
import json
import os
import random
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pioche.runtimes.service import Runtimes
from pioche.testkit import models
from pioche.training import recipes
from pioche.training.catalogue import TASKS
from pioche.training.progress import progress_of
from pioche.training.types import Progress

pytestmark = pytest.mark.library


@pytest.fixture(scope="session")
def python() -> Path:
    """Of the environment in which recipes run; all tests share it."""
    folder = Path(tempfile.gettempdir(), f"pioche-runtimes-{os.getuid()}")
    return Runtimes(folder, "").ensure("ml") / "bin" / "python"


@pytest.fixture
def learn(python: Path, tmp_path: Path) -> Callable[..., Progress]:
    """Runs the recipe of a task over the files in `inputs/data`; raises with its log if it breaks off."""

    def run(task: str, *, well: bool = True, **recipe: Any) -> Progress:
        (tmp_path / "inputs" / "recipe.json").write_text(json.dumps({"task": task, **recipe}))
        program = Path(recipes.__file__).parent / TASKS[task].program
        places = ["--inputs", tmp_path / "inputs", "--work", tmp_path / "work", "--checkpoint", tmp_path / "before"]
        done = subprocess.run(
            [python, program, *places],
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
            env={
                "PATH": os.environ["PATH"],
                "HF_HUB_OFFLINE": "1",
                "OMP_NUM_THREADS": "2",
                "OMP_WAIT_POLICY": "PASSIVE",
                "TQDM_DISABLE": "1",
            },
        )
        assert (done.returncode == 0) is well, done.stdout[-1500:] + done.stderr[-3000:]
        return progress_of(done.stdout.splitlines())

    (tmp_path / "inputs" / "data").mkdir(parents=True)
    return run


def write_table(tmp_path: Path, head: str, rows: list[str]) -> None:
    (tmp_path / "inputs" / "data" / "table.csv").write_text("\n".join([head, *rows]) + "\n")


def write_pictures(folder: Path, count: int, side: int) -> None:
    """Squares that are red and dots that are blue."""
    chance = random.Random(3)
    for number in range(count):
        for name, colour in (("red", (220, 30, 30)), ("blue", (30, 30, 220))):
            picture = Image.new("RGB", (side, side), (255, 255, 255))
            left, top = chance.randrange(side // 2), chance.randrange(side // 2)
            picture.paste(colour, (left, top, left + side // 2, top + side // 2))
            (folder / name).mkdir(parents=True, exist_ok=True)
            picture.save(folder / name / f"{number}.png")


def test_classes_of_a_table(learn: Callable[..., Progress], tmp_path: Path) -> None:
    chance = random.Random(1)
    rows = []
    for number in range(300):
        age, town = chance.randint(18, 80), chance.choice(["Lyon", "Paris", ""])
        rows.append(f"c{number},{age},{town},{'leaves' if age > 50 or town == 'Paris' else 'stays'}")
    write_table(tmp_path, "id,age,town,outcome", rows)
    found = learn("tabular-classification", columns={"target": "outcome"})
    assert found.result["metrics"]["accuracy"]["value"] > 0.9
    assert found.result["labels"] == ["leaves", "stays"]
    assert found.result["features"] == ["age", "town"]
    assert (tmp_path / "work" / "model" / "model.skops").stat().st_size > 1000


def test_numbers_of_a_table(learn: Callable[..., Progress], tmp_path: Path) -> None:
    chance = random.Random(1)
    sizes = [chance.uniform(20, 120) for _ in range(300)]
    write_table(tmp_path, "size;floor;rent", [f"{size:.1f};{chance.randint(0, 5)};{size * 12:.0f}" for size in sizes])
    found = learn("tabular-regression", columns={"target": "rent"})
    assert found.result["metrics"]["r2"]["value"] > 0.95
    assert found.result["metrics"]["mae"]["low"] < found.result["metrics"]["mae"]["high"]


def test_a_column_of_words_is_no_number(learn: Callable[..., Progress], tmp_path: Path) -> None:
    write_table(tmp_path, "a,b", [f"{n},x{n}" for n in range(40)])
    said = learn("tabular-regression", well=False, columns={"target": "b"}).problem
    assert "not a number" in said


def test_pictures_in_folders(learn: Callable[..., Progress], tmp_path: Path) -> None:
    write_pictures(tmp_path / "inputs" / "data", 30, 32)
    found = learn("image-classification", epochs=4)
    assert found.result["labels"] == ["blue", "red"]
    assert found.result["metrics"]["accuracy"]["value"] == 1
    assert found.losses
    assert {path.name for path in (tmp_path / "work" / "model").iterdir()} >= {
        "model.safetensors",
        "config.json",
        "preprocessor_config.json",
    }


def test_pictures_are_painted(learn: Callable[..., Progress], tmp_path: Path) -> None:
    write_pictures(tmp_path / "inputs" / "data", 20, 8)
    found = learn("unconditional-image-generation", epochs=12, batch_size=20)
    assert found.losses[-1][1] < found.losses[0][1]
    assert found.samples[-1].picture.startswith("data:image/png;base64,")
    error = found.result["metrics"]["denoising_error"]
    assert 0 < error["low"] <= error["value"] <= error["high"] < 1.5
    from diffusers import DiffusionPipeline

    painter = DiffusionPipeline.from_pretrained(tmp_path / "work" / "model", use_safetensors=True)
    assert painter(num_inference_steps=2).images[0].size == (8, 8)
    # It goes on where it stopped: there is nothing left to do but to tell.
    (tmp_path / "work" / "checkpoint").rename(tmp_path / "before")
    again = learn("unconditional-image-generation", epochs=12, batch_size=20)
    assert (again.step, again.losses) == (found.steps, [])


def test_pictures_are_painted_from_words(learn: Callable[..., Progress], tmp_path: Path) -> None:
    write_pictures(tmp_path / "inputs" / "data", 20, 32)
    (tmp_path / "inputs" / "data" / "red" / "metadata.csv").write_text("file_name,text\n0.png,a red square\n")
    found = learn("text-to-image", epochs=4, batch_size=10)
    assert found.result["captions"] == 3
    assert {sample.prompt for sample in found.samples} == {"a red square", "blue", "red"}
    assert set(found.result["metrics"]) == {"denoising_error", "words_followed"}
    from diffusers import AutoPipelineForText2Image

    painter = AutoPipelineForText2Image.from_pretrained(tmp_path / "work" / "model", use_safetensors=True)
    assert painter("a red square", num_inference_steps=2).images[0].size == (32, 32)
    # And on from there, with adapters.
    (tmp_path / "work" / "model").rename(tmp_path / "inputs" / "base")
    metrics = learn("text-to-image", epochs=1, batch_size=10, base="alice/painter").result["metrics"]
    # It is measured by the same pictures: before is what the model that it began with was told to be.
    assert metrics["denoising_error_before"] == pytest.approx(found.result["metrics"]["denoising_error"], rel=1e-3)
    assert metrics["words_followed_before"] == found.result["metrics"]["words_followed"]
    assert metrics["denoising_error"] != metrics["denoising_error_before"]
    again = AutoPipelineForText2Image.from_pretrained(tmp_path / "work" / "model", use_safetensors=True)
    assert again("blue", num_inference_steps=2).images[0].size == (32, 32)


WANTED = """
import torch
from diffusers import DDPMScheduler
from painting import denoising_error, wanted
clean, times = torch.full((1, 1, 2, 2), 0.5), torch.tensor([500])
for kind in ("epsilon", "sample", "v_prediction"):
    noise = DDPMScheduler(prediction_type=kind)
    def knows(seen, times):  # the picture, and so the noise in it
        share = noise.alphas_cumprod[times].view(-1, 1, 1, 1)
        added = (seen - share.sqrt() * clean) / (1 - share).sqrt()
        velocity = share.sqrt() * added - (1 - share).sqrt() * clean
        return {"epsilon": added, "sample": clean, "v_prediction": velocity}[kind]
    assert denoising_error(noise, clean, 1, lambda *given: knows(*given).expand(10, -1, -1, -1)) < 1e-6, kind
    assert abs(denoising_error(noise, clean, 1, lambda seen, times: 0 * seen) - 1) < 1e-6, kind
"""


def test_a_network_is_asked_for_what_it_says(python: Path) -> None:
    """Those of others say the noise, where ours say its velocity."""
    folder = Path(recipes.__file__).parent
    done = subprocess.run([python, "-c", WANTED], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_chat_model_learns_answers(learn: Callable[..., Progress], tmp_path: Path) -> None:
    models.talker(tmp_path / "inputs" / "base")
    rows = [f"say {word},{word} {word}" for word in ["red", "blue", "one", "two"] * 10]
    rows = [f"{row.split(',')[0]} {number},{row.split(',')[1]}" for number, row in enumerate(rows)]
    write_table(tmp_path, "prompt,completion", rows)
    columns = {"prompt": "prompt", "completion": "completion"}
    found = learn("text-generation", columns=columns, epochs=4, learning_rate=0.02, base="alice/talker")
    assert found.losses[-1][1] < found.losses[0][1] - 0.1
    assert set(found.result["metrics"]) == {"exact_match", "exact_match_before"}
    from transformers import AutoModelForCausalLM

    AutoModelForCausalLM.from_pretrained(tmp_path / "work" / "model")


def test_texts_go_on_from_a_model(learn: Callable[..., Progress], tmp_path: Path) -> None:
    models.classifier(tmp_path / "inputs" / "base")
    rows = [f"{'good' if n % 2 else 'bad'} thing {n},{'up' if n % 2 else 'down'}" for n in range(60)]
    write_table(tmp_path, "text,label", rows)
    found = learn("text-classification", columns={"text": "text", "label": "label"}, epochs=1, base="alice/classifier")
    assert found.result["labels"] == ["down", "up"]


def test_a_loss_that_is_no_number_is_told(learn: Callable[..., Progress], tmp_path: Path) -> None:
    rows = [f"{'good' if n % 2 else 'bad'} thing {n},{'up' if n % 2 else 'down'}" for n in range(60)]
    write_table(tmp_path, "text,label", rows)
    found = learn(
        "text-classification", well=False, columns={"text": "text", "label": "label"}, learning_rate=1e30, epochs=20
    )
    assert "lower learning rate" in found.problem


def test_words_are_found_in_texts(learn: Callable[..., Progress], tmp_path: Path) -> None:
    chance, rows = random.Random(5), []
    for _ in range(240):
        person, town = chance.choice(["Ada", "Alan", "Grace"]), chance.choice(["London", "New York", "Paris"])
        verb = chance.choice(["lives", "works", "sleeps"])
        tags = ["B-PERSON", "O", "O", *(["B-PLACE", "I-PLACE"] if " " in town else ["B-PLACE"]), "O"]
        rows.append({"tokens": [person, verb, "in", *town.split(), str(chance.randrange(99))], "tags": tags})
    (tmp_path / "inputs" / "data" / "table.jsonl").write_text("\n".join(map(json.dumps, rows)))
    columns = {"tokens": "tokens", "tags": "tags"}
    found = learn("token-classification", columns=columns, epochs=6)
    assert found.result["metrics"]["f1"]["value"] > 0.9
    assert found.result["labels"] == ["O", "B-PERSON", "B-PLACE", "I-PLACE"]
    (tmp_path / "work" / "model").rename(tmp_path / "inputs" / "base")
    again = learn("token-classification", columns=columns, epochs=1, base="alice/finder")
    assert again.result["metrics"]["f1"]["low"] > 0.8


def test_words_and_tags_may_be_lists_in_cells(learn: Callable[..., Progress], tmp_path: Path) -> None:
    rows = [(["New", town, f"d'{n}"], ["B-PLACE", "I-PLACE", "O"]) for n in range(20) for town in ("York", "Paris")]
    with (tmp_path / "inputs" / "data" / "table.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("words", "tags"), *((repr(words), json.dumps(tags)) for words, tags in rows)])
    found = learn("token-classification", columns={"tokens": "words", "tags": "tags"}, epochs=1)
    assert (found.result["labels"], found.result["rows"]) == (["O", "B-PLACE", "I-PLACE"], 40)
    assert found.result["widget"][0]["text"].startswith("New ")


def test_every_word_needs_a_tag(learn: Callable[..., Progress], tmp_path: Path) -> None:
    write_table(tmp_path, "words,tags", ["Ada sleeps,B-PERSON O", "Alan sleeps well,B-PERSON O"])
    said = learn("token-classification", well=False, columns={"tokens": "words", "tags": "tags"}).problem
    assert said == "Row 2 has 3 words and 2 tags: every word needs one tag."


SAME = {"cat": "kitten", "car": "lorry", "house": "villa", "river": "brook", "song": "tune", "lamp": "light"}


def test_texts_that_mean_the_same(learn: Callable[..., Progress], tmp_path: Path) -> None:
    acts = {"eats": "devours", "sees": "beholds", "wants": "desires", "hides": "conceals", "finds": "discovers"}
    rows = [
        f"the {one} {act} a {two},{SAME[one]} {acts[act]} {SAME[two]}" for one in SAME for act in acts for two in SAME
    ]
    write_table(tmp_path, "first,second", rows)
    columns = {"first": "first", "second": "second"}
    metrics = learn("sentence-similarity", columns=columns, epochs=6).result["metrics"]
    assert metrics["accuracy_at_1_before"]["high"] < metrics["accuracy_at_1"]["low"]
    files = {
        path.relative_to(tmp_path / "work" / "model").as_posix()
        for path in (tmp_path / "work").rglob("*")
        if path.is_relative_to(tmp_path / "work" / "model")
    }
    assert files >= {"modules.json", "model.safetensors", "1_Pooling/config.json"}
    # And on from there, by scores.
    (tmp_path / "work" / "model").rename(tmp_path / "inputs" / "base")
    scored = [f"{row},{5 * (number % 2)}" for number, row in enumerate(rows)]
    mixed = [row if number % 2 else row.replace("cat", "river") for number, row in enumerate(scored)]
    write_table(tmp_path, "first,second,score", mixed)
    again = learn("sentence-similarity", columns={**columns, "score": "score"}, epochs=1, base="alice/near")
    assert set(again.result["metrics"]) == {"spearman", "spearman_before"}


def test_a_score_is_a_number(learn: Callable[..., Progress], tmp_path: Path) -> None:
    write_table(tmp_path, "first,second,score", ["a cat,a dog,1", "a car,a lorry,alike"])
    columns = {"first": "first", "second": "second", "score": "score"}
    said = learn("sentence-similarity", well=False, columns=columns).problem
    assert said == "The score in row 2 is not a number: 'alike'."


@pytest.mark.parametrize("task", ["text-classification", "token-classification"])
def test_a_small_part_learns_beside_a_base(learn: Callable[..., Progress], tmp_path: Path, task: str) -> None:
    from safetensors.torch import load_file

    models.classifier(tmp_path / "inputs" / "base")
    rows = [f"the film is {'great' if n % 2 else 'bad'} {n}" for n in range(80)]
    said = [("up" if n % 2 else "down") if task == "text-classification" else "O O O B-MOOD O" for n in range(80)]
    write_table(tmp_path, "text,label", [f"{row},{one}" for row, one in zip(rows, said, strict=True)])
    roles = [role.name for role in TASKS[task].roles]
    columns = dict(zip(roles, ("text", "label"), strict=True))
    found = learn(task, columns=columns, epochs=4, base="alice/classifier", lora=True)
    assert found.losses[-1][1] < found.losses[0][1]
    before, after = (load_file(tmp_path / at / "model.safetensors") for at in ("inputs/base", "work/model"))
    embedding = "bert.embeddings.word_embeddings.weight"
    assert bool((before[embedding] == after[embedding]).all())
    query = "bert.encoder.layer.0.attention.self.query.weight"
    assert not bool((before[query] == after[query]).all())
