"""Hashes against values of the stock client's library and of its uploads."""

import hashlib

import pytest

from pioche.errors import InvalidInput
from pioche.protocols.xet import hashes

HELLO = hashes.chunk_hash(b"Hello World!")


def leaves(count: int) -> tuple[bytes, list[int]]:
    return b"".join(hashes.chunk_hash(str(i).encode()) for i in range(count)), [i + 1 for i in range(count)]


def det(size: int) -> bytes:
    """Bytes that look random and are the same everywhere."""
    blocks = (hashlib.sha256(f"xet:{i}".encode()).digest() for i in range(size // 32 + 1))
    return b"".join(blocks)[:size]


DET_LENGTHS = [
    17807,
    131072,
    36549,
    51054,
    13764,
    131072,
    67484,
    131072,
    17744,
    19527,
    52104,
    131072,
    62854,
    82502,
    102899,
]


def chunks_of(data: bytes, lengths: list[int]) -> bytes:
    out, start = [], 0
    for length in lengths:
        out.append(hashes.chunk_hash(data[start : start + length]))
        start += length
    assert start == len(data)
    return b"".join(out)


def test_the_string_form_reverses_each_group_of_eight_bytes():
    text = "07060504030201000f0e0d0c0b0a090817161514131211101f1e1d1c1b1a1918"
    assert hashes.to_string(bytes(range(32))) == text
    assert hashes.from_string(text) == bytes(range(32))


@pytest.mark.parametrize("text", ["", "0" * 63, "0" * 65, "A" * 64, "g" * 64, "0" * 64 + "\n", "é" * 64])
def test_what_is_no_hash_is_refused(text):
    with pytest.raises(InvalidInput):
        hashes.from_string(text)


def test_a_chunk_hash_in_both_forms():
    assert HELLO.hex() == "a29cfb08e608d4d8726dd8659a90b9134b3240d5d8e42d5fcb28e2a6e763a3e8"
    assert hashes.to_string(HELLO) == "d8d408e608fb9ca213b9909a65d86d725f2de4d8d540324be8a363e7a6e228cb"


@pytest.mark.parametrize(
    ("data", "lengths", "file", "xorb", "proof"),
    [
        (
            b"a",
            [1],
            "49a7fffaf5f34109d4a191757f3e541e26437dcd1e0e83153454a503757856be",
            "a4d4ed80fcb2fe5177fc59321d3e6f90faf23e35a48d58303114bf073f34178a",
            "1856127f86e6e067d17ce895d84d9963bd53565e566fc0be2a8cee4cf198e63c",
        ),
        (
            b"Hello World!",
            [12],
            "a9dae0ad88b060bdd7e7c87abdcf95b132c95a0414b06d4f6beb68d287b87165",
            "d8d408e608fb9ca213b9909a65d86d725f2de4d8d540324be8a363e7a6e228cb",
            "89cb63458e98cb4c75be6b50a5a7b7234b82f05d5348e6925fb71aaf5dc3862b",
        ),
        (
            bytes(8191),
            [8191],
            "80c25c0cf8afd7a10eabd09184c813addb4328bd727089be2b62a77028848772",
            "461b3d677f5a6e106501096980089da139bbf22ab66ca36345727adcb5e8ad84",
            "a61470146f960847855d72a2eab77d57798a7f5e1be40fefcadbedc41c401c37",
        ),
        (
            bytes(200_000),
            [131072, 68928],
            "753801ebbdc0e156435374c2b13d99a1dc2fa0427cbce41bbf6cd2e2692b9727",
            "aecf4fdd5e8dba6b31d83158642b4f8ec9aad4bfe260e01e12d8a027345053d3",
            "d49c8a39ab5eab3ac2fcc37e48ac77246cb5c02de1606bad147274bad1da917d",
        ),
        (
            det(1 << 20),
            DET_LENGTHS,
            "02d16bbd30ba6a105c32fc3123fdac8376b3760b4519a230afe268d55eaba19b",
            "f30df8629bb2dd92aae025fb28424f8993cc39067970a40d0c471e24d6a7d476",
            "ca3ab0231828c7644712bbf4ac82b26a12d8cba27361cca18a1eb6319e694e43",
        ),
    ],
    ids=["a", "hello", "zeros", "two chunks", "random"],
)
def test_files_xorbs_and_ranges_have_the_names_the_client_gives_them(data, lengths, file, xorb, proof):
    digests = chunks_of(data, lengths)
    assert hashes.to_string(hashes.file_hash(digests, lengths)) == file
    assert hashes.to_string(hashes.merkle_root(digests, lengths)) == xorb
    assert hashes.to_string(hashes.range_hash(digests)) == proof


@pytest.mark.parametrize(
    ("count", "root", "file"),
    [
        (
            1,
            "e80439eb1d5004894cb5dd80472ac190ea4102c68877823ba52a02ba18afc1e7",
            "e15bbaef3e7a17ae101f08e77609ef3c25272c40c18ff3712a6d24386f0ddaa0",
        ),
        (
            2,
            "d238ad1433f459c96592d8d5e08e29d425d56beaf7df126bd7120424f1077f30",
            "4dae6477893180781ed41f588339b4be3bd053d0a6556735997657b9ea00f52a",
        ),
        (
            3,
            "05fa514be973d50087e1cab5adf1072d573310c5bcbd1ac81fba16ec9e3e7ddf",
            "829e63415871d1008ab40260daa9f7f265f9d757539d57de5ea3a38d14cf5cd8",
        ),
        (
            9,
            "cd193612cddac2b52a697ef856656d659dc005f84d1553055c26256120ffe870",
            "df21d8bf4696849999c61e9e41a69733ddc405e7d9311bfe2a0731b586c84040",
        ),
        (
            10,
            "a488e26775465f9368dadb404a06b61c441bf621383af44c1f787868dfc9bd66",
            "15cfbb7caa3596870798f4ad9e526be19af7fb0b795b7ed026ef1f1622d0ab6f",
        ),
        (
            64,
            "e56eccdac3beb05a5a6f67666ef8729e443efa0d7abd778cfcb10a1f41cba8e5",
            "da5c7f04368e3810c8ed59c4656405bb5f8ca3f1601f7bddbe783515ffa85200",
        ),
        (
            1000,
            "039f25c926ab005b2c9e62519b70dcea07b973879b35db9df063b0fcd4f9b74b",
            "755951a27f8caafc3fdf4c0d873a7a2aa8e6bd32c8bd9ac04bb180c91625b153",
        ),
    ],
)
def test_merkle_trees_of_many_sizes(count, root, file):
    digests, lengths = leaves(count)
    assert hashes.to_string(hashes.merkle_root(digests, lengths)) == root
    assert hashes.to_string(hashes.file_hash(digests, lengths)) == file


def test_the_empty_file_is_all_zeros():
    assert hashes.file_hash(b"", []) == bytes(32)


def test_a_keyed_chunk_hash():
    shown = hashes.keyed_chunk_hash(HELLO, bytes(range(32)))
    assert hashes.to_string(shown) == "213944381648fd3a12bf8dfc98576416734cf1afdb7ddced216b33a217c15167"


def test_about_one_chunk_in_a_thousand_is_asked_for():
    asked = sum(hashes.asked_for(hashes.chunk_hash(str(i).encode())) for i in range(20_000))
    assert 5 <= asked <= 40
    assert hashes.asked_for(bytes(24) + (2048).to_bytes(8, "little"))
    assert not hashes.asked_for(bytes(24) + (2049).to_bytes(8, "little"))
