"""Xorbs come in whole and true, or not at all."""

import lz4.frame
import pytest

from pioche.errors import Forbidden, InvalidXorb, NotFound, QuotaExceeded, TooLarge, Unauthenticated
from pioche.protocols.xet import hashes

from .conftest import Packed, claim, noise, pack


def names(store):
    return [*store.blobs.keys("xorbs"), *store.blobs.keys("spool")]


def test_a_xorb_is_kept_under_its_hash(store):
    packed = pack(noise(200_000))
    assert store.put(packed) is True
    text = hashes.to_string(packed.name)
    assert names(store) == [f"xorbs/{text[:2]}/{text[2:4]}/{text}"]
    assert store.xet.cas.has_xorb(packed.name).chunk_count == 4
    with store.blobs.open(names(store)[0]) as file:
        assert file.read() == packed.body


def test_a_second_upload_is_no_error_and_leaves_nothing_behind(store):
    packed = pack(noise(200_000))
    store.put(packed)
    assert store.put(packed) is False
    assert len(names(store)) == 1
    assert store.count("xet_xorbs") == 1


def test_a_footer_is_cut_off(store):
    packed = pack(noise(1000))
    store.put_body(packed.name, packed.body + b"XETBLOB\1" + bytes(77))
    assert store.blobs.size(names(store)[0]) == len(packed.body)


def bomb():
    frame = lz4.frame.compress(bytes(30_000_000))
    return len(frame).to_bytes(4, "little")[:3].join((b"\0", b"\1")) + (131_072).to_bytes(3, "little") + frame


@pytest.mark.parametrize(
    "spoil",
    [
        lambda body: b"",
        lambda body: body[:-1],
        lambda body: body[:5],
        lambda body: body + b"\0",
        lambda body: body[:-1] + bytes((body[-1] ^ 1,)),
        lambda body: b"\1" + body[1:],
        lambda body: body[:4] + b"\x63" + body[5:],
        lambda body: body[:5] + (131_073).to_bytes(3, "little") + body[8:],
        lambda body: bomb(),
    ],
    ids=["empty", "cut", "cut header", "stray byte", "flipped bit", "version", "scheme", "long chunk", "bomb"],
)
def test_a_body_that_is_not_the_named_xorb_is_refused(store, spoil):
    packed = pack(noise(120_000))
    with pytest.raises(InvalidXorb):
        store.put_body(packed.name, spoil(packed.body))
    assert names(store) == []
    assert store.count("xet_xorbs") == 0
    assert store.xet.cas.has_xorb(packed.name) is None


def test_leave_to_upload_is_given_for_what_is_not_here(store):
    packed = pack(noise(1000))
    cas = store.xet.cas
    upload = cas.request_upload(packed.name, len(packed.body), "http://hub/cas/1")
    address, _, token = upload.url.partition("?t=")
    assert address == f"http://hub/cas/1/uploads/{hashes.to_string(packed.name)}"
    cas.links.check_upload(token, hashes.to_string(packed.name))
    with pytest.raises(Forbidden):
        cas.links.check_upload(token, hashes.to_string(hashes.NO_HASH))
    store.put(packed)
    assert cas.request_upload(packed.name, len(packed.body), "http://hub/cas/1") is None


def test_leave_is_refused_when_too_long_or_the_disk_is_full(store, monkeypatch):
    with pytest.raises(TooLarge):
        store.xet.cas.request_upload(bytes(32), 66 * 1024 * 1024, "")
    monkeypatch.setattr(store.blobs, "free_bytes", lambda: 1000)
    with pytest.raises(QuotaExceeded):
        store.xet.cas.request_upload(bytes(32), 100, "")


def test_grants_say_who_may_do_what(store):
    cas = store.xet.cas
    sign = store.signer.sign
    good = store.grant()
    read = type(good)(1, "read", good.expires, None)
    old = type(good)(1, "write", 1000, None)
    assert cas.grant(f"Bearer {sign(good)}", "write") == good
    assert cas.grant(f"Bearer {sign(good)}", "read") == good
    assert cas.grant(f"Bearer {sign(read)}", "read") == read
    with pytest.raises(Forbidden):
        cas.grant(f"Bearer {sign(read)}", "write")
    for text in ("", "Bearer ", "Bearer x.y", f"Basic {sign(good)}", f"Bearer {sign(good)}x", f"Bearer {sign(old)}"):
        with pytest.raises(Unauthenticated):
            cas.grant(text, "read")


def test_a_token_outlives_its_word_so_that_slow_clocks_do_not_fail(store):
    grant = type(store.grant())(1, "read", 2_000_000_000, None)
    with store.database.read() as tx:
        token = store.xet.token(tx, grant, "http://hub")
    assert (token.exp, token.cas_url) == (2_000_000_000, "http://hub/cas/1")
    assert store.xet.cas.grant(f"Bearer {token.access_token}", "read").expires == 2_000_000_300


def test_dropping_client_caches_moves_the_store(store):
    with store.database.write() as tx:
        store.xet.cas.drop_client_caches(tx)
        store.xet.cas.drop_client_caches(tx)
    with store.database.read() as tx:
        assert store.xet.path(tx) == "/cas/3"


def test_a_file_of_another_repository_does_not_exist(store):
    packed = pack(noise(1000))
    store.put(packed)
    file = claim([(packed, 0, 1)])
    store.register(file, repo_id=1)
    assert store.xet.cas.file(store.grant(1), file.name).size == 1000
    with pytest.raises(NotFound):
        store.xet.cas.file(store.grant(2), file.name)


def test_one_chunk_xorbs_and_their_chunk_share_a_hash_and_nothing_else(store):
    packed = Packed((b"Hello World!",))
    store.put(packed)
    assert packed.name == packed.hashes
    assert store.xet.cas.known_chunk(store.grant(), packed.hashes) is None
