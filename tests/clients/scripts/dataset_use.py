"""Loads a dataset, whole and streamed, and prints what it found as JSON. Arguments: repository."""

import json
import sys

from datasets import load_dataset

whole = load_dataset(sys.argv[1])
streamed = load_dataset(sys.argv[1], split="train", streaming=True)
found = {
    "splits": {name: len(split) for name, split in whole.items()},
    "columns": whole["train"].column_names,
    "fourth": whole["train"][3],
    "streamed fourth": next(iter(streamed.skip(3))),
    "streamed rows": sum(1 for _ in streamed),
}
print(json.dumps(found))
