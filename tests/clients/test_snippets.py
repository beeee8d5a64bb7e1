"""What "Use this model" and its like show is copied from the page and run, in a process that knows of no hub."""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from pioche.testkit.clients import Hf
from pioche.testkit.factories import Make
from pioche.testkit.people import Cast

ROWS = "city,people\nOslo,700000\nRome,2800000\n"
SCRIPTS = Path(__file__).parent / "scripts"

client = pytest.mark.client


def copied(make: Make, path: str) -> dict[str, str]:
    """Title -> the code, as a browser would copy it."""
    page = httpx.get(f"{make.url}/{path}").text
    found = re.findall(
        r'<details class="use"[^>]*>\s*<summary>(.*?)</summary>.*?<code>(?=<span|[^<]*\S)(.*?)</code></pre>', page, re.S
    )
    return {html.unescape(title): html.unescape(re.sub(r"<[^>]+>", "", code)) for title, code in found}


def run(command: list[str], folder: Path, seconds: int = 300) -> str:
    kept = {key: value for key, value in os.environ.items() if key in ("PATH", "LANG", "PYTHONPATH", "VIRTUAL_ENV")}
    path = f"{Path(sys.executable).parent}:{kept.get('PATH', '')}"
    environment = {**kept, "PATH": path, "HOME": str(folder), "HF_HOME": str(folder / "hf"), "HF_HUB_DISABLE_XET": "1"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=seconds, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def python(code: str, folder: Path, seconds: int = 300) -> str:
    return run([sys.executable, "-c", code], folder, seconds)


@client
def test_download_by_every_way(make: Make, cast: Cast, tmp_path: Path) -> None:
    for kind, prefix in (("model", ""), ("dataset", "datasets/")):
        name = make.repo(cast.alice, {"README.md": "# It", "a.txt": "words"}, kind=kind)
        code = copied(make, f"{prefix}{name}")
        folder = tmp_path / kind
        folder.mkdir()
        snapshot = python(code["huggingface_hub"], folder).strip()
        assert (Path(snapshot) / "a.txt").read_text() == "words"
        printed = run(["bash", "-euc", code["hf download"]], folder)
        assert (Path(re.split(r"path[:=]\s*", printed.strip())[-1]) / "a.txt").exists()
        run(["bash", "-euc", code["git clone"]], folder)
        assert (folder / name.partition("/")[2] / "a.txt").read_text() == "words"


@client
def test_variants_in_gguf(make: Make, cast: Cast, tmp_path: Path) -> None:
    """Fetching what llama.cpp then loads; the program itself is not here."""
    files = {"README.md": "# It", "m-Q4_K_M.gguf": b"GGUF small", "m-F16.gguf": b"GGUF large"}
    name = make.repo(cast.alice, files)
    fetch, load = copied(make, name)["llama.cpp"].splitlines()[1:3]
    run(["bash", "-euc", f"export HF_ENDPOINT={make.url}\n{fetch}"], tmp_path)
    chosen = re.search(r'"(\$\(.*?\))"', load)
    assert chosen
    assert run(["bash", "-euc", f"cat {chosen[1]}"], tmp_path) == "GGUF small"


@client
def test_scikit_learn(make: Make, cast: Cast, tmp_path: Path) -> None:
    joblib = pytest.importorskip("joblib", reason="scikit-learn is not installed")
    linear = pytest.importorskip("sklearn.linear_model", reason="scikit-learn is not installed")
    joblib.dump(linear.LinearRegression(fit_intercept=False), tmp_path / "m.joblib")
    files = {"README.md": "---\nlibrary_name: sklearn\n---\n", "deep/m.joblib": (tmp_path / "m.joblib").read_bytes()}
    name = make.repo(cast.alice, files)
    code = copied(make, name)
    assert "fit_intercept=False" in python(code["scikit-learn"], tmp_path)


@pytest.mark.library
@pytest.mark.timeout(900)
def test_readers_of_tables(make: Make, cast: Cast, tmp_path: Path) -> None:
    lines = "".join(json.dumps({"city": city}) + "\n" for city in ("Oslo", "Rome"))
    tables = {'it\'s a "table".csv': ROWS, "rows.jsonl": lines}
    for path, text in tables.items():
        name = make.repo(cast.alice, {"README.md": "# Rows", f"data/{path}": text}, kind="dataset")
        code = copied(make, f"datasets/{name}")
        for title in ("Datasets", "pandas", "Polars", "DuckDB"):
            folder = tmp_path / f"{title}-{len(path)}"
            folder.mkdir()
            printed = python(code[title], folder)
            assert "num_rows: 2" in printed if title == "Datasets" else "Rome" in printed, (title, printed)


@pytest.mark.library
@pytest.mark.timeout(900)
def test_parquet(make: Make, cast: Cast, tmp_path: Path) -> None:
    name = f"alice/{make.name('parquet')}"
    pandas = pytest.importorskip("pandas")
    pandas.DataFrame({"city": ["Oslo", "Rome"]}).to_parquet(tmp_path / "x.parquet")
    make.repo(cast.alice, {"data/train.parquet": (tmp_path / "x.parquet").read_bytes()}, kind="dataset", name=name)
    code = copied(make, f"datasets/{name}")
    assert "Dask" in code
    for title in ("Datasets", "pandas", "Polars", "DuckDB"):
        (tmp_path / title).mkdir()
        printed = python(code[title], tmp_path / title)
        assert "num_rows: 2" in printed if title == "Datasets" else "Rome" in printed, (title, printed)


@pytest.mark.library
@pytest.mark.timeout(900)
def test_transformers(hf: Hf, make: Make, cast: Cast, tmp_path: Path) -> None:
    name = f"alice/{make.name('classifier')}"
    hf.as_(cast.alice).python(SCRIPTS / "classifier_publish.py", name, seconds=600)
    code = copied(make, name)
    assert "label" in python(code["Transformers"], tmp_path, 600)
    python(code["Transformers, the model itself"], tmp_path, 600)
