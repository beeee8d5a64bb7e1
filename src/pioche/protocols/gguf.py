"""GGUF: metadata and a table of tensors in front of tensor bytes, read without reading the tensors.

Source: the GGUF specification, versions 2 and 3 (version 1 counts in 32 bits and is gone from use).
Shape:  [magic "GGUF" | version: u32 | tensors: u64 | pairs: u64 | pairs of metadata | table of tensors | bytes].
        A pair is a string, a type (u32) and a value; a string is its length (u64) and UTF-8; an array is a type (u32),
        a length (u64) and values. A tensor is its name, its dimensions (u32, then u64 each), a type (u32), an offset.
Units:  little endian. Tens of thousands of tokens make a header of some megabytes.
Errors: `InvalidHeader`.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pioche.protocols.safetensors import InvalidHeader

MAX_READ = 64 * 1024 * 1024
MAX_PAIRS = 4_096
MAX_TENSORS = 100_000
MAX_ARRAY = 4_000_000
MAX_STRING = 4 * 1024 * 1024
STEP = 1024 * 1024
"""What is asked for at a time."""
TOKENS = "tokenizer.ggml.tokens"

_FIXED = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9

# fmt: off
TYPES = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 6: "Q5_0", 7: "Q5_1", 8: "Q8_0", 9: "Q8_1", 10: "Q2_K", 11: "Q3_K",
    12: "Q4_K", 13: "Q5_K", 14: "Q6_K", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S",
    20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS", 24: "I8", 25: "I16", 26: "I32", 27: "I64", 28: "F64",
    29: "IQ1_M", 30: "BF16", 34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4",
}
# fmt: on


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """`metadata` has an array as its length, but for the tokens, which are their bytes."""

    metadata: Mapping[str, Any]
    tensors: Sequence[tuple[str, str, Sequence[int], int]]
    """Name, type, shape and number of elements of each, in the order of the file."""

    @property
    def parameters(self) -> dict[str, int]:
        """Number of elements by type."""
        counts: dict[str, int] = {}
        for _, kind, _, count in self.tensors:
            counts[kind] = counts.get(kind, 0) + count
        return counts

    def about(self) -> dict[str, Any]:
        """What clients show of a model: what is not said is left out."""
        said = self.metadata
        architecture = _text(said.get("general.architecture"))
        context = said.get(f"{architecture}.context_length")
        found = {
            "total": sum(count for _, _, _, count in self.tensors),
            "architecture": architecture,
            "context_length": context if isinstance(context, int) and not isinstance(context, bool) else None,
            "chat_template": _text(said.get("tokenizer.chat_template")),
            "bos_token": self._token("tokenizer.ggml.bos_token_id"),
            "eos_token": self._token("tokenizer.ggml.eos_token_id"),
        }
        return {key: value for key, value in found.items() if value not in (None, "")}

    def _token(self, key: str) -> str:
        number, tokens = self.metadata.get(key), self.metadata.get(TOKENS)
        if not isinstance(number, int) or not isinstance(tokens, list) or not 0 <= number < len(tokens):
            return ""
        return _decoded(tokens[number])[:200]


def read_header(read: Callable[[int, int], bytes], size: int) -> GgufHeader:
    """`read(start, end)` gives the bytes of the file in that half-open range; `size` is the file's."""
    file = _Reader(read, size)
    if file.take(4) != b"GGUF":
        raise InvalidHeader("The file is no GGUF: it begins with other bytes.")
    version = file.number("I")
    if version not in (2, 3):
        raise InvalidHeader(f"GGUF of version {version} is not read; there are versions 2 and 3.")
    tensors, pairs = file.limited(MAX_TENSORS), file.limited(MAX_PAIRS)
    metadata: dict[str, Any] = {}
    for _ in range(pairs):
        key = _decoded(file.string())
        metadata[key] = _value(file, file.number("I"), keep=key == TOKENS)
    return GgufHeader(metadata, [_tensor(file) for _ in range(tensors)])


def _value(file: _Reader, kind: int, keep: bool = False) -> Any:
    if kind == _STRING:
        return _decoded(file.string())
    if kind == _ARRAY:
        return _array(file, keep)
    if kind not in _FIXED:
        raise InvalidHeader(f"There is no type {kind} of metadata.")
    value = file.number(_FIXED[kind])
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _array(file: _Reader, keep: bool) -> Any:
    kind, length = file.number("I"), file.limited(MAX_ARRAY)
    if kind == _STRING:
        if keep:
            return [file.string() for _ in range(length)]
        for _ in range(length):
            file.string()
    elif kind in _FIXED:
        file.skip(struct.calcsize(_FIXED[kind]) * length)
    else:
        raise InvalidHeader("Arrays in arrays are not read.")
    return length


def _tensor(file: _Reader) -> tuple[str, str, Sequence[int], int]:
    name = _decoded(file.string())[:500]
    dimensions = file.number("I")
    if dimensions > 8:
        raise InvalidHeader("A tensor has at most 8 dimensions.")
    shape = [file.number("Q") for _ in range(dimensions)]
    kind = file.number("I")
    file.skip(8)
    count = math.prod(shape)
    if count > 2**62:
        raise InvalidHeader("A tensor is larger than any file.")
    return name, TYPES.get(kind, f"type {kind}"), shape, count


class _Reader:
    """Takes one thing after the other, and asks for more bytes as it needs them."""

    def __init__(self, read: Callable[[int, int], bytes], size: int) -> None:
        self._read = read
        self._size = min(size, MAX_READ)
        self._buffer = b""
        self._start = 0  # of the buffer in the file
        self._at = 0  # in the buffer

    def take(self, count: int) -> bytes:
        end = self._at + count
        if end > len(self._buffer):
            self._fill(count)
            end = self._at + count
        found = self._buffer[self._at : end]
        self._at = end
        return found

    def skip(self, count: int) -> None:
        """Without reading it, if it is far."""
        if count > len(self._buffer) - self._at:
            self._start, self._buffer, self._at = self._start + self._at + count, b"", 0
            if self._start > self._size:
                raise InvalidHeader("The header is not complete, or too long to read.")
        else:
            self._at += count

    def number(self, kind: str) -> Any:
        return struct.unpack(f"<{kind}", self.take(struct.calcsize(kind)))[0]

    def limited(self, most: int) -> int:
        count: int = self.number("Q")
        if count > most:
            raise InvalidHeader(f"The header counts {count}, and {most} is the most that is read.")
        return count

    def string(self) -> bytes:
        return self.take(self.limited(MAX_STRING))

    def _fill(self, count: int) -> None:
        here = self._start + self._at
        end = min(self._size, here + max(count, STEP))
        if here + count > end:
            raise InvalidHeader("The header is not complete, or too long to read.")
        self._buffer, self._start, self._at = self._read(here, end), here, 0
        if len(self._buffer) < count:
            raise InvalidHeader("The header is not complete.")


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
