"""The frame around git's own words."""

from __future__ import annotations

import pytest

from pioche.protocols.git import advertisement_head, clean_protocol, packet


def test_a_packet_counts_its_own_length() -> None:
    assert packet(b"") == b"0004"
    assert packet(b"a\n") == b"0006a\n"
    assert packet(b"x" * 100)[:4] == b"0068"


def test_the_head_names_the_service_except_in_version_two() -> None:
    head = b"001e# service=git-upload-pack\n0000"
    assert advertisement_head("git-upload-pack", "") == head
    assert advertisement_head("git-upload-pack", "version=1") == head
    assert advertisement_head("git-upload-pack", "version=2") == b""
    assert advertisement_head("git-receive-pack", "version=2") == b"001f# service=git-receive-pack\n0000"


@pytest.mark.parametrize("header", ["version=2", "version=1:x-y.z=1"])
def test_what_git_sends_is_passed_on(header: str) -> None:
    assert clean_protocol(header) == header


@pytest.mark.parametrize("header", ["", "version=2\n", "Version=2", "a b", "é", "x" * 201])
def test_what_git_would_not_send_is_dropped(header: str) -> None:
    assert clean_protocol(header) == ""
