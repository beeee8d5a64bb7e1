"""Safetensors headers, whole and broken."""

import json
import struct
import time

import pytest

from pioche.protocols.safetensors import InvalidHeader, read_header


def make(header: object, tail: bytes = b"\0" * 24) -> bytes:
    body = json.dumps(header).encode()
    return struct.pack("<Q", len(body)) + body + tail


def read(data: bytes):
    return read_header(lambda start, end: data[start:end], len(data))


def test_tensors_in_the_order_of_the_file():
    header = {
        "b": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]},
        "a": {"dtype": "I64", "shape": [], "data_offsets": [16, 24]},
        "__metadata__": {"format": "pt"},
    }
    found = read(make(header))
    assert [tensor[0] for tensor in found.tensors] == ["b", "a"]
    assert found.parameters == {"F32": 4, "I64": 1}
    assert found.metadata == {"format": "pt"}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\1\2",
        struct.pack("<Q", 2**63) + b"{}",
        make([1, 2]),
        make({"a": {"dtype": "F32"}}),
        b"\x05" + b"\0" * 7 + b"{{{{{",
    ],
)
def test_what_is_not_safetensors_is_refused(data: bytes):
    with pytest.raises(InvalidHeader):
        read(data)


@pytest.mark.parametrize("shape", [[2**62] * 60_000, [2**62, 4], [1] * 65, [-1, 5], [2**63]])
def test_shapes_that_no_file_has_are_refused_before_they_are_counted(shape: list[int]):
    started = time.process_time()
    with pytest.raises(InvalidHeader):
        read(make({"w": {"dtype": "F32", "shape": shape, "data_offsets": [0, 1]}}))
    assert time.process_time() - started < 2
