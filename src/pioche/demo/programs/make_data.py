"""Datasets out of what the libraries bring along: digits, flowers, sentences about functions; and drawn shapes."""

from __future__ import annotations

import ast
import csv
import importlib.util
import random
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from PIL import Image, ImageDraw
from sklearn.datasets import load_digits, load_iris

LIBRARIES = ("sklearn", "torch", "pandas", "transformers")
EACH, SHAPES_EACH = 750, 90
COLOURS = {"red": (220, 40, 40), "green": (40, 160, 60), "blue": (40, 70, 220), "yellow": (230, 200, 40)}
SHAPES = ("circle", "square", "triangle")


def main() -> None:
    write_digits(Path("digits"))
    write_flowers(Path("flowers"))
    write_sentences(Path("which-library"))
    write_shapes(Path("shapes"))


def write_digits(folder: Path) -> None:
    data = load_digits()
    for number, (picture, kind) in enumerate(zip(data.images, data.target, strict=True)):
        place = folder / str(kind)
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray((picture * 255 / 16).astype("uint8")).save(place / f"{number}.png")
    card(
        folder,
        "image-classification",
        "Handwritten digits",
        "1,797 digits of 8 by 8 points, written by 13 people, as scikit-learn brings them (CC BY 4.0): E. Alpaydin and "
        "C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, 1998.",
        "cc-by-4.0",
    )


def write_flowers(folder: Path) -> None:
    folder.mkdir(parents=True)
    data = load_iris()
    names = [name.replace(" (cm)", "").replace(" ", "_") for name in data.feature_names]
    with (folder / "flowers.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow([*names, "species"])
        for row, kind in zip(data.data, data.target, strict=True):
            table.writerow([*row, data.target_names[kind]])
    card(
        folder,
        "tabular-classification",
        "Flowers",
        "150 irises of three species and what was measured of them, as scikit-learn brings them (CC BY 4.0): "
        "R. A. Fisher, Iris, UCI Machine Learning Repository, 1936.",
        "cc-by-4.0",
    )


def write_sentences(folder: Path) -> None:
    folder.mkdir(parents=True)
    chance, rows = random.Random(5), []  # noqa: S311
    for name in LIBRARIES:
        found = sorted(set(islice(sentences(name, chance), 2 * EACH)))
        rows += [(text, name) for text in chance.sample(found, min(EACH, len(found)))]
    chance.shuffle(rows)
    with (folder / "sentences.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["sentence", "library"])
        table.writerows(rows)
    card(
        folder,
        "text-classification",
        "Which library?",
        "First sentences about functions and classes, from the documentation inside of four Python libraries (licences "
        "BSD-3-Clause and Apache-2.0), without the library's own name. Tell from the sentence which library it is.",
        "apache-2.0",
    )


def sentences(name: str, chance: random.Random) -> Iterator[str]:
    """Out of its files, one after the other by chance. Nothing is imported: they are read as text."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return
    paths = [path for path in Path(spec.submodule_search_locations[0]).rglob("*.py") if "test" not in path.as_posix()]
    for path in chance.sample(sorted(paths), len(paths)):
        try:
            tree = ast.parse(path.read_text(encoding="utf-8"))
        except (SyntaxError, ValueError, OSError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                said = (ast.get_docstring(node) or "").partition("\n\n")[0].replace("\n", " ").strip()
                said = re.sub(rf"\b{name}\b", "...", said, flags=re.IGNORECASE)
                if 30 <= len(said) <= 200 and said.isascii():
                    yield said


def write_shapes(folder: Path) -> None:
    chance = random.Random(4)  # noqa: S311
    for colour in COLOURS:
        for shape in SHAPES:
            place = folder / f"a_{colour}_{shape}"
            place.mkdir(parents=True)
            for number in range(SHAPES_EACH):
                drawn(colour, shape, chance).save(place / f"{number}.png")
    card(folder, "text-to-image", "Shapes", "Drawn circles, squares and triangles in four colours.", "cc0-1.0")


def drawn(colour: str, shape: str, chance: random.Random) -> Image.Image:
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


def card(folder: Path, task: str, title: str, about: str, licence: str) -> None:
    head = f"---\nlicense: {licence}\ntask_categories:\n- {task}\ntags:\n- demo\n---\n"
    (folder / "README.md").write_text(f"{head}# {title}\n\n{about}\n")


if __name__ == "__main__":
    main()
