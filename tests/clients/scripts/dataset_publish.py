"""Publishes a dataset with two splits as Parquet. Arguments: repository."""

import sys

from datasets import Dataset, DatasetDict

rows = [{"id": i, "text": f"row {i} – é", "score": i / 7} for i in range(1000)]
DatasetDict({"train": Dataset.from_list(rows[:900]), "test": Dataset.from_list(rows[900:])}).push_to_hub(sys.argv[1])
