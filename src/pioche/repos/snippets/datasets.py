"""Snippets for datasets, by the formats of their files."""

from __future__ import annotations

from collections.abc import Iterator

from pioche.repos.snippets.types import Snippet, Subject, python, quoted

_LOADED = ("parquet", "csv", "json", "arrow", "text", "webdataset")
_READERS = {".parquet": "read_parquet", ".csv": "read_csv", ".jsonl": "read_json", ".json": "read_json"}
MAX_CONFIG = 200


def dataset_snippets(subject: Subject) -> Iterator[Snippet]:
    formats = {tag.removeprefix("format:") for tag in subject.repo.tags if tag.startswith("format:")}
    if formats & set(_LOADED) or not formats:
        yield _datasets(subject)
    table = next((ending for ending in _READERS if ending in subject.files), "")
    if table:
        yield _pandas(subject, table)
        yield _polars(subject, table)
        yield _duckdb(subject, table)
    if ".parquet" in subject.files:
        yield _dask(subject)
    if ".tar" in subject.files:
        yield _webdataset(subject)


def _datasets(subject: Subject) -> Snippet:
    names = [quoted(subject.name)]
    if config := _config(subject):
        names.append(quoted(config))
    code = python(
        subject,
        "from datasets import load_dataset",
        "",
        f"data = load_dataset({', '.join(names)})",
        "print(data)",
    )
    return Snippet("datasets", "Datasets", code, install="pip install -U datasets")


def _config(subject: Subject) -> str:
    """The first of several subsets has to be named, unless one is the default."""
    configs = subject.repo.card.get("configs")
    if not isinstance(configs, list) or len(configs) < 2:
        return ""
    named = [one for one in configs if isinstance(one, dict) and isinstance(one.get("config_name"), str)]
    if not named or any(one.get("default") is True or one["config_name"] == "default" for one in named):
        return ""
    return str(named[0]["config_name"])[:MAX_CONFIG]


def _address(subject: Subject, ending: str) -> str:
    """`hf://` is read by the library of the hub's files, which knows the hub's address."""
    return quoted(f"hf://datasets/{subject.name}/{subject.files[ending]}")


def _pandas(subject: Subject, ending: str) -> Snippet:
    more = ", lines=True" if ending == ".jsonl" else ""
    read = f"data = pd.{_READERS[ending]}({_address(subject, ending)}{more})"
    code = python(subject, "import pandas as pd", "", read, "print(data.head())")
    return Snippet("pandas", "pandas", code, install="pip install -U pandas pyarrow huggingface_hub")


def _polars(subject: Subject, ending: str) -> Snippet:
    """Its own `hf://` knows one host alone, so the file is fetched first."""
    reader = "read_ndjson" if ending == ".jsonl" else _READERS[ending]
    code = python(
        subject,
        "import polars as pl",
        "from huggingface_hub import hf_hub_download",
        "",
        f'path = hf_hub_download({quoted(subject.name)}, {quoted(subject.files[ending])}, repo_type="dataset")',
        f"data = pl.{reader}(path)",
        "print(data.head())",
    )
    return Snippet("polars", "Polars", code, install="pip install -U polars huggingface_hub")


def _duckdb(subject: Subject, ending: str) -> Snippet:
    code = python(
        subject,
        "import duckdb",
        "from huggingface_hub import HfFileSystem",
        "",
        "duckdb.register_filesystem(HfFileSystem())",
        f"print(duckdb.sql({quoted(_query(subject, ending))}))",
    )
    return Snippet("duckdb", "DuckDB", code, install="pip install -U duckdb huggingface_hub")


def _query(subject: Subject, ending: str) -> str:
    path = f"hf://datasets/{subject.name}/{subject.files[ending]}".replace("'", "''")
    return f"SELECT * FROM '{path}' LIMIT 10"  # noqa: S608 - shown, not run


def _dask(subject: Subject) -> Snippet:
    path = subject.files[".parquet"]
    folder = path.rpartition("/")[0]
    pattern = quoted(f"hf://datasets/{subject.name}/{folder + '/' if folder else ''}*.parquet")
    code = python(
        subject, "import dask.dataframe as dd", "", f"data = dd.read_parquet({pattern})", "print(data.head())"
    )
    return Snippet("dask", "Dask", code, install='pip install -U "dask[dataframe]" huggingface_hub')


def _webdataset(subject: Subject) -> Snippet:
    code = python(
        subject,
        "import webdataset",
        "from huggingface_hub import hf_hub_download",
        "",
        f'path = hf_hub_download({quoted(subject.name)}, {quoted(subject.files[".tar"])}, repo_type="dataset")',
        "for sample in webdataset.WebDataset(path, shardshuffle=False):",
        '    print(sample["__key__"])',
    )
    return Snippet("webdataset", "WebDataset", code, install="pip install -U webdataset huggingface_hub")
