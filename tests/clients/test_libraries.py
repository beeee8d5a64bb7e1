"""The libraries of the field publish to the hub and load from it, each in a fresh process.

The readers know of the hub by `HF_ENDPOINT` alone: nobody is logged in and nothing is cached there.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pioche.testkit.clients import Hf
from pioche.testkit.factories import Make
from pioche.testkit.people import Cast

# Importing PyTorch and Diffusers alone takes up to half a minute on a busy machine.
pytestmark = [pytest.mark.library, pytest.mark.timeout(900)]

SCRIPTS = Path(__file__).parent / "scripts"


def test_transformers_train_publish_load(hf: Hf, cast: Cast, make: Make) -> None:
    name = f"alice/{make.name('weather')}"
    hf.as_(cast.alice).python(SCRIPTS / "classifier_publish.py", name, seconds=600)

    printed = hf.python(SCRIPTS / "classifier_use.py", name, "the day was bright", "very cold storm", seconds=600)

    assert printed.split() == ["sunny", "rainy"]


def test_datasets_publish_load_and_stream_parquet(hf: Hf, cast: Cast, make: Make) -> None:
    name = f"alice/{make.name('rows')}"
    hf.as_(cast.alice).python(SCRIPTS / "dataset_publish.py", name, seconds=600)

    found = json.loads(hf.python(SCRIPTS / "dataset_use.py", name, seconds=600).splitlines()[-1])

    row = {"id": 3, "text": "row 3 – é", "score": 3 / 7}
    assert found == {
        "splits": {"train": 900, "test": 100},
        "columns": ["id", "text", "score"],
        "fourth": row,
        "streamed fourth": row,
        "streamed rows": 900,
    }


def test_datasets_load_and_stream_csv(hf: Hf, cast: Cast, make: Make) -> None:
    csv = "id,text\n" + "".join(f"{i},row {i}\n" for i in range(50))
    name = make.repo(cast.alice, {"data/train.csv": csv, "data/test.csv": "id,text\n1,x\n"}, kind="dataset")

    found = json.loads(hf.python(SCRIPTS / "dataset_use.py", name, seconds=600).splitlines()[-1])

    assert found["splits"] == {"train": 50, "test": 1}
    assert found["fourth"] == found["streamed fourth"] == {"id": 3, "text": "row 3"}


def test_private_datasets_load_for_their_owner_alone(hf: Hf, cast: Cast, make: Make) -> None:
    rows = {"train.csv": "id,text\n" + "1,x\n" * 5}
    name = make.repo(cast.alice, rows, kind="dataset", private=True)

    found = json.loads(hf.as_(cast.alice).python(SCRIPTS / "dataset_use.py", name).splitlines()[-1])
    assert found["splits"] == {"train": 5}
    with pytest.raises(AssertionError, match="DatasetNotFoundError"):
        hf.as_(cast.carol).python(SCRIPTS / "dataset_use.py", name)


def test_diffusers_publish_load(hf: Hf, cast: Cast, make: Make) -> None:
    name = f"alice/{make.name('picture')}"
    published = hf.as_(cast.alice).python(SCRIPTS / "diffusion_publish.py", name, seconds=600)

    loaded = hf.python(SCRIPTS / "diffusion_use.py", name, seconds=600)

    assert loaded.split()[-1] == published.split()[-1]
