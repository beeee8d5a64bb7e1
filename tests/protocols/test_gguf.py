"""GGUF headers: what the format's own library writes is read, and what is broken is refused."""

from __future__ import annotations

import struct
from pathlib import Path

import gguf
import numpy
import pytest

from pioche.protocols.gguf import GgufHeader, read_header
from pioche.protocols.safetensors import InvalidHeader


def written(path: Path, tokens: int = 8) -> bytes:
    """A tiny model with a vocabulary, a chat template and tensors of two types."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(4096)
    writer.add_array("some.numbers", [1, 2, 3])
    writer.add_float32("some.float", 0.5)
    writer.add_bool("some.flag", True)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list([f"<{n}>" for n in range(tokens)])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_chat_template("{{ messages }}")
    writer.add_tensor("token_embd.weight", numpy.zeros((4, 32), dtype=numpy.float32))
    packed = numpy.zeros((2, 18), dtype=numpy.uint8)  # two rows of 32 values
    writer.add_tensor("output.weight", packed, raw_dtype=gguf.GGMLQuantizationType.Q4_0)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path.read_bytes()


def read(data: bytes) -> GgufHeader:
    return read_header(lambda start, end: data[start:end], len(data))


def test_what_the_library_writes(tmp_path: Path) -> None:
    found = read(written(tmp_path / "a.gguf"))
    assert found.parameters == {"F32": 128, "Q4_0": 64}
    assert next((name, shape) for name, _, shape, _ in found.tensors) == ("token_embd.weight", [32, 4])
    assert found.about() == {
        "total": 192,
        "architecture": "llama",
        "context_length": 4096,
        "chat_template": "{{ messages }}",
        "bos_token": "<1>",
        "eos_token": "<2>",
    }
    assert (found.metadata["some.numbers"], found.metadata["some.float"], found.metadata["some.flag"]) == (3, 0.5, True)


def test_a_large_vocabulary_is_read_in_steps(tmp_path: Path) -> None:
    data, asked = written(tmp_path / "a.gguf", tokens=200_000), []

    def ranged(start: int, end: int) -> bytes:
        asked.append(end - start)
        return data[start:end]

    assert read_header(ranged, len(data)).about()["eos_token"] == "<2>"
    assert 1 < len(asked) < 10


@pytest.mark.parametrize("cut", [0, 3, 4, 8, 20, 30, 100, 300])
def test_what_ends_too_soon(tmp_path: Path, cut: int) -> None:
    with pytest.raises(InvalidHeader):
        read(written(tmp_path / "a.gguf")[:cut])


@pytest.mark.parametrize(
    "data",
    [
        b"GGUF" + struct.pack("<IQQ", 1, 0, 0),
        b"GGUF" + struct.pack("<IQQ", 3, 2**60, 0),
        b"GGUF" + struct.pack("<IQQ", 3, 0, 2**60),
        b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 2**62),
        b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1) + b"a" + struct.pack("<I", 99),
        b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1) + b"a" + struct.pack("<IIQ", 9, 9, 5),
        b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1) + b"a" + struct.pack("<IIQ", 9, 10, 3_999_999),
        b"GGUF" + struct.pack("<IQQQ", 3, 1, 0, 1) + b"a" + struct.pack("<I", 2**31),
        b"GGUF" + struct.pack("<IQQQ", 3, 1, 0, 1) + b"a" + struct.pack("<IQQIQ", 2, 2**40, 2**40, 0, 0),
        b"\x89PNG" + b"\0" * 100,
    ],
)
def test_what_lies_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidHeader):
        read(data)


def test_every_beginning_of_a_file_is_whole_or_refused(tmp_path: Path) -> None:
    data = written(tmp_path / "a.gguf")
    ends = [end for end in range(len(data)) if _reads(data[:end])]
    assert ends == list(range(ends[0], len(data)))


def _reads(data: bytes) -> bool:
    try:
        read(data)
    except InvalidHeader:
        return False
    return True
