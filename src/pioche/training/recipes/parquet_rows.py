"""Rows of `/inputs/table.parquet` as JSON, one a line, in `rows.jsonl`. The argument: how many bytes there may be."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pyarrow as arrow
import pyarrow.parquet as parquet

BATCH = 500
NOT_READ = 3


def main(most: int) -> None:
    left = most
    with parquet.ParquetFile("/inputs/table.parquet") as table, Path("rows.jsonl").open("w") as out:
        names = [field.name for field in table.schema_arrow if not _holds_bytes(field.type)]
        for batch in table.iter_batches(BATCH, columns=names):
            for row in batch.to_pylist():
                line = json.dumps(row, ensure_ascii=False, default=str) + "\n"
                left -= len(line.encode())
                if left < 0:
                    raise ValueError(f"it holds more than {most // 1024**2} MiB of text")
                out.write(line)


def _holds_bytes(kind: arrow.DataType) -> bool:
    """Pictures and sounds in a table are nothing to read."""
    if isinstance(kind, arrow.StructType | arrow.ListType | arrow.LargeListType):
        return any(_holds_bytes(kind.field(at).type) for at in range(kind.num_fields))
    return bool(arrow.types.is_binary(kind) or arrow.types.is_large_binary(kind))


if __name__ == "__main__":
    try:
        main(int(sys.argv[1]))
    except (arrow.ArrowException, ValueError, OSError) as error:
        print(str(error).splitlines()[0].rstrip("."), flush=True)
        sys.exit(NOT_READ)
