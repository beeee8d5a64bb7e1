"""Safetensors: a JSON header in front of tensor bytes, read without reading the tensors.

Source: the safetensors format description.
Shape:  [header length: u64 little endian | header: JSON object | tensor bytes].
        Header: `{"name": {"dtype", "shape", "data_offsets": [start, end]}, "__metadata__": {str: str}}`.
Units:  bytes; offsets count from the end of the header. A header is 100 MB at most, by the format.
Errors: `InvalidHeader`.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from pioche.errors import InvalidInput

MAX_HEADER = 100_000_000
# Reading more than this to show a page is not worth it: some 200,000 tensors.
MAX_READ = 25_000_000
MAX_DIMENSIONS = 64
MAX_COUNT = 2**62


class InvalidHeader(InvalidInput):
    """The file is not in the format, or its header is not complete."""

    code = "InvalidHeader"


class _Tensor(msgspec.Struct):
    dtype: str
    shape: list[int]
    data_offsets: tuple[int, int]


@dataclass(frozen=True, slots=True)
class TensorHeader:
    tensors: Sequence[tuple[str, str, Sequence[int], int]]
    """Name, dtype, shape and number of elements of each, in the order of the file."""
    metadata: Mapping[str, str]

    @property
    def parameters(self) -> dict[str, int]:
        """Number of elements by dtype."""
        counts: dict[str, int] = {}
        for _, dtype, _, count in self.tensors:
            counts[dtype] = counts.get(dtype, 0) + count
        return counts


def read_header(read: Callable[[int, int], bytes], size: int) -> TensorHeader:
    """`read(start, end)` gives the bytes of the file in that half-open range; `size` is the file's."""
    return _decode(header_text(read, size))


def header_text(read: Callable[[int, int], bytes], size: int) -> bytes:
    """The header as it is in the file: a JSON object, with spaces at its end."""
    prefix = read(0, 8)
    if len(prefix) < 8:
        raise InvalidHeader("The file is too short to be safetensors.")
    (length,) = struct.unpack("<Q", prefix)
    if length > min(MAX_HEADER, MAX_READ, size - 8):
        raise InvalidHeader("The header is longer than the file, or too long to show.")
    return read(8, 8 + length)


def _decode(data: bytes) -> TensorHeader:
    try:
        fields = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
        raw = fields.pop("__metadata__", None)
        metadata = msgspec.json.decode(raw, type=dict[str, str]) if raw else {}
        tensors = [(name, msgspec.json.decode(value, type=_Tensor)) for name, value in fields.items()]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidHeader(f"The header cannot be read: {error}.") from error
    tensors.sort(key=lambda pair: pair[1].data_offsets)
    return TensorHeader([(n, t.dtype, t.shape, _count(t.shape)) for n, t in tensors], metadata)


def _count(shape: Sequence[int]) -> int:
    """Elements. A thousand large numbers would take minutes to multiply, and no file holds what comes of it."""
    if len(shape) > MAX_DIMENSIONS or any(not 0 <= size <= MAX_COUNT for size in shape):
        raise InvalidHeader(f"A tensor has at most {MAX_DIMENSIONS} dimensions, none of them below zero.")
    count = math.prod(shape)
    if count > MAX_COUNT:
        raise InvalidHeader("A tensor is larger than any file.")
    return count
