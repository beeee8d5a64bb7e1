"""What `pioche serve` does before it answers."""

from __future__ import annotations

import subprocess

import pytest

from pioche.testkit.server import Server, pioche


@pytest.mark.crash
def test_a_start_after_a_power_cut_tidies_up_and_gc_beside_it_does_not(own_server: Server) -> None:
    spool = own_server.data / "blobs" / "spool"
    unfinished = own_server.data / "git" / "01" / "new-cut-off"
    own_server.kill9()
    (spool / "from-before").write_bytes(b"x")
    unfinished.mkdir(parents=True)
    own_server.start()
    assert list(spool.iterdir()) == []
    assert not unfinished.exists()
    (spool / "in-use").write_bytes(b"x")
    own_server.command("gc")
    assert (spool / "in-use").exists()


@pytest.mark.crash
def test_a_folder_serves_one_hub_at_a_time(own_server: Server) -> None:
    (own_server.data / "blobs" / "spool" / "in-use").write_bytes(b"x")
    command = [pioche(), "serve", "--port", "0", "--data", str(own_server.data)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, env=own_server.environment()
    )
    assert done.returncode == 1
    assert "A hub is running on" in done.stderr
    assert (own_server.data / "blobs" / "spool" / "in-use").exists()
    own_server.restart()
