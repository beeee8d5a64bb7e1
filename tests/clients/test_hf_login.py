"""`hf auth login` without a token: the client shows a code, alice types it on the hub, the client goes on by itself."""

from __future__ import annotations

import configparser
import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from pioche.testkit.clients import Hf
from pioche.testkit.people import Cast, Person
from pioche.testkit.server import Server

pytestmark = pytest.mark.client


class Terminal:
    """A program that thinks that a person sits before it."""

    def __init__(self, command: list[str], hf: Hf) -> None:
        self._main, side = pty.openpty()
        environment = {**hf.environment(), "TERM": "xterm", "NO_COLOR": "1", "HF_HUB_DISABLE_UPDATE_CHECK": "1"}
        self.process = subprocess.Popen(
            command, cwd=hf.home, env=environment, stdin=side, stdout=side, stderr=side, start_new_session=True
        )
        os.close(side)
        self.seen = ""

    def wait_for(self, pattern: str, seconds: float = 60) -> re.Match[str]:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if found := re.search(pattern, self.seen):
                return found
            if select.select([self._main], [], [], 0.2)[0]:
                try:
                    self.seen += os.read(self._main, 65536).decode(errors="replace")
                except OSError:  # how a pseudo terminal says that its program has ended
                    break
        found = re.search(pattern, self.seen)
        assert found, f"No {pattern!r} in:\n{self.seen}"
        return found

    def press_until(self, key: str, pattern: str) -> re.Match[str]:
        """Again and again: what is pressed before the program listens is lost."""
        for _ in range(60):
            os.write(self._main, key.encode())
            time.sleep(0.5)
            if select.select([self._main], [], [], 0)[0]:
                self.seen += os.read(self._main, 65536).decode(errors="replace")
            if found := re.search(pattern, self.seen):
                return found
        raise AssertionError(f"No {pattern!r} in:\n{self.seen}")

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._main)


class Page:
    """The hub in a browser without scripts."""

    def __init__(self, server: Server, person: Person) -> None:
        self.client = httpx.Client(base_url=server.url, timeout=30)
        form = {"name": person.name, "password": person.password}
        assert self.client.post("/login", data=form).status_code == 303

    def decide(self, address: str, decision: str) -> None:
        page = self.client.get(address)
        assert page.status_code == 200
        assert "Hugging Face client" in page.text
        fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text.split("<main")[1]))
        answer = self.client.post("/oauth/device/decide", data={**fields, "decision": decision})
        assert answer.status_code == 200, answer.text


def log_in(server: Server, hf: Hf, person: Person, decision: str = "approve") -> Terminal:
    terminal = Terminal([str(Path(sys.executable).with_name("hf")), "auth", "login"], hf)
    terminal.wait_for("Paste an access token")
    address = terminal.press_until("\r", rf"{re.escape(server.url)}/oauth/device\?user_code=\S+\r\n")[0].strip()
    Page(server, person).decide(address, decision)
    return terminal


def stored(hf: Hf) -> dict[str, str]:
    """What the client wrote down about its log-in."""
    found = configparser.ConfigParser(interpolation=None)
    assert found.read(hf.home / ".cache/huggingface/stored_tokens")
    (section,) = found.sections()
    assert section == "oauth-alice"
    return dict(found[section])


def test_log_in_with_a_browser(server: Server, cast: Cast, hf: Hf) -> None:
    terminal = log_in(server, hf, cast.alice)
    try:
        terminal.wait_for("Login successful")
        assert terminal.process.wait(30) == 0
    finally:
        terminal.end()
    assert "alice" in hf.run("auth", "whoami")
    kept = stored(hf)
    assert kept["hf_token"].startswith("hf_oauth_")
    assert float(kept["expires_at"]) > time.time() + 29 * 86_400
    hf.run("repos", "create", "alice/made-after-browser-login", "--private")
    (hf.home / "a.txt").write_text("hello")
    hf.run("upload", "alice/made-after-browser-login", "a.txt", "a.txt")
    hf.run("download", "alice/made-after-browser-login", "a.txt", "--local-dir", "got")
    assert (hf.home / "got" / "a.txt").read_text() == "hello"


def test_the_client_refreshes_its_token(server: Server, cast: Cast, hf: Hf) -> None:
    terminal = log_in(server, hf, cast.alice)
    try:
        terminal.wait_for("Login successful")
    finally:
        terminal.end()
    before = stored(hf)
    # As if a month less an hour had passed for the client.
    file = hf.home / ".cache/huggingface/stored_tokens"
    file.write_text(file.read_text().replace(before["expires_at"], str(int(time.time()) + 3600)))
    assert "alice" in hf.run("auth", "whoami")
    after = stored(hf)
    assert after["hf_token"] != before["hf_token"]
    assert after["refresh_token"] != before["refresh_token"]
    assert "alice" in hf.run("auth", "whoami")


def test_a_refusal_ends_the_log_in(server: Server, cast: Cast, hf: Hf) -> None:
    terminal = log_in(server, hf, cast.alice, "deny")
    try:
        terminal.wait_for("denied")
        assert terminal.process.wait(30) != 0
    finally:
        terminal.end()
    assert not (hf.home / ".cache/huggingface/token").exists()
