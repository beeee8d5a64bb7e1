"""CAS: the JSON between a Xet client and the content store.

Source: Xet specification, page "api"; grants and shard streams as the hf-xet client 1.8.0 speaks them.
Shape:  one Struct per request or answer; keys are snake case, those of the token answer camel case.
Units:  `ByteRange` ends are inclusive, `ChunkRange` ends are not; offsets count the chunk headers; `exp` is
        unix seconds.
Errors: `InvalidInput` is left to whoever decodes a request.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class Token(Struct, frozen=True, rename="camel"):
    """Answer of the token routes. The same values go into headers, because the Python layer reads those."""

    access_token: str
    exp: int
    cas_url: str

    def headers(self) -> dict[str, str]:
        return {
            "X-Xet-Access-Token": self.access_token,
            "X-Xet-Token-Expiration": str(self.exp),
            "X-Xet-Cas-Url": self.cas_url,
        }


class Checksum(Struct, frozen=True):
    algo: str
    value: str


class UploadRequest(Struct, frozen=True):
    """What a client is about to send: the length of the serialized xorb and its CRC (BLAKE3 proves more)."""

    length: int
    checksum: Checksum | None = None


class Upload(Struct, frozen=True):
    """Leave to send one body to `url` with these headers and no credentials."""

    id: str
    method: Literal["PUT", "POST"]
    url: str
    headers: dict[str, str]


class Inserted(Struct, frozen=True):
    was_inserted: bool


class ShardAnswer(Struct, frozen=True):
    """Version 1 answer: 1 when anything was new."""

    result: int


class Validating(Struct, frozen=True, tag_field="type", tag="validating"):
    """Progress, and a sign of life: the client gives up after 300 s without a byte."""

    verified: int
    total: int


class Committing(Struct, frozen=True, tag_field="type", tag="committing"):
    stage: Literal["uploading", "syncing"]


class ShardResult(Struct, frozen=True, tag_field="type", tag="result"):
    result: int


class ShardError(Struct, frozen=True, tag_field="type", tag="error"):
    """The end of a refused shard. People get to read `message`; `retryable` has the client send it again."""

    message: str
    retryable: bool


ShardEvent = Validating | Committing | ShardResult | ShardError


class ByteRange(Struct, frozen=True):
    """`end` is the last byte, as in HTTP."""

    start: int
    end: int


class ChunkRange(Struct, frozen=True):
    """`end` is one past the last chunk."""

    start: int
    end: int


class Term(Struct, frozen=True):
    """One stretch of a file: chunks of a xorb. `unpacked_length` is that of whole chunks."""

    hash: str
    unpacked_length: int
    range: ChunkRange


class XorbRange(Struct, frozen=True):
    chunks: ChunkRange
    bytes: ByteRange


class XorbSource(Struct, frozen=True):
    """Where to get ranges of one xorb; the URL opens for exactly these."""

    url: str
    ranges: list[XorbRange]


class Reconstruction(Struct, frozen=True):
    """How to put a file, or a range of it, together, `offset_into_first_range` bytes into the first term."""

    offset_into_first_range: int
    terms: list[Term]
    xorbs: dict[str, list[XorbSource]]

    def older(self) -> OlderReconstruction:
        return OlderReconstruction(
            self.offset_into_first_range,
            self.terms,
            {
                name: [FetchInfo(one.chunks, source.url, one.bytes) for source in sources for one in source.ranges]
                for name, sources in self.xorbs.items()
            },
        )


class FetchInfo(Struct, frozen=True):
    range: ChunkRange
    url: str
    url_range: ByteRange


class OlderReconstruction(Struct, frozen=True):
    """The same as version 1 says it."""

    offset_into_first_range: int
    terms: list[Term]
    fetch_info: dict[str, list[FetchInfo]]
