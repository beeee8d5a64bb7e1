"""The JSON of the content store."""

import msgspec

from pioche.protocols.xet import cas

A_RECONSTRUCTION = cas.Reconstruction(
    7,
    [cas.Term("aa", 100, cas.ChunkRange(1, 3))],
    {"aa": [cas.XorbSource("http://h/x", [cas.XorbRange(cas.ChunkRange(1, 3), cas.ByteRange(8, 120))])]},
)


def test_a_reconstruction_in_both_versions():
    assert msgspec.to_builtins(A_RECONSTRUCTION) == {
        "offset_into_first_range": 7,
        "terms": [{"hash": "aa", "unpacked_length": 100, "range": {"start": 1, "end": 3}}],
        "xorbs": {
            "aa": [
                {
                    "url": "http://h/x",
                    "ranges": [{"chunks": {"start": 1, "end": 3}, "bytes": {"start": 8, "end": 120}}],
                }
            ]
        },
    }
    assert msgspec.to_builtins(A_RECONSTRUCTION.older())["fetch_info"] == {
        "aa": [{"range": {"start": 1, "end": 3}, "url": "http://h/x", "url_range": {"start": 8, "end": 120}}]
    }


def test_shard_events_name_their_type():
    encode = msgspec.json.encode
    assert encode(cas.Validating(1, 2)) == b'{"type":"validating","verified":1,"total":2}'
    assert encode(cas.Committing("syncing")) == b'{"type":"committing","stage":"syncing"}'
    assert encode(cas.ShardResult(1)) == b'{"type":"result","result":1}'
    assert encode(cas.ShardError("no", False)) == b'{"type":"error","message":"no","retryable":false}'


def test_the_token_answer_is_camel_case_and_headers_at_once():
    token = cas.Token("t", 5, "http://h/cas/1")
    assert msgspec.to_builtins(token) == {"accessToken": "t", "exp": 5, "casUrl": "http://h/cas/1"}
    assert token.headers()["X-Xet-Token-Expiration"] == "5"


def test_an_upload_request_of_the_client_is_read():
    body = b'{"length": 20, "checksum": {"algo": "crc64nvme", "value": "3879687725877942381"}}'
    assert msgspec.json.decode(body, type=cas.UploadRequest).length == 20
